"""When a driver may be had: weekly hours on the driver's clock, and exceptions."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from coachway.fleet.model import Availability, AvailabilityException, AvailabilityInput, WeeklyHours
from coachway.fleet.rules import available_spans, unavailability_reason
from coachway.pricing.rule_model import WEEKDAYS

NEW_YORK = "America/New_York"
MONDAY = datetime(2027, 3, 1, 5, tzinfo=UTC)  # midnight in New York


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def weekly(*hours: tuple[str, str, str]) -> list[WeeklyHours]:
    return [WeeklyHours.model_validate(dict(zip(WeeklyHours.model_fields, each, strict=True))) for each in hours]


def exception(starts: str, ends: str, **more: Any) -> AvailabilityException:
    return AvailabilityException.model_validate({"starts_at": starts, "ends_at": ends, **more})


def test_who_says_nothing_is_always_available() -> None:
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
def test_a_job_must_lie_within_the_weekly_hours(starts: str, ends: str, fits: bool) -> None:
    week = Availability(weekly=weekly(("monday", "06:00", "18:00"), ("friday", "20:00", "04:00")))
    assert (unavailability_reason(week, NEW_YORK, at(starts), at(ends)) is None) is fits


def test_the_reason_names_the_time_on_the_drivers_clock() -> None:
    week = Availability(weekly=weekly(("monday", "06:00", "18:00")))
    why = unavailability_reason(week, NEW_YORK, at("2027-03-01T17:00:00-05:00"), at("2027-03-01T20:00:00-05:00"))
    assert why == "does not work from Mon 1 Mar 2027 18:00 to Mon 1 Mar 2027 20:00"
    away = Availability(
        exceptions=[exception("2027-03-01T00:00:00-05:00", "2027-03-08T00:00:00-05:00", reason="vacation")]
    )
    why = unavailability_reason(away, NEW_YORK, at("2027-03-03T17:00:00-05:00"), at("2027-03-03T20:00:00-05:00"))
    assert why == "is not available from Mon 1 Mar 2027 00:00 to Mon 8 Mar 2027 00:00: vacation"


def test_hours_that_meet_count_as_one() -> None:
    week = Availability(weekly=weekly(("monday", "06:00", "00:00"), ("tuesday", "00:00", "12:00")))
    assert (
        unavailability_reason(week, NEW_YORK, at("2027-03-01T20:00:00-05:00"), at("2027-03-02T08:00:00-05:00")) is None
    )


def test_the_weekly_hours_follow_the_clock_over_a_change_to_summer_time() -> None:
    week = Availability(weekly=weekly(("sunday", "06:00", "10:00")))
    assert available_spans(week, NEW_YORK, at("2027-03-14T00:00:00-05:00"), at("2027-03-15T00:00:00-04:00")) == [
        (at("2027-03-14T06:00:00-04:00"), at("2027-03-14T10:00:00-04:00"))
    ]


def test_an_exception_adds_hours_and_another_takes_them_away() -> None:
    week = Availability(
        weekly=weekly(("monday", "06:00", "18:00")),
        exceptions=[
            exception("2027-03-06T08:00:00-05:00", "2027-03-06T20:00:00-05:00", available=True),
            exception("2027-03-06T12:00:00-05:00", "2027-03-06T13:00:00-05:00", reason="dentist"),
        ],
    )
    saturday = (at("2027-03-06T00:00:00-05:00"), at("2027-03-07T00:00:00-05:00"))
    assert available_spans(week, NEW_YORK, *saturday) == [
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
def test_what_is_no_time_is_refused(wrong: dict[str, Any]) -> None:
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
def test_a_job_fits_exactly_when_one_open_span_holds_it(known: Availability, start: datetime, minutes: int) -> None:
    end = start + timedelta(minutes=minutes)
    spans = available_spans(known, NEW_YORK, start, end)
    assert (unavailability_reason(known, NEW_YORK, start, end) is None) == (spans == [(start, end)])


@given(availabilities, moments, st.integers(1, 6_000))
def test_open_spans_are_in_order_inside_their_bounds_and_apart(
    known: Availability, start: datetime, minutes: int
) -> None:
    end = start + timedelta(minutes=minutes)
    spans = available_spans(known, NEW_YORK, start, end)
    edges = [moment for span in spans for moment in span]
    assert edges == sorted(set(edges))
    assert all(start <= moment <= end for moment in edges)


@given(availabilities, moments, st.integers(1, 3_000), st.integers(1, 3_000))
def test_what_is_open_does_not_depend_on_how_much_is_asked_for(
    known: Availability, start: datetime, first: int, second: int
) -> None:
    middle = start + timedelta(minutes=first)
    end = middle + timedelta(minutes=second)

    def length(one: datetime, other: datetime) -> timedelta:
        return sum((span.end - span.start for span in available_spans(known, NEW_YORK, one, other)), timedelta())

    assert length(start, end) == length(start, middle) + length(middle, end)


def test_a_time_of_day_is_kept_as_it_was_written() -> None:
    known = AvailabilityInput.model_validate(
        {"weekly": [{"weekday": "monday", "start_time": "05:00", "end_time": "22:00"}]}
    )
    assert known.weekly[0].start_time == time(5)
