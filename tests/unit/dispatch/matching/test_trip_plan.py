"""The plan of a trip for one vehicle and its crew."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.dispatch.matching import eligibility, trip_plan
from coachway.dispatch.matching.eligibility import TripRequirements, VehicleFacts
from coachway.dispatch.matching.eligibility_reasons import Rule
from coachway.dispatch.matching.trip_plan import TripPlan
from coachway.hours.model import DutyStatus
from coachway.identity.model.organization import ReportTimes
from tests.unit.dispatch.matching_builders import (
    COMPLIANT,
    HOUR,
    HOURS_RULES,
    PICKUP_AT,
    create_charter,
    create_driver_facts,
    create_requirements,
    create_vehicle,
    evaluate,
    list_rules,
)


def test_build_trip_plan_divides_passengers_among_vehicles() -> None:
    requirements = create_requirements(passengers=81, vehicle_count=2)
    assert requirements.plan.passengers == 41
    assert list_rules(
        eligibility.vehicle_reasons(VehicleFacts(create_vehicle(capacity=40), COMPLIANT, []), requirements)
    ) == [Rule.CAPACITY]


def test_build_trip_plan_for_a_takeover_starts_at_the_takeover() -> None:
    plan = trip_plan.build_trip_plan(create_charter(), 1, HOURS_RULES, PICKUP_AT + 2 * HOUR)
    assert (plan.starts_at, plan.duty(0)[0].start, plan.duty(0)[-1].end) == (
        PICKUP_AT + 2 * HOUR,
        PICKUP_AT + 2 * HOUR,
        PICKUP_AT + 3 * HOUR,
    )


def test_build_trip_plan_includes_the_drives_from_and_to_the_garage() -> None:
    plan = trip_plan.build_trip_plan(create_charter(deadhead_miles=100), 1, HOURS_RULES)
    assert (plan.starts_at, plan.pickup_at) == (PICKUP_AT - HOUR, PICKUP_AT)
    assert plan.ends_at - plan.dropoff_at == HOUR


def test_build_trip_plan_of_a_timetable_too_fast_for_the_miles_has_the_duty_that_they_need() -> None:
    plan = trip_plan.build_trip_plan(create_charter(miles=900), 1, HOURS_RULES)
    (drive,) = plan.duty(0)
    assert (drive.status, drive.length) == (DutyStatus.DRIVING, 18 * HOUR)
    assert plan.stops[-1].arrival == PICKUP_AT + 3 * HOUR  # as promised to the client
    assert plan.dropoff_at == plan.ends_at == PICKUP_AT + 18 * HOUR


def test_build_trip_plan_of_a_timetable_too_fast_for_the_miles_is_not_legal_for_one_driver() -> None:
    for miles, rules in ((900, [Rule.HOURS_OF_SERVICE] * 2), (130, [])):
        evaluation = evaluate(create_driver_facts(), create_requirements(miles=miles))
        assert list_rules(evaluation.reasons) == rules


def create_report_times(spot: int, inspection: int) -> ReportTimes:
    return ReportTimes(spot_minutes=spot, inspection_minutes=inspection)


def list_duty(plan: TripPlan) -> list[tuple[str, float, float]]:
    """The driver's duty, in minutes from the departure."""
    minute = HOUR / 60
    return [
        (each.status.value, (each.start - PICKUP_AT) / minute, (each.end - PICKUP_AT) / minute) for each in plan.duty(0)
    ]


@pytest.mark.parametrize(
    ("miles", "spot", "inspection", "expected"),
    [
        (0, 0, 0, [("D", 0, 180)]),
        (0, 15, 0, [("ON", -15, 0), ("D", 0, 180)]),
        (0, 0, 20, [("ON", -20, 0), ("D", 0, 180)]),
        (0, 15, 20, [("ON", -35, -15), ("ON", -15, 0), ("D", 0, 180)]),
        (100, 0, 0, [("D", -60, 0), ("D", 0, 180), ("D", 180, 240)]),
        (100, 15, 20, [("ON", -95, -75), ("D", -75, -15), ("ON", -15, 0), ("D", 0, 180), ("D", 180, 240)]),
    ],
)
def test_build_trip_plan_begins_with_inspection_drive_and_spot_time(
    miles: int, spot: int, inspection: int, expected: list[tuple[str, float, float]]
) -> None:
    times = create_report_times(spot, inspection)
    plan = trip_plan.build_trip_plan(create_charter(deadhead_miles=miles), 1, HOURS_RULES, report_times=times)
    minute, report = HOUR / 60, PICKUP_AT + expected[0][1] * HOUR / 60
    assert list_duty(plan) == expected
    assert (plan.starts_at, plan.pickup_at) == (report, PICKUP_AT)
    assert plan.spot_at == (PICKUP_AT - spot * minute if spot else None)
    assert plan.leaves_at == (report + inspection * minute if inspection else None)
    assert plan.build_duty_block("asg_1").pickup_at == PICKUP_AT - spot * minute
    assert [stop.departure for stop in plan.stops[:1]] == [PICKUP_AT]


