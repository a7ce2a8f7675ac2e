"""Leads beside the booked trips of their date: the score and the empty leg."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from coachway.contracts.sales import LeadCaptured
from coachway.core import store
from coachway.core.persistence.operations import Create
from coachway.core.types import ids
from coachway.fleet.model import VEHICLE_EXAMPLE, Vehicle
from coachway.sales.leads import scoring
from tests.integration.bookings.builders import (
    create_charter,
    create_organizations,
    future_stops,
    send_quote,
    set_status,
)
from tests.integration.sales.builders import CALLER, ORG, capture_lead, deliver, send


@pytest.fixture(autouse=True)
def organization() -> None:
    """The organization with prices and a client, instead of that of the other sales tests."""
    create_organizations()


def book_trip(**fields: Any) -> dict[str, Any]:
    """Book a trip whose coach drives 120 miles to the garage after it."""
    charter = create_charter(stops=future_stops(), deadhead_miles=240, **fields)
    send_quote(charter["id"])
    assert (
        set_status(charter["id"], "booked", permissions="charters:read charters:write charters:override").status == 200
    )
    return charter


def score_lead_after(charter: dict[str, Any], wait: timedelta, **fields: Any) -> dict[str, Any]:
    """Capture a lead with a pickup at the last stop of a trip, some time after it ends; return it with its score."""
    at, last = datetime.fromisoformat(charter["ends_at"]) + wait, charter["stops"][-1]
    place = {"pickup_latitude": last["latitude"], "pickup_longitude": last["longitude"]}
    when = {"estimated_trip_date": f"{at:%Y-%m-%d}", "estimated_trip_time": f"{at:%H:%M}"}
    lead = capture_lead(**{**place, **when, **fields})
    event = LeadCaptured(lead_id=lead["id"], lead_kind="charter", source="phone", status="new")
    scoring.score_lead(CALLER, deliver(event))
    return dict(send("GET", f"/leads/{lead['id']}").json())


def test_lead_near_an_empty_leg_names_it_and_the_saving() -> None:
    charter = book_trip()
    leg = score_lead_after(charter, timedelta(hours=1))["empty_leg"]
    assert (leg["charter_number"], leg["starts_at"]) == (charter["number"], charter["ends_at"])
    assert (leg["miles_to_pickup"], leg["saved_miles"]) == (0, 120)


def test_lead_without_coordinates_is_looked_up() -> None:
    charter = book_trip()
    place = {"pickup_latitude": None, "pickup_longitude": None, "pickup_location": charter["stops"][-1]["address"]}
    leg = score_lead_after(charter, timedelta(hours=1), **place)["empty_leg"]
    assert leg["charter_id"] == charter["id"]


@pytest.mark.parametrize(
    "fields", [{"estimated_trip_time": None}, {"pickup_latitude": 42.36, "pickup_longitude": -71.06}]
)
def test_lead_elsewhere_or_without_time_has_no_empty_leg(fields: dict[str, Any]) -> None:
    assert score_lead_after(book_trip(), timedelta(hours=1), **fields)["empty_leg"] is None


def test_fleet_is_not_free_while_its_only_coach_is_booked() -> None:
    coach = {**VEHICLE_EXAMPLE, "vehicle_class": "coach", "capacity": 56, "status": "in_service", "vendor_id": None}
    store.commit(CALLER, Create(Vehicle(id=ids.new("veh"), org_id=ORG, **coach)))
    charter = book_trip()
    reasons = {each["topic"]: each for each in score_lead_after(charter, timedelta(hours=1))["score_reasons"]}
    assert (reasons["fleet"]["points"], reasons["fleet"]["reason"]) == (0, "No vehicle is free on that date.")
    next_day = {each["topic"]: each for each in score_lead_after(charter, timedelta(days=1))["score_reasons"]}
    assert next_day["fleet"]["points"] == 15
