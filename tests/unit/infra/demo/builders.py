"""The demo's scenarios, and their trips as the API would take them on a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from coachway.bookings.charters.trip_model import CharterInput
from coachway.core.types import ids
from coachway.dispatch.assignments.model import AssignmentStop
from infra.local.demo.data import harbor, prairie
from infra.local.demo.scenario import Scenario, Trip

SCENARIOS: Final = {"demo": harbor.SCENARIO, "other": prairie.SCENARIO}
TRIPS: Final = [(scenario, trip) for scenario in SCENARIOS.values() for trip in scenario.trips]
DAYS: Final = [
    *(date(2026, 11, 20), date(2026, 11, 29), date(2026, 10, 31), date(2027, 3, 13)),
    *(date(2027, 2, 26), date(2026, 12, 31)),
]
"""Days of loading: a Friday, a Sunday, days on which clocks change, the last days of a month and of a year."""
HOURS: Final = ("10:02", "23:58", "00:07", "01:30", "02:30")
"""Times of loading: in the morning, around midnight, and hours that exist twice or not at all on some nights."""


def local_time(today: date, hour: str, zone: str) -> datetime:
    return datetime.combine(today, time.fromisoformat(hour), ZoneInfo(zone))


def charter_input(scenario: Scenario, trip: Trip, today: date, hour: str = HOURS[0]) -> CharterInput:
    """The request that creates a trip's charter, with the coordinates and miles of the scenario."""
    trip = replace(trip, is_entered_by_address=False)
    client_ids = {client.name: ids.new("cli") for client in scenario.clients}
    body = trip.charter_body(local_time(today, hour, scenario.zone), scenario.zone, client_ids)
    return CharterInput.model_validate(body)


def assignment_stops(scenario: Scenario, trip: Trip, today: date, hour: str) -> list[AssignmentStop]:
    """The stops of a trip's assignment."""
    return [
        AssignmentStop(
            stop_type="pickup" if number == 0 else "dropoff",
            address=stop.address,
            latitude=stop.latitude,
            longitude=stop.longitude,
            timezone=scenario.zone,
            arrival=stop.estimated_arrival,
            departure=stop.estimated_departure,
        )
        for number, stop in enumerate(charter_input(scenario, trip, today, hour).stops)
    ]
