"""Whether a trip is legal for its drivers, and where a relief driver takes over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.core import errors
from coachway.hours.itinerary import MOST_DRIVERS, check_itinerary, duties
from coachway.hours.model import Answer, Law, Segment, Status
from coachway.hours.rules import check
from coachway.hours.rulesets import US_PASSENGER, US_PROPERTY
from coachway.hours.trip import Trip, TripStop, legs

START = datetime(2027, 3, 3, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def trip(
    *times: tuple[float | None, float | None], drivers: int = 1, miles: float | None = None, deadhead_miles: float = 0
) -> Trip:
    """Stops by (arrival, departure) in hours after the start."""
    stops = tuple(
        TripStop(
            arrival=None if came is None else START + came * HOUR,
            departure=None if left is None else START + left * HOUR,
            latitude=40.0,
            longitude=-74.0 - index,
        )
        for index, (came, left) in enumerate(times)
    )
    return Trip(stops=stops, drivers=drivers, miles=miles, deadhead_miles=deadhead_miles)


def test_a_short_trip_needs_one_driver() -> None:
    answer = check_itinerary(trip((None, 0), (3, None), miles=130))
    assert answer.verdict is Answer.OK
    assert answer.legal_for_one_driver
    assert answer.drivers_needed == 1
    assert answer.relief == ()
    assert answer.driving == 3 * HOUR


def test_a_tour_of_a_week_is_judged_by_the_days_that_its_carrier_runs() -> None:
    """Nine hours on each of seven days: 63, of 70 in eight days or 60 in seven."""
    tour = trip(*[(None if day == 0 else 24 * (day - 1) + 9.0, 24.0 * day) for day in range(8)])
    tour = tour.model_copy(update={"stops": (*tour.stops[:-1], tour.stops[-1].model_copy(update={"departure": None}))})
    assert check_itinerary(tour).legal_for_one_driver
    (violation,) = check_itinerary(tour, Law(US_PASSENGER, daily_carrier=False)).violations
    assert (violation.exceeded, violation.citation) == (3 * HOUR, "49 CFR 395.5(b)(1)")


def test_twelve_hours_of_driving_need_a_second_driver_after_ten() -> None:
    answer = check_itinerary(trip((None, 0), (12, None), miles=600))
    assert answer.verdict is Answer.BLOCK
    assert answer.drivers_needed == 2
    (handover,) = answer.relief
    assert handover.at == START + 10 * HOUR
    assert handover.driver == 2
    assert handover.after_stop == 0
    assert handover.miles_from_stop == 500
    assert handover.longitude == pytest.approx(-74.8333, abs=1e-3)
    assert "drive limit passed by 2 h 00 min (49 CFR 395.5(a)(1))" in answer.explanation


def test_the_second_driver_makes_it_legal() -> None:
    answer = check_itinerary(trip((None, 0), (12, None), drivers=2, miles=600))
    assert answer.verdict is Answer.OK
    assert not answer.legal_for_one_driver
    assert answer.may_ride_along


def test_a_relief_driver_may_not_ride_along_for_the_whole_of_a_long_drive() -> None:
    answer = check_itinerary(trip((None, 0), (18, None), drivers=2, miles=900))
    assert answer.verdict is Answer.OK
    assert not answer.may_ride_along


def test_a_long_wait_on_duty_counts() -> None:
    answer = check_itinerary(trip((None, 0), (4, 11.5), (16, None)))
    assert [v.rule for v in answer.violations] == ["duty"]
    assert answer.drivers_needed == 2
    assert answer.relief[0].at == START + 15 * HOUR


def test_a_night_at_the_hotel_is_rest() -> None:
    answer = check_itinerary(trip((None, 0), (9, 18), (27, None)))
    assert answer.legal_for_one_driver
    assert answer.on_duty == 18 * HOUR


def test_deadhead_miles_are_driven_too() -> None:
    answer = check_itinerary(trip((None, 0), (9, None), miles=450, deadhead_miles=200))
    assert answer.driving == 13 * HOUR
    assert answer.drivers_needed == 2


def test_a_trip_no_crew_can_drive_says_so() -> None:
    answer = check_itinerary(trip((None, 0), (100, None), drivers=4))
    assert answer.verdict is Answer.BLOCK
    assert answer.drivers_needed is None
    assert f"No crew of up to {MOST_DRIVERS}" in answer.explanation


def test_times_left_out_are_reckoned_from_the_miles() -> None:
    answer = check_itinerary(trip((None, 0), (None, 8), (None, None), miles=500))
    assert answer.driving == 10 * HOUR
    assert answer.on_duty == 13 * HOUR


def test_stops_that_say_no_time_are_passed_on_the_way() -> None:
    answer = check_itinerary(trip((None, 0), (None, None), (None, None), (3, None), miles=130))
    assert answer.driving == 3 * HOUR
    assert answer.legal_for_one_driver
    without_miles = trip((None, 0), (None, None), (4, None))
    found = legs(without_miles)
    assert found is not None
    assert [leg.driving for leg in found] == [2 * HOUR, 2 * HOUR]


def test_a_trip_without_a_start_is_unknown() -> None:
    answer = check_itinerary(trip((None, None), (3, None)))
    assert answer.verdict is Answer.UNKNOWN
    assert answer.drivers_needed is None


def test_a_timetable_that_hides_driving_is_named() -> None:
    assert check_itinerary(trip((None, 0), (2, None), miles=400)).too_fast == (1,)
    assert check_itinerary(trip((None, 0), (2, None), miles=120)).too_fast == ()


def test_times_out_of_order_are_refused_with_their_field() -> None:
    with pytest.raises(errors.Invalid) as refused:
        check_itinerary(trip((None, 5), (3, None)))
    assert refused.value.fields[0].field == "stops.1.estimated_arrival"
    with pytest.raises(errors.Invalid):
        check_itinerary(trip((None, 5), (None, 3), (9, None)))


def test_a_van_has_its_own_limits() -> None:
    assert check_itinerary(trip((None, 0), (8, 8.5), (11.5, None)), Law(US_PROPERTY)).legal_for_one_driver
    assert not check_itinerary(trip((None, 0), (8.5, None)), Law(US_PROPERTY)).legal_for_one_driver


@settings(max_examples=40, deadline=None)
@given(parts=st.lists(st.tuples(st.integers(1, 28), st.integers(0, 24)), min_size=1, max_size=6))
def test_one_driver_is_enough_exactly_when_nothing_is_violated(parts: list[tuple[int, int]]) -> None:
    times: list[tuple[float | None, float | None]] = [(None, 0.0)]
    at = 0.0
    for driving, waiting in parts:
        times.append((at + driving / 2, at + driving / 2 + waiting / 2))
        at += (driving + waiting) / 2
    answer = check_itinerary(trip(*times))
    assert answer.legal_for_one_driver == (answer.drivers_needed == 1) == (not answer.violations)
    assert (answer.verdict is Answer.OK) == answer.legal_for_one_driver
    assert all(START <= handover.at <= START + at * HOUR for handover in answer.relief)
    route = legs(trip(*times))
    assert route is not None
    assert sum((leg.driving for leg in route), timedelta()) == answer.driving


def told(duty: list[Segment]) -> list[tuple[str, float, float]]:
    """Status, riding along as `R`, and from when to when in hours after the start."""
    return [
        ("R" if each.riding else each.status.value, (each.start - START) / HOUR, (each.end - START) / HOUR)
        for each in duty
    ]


def test_one_driver_does_it_all() -> None:
    planned = duties(trip((None, 0), (3, 4), (6, None), miles=250, deadhead_miles=100))
    assert planned is not None
    assert [told(each) for each in planned] == [[("D", -1, 0), ("D", 0, 3), ("ON", 3, 4), ("D", 4, 6), ("D", 6, 7)]]


def test_a_crew_rides_together_where_that_is_legal() -> None:
    planned = duties(trip((None, 0), (12, None), drivers=2, miles=600))
    assert planned is not None
    assert [told(each) for each in planned] == [[("D", 0, 10), ("R", 10, 12)], [("R", 0, 10), ("D", 10, 12)]]


def test_who_cannot_ride_from_the_start_joins_on_the_way() -> None:
    planned = duties(trip((None, 0), (20, None), drivers=2, miles=1000))
    assert planned is not None
    first, second = planned
    assert (told(first)[0], told(second)[0]) == (("D", 0, 10), ("D", 10, 20))


def test_a_crew_that_is_too_small_is_planned_with_one_at_the_wheel() -> None:
    planned = duties(trip((None, 0), (50, None), drivers=2, miles=2500))
    assert planned is not None
    assert [told(each) for each in planned] == [[("D", 0, 50)], [("R", 0, 50)]]


def test_of_a_trip_whose_times_cannot_be_told_nobody_is_planned() -> None:
    assert duties(Trip(stops=(TripStop(), TripStop()))) is None


@settings(deadline=None)
@given(st.lists(st.floats(0.5, 14), min_size=1, max_size=4), st.integers(1, 3))
def test_what_a_crew_is_planned_to_do_has_no_gaps_and_one_at_the_wheel(legs_driven: list[float], drivers: int) -> None:
    at = 0.0
    times: list[tuple[float | None, float | None]] = [(None, 0.0)]
    for hours in legs_driven:
        times.append((at + hours, at + hours + 1))
        at += hours + 1
    asked = trip(*times, drivers=drivers, miles=50 * sum(legs_driven))
    planned = duties(asked)
    assert planned is not None
    assert len(planned) == drivers
    for duty in planned:
        assert all(one.end == two.start for one, two in pairwise(duty))
    driven = sum((each.length for duty in planned for each in duty if each.status is Status.DRIVING), timedelta())
    assert driven == sum((leg.driving for leg in legs(asked) or []), timedelta())
    answer = check_itinerary(asked)
    if answer.verdict is Answer.OK:
        for duty in planned:
            rested = [Segment(start=duty[0].start - 9 * 24 * HOUR, end=duty[0].start, status=Status.OFF)]
            assert check(rested, duty).verdict is Answer.OK
