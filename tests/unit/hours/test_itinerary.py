"""Whether a trip is legal for its drivers, and where a relief driver takes over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.core import errors
from coachway.hours.itinerary import MAX_DRIVERS, check_itinerary, plan_duties
from coachway.hours.model import CarrierRuleset, DutyStatus, Legality, Segment
from coachway.hours.rules import check_hours
from coachway.hours.rulesets import US_PASSENGER, US_PROPERTY
from coachway.hours.trip import HoursStop, HoursTrip, build_driven_legs, build_legs

START = datetime(2027, 3, 3, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def build_trip(
    *times: tuple[float | None, float | None], drivers: int = 1, miles: float | None = None, deadhead_miles: float = 0
) -> HoursTrip:
    """A trip with stops at (arrival, departure), in hours after the start."""
    stops = tuple(
        HoursStop(
            arrival=None if arrival is None else START + arrival * HOUR,
            departure=None if departure is None else START + departure * HOUR,
            latitude=40.0,
            longitude=-74.0 - index,
        )
        for index, (arrival, departure) in enumerate(times)
    )
    return HoursTrip(stops=stops, drivers=drivers, miles=miles, deadhead_miles=deadhead_miles)


def test_check_itinerary_of_short_trip_needs_one_driver() -> None:
    compliance = check_itinerary(build_trip((None, 0), (3, None), miles=130))
    assert compliance.verdict is Legality.OK
    assert compliance.legal_for_one_driver
    assert compliance.drivers_needed == 1
    assert compliance.relief == ()
    assert compliance.driving == 3 * HOUR


def test_check_itinerary_of_a_week_depends_on_daily_carrier() -> None:
    """Nine hours on each of seven days are 63 hours: legal for 70 in eight days, illegal for 60 in seven."""
    tour = build_trip(*[(None if day == 0 else 24 * (day - 1) + 9.0, 24.0 * day) for day in range(8)])
    tour = tour.model_copy(update={"stops": (*tour.stops[:-1], tour.stops[-1].model_copy(update={"departure": None}))})
    assert check_itinerary(tour).legal_for_one_driver
    (violation,) = check_itinerary(tour, CarrierRuleset(US_PASSENGER, daily_carrier=False)).violations
    assert (violation.exceeded, violation.citation) == (3 * HOUR, "49 CFR 395.5(b)(1)")


def test_check_itinerary_of_twelve_hours_needs_second_driver_after_ten() -> None:
    compliance = check_itinerary(build_trip((None, 0), (12, None), miles=600))
    assert compliance.verdict is Legality.BLOCK
    assert compliance.drivers_needed == 2
    (handover,) = compliance.relief
    assert handover.at == START + 10 * HOUR
    assert handover.driver == 2
    assert handover.after_stop == 0
    assert handover.miles_from_stop == 500
    assert handover.longitude == pytest.approx(-74.8333, abs=1e-3)
    assert "drive limit exceeded by 2 h 00 min (49 CFR 395.5(a)(1))" in compliance.explanation


def test_check_itinerary_with_second_driver_is_legal() -> None:
    compliance = check_itinerary(build_trip((None, 0), (12, None), drivers=2, miles=600))
    assert compliance.verdict is Legality.OK
    assert not compliance.legal_for_one_driver
    assert compliance.may_ride_along


def test_check_itinerary_of_long_drive_does_not_allow_riding_along() -> None:
    compliance = check_itinerary(build_trip((None, 0), (18, None), drivers=2, miles=900))
    assert compliance.verdict is Legality.OK
    assert not compliance.may_ride_along


def test_check_itinerary_counts_long_wait_as_on_duty() -> None:
    compliance = check_itinerary(build_trip((None, 0), (4, 11.5), (16, None)))
    assert [v.rule for v in compliance.violations] == ["duty"]
    assert compliance.drivers_needed == 2
    assert compliance.relief[0].at == START + 15 * HOUR


def test_check_itinerary_counts_overnight_wait_as_rest() -> None:
    compliance = check_itinerary(build_trip((None, 0), (9, 18), (27, None)))
    assert compliance.legal_for_one_driver
    assert compliance.on_duty == 18 * HOUR


def test_check_itinerary_counts_deadhead_miles() -> None:
    compliance = check_itinerary(build_trip((None, 0), (9, None), miles=450, deadhead_miles=200))
    assert compliance.driving == 13 * HOUR
    assert compliance.drivers_needed == 2


def test_check_itinerary_without_legal_crew_explains_it() -> None:
    compliance = check_itinerary(build_trip((None, 0), (100, None), drivers=4))
    assert compliance.verdict is Legality.BLOCK
    assert compliance.drivers_needed is None
    assert f"No crew of up to {MAX_DRIVERS}" in compliance.explanation


def test_check_itinerary_estimates_missing_times_from_miles() -> None:
    compliance = check_itinerary(build_trip((None, 0), (None, 8), (None, None), miles=500))
    assert compliance.driving == 10 * HOUR
    assert compliance.on_duty == 13 * HOUR


def test_build_legs_interpolates_stops_without_times() -> None:
    compliance = check_itinerary(build_trip((None, 0), (None, None), (None, None), (3, None), miles=130))
    assert compliance.driving == 3 * HOUR
    assert compliance.legal_for_one_driver
    without_miles = build_trip((None, 0), (None, None), (4, None))
    legs = build_legs(without_miles)
    assert legs is not None
    assert [leg.driving for leg in legs] == [2 * HOUR, 2 * HOUR]


def test_check_itinerary_without_start_is_unknown() -> None:
    compliance = check_itinerary(build_trip((None, None), (3, None)))
    assert compliance.verdict is Legality.UNKNOWN
    assert compliance.drivers_needed is None


def test_check_itinerary_reports_stops_reached_too_fast() -> None:
    assert check_itinerary(build_trip((None, 0), (2, None), miles=400)).too_fast == (1,)
    assert check_itinerary(build_trip((None, 0), (2, None), miles=120)).too_fast == ()


def test_check_itinerary_counts_at_least_the_time_that_the_miles_need() -> None:
    compliance = check_itinerary(build_trip((None, 0), (3, None), miles=900))
    assert compliance.verdict is Legality.BLOCK
    assert compliance.driving == compliance.on_duty == 18 * HOUR
    assert compliance.drivers_needed == 2
    assert compliance.explanation.endswith("Driving counts at 50 miles per hour where the planned times are shorter.")
    assert compliance.driving == check_itinerary(build_trip((None, 0), (None, None), miles=900)).driving
    assert check_itinerary(build_trip((None, 0), (None, None), miles=900)).explanation.endswith("1 driver planned.")


def test_build_driven_legs_divides_missing_time_among_legs_that_are_too_fast() -> None:
    """The city takes longer than its miles need, so the motorway may be faster than the average."""
    in_time = build_trip((None, 0), (2, 2), (4, None), miles=200)
    assert build_driven_legs(in_time) == build_legs(in_time)
    too_fast = build_driven_legs(build_trip((None, 0), (2, 2), (3, None), miles=200))
    assert too_fast is not None
    assert [leg.driving for leg in too_fast] == [2 * HOUR, 2 * HOUR]


def test_build_driven_legs_without_coordinates_divides_miles_by_planned_time() -> None:
    shuttle = build_trip((None, 0), (0.2, 1), (1.2, 2), (7, None), miles=260)
    without_places = shuttle.model_copy(
        update={"stops": tuple(stop.model_copy(update={"latitude": None}) for stop in shuttle.stops)}
    )
    check = check_itinerary(without_places)
    assert check.driving == 5.4 * HOUR
    assert check.too_fast == ()


def test_build_driven_legs_shortens_waits_and_delays_departures() -> None:
    legs = build_driven_legs(build_trip((None, 0), (1, 4), (5, None), miles=200))
    assert legs is not None
    assert [(leg.departs, leg.arrives, leg.waits_until) for leg in legs] == [
        (START, START + 2 * HOUR, START + 4 * HOUR),
        (START + 4 * HOUR, START + 6 * HOUR, START + 6 * HOUR),
    ]
    late = build_driven_legs(build_trip((None, 0), (1, 2), (3, None), miles=400))
    assert late is not None
    assert [(leg.departs, leg.arrives) for leg in late] == [
        (START, START + 4 * HOUR),
        (START + 4 * HOUR, START + 8 * HOUR),
    ]


def test_check_itinerary_counts_a_rest_only_if_the_drive_before_it_leaves_time() -> None:
    """Nine hours of rest are planned. The miles of the first day need two hours more."""
    assert check_itinerary(build_trip((None, 0), (8, 17), (25, None), miles=800)).legal_for_one_driver
    compliance = check_itinerary(build_trip((None, 0), (6, 15), (23, None), miles=800))
    assert {violation.rule for violation in compliance.violations} == {"drive", "duty"}


@given(
    parts=st.lists(st.tuples(st.integers(1, 28), st.integers(0, 24)), min_size=1, max_size=5),
    miles=st.integers(0, 3000),
)
def test_build_driven_legs_never_drive_less_than_planned_or_needed(parts: list[tuple[int, int]], miles: int) -> None:
    times: list[tuple[float | None, float | None]] = [(None, 0.0)]
    at = 0.0
    for driving, waiting in parts:
        times.append((at + driving / 2, at + driving / 2 + waiting / 2))
        at += (driving + waiting) / 2
    trip = build_trip(*times, miles=miles)
    timetable, driven = build_legs(trip), build_driven_legs(trip)
    assert timetable is not None
    assert driven is not None
    for planned, leg in zip(timetable, driven, strict=True):
        assert leg.driving >= planned.driving
        assert leg.departs >= planned.departs
    assert all(first.waits_until == second.departs for first, second in pairwise(driven))
    total = sum((leg.driving for leg in driven), timedelta())
    assert total + timedelta(minutes=len(parts)) >= miles / 50 * HOUR


def test_check_itinerary_rejects_times_out_of_order() -> None:
    with pytest.raises(errors.Invalid) as rejected:
        check_itinerary(build_trip((None, 5), (3, None)))
    assert rejected.value.fields[0].field == "stops.1.estimated_arrival"
    with pytest.raises(errors.Invalid):
        check_itinerary(build_trip((None, 5), (None, 3), (9, None)))


def test_check_itinerary_of_property_carrier_uses_its_limits() -> None:
    assert check_itinerary(
        build_trip((None, 0), (8, 8.5), (11.5, None)), CarrierRuleset(US_PROPERTY)
    ).legal_for_one_driver
    assert not check_itinerary(build_trip((None, 0), (8.5, None)), CarrierRuleset(US_PROPERTY)).legal_for_one_driver


@settings(max_examples=40, deadline=None)
@given(parts=st.lists(st.tuples(st.integers(1, 28), st.integers(0, 24)), min_size=1, max_size=6))
def test_check_itinerary_needs_one_driver_if_and_only_if_there_are_no_violations(parts: list[tuple[int, int]]) -> None:
    times: list[tuple[float | None, float | None]] = [(None, 0.0)]
    at = 0.0
    for driving, waiting in parts:
        times.append((at + driving / 2, at + driving / 2 + waiting / 2))
        at += (driving + waiting) / 2
    compliance = check_itinerary(build_trip(*times))
    assert compliance.legal_for_one_driver == (compliance.drivers_needed == 1) == (not compliance.violations)
    assert (compliance.verdict is Legality.OK) == compliance.legal_for_one_driver
    route = build_driven_legs(build_trip(*times))
    assert route is not None
    assert all(START <= handover.at <= route[-1].arrives for handover in compliance.relief)
    assert sum((leg.driving for leg in route), timedelta()) == compliance.driving


def summarize_duty(duty: list[Segment]) -> list[tuple[str, float, float]]:
    """Status (`R` for riding along), start and end in hours after the start."""
    return [
        ("R" if each.riding else each.status.value, (each.start - START) / HOUR, (each.end - START) / HOUR)
        for each in duty
    ]


def test_plan_duties_of_one_driver_includes_deadhead() -> None:
    duties = plan_duties(build_trip((None, 0), (3, 4), (6, None), miles=250, deadhead_miles=100))
    assert duties is not None
    assert [summarize_duty(each) for each in duties] == [
        [("D", -1, 0), ("D", 0, 3), ("ON", 3, 4), ("D", 4, 6), ("D", 6, 7)]
    ]


def test_plan_duties_of_crew_rides_together_if_legal() -> None:
    duties = plan_duties(build_trip((None, 0), (12, None), drivers=2, miles=600))
    assert duties is not None
    assert [summarize_duty(each) for each in duties] == [[("D", 0, 10), ("R", 10, 12)], [("R", 0, 10), ("D", 10, 12)]]


def test_plan_duties_of_crew_joins_on_the_way_if_riding_is_illegal() -> None:
    duties = plan_duties(build_trip((None, 0), (20, None), drivers=2, miles=1000))
    assert duties is not None
    first, second = duties
    assert (summarize_duty(first)[0], summarize_duty(second)[0]) == (("D", 0, 10), ("D", 10, 20))


def test_plan_duties_of_too_small_crew_has_one_driving() -> None:
    duties = plan_duties(build_trip((None, 0), (50, None), drivers=2, miles=2500))
    assert duties is not None
    assert [summarize_duty(each) for each in duties] == [[("D", 0, 50)], [("R", 0, 50)]]


def test_plan_duties_without_times_is_none() -> None:
    assert plan_duties(HoursTrip(stops=(HoursStop(), HoursStop()))) is None


@settings(deadline=None)
@given(st.lists(st.floats(0.5, 14), min_size=1, max_size=4), st.integers(1, 3))
def test_plan_duties_has_no_gaps_and_one_driver_driving(leg_hours: list[float], drivers: int) -> None:
    at = 0.0
    times: list[tuple[float | None, float | None]] = [(None, 0.0)]
    for hours in leg_hours:
        times.append((at + hours, at + hours + 1))
        at += hours + 1
    trip = build_trip(*times, drivers=drivers, miles=50 * sum(leg_hours))
    duties = plan_duties(trip)
    assert duties is not None
    assert len(duties) == drivers
    for duty in duties:
        assert all(first.end == second.start for first, second in pairwise(duty))
    driven = sum((each.length for duty in duties for each in duty if each.status is DutyStatus.DRIVING), timedelta())
    assert driven == sum((leg.driving for leg in build_legs(trip) or []), timedelta())
    compliance = check_itinerary(trip)
    if compliance.verdict is Legality.OK:
        for duty in duties:
            rest = [Segment(start=duty[0].start - 9 * 24 * HOUR, end=duty[0].start, status=DutyStatus.OFF)]
            assert check_hours(rest, duty).verdict is Legality.OK
