"""The life of a vendor, and what its figures come to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.contracts.bookings import CharterCompleted
from coachway.contracts.dispatch.assignments import TripArrived, TripDeparted
from coachway.contracts.ratings import VendorRated
from coachway.core import errors
from coachway.core.projections import add_counters
from coachway.vendors import rules, statistics_counters
from coachway.vendors.model import figures_of
from coachway.vendors.rules import TRANSITIONS, Status

HALVES = st.integers(2, 10).map(lambda n: n / 2)


@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("after", Status)
def test_only_the_steps_of_the_table_are_taken(before: Status, after: Status) -> None:
    if after in TRANSITIONS[before]:
        rules.VENDORS.require(before, after)
    else:
        with pytest.raises(errors.Conflict):
            rules.VENDORS.require(before, after)


def test_a_banned_vendor_stays_so_and_nobody_is_active_without_approval() -> None:
    assert TRANSITIONS[Status.BANNED] == ()
    assert Status.ACTIVE not in TRANSITIONS[Status.REJECTED]
    assert set(TRANSITIONS) == set(Status)


def rated(vendor_id: str = "ven_1", overall: float = 4.5, **more: float) -> dict[str, Any]:
    return {"vendor_id": vendor_id, "overall_rating": overall, **more}


def counted(*events: tuple[str, dict[str, Any]]) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for kind, data in events:
        for each in statistics_counters.counter_increments(kind, data).values():
            numbers = add_counters(numbers, each)
    return numbers


def test_the_worked_example_of_a_first_rating() -> None:
    figures = figures_of(
        counted(
            ("bid.submitted", {"vendor_id": "ven_1"}),
            ("bid.accepted", {"vendor_id": "ven_1"}),
            ("vendor.rated", rated()),
        )
    )
    assert (figures.average_rating, figures.total_ratings, figures.bids_won) == (4.5, 1, 1)
    assert (figures.win_rate_percentage, figures.rating, figures.on_time_percentage) == (100.0, None, None)


@given(st.lists(HALVES, max_size=30))
def test_an_average_counts_after_three_and_lies_among_its_ratings(ratings: list[float]) -> None:
    figures = figures_of(counted(*(("vendor.rated", rated(overall=each)) for each in ratings)))
    assert figures.total_ratings == len(ratings)
    if ratings:
        assert min(ratings) <= figures.average_rating <= max(ratings)
        assert figures.average_rating == pytest.approx(sum(ratings) / len(ratings), abs=0.0051)
    assert figures.rating == (figures.average_rating if len(ratings) >= 3 else None)


def test_a_trip_that_nobody_tracked_is_on_time_when_it_is_rated_four_or_better_for_that() -> None:
    said = [rated(on_time_performance_rating=each) for each in (3.5, 4.0, 5.0)]
    figures = figures_of(counted(*(("vendor.rated", each) for each in (*said, rated()))))
    assert figures.on_time_percentage == 66.67


DUE = "2027-03-03T12:00:00Z"


def departed(late: int | None = 0, **more: Any) -> tuple[str, dict[str, Any]]:
    return "trip.departed", {"vendor_id": "ven_1", "stop": 0, "late_minutes": late, **more}


def arrived(at: str, **more: Any) -> tuple[str, dict[str, Any]]:
    said = {"vendor_id": "ven_1", "stop": 1, "at": f"2027-03-03T{at}Z", "planned_at": DUE}
    return "trip.arrived", {**said, **more}


@pytest.mark.parametrize(("late", "on_time"), [(0, 1), (15, 1), (16, 0)])
def test_a_vendors_vehicle_is_on_time_when_it_leaves_at_most_a_quarter_of_an_hour_late(late: int, on_time: int) -> None:
    assert counted(departed(late)) == {"stops_judged": 1, "stops_on_time": on_time}


@pytest.mark.parametrize(("at", "on_time"), [("11:20:00", 1), ("12:15:00", 1), ("12:15:01", 0)])
def test_it_is_on_time_when_it_comes_at_most_a_quarter_of_an_hour_late(at: str, on_time: int) -> None:
    assert counted(arrived(at)) == {"stops_judged": 1, "stops_on_time": on_time}


def test_a_stop_is_judged_once_and_only_by_a_plan() -> None:
    assert counted(departed(None), departed(40, stop=1), arrived("12:40:00", stop=0)) == {}
    assert counted(arrived("12:40:00", planned_at=None)) == {}


def test_the_organizations_own_trips_are_no_vendors() -> None:
    assert counted(departed(40, vendor_id=None), arrived("12:40:00", vendor_id=None)) == {}


def test_what_was_seen_counts_and_not_what_was_said_of_it() -> None:
    said = [("vendor.rated", rated(on_time_performance_rating=each)) for each in (5.0, 4.5, 4.0)]
    assert figures_of(counted(*said)).on_time_percentage == 100.0
    seen = [departed(0), arrived("12:05:00"), arrived("12:40:00", stop=2)]
    assert figures_of(counted(*said, *seen)).on_time_percentage == 66.67


def test_a_trip_of_several_vendors_counts_for_each() -> None:
    added = statistics_counters.counter_increments("charter.completed", {"vendor_ids": ["ven_1", "ven_2"]})
    assert added == {"ven_1": {"completed": 1}, "ven_2": {"completed": 1}}
    assert statistics_counters.counter_increments("charter.cancelled", {"vendor_ids": ["ven_1"]}) == {}


def test_what_is_read_of_events_is_what_they_say() -> None:
    assert set(statistics_counters.Rated.model_fields) <= set(VendorRated.model_fields)
    assert set(statistics_counters.Completed.model_fields) <= set(CharterCompleted.model_fields)
    assert set(statistics_counters.Departed.model_fields) <= set(TripDeparted.model_fields)
    assert set(statistics_counters.Arrived.model_fields) <= set(TripArrived.model_fields)
