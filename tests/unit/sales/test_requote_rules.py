"""When a trip becomes a lead again, and for which day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.bookings.charters.rules import CharterStatus
from coachway.sales.requotes.rules import OtherTrip, find_due_time, find_next_date, has_newer_trip

NEW_YORK = "America/New_York"
TRIP_DATE = date(2026, 5, 14)


@pytest.mark.parametrize(
    ("ends_at", "due"),
    [
        ("2026-05-14T18:00:00-04:00", "2027-04-14T09:00:00-04:00"),
        ("2026-01-15T18:00:00-05:00", "2026-12-15T09:00:00-05:00"),
        ("2026-12-31T18:00:00-05:00", "2027-11-30T09:00:00-05:00"),
        ("2026-03-31T18:00:00-04:00", "2027-02-28T09:00:00-05:00"),
        ("2027-03-31T18:00:00-04:00", "2028-02-29T09:00:00-05:00"),
        ("2026-05-15T02:00:00+00:00", "2027-04-14T09:00:00-04:00"),
        ("2026-04-14T18:00:00-04:00", "2027-03-14T09:00:00-04:00"),
        ("2026-02-14T18:00:00-05:00", "2027-01-14T09:00:00-05:00"),
    ],
    ids=[
        "usual",
        "same year",
        "short month",
        "February",
        "leap year",
        "next day in UTC",
        "day on which DST begins",
        "another UTC offset",
    ],
)
def test_trip_is_due_11_months_after_its_last_day(ends_at: str, due: str) -> None:
    assert find_due_time(datetime.fromisoformat(ends_at), NEW_YORK) == datetime.fromisoformat(due)


@given(
    st.integers(0, 54_000 * 24 * 60).map(lambda minutes: datetime(2001, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
    st.sampled_from([NEW_YORK, "Pacific/Auckland", "Pacific/Honolulu", "America/St_Johns"]),
)
def test_due_time_is_at_9_local_time_a_month_before_the_anniversary(ends_at: datetime, zone: str) -> None:
    due, last_day = find_due_time(ends_at, zone), ends_at.astimezone(ZoneInfo(zone)).date()
    local = due.astimezone(ZoneInfo(zone))
    assert (local.hour, local.minute) == (9, 0)
    assert (local.year * 12 + local.month) - (last_day.year * 12 + last_day.month) == 11
    assert local.day <= last_day.day
    if local.day < last_day.day:
        assert (local.date() + timedelta(days=1)).day == 1


@given(st.dates(date(2001, 1, 1), date(2149, 1, 1)))
def test_next_date_is_the_same_weekday_a_year_later(trip_date: date) -> None:
    day = find_next_date(trip_date)
    assert day.weekday() == trip_date.weekday()
    assert 364 <= (day - trip_date).days <= 371


@pytest.mark.parametrize(
    ("days_later", "charter_id", "status", "is_newer"),
    [
        (1, "chr_2", CharterStatus.BOOKED, True),
        (400, "chr_2", CharterStatus.QUOTE, True),
        (1, "chr_0", CharterStatus.COMPLETED, True),
        (1, "chr_2", CharterStatus.CANCELLED, False),
        (1, "chr_2", CharterStatus.DECLINED, False),
        (1, "chr_2", CharterStatus.EXPIRED, False),
        (0, "chr_2", CharterStatus.COMPLETED, True),
        (0, "chr_0", CharterStatus.COMPLETED, False),
        (0, "chr_1", CharterStatus.COMPLETED, False),
        (-1, "chr_2", CharterStatus.COMPLETED, False),
    ],
)
def test_newer_trip(days_later: int, charter_id: str, status: CharterStatus, is_newer: bool) -> None:
    other = OtherTrip(charter_id, TRIP_DATE + timedelta(days=days_later), status)
    assert has_newer_trip("chr_1", TRIP_DATE, [other]) is is_newer


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 3), st.sampled_from(CharterStatus)),
        min_size=1,
        unique_by=lambda each: each[0],
    )
)
def test_of_all_completed_trips_of_a_client_at_most_one_has_no_newer_one(
    trips: list[tuple[int, int, CharterStatus]],
) -> None:
    others = [OtherTrip(f"chr_{number}", TRIP_DATE + timedelta(days=day), status) for number, day, status in trips]
    latest = [
        each
        for each in others
        if each.status is CharterStatus.COMPLETED and not has_newer_trip(each.charter_id, each.trip_date, others)
    ]
    assert len(latest) <= 1
