"""When the reminders of a trip are sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.dispatch.reminders import rules
from coachway.dispatch.reminders.rules import Stage

NEW_YORK = "America/New_York"
DEPARTURE = datetime.fromisoformat("2027-03-03T09:00-05:00")
ZONES = st.sampled_from([NEW_YORK, "America/Los_Angeles", "Europe/London", "Asia/Kolkata", "Pacific/Apia", "UTC"])
MOMENTS = st.integers(1_770_000_000, 1_890_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
REMINDED = st.lists(st.booleans(), min_size=40, max_size=40)


@pytest.mark.parametrize(
    ("now", "stage"),
    [
        ("2027-03-02T09:59:59-05:00", Stage.EARLY),
        ("2027-03-02T10:00:00-05:00", Stage.DAYTIME),
        ("2027-03-02T17:59:59-05:00", Stage.DAYTIME),
        ("2027-03-02T18:00:00-05:00", Stage.EVENING),
        ("2027-03-03T08:59:59-05:00", Stage.EVENING),
        ("2027-03-03T09:00:00-05:00", Stage.OVER),
    ],
)
def test_stage_changes_at_local_times_of_the_day_before(now: str, stage: Stage) -> None:
    assert rules.find_stage(DEPARTURE, NEW_YORK, datetime.fromisoformat(now)) is stage


@pytest.mark.parametrize(
    ("departure", "first_check"),
    [
        ("2027-03-03T00:10-05:00", "2027-03-02T10:00-05:00"),
        ("2027-03-02T23:50-05:00", "2027-03-01T10:00-05:00"),
        ("2027-03-14T09:00-04:00", "2027-03-13T10:00-05:00"),  # the night in which clocks go forward
        ("2027-11-07T09:00-05:00", "2027-11-06T10:00-04:00"),  # the night in which they go back
    ],
)
def test_first_check_is_at_ten_on_the_local_day_before(departure: str, first_check: str) -> None:
    booked_at = datetime(2027, 1, 1, tzinfo=UTC)
    found = rules.find_first_check(datetime.fromisoformat(departure), NEW_YORK, booked_at)
    assert found == datetime.fromisoformat(first_check)


@pytest.mark.parametrize(
    ("booked_at", "first_check"),
    [
        ("2027-03-02T10:00-05:00", "2027-03-02T18:00-05:00"),
        ("2027-03-02T18:00-05:00", None),
        ("2027-03-03T08:00-05:00", None),
    ],
)
def test_trip_that_is_booked_late_has_only_the_reminders_that_are_left(booked_at: str, first_check: str | None) -> None:
    found = rules.find_first_check(DEPARTURE, NEW_YORK, datetime.fromisoformat(booked_at))
    assert found == (datetime.fromisoformat(first_check) if first_check else None)


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=20)), ZONES, REMINDED)
def test_checks_end_after_one_check_in_the_evening(
    departure: datetime, earlier: timedelta, zone: str, reminded: list[bool]
) -> None:
    """Whenever a trip is booked and its drivers are known, its checks move on, and the last is in the evening."""
    due = rules.find_first_check(departure, zone, departure - earlier)
    stages = []
    for is_client_reminded in reminded:
        if due is None:
            break
        stages.append(rules.find_stage(departure, zone, due))
        following = rules.find_next_check(departure, zone, due, is_client_reminded=is_client_reminded)
        assert following is None or following > due
        due = following
    assert due is None
    assert stages.count(Stage.EVENING) == len(stages[-1:])
    assert set(stages) <= {Stage.DAYTIME, Stage.EVENING}


@given(MOMENTS, ZONES)
def test_reminders_are_due_on_the_local_day_before(departure: datetime, zone: str) -> None:
    due = rules.find_first_check(departure, zone, departure - timedelta(days=10))
    assert due is not None
    days = [moment.astimezone(ZoneInfo(zone)).date() for moment in (due, departure)]
    assert days[1] - days[0] == timedelta(days=1)
