"""Availability of drivers: weekly hours in the driver's time zone, and exceptions."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from coachway.fleet.availability import Availability, AvailabilityException, AvailabilityInput, WeeklyHours
from coachway.fleet.rules import list_available_spans, unavailability_reason
from coachway.pricing.rule_model import WEEKDAYS

NEW_YORK = "America/New_York"
MONDAY = datetime(2027, 3, 1, 5, tzinfo=UTC)  # midnight in New York


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def weekly(*hours: tuple[str, str, str]) -> list[WeeklyHours]:
    return [WeeklyHours.model_validate(dict(zip(WeeklyHours.model_fields, each, strict=True))) for each in hours]


def exception(starts: str, ends: str, **more: Any) -> AvailabilityException:
    return AvailabilityException.model_validate({"starts_at": starts, "ends_at": ends, **more})


def test_unavailability_without_weekly_hours_is_none() -> None:
    assert unavailability_reason(Availability(), NEW_YORK, MONDAY, MONDAY + timedelta(days=30)) is None


@pytest.mark.parametrize(
    ("starts", "ends", "fits"),
    [
        ("2027-03-01T06:00:00-05:00", "2027-03-01T18:00:00-05:00", True),
        ("2027-03-01T05:59:00-05:00", "2027-03-01T18:00:00-05:00", False),
        ("2027-03-01T06:00:00-05:00", "2027-03-01T18:01:00-05:00", False),
        ("2027-03-02T08:00:00-05:00", "2027-03-02T09:00:00-05:00", False),
        ("2027-03-05T23:00:00-05:00", "2027-03-06T03:00:00-05:00", True),
        ("2027-03-05T23:00:00-05:00", "2027-03-06T04:30:00-05:00", False),
    ],
)
def test_unavailability_outside_weekly_hours_has_a_reason(starts: str, ends: str, fits: bool) -> None:
    week = Availability(weekly=weekly(("monday", "06:00", "18:00"), ("friday", "20:00", "04:00")))
    assert (unavailability_reason(week, NEW_YORK, at(starts), at(ends)) is None) is fits


def test_unavailability_reason_shows_times_in_drivers_time_zone() -> None:
    week = Availability(weekly=weekly(("monday", "06:00", "18:00")))
    reason = unavailability_reason(week, NEW_YORK, at("2027-03-01T17:00:00-05:00"), at("2027-03-01T20:00:00-05:00"))
    assert reason == "does not work from Mon 1 Mar 2027 18:00 to Mon 1 Mar 2027 20:00"
    away = Availability(
        exceptions=[exception("2027-03-01T00:00:00-05:00", "2027-03-08T00:00:00-05:00", reason="vacation")]
    )
    reason = unavailability_reason(away, NEW_YORK, at("2027-03-03T17:00:00-05:00"), at("2027-03-03T20:00:00-05:00"))
    assert reason == "is not available from Mon 1 Mar 2027 00:00 to Mon 8 Mar 2027 00:00: vacation"


def test_adjacent_weekly_hours_are_merged() -> None:
    week = Availability(weekly=weekly(("monday", "06:00", "00:00"), ("tuesday", "00:00", "12:00")))
    assert (
        unavailability_reason(week, NEW_YORK, at("2027-03-01T20:00:00-05:00"), at("2027-03-02T08:00:00-05:00")) is None
    )


def test_weekly_hours_follow_local_time_across_dst() -> None:
    week = Availability(weekly=weekly(("sunday", "06:00", "10:00")))
    assert list_available_spans(week, NEW_YORK, at("2027-03-14T00:00:00-05:00"), at("2027-03-15T00:00:00-04:00")) == [
        (at("2027-03-14T06:00:00-04:00"), at("2027-03-14T10:00:00-04:00"))
    ]


def test_exceptions_add_and_remove_hours() -> None:
    week = Availability(
        weekly=weekly(("monday", "06:00", "18:00")),
        exceptions=[
            exception("2027-03-06T08:00:00-05:00", "2027-03-06T20:00:00-05:00", available=True),
            exception("2027-03-06T12:00:00-05:00", "2027-03-06T13:00:00-05:00", reason="dentist"),
        ],
    )
    saturday = (at("2027-03-06T00:00:00-05:00"), at("2027-03-07T00:00:00-05:00"))
    assert list_available_spans(week, NEW_YORK, *saturday) == [
        (at("2027-03-06T08:00:00-05:00"), at("2027-03-06T12:00:00-05:00")),
        (at("2027-03-06T13:00:00-05:00"), at("2027-03-06T20:00:00-05:00")),
    ]
    assert (
        unavailability_reason(week, NEW_YORK, saturday[0] + timedelta(hours=8), saturday[0] + timedelta(hours=12))
        is None
    )
    assert (
        unavailability_reason(week, NEW_YORK, saturday[0] + timedelta(hours=8), saturday[0] + timedelta(hours=14))
        is not None
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"weekly": [{"weekday": "monday", "start_time": "06:00+01:00", "end_time": "18:00"}]},
        {"weekly": [{"weekday": "someday", "start_time": "06:00", "end_time": "18:00"}]},
        {"exceptions": [{"starts_at": "2027-03-01T00:00:00Z", "ends_at": "2027-03-01T00:00:00Z"}]},
        {"exceptions": [{"starts_at": "2027-03-01T00:00:00Z", "ends_at": "2029-03-08T00:00:00Z"}]},
        {"exceptions": [{"starts_at": "2027-03-01T00:00:00", "ends_at": "2027-03-02T00:00:00"}]},
        {"holidays": []},
    ],
)
def test_availability_with_invalid_times_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AvailabilityInput.model_validate(wrong)


hours = st.builds(
    WeeklyHours,
    weekday=st.sampled_from(WEEKDAYS),
    start_time=st.times(),
    end_time=st.times(),
)
moments = st.integers(0, 28 * 24 * 60).map(lambda minutes: MONDAY + timedelta(minutes=minutes))


@st.composite
def exceptions(draw: st.DrawFn) -> AvailabilityException:
    start = draw(moments)
    length = timedelta(minutes=draw(st.integers(1, 10_000)))
    return AvailabilityException(starts_at=start, ends_at=start + length, available=draw(st.booleans()))


availabilities = st.builds(
    Availability, weekly=st.lists(hours, max_size=6), exceptions=st.lists(exceptions(), max_size=4)
)


@given(availabilities, moments, st.integers(1, 6_000))
def test_availability_agrees_with_available_spans(availability: Availability, start: datetime, minutes: int) -> None:
    end = start + timedelta(minutes=minutes)
    spans = list_available_spans(availability, NEW_YORK, start, end)
    assert (unavailability_reason(availability, NEW_YORK, start, end) is None) == (spans == [(start, end)])


@given(availabilities, moments, st.integers(1, 6_000))
def test_list_available_spans_are_ordered_bounded_and_disjoint(
    availability: Availability, start: datetime, minutes: int
) -> None:
    end = start + timedelta(minutes=minutes)
    spans = list_available_spans(availability, NEW_YORK, start, end)
    edges = [moment for span in spans for moment in span]
    assert edges == sorted(set(edges))
    assert all(start <= moment <= end for moment in edges)


@given(availabilities, moments, st.integers(1, 3_000), st.integers(1, 3_000))
def test_list_available_spans_do_not_depend_on_the_query_bounds(
    availability: Availability, start: datetime, first: int, second: int
) -> None:
    middle = start + timedelta(minutes=first)
    end = middle + timedelta(minutes=second)

    def length(one: datetime, other: datetime) -> timedelta:
        return sum(
            (span.end - span.start for span in list_available_spans(availability, NEW_YORK, one, other)), timedelta()
        )

    assert length(start, end) == length(start, middle) + length(middle, end)


def test_weekly_hours_keep_the_time_of_day() -> None:
    availability = AvailabilityInput.model_validate(
        {"weekly": [{"weekday": "monday", "start_time": "05:00", "end_time": "22:00"}]}
    )
    assert availability.weekly[0].start_time == time(5)
