"""The positions of trips under way follow the plan and are on time."""

from __future__ import annotations

from datetime import UTC, date, timedelta

import pytest

from coachway.core.types import ids
from coachway.dispatch.tracking import eta, geofence
from coachway.dispatch.tracking.geofence import Progress
from coachway.dispatch.tracking.position_ingest import PositionBatch
from infra.local.demo.fleet_scenario import ASSIGNMENT_STATUSES
from infra.local.demo.positions import planned_positions
from infra.local.demo.scenario import Scenario, Trip
from tests.unit.infra.demo.builders import DAYS, HOURS, TRIPS, assignment_stops, local_time

CHECKED_IN_OR_LATER = ASSIGNMENT_STATUSES[2:]


def trips_under_way() -> list[tuple[Scenario, Trip]]:
    return [
        (scenario, trip)
        for scenario, trip in TRIPS
        if any(plan.status in CHECKED_IN_OR_LATER for plan in trip.assignments)
    ]


@pytest.mark.parametrize("hour", HOURS)
@pytest.mark.parametrize("today", DAYS, ids=str)
def test_planned_positions_pass_the_stops_on_time(today: date, hour: str) -> None:
    assert len(trips_under_way()) == 5
    for scenario, trip in trips_under_way():
        [plan] = trip.assignments
        stops = assignment_stops(scenario, trip, today, hour)
        now, departure = local_time(today, hour, scenario.zone).astimezone(UTC), stops[0].departure
        assert departure is not None
        is_completed = plan.status == "completed"
        checked_in = min(departure, now - timedelta(minutes=8))
        points = planned_positions(
            [stop.model_dump(mode="json") for stop in stops],
            checked_in,
            now,
            home_by=now - timedelta(minutes=5) if is_completed else None,
        )
        batch = PositionBatch.model_validate({"assignment_id": ids.new("asg"), "points": points})
        positions = [point.to_position() for point in batch.points]
        assert positions == sorted(positions)
        assert (checked_in <= positions[0].at, positions[-1].at) == (True, now)
        followed = geofence.follow_positions(Progress(), positions, stops)
        assert len(followed.counted) == len(positions)
        stop_events = {(stop_event.stop, str(stop_event.kind)) for stop_event in followed.stop_events}
        expected = {(0, "arrived")} | {
            (number, event)
            for number, stop in enumerate(stops)
            for event, planned in (("arrived", stop.arrival), ("departed", stop.departure))
            if planned is not None
            and (planned + timedelta(minutes=5) < now or (is_completed and number == len(stops) - 1))
        }
        assert stop_events == expected, trip.notes
        late = eta.find_lateness(
            stops, eta.estimate_arrivals(followed.progress, stops, now, eta.calculate_average_speed(followed.counted))
        )
        assert late is None or late.minutes < 10, (trip.notes, late)
