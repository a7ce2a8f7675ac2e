"""Builders of events with usual values, for tests of consumers. `fields` replace the values."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from coachway.contracts.bids import BidAccepted, BidRejected, BidSubmitted
from coachway.contracts.bookings import CharterCompleted
from coachway.contracts.dispatch.assignments import AssignmentEvent, TripArrived, TripDeparted
from coachway.contracts.ratings import VendorRated
from coachway.core.persistence.domain_events import Event

A = TypeVar("A", bound=AssignmentEvent)

PLANNED_AT = datetime(2027, 3, 3, 12, tzinfo=UTC)
_TRIP: dict[str, Any] = {"charter_id": "chr_1", "number": "CH-2027-000123"}


def event_data(event: Event) -> dict[str, Any]:
    """The data of an event, as it is stored and delivered."""
    return event.model_dump(mode="json")


def _bid_fields(vendor_id: str) -> dict[str, Any]:
    vendor = {"vendor_id": vendor_id, "vendor_name": "Premium Coach Lines", "vendor_email": "john@premiumcoach.com"}
    return {**_TRIP, **vendor, "bid_id": "bid_1", "bid_request_id": None, "vehicle_count": 1}


def build_bid_submitted(vendor_id: str) -> BidSubmitted:
    return BidSubmitted(**_bid_fields(vendor_id), submitted_at=PLANNED_AT, valid_until=PLANNED_AT + timedelta(hours=72))


def build_bid_accepted(vendor_id: str) -> BidAccepted:
    return BidAccepted(
        **_bid_fields(vendor_id),
        quoted_price=125_000,
        currency="USD",
        payout_date=date(2027, 4, 2),
        starts_at=PLANNED_AT,
        timezone="America/New_York",
        reason="",
        by_itself=False,
    )


def build_bid_rejected(vendor_id: str) -> BidRejected:
    return BidRejected(**_bid_fields(vendor_id), reason="Another bid was awarded")


def build_charter_completed(*vendor_ids: str) -> CharterCompleted:
    return CharterCompleted(
        number="CH-2027-000123",
        client_id="cli_1",
        trip_date=PLANNED_AT.date(),
        timezone="America/New_York",
        starts_at=PLANNED_AT,
        ends_at=PLANNED_AT + timedelta(hours=3),
        vehicle_class="coach",
        vehicle_count=1,
        passengers=40,
        total=180_000,
        currency="USD",
        revision_number=1,
        vendor_ids=list(vendor_ids),
        reason="",
    )


def build_vendor_rated(vendor_id: str, overall: float = 4.5, **fields: Any) -> VendorRated:
    """A rating; categories that `fields` do not name are not rated."""
    ratings = dict.fromkeys(name for name in VendorRated.model_fields if name.endswith("_rating"))
    ids = {"rating_id": "rat_1", "vendor_id": vendor_id, "charter_id": "chr_1"}
    return VendorRated(**{**ids, **ratings, "overall_rating": overall, **fields})


def build_assignment_event(event_class: type[A], **fields: Any) -> A:
    """An event of an assignment with one driver; `fields` must contain what is particular to `event_class`."""
    usual: dict[str, Any] = {
        **_TRIP,
        "assignment_id": "asg_1",
        "vehicle_number": 1,
        "driver_id": "drv_1",
        "driver_name": "Rosa Delgado",
        "driver_phone": None,
        "driver_email": None,
        "vehicle_id": "veh_1",
        "vehicle_name": "Coach 12",
        "timezone": "America/New_York",
        "starts_at": PLANNED_AT,
        "pickup_at": PLANNED_AT,
        "pickup": "11 Wall St, New York, NY",
        "dropoff": "1901 Boardwalk, Atlantic City, NJ",
    }
    return event_class(**{**usual, **fields})


def build_trip_departed(*, late_minutes: int | None = 0, **fields: Any) -> TripDeparted:
    """The departure from the first stop."""
    usual: dict[str, Any] = {
        "stop": 0,
        "address": "11 Wall St, New York, NY",
        "at": PLANNED_AT + timedelta(minutes=late_minutes or 0),
        "planned_at": PLANNED_AT,
        "late_minutes": late_minutes,
        "dwell_minutes": None,
        "billable_minutes": None,
    }
    return build_assignment_event(TripDeparted, **{**usual, **fields})


def build_trip_arrived(*, late: timedelta = timedelta(), **fields: Any) -> TripArrived:
    """The arrival at the second stop, which is not the last."""
    usual: dict[str, Any] = {
        "stop": 1,
        "address": "Cheesequake Service Area, Sayreville, NJ",
        "at": PLANNED_AT + late,
        "planned_at": PLANNED_AT,
        "is_last": False,
    }
    return build_assignment_event(TripArrived, **{**usual, **fields})
