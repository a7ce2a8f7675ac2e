"""What each event adds to a vendor's counters, and the figures that result."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.core.event_counters import add_counters
from coachway.core.persistence.domain_events import Event
from coachway.vendors import counters
from coachway.vendors.model import calculate_figures
from tests.event_builders import (
    build_bid_accepted,
    build_bid_rejected,
    build_bid_submitted,
    build_charter_completed,
    build_trip_arrived,
    build_trip_departed,
    build_vendor_rated,
    event_data,
)

VENDOR = "ven_1"
RATINGS = st.integers(2, 10).map(lambda half_points: half_points / 2)


def count_events(*events: Event) -> dict[str, int]:
    """The counters of all vendors together after `events`."""
    numbers: dict[str, int] = {}
    for event in events:
        for increment in counters.counter_increments(event.TYPE, event_data(event)).values():
            numbers = add_counters(numbers, increment)
    return numbers


def test_calculate_figures_of_a_first_rating_have_an_average_but_no_rating() -> None:
    figures = calculate_figures(
        count_events(build_bid_submitted(VENDOR), build_bid_accepted(VENDOR), build_vendor_rated(VENDOR))
    )
    assert (figures.average_rating, figures.total_ratings, figures.bids_won) == (4.5, 1, 1)
    assert (figures.win_rate_percentage, figures.rating, figures.on_time_percentage) == (100.0, None, None)


def test_counter_increments_of_bids_count_for_their_vendor() -> None:
    for event, name in (
        (build_bid_submitted(VENDOR), "submitted"),
        (build_bid_accepted(VENDOR), "won"),
        (build_bid_rejected(VENDOR), "lost"),
    ):
        assert counters.counter_increments(event.TYPE, event_data(event)) == {VENDOR: {name: 1}}


@given(st.lists(RATINGS, max_size=30))
def test_calculate_figures_with_fewer_than_three_ratings_have_no_rating(ratings: list[float]) -> None:
    figures = calculate_figures(count_events(*(build_vendor_rated(VENDOR, each) for each in ratings)))
    assert figures.total_ratings == len(ratings)
    if ratings:
        assert min(ratings) <= figures.average_rating <= max(ratings)
        assert figures.average_rating == pytest.approx(sum(ratings) / len(ratings), abs=0.0051)
    assert figures.rating == (figures.average_rating if len(ratings) >= 3 else None)


def test_calculate_figures_without_tracked_trips_use_ratings_for_on_time_performance() -> None:
    events = [build_vendor_rated(VENDOR, on_time_performance_rating=each) for each in (3.5, 4.0, 5.0)]
    figures = calculate_figures(count_events(*events, build_vendor_rated(VENDOR)))
    assert figures.on_time_percentage == 66.67


def test_calculate_figures_with_tracked_trips_ignore_ratings_for_on_time_performance() -> None:
    ratings = [build_vendor_rated(VENDOR, on_time_performance_rating=each) for each in (5.0, 4.5, 4.0)]
    assert calculate_figures(count_events(*ratings)).on_time_percentage == 100.0
    stops = [
        build_trip_departed(vendor_id=VENDOR),
        build_trip_arrived(vendor_id=VENDOR, late=timedelta(minutes=5)),
        build_trip_arrived(vendor_id=VENDOR, late=timedelta(minutes=40), stop=2),
    ]
    assert calculate_figures(count_events(*ratings, *stops)).on_time_percentage == 66.67


@pytest.mark.parametrize(("late_minutes", "on_time"), [(0, 1), (15, 1), (16, 0)])
def test_counter_increments_of_a_departure_are_on_time_up_to_15_minutes(late_minutes: int, on_time: int) -> None:
    event = build_trip_departed(vendor_id=VENDOR, late_minutes=late_minutes)
    assert count_events(event) == {"stops_judged": 1, "stops_on_time": on_time}


@pytest.mark.parametrize(("late_seconds", "on_time"), [(-2400, 1), (900, 1), (901, 0)])
def test_counter_increments_of_an_arrival_are_on_time_up_to_15_minutes(late_seconds: int, on_time: int) -> None:
    event = build_trip_arrived(vendor_id=VENDOR, late=timedelta(seconds=late_seconds))
    assert count_events(event) == {"stops_judged": 1, "stops_on_time": on_time}


def test_counter_increments_of_stops_without_a_plan_or_counted_elsewhere_are_empty() -> None:
    late = timedelta(minutes=40)
    assert count_events(build_trip_departed(vendor_id=VENDOR, late_minutes=None)) == {}
    assert count_events(build_trip_departed(vendor_id=VENDOR, late_minutes=40, stop=1)) == {}
    assert count_events(build_trip_arrived(vendor_id=VENDOR, late=late, stop=0)) == {}
    assert count_events(build_trip_arrived(vendor_id=VENDOR, late=late, planned_at=None)) == {}


def test_counter_increments_of_the_organizations_own_drivers_are_empty() -> None:
    assert count_events(build_trip_departed(late_minutes=40), build_trip_arrived(late=timedelta(minutes=40))) == {}


def test_counter_increments_of_a_charter_with_two_vendors_count_for_both() -> None:
    data = event_data(build_charter_completed("ven_1", "ven_2"))
    assert counters.counter_increments("charter.completed", data) == {
        "ven_1": {"completed": 1},
        "ven_2": {"completed": 1},
    }
    assert counters.counter_increments("charter.cancelled", data) == {}
