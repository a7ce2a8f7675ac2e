"""The plan of a trip for one vehicle and its crew."""

from __future__ import annotations

from coachway.dispatch.matching import eligibility, trip_plan
from coachway.dispatch.matching.eligibility import VehicleFacts
from coachway.dispatch.matching.eligibility_reasons import Rule
from coachway.hours.model import DutyStatus
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
