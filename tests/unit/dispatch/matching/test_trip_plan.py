"""The plan of a trip for one vehicle and its crew."""

from __future__ import annotations

from coachway.dispatch.matching import eligibility, trip_plan
from coachway.dispatch.matching.eligibility import VehicleFacts
from coachway.dispatch.matching.eligibility_reasons import Rule
from tests.unit.dispatch.matching_builders import (
    COMPLIANT,
    HOUR,
    HOURS_RULES,
    PICKUP_AT,
    create_charter,
    create_requirements,
    create_vehicle,
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
