"""What each event adds to the counters of a vendor. Pure: a consumer and a rebuild use the same functions."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from coachway.contracts.bids import BidAccepted, BidRejected, BidSubmitted
from coachway.contracts.bookings import CharterCompleted
from coachway.contracts.dispatch.assignments import TripArrived, TripDeparted
from coachway.contracts.ratings import VendorRated
from coachway.core.event_counters import Numbers
from coachway.vendors.rules import ON_TIME_RATING, ON_TIME_TOLERANCE, RATING_CATEGORIES

Increments = Mapping[str, Numbers]
"""What to add to the counters, by id of the vendor."""
EventData = Mapping[str, Any]


def _count_submitted_bid(data: EventData) -> Increments:
    return {BidSubmitted.from_data(data).vendor_id: {"submitted": 1}}


def _count_accepted_bid(data: EventData) -> Increments:
    return {BidAccepted.from_data(data).vendor_id: {"won": 1}}


def _count_rejected_bid(data: EventData) -> Increments:
    return {BidRejected.from_data(data).vendor_id: {"lost": 1}}


def _count_completed_charter(data: EventData) -> Increments:
    return {vendor_id: {"completed": 1} for vendor_id in CharterCompleted.from_data(data).vendor_ids}


def _count_rating(data: EventData) -> Increments:
    event = VendorRated.from_data(data)
    counters = {"ratings": 1}
    for category in RATING_CATEGORIES:
        rating = getattr(event, f"{category}_rating")
        if rating is not None:
            counters |= {category: round(rating * 2), f"rated_{category}": 1}
    if event.on_time_performance_rating is not None:
        counters |= {"judged_on_time": 1, "on_time": int(event.on_time_performance_rating >= ON_TIME_RATING)}
    return {event.vendor_id: counters}


def _count_departure(data: EventData) -> Increments:
    event = TripDeparted.from_data(data)
    if event.vendor_id is None or event.stop != 0 or event.late_minutes is None:
        return {}
    return _count_stop(event.vendor_id, timedelta(minutes=event.late_minutes))


def _count_arrival(data: EventData) -> Increments:
    event = TripArrived.from_data(data)
    # The first stop is judged by its departure, because vehicles arrive there early and wait.
    if event.vendor_id is None or event.stop == 0 or event.planned_at is None:
        return {}
    return _count_stop(event.vendor_id, event.at - event.planned_at)


def _count_stop(vendor_id: str, delay: timedelta) -> Increments:
    return {vendor_id: {"stops_judged": 1, "stops_on_time": int(delay <= ON_TIME_TOLERANCE)}}


COUNTERS: Final[Mapping[str, Callable[[EventData], Increments]]] = {
    BidSubmitted.TYPE: _count_submitted_bid,
    BidAccepted.TYPE: _count_accepted_bid,
    BidRejected.TYPE: _count_rejected_bid,
    CharterCompleted.TYPE: _count_completed_charter,
    TripArrived.TYPE: _count_arrival,
    TripDeparted.TYPE: _count_departure,
    VendorRated.TYPE: _count_rating,
}
"""By event type. The queue receives these events and no others."""


def counter_increments(event_type: str, data: EventData) -> Increments:
    """Return what an event adds to the counters, by vendor; empty for an event that is not counted."""
    count = COUNTERS.get(event_type)
    return count(data) if count else {}