def test_build_trip_plan_without_driving_times_begins_with_inspection_and_spot_time() -> None:
    charter = create_charter(stops=[{"address": "A", "estimated_departure": PICKUP_AT.isoformat()}, {"address": "B"}])
    charter = charter.model_copy(update={"miles": 0})
    plan = trip_plan.build_trip_plan(charter, 1, HOURS_RULES, report_times=create_report_times(15, 20))
    assert (plan.duties, plan.starts_at) == (None, PICKUP_AT - 35 * HOUR / 60)


def test_build_trip_plan_for_a_takeover_has_no_spot_time_that_is_over() -> None:
    times = create_report_times(30, 15)
    plan = trip_plan.build_trip_plan(create_charter(), 1, HOURS_RULES, PICKUP_AT + HOUR, times)
    assert (plan.starts_at, plan.leaves_at, plan.spot_at) == (PICKUP_AT + HOUR, None, None)
    plan = trip_plan.build_trip_plan(create_charter(), 1, HOURS_RULES, PICKUP_AT - HOUR / 4, times)
    assert (plan.starts_at, plan.spot_at) == (PICKUP_AT - HOUR / 4, PICKUP_AT - HOUR / 4)


@pytest.mark.parametrize(("spot", "rules"), [(0, []), (120, [Rule.HOURS_OF_SERVICE])])
def test_spot_time_counts_as_on_duty(spot: int, rules: list[Rule]) -> None:
    """Fifteen hours on duty, of which eight are driving: two hours at the first stop are too much."""
    departure = PICKUP_AT.isoformat()
    stops = [
        {"address": "A", "estimated_departure": departure},
        {
            "address": "B",
            "estimated_arrival": (PICKUP_AT + 4 * HOUR).isoformat(),
            "estimated_departure": (PICKUP_AT + 11 * HOUR).isoformat(),
        },
        {"address": "C", "estimated_arrival": (PICKUP_AT + 15 * HOUR).isoformat()},
    ]
    charter = create_charter(stops=stops, miles=300)
    plan = trip_plan.build_trip_plan(charter, 1, HOURS_RULES, report_times=create_report_times(spot, 0))
    evaluation = evaluate(create_driver_facts(), TripRequirements(plan, "coach", [], None))
    assert list_rules(evaluation.reasons) == rules


@settings(deadline=None)
@given(st.integers(0, 240), st.integers(0, 120), st.sampled_from([0, 30, 100]), st.integers(1, 2))
def test_report_times_only_prolong_the_duty_before_the_departure(
    spot: int, inspection: int, miles: int, drivers: int
) -> None:
    charter = create_charter(deadhead_miles=miles)
    before = trip_plan.build_trip_plan(charter, drivers, HOURS_RULES)
    after = trip_plan.build_trip_plan(charter, drivers, HOURS_RULES, report_times=create_report_times(spot, inspection))
    minutes = timedelta(minutes=spot + inspection)
    assert before.starts_at - after.starts_at == minutes
    assert (after.ends_at, after.pickup_at, after.stops) == (before.ends_at, before.pickup_at, before.stops)
    for seat in range(drivers):
        driven = [
            sum((each.length for each in plan.duty(seat) if each.status == "D"), timedelta())
            for plan in (before, after)
        ]
        assert driven[0] == driven[1]
    worked = [
        sum((each.length for each in plan.duty(0) if not each.status.is_rest), timedelta()) for plan in (before, after)
    ]
    assert worked[1] - worked[0] == minutes
