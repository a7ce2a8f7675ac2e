"""When the client is reminded of a quote that expires."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.bookings.quotes.reminder_rules import find_reminder_time

NEW_YORK = "America/New_York"
SENT_AT = datetime.fromisoformat("2027-03-01T09:00-05:00")
MOMENTS = st.integers(1_770_000_000, 1_890_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@pytest.mark.parametrize(
    ("expires", "reminder"),
    [
        ("2027-03-04T09:00-05:00", "2027-03-03T09:00-05:00"),
        ("2027-03-04T07:59-05:00", "2027-03-02T18:00-05:00"),  # before eight: the evening before
        ("2027-03-04T08:00-05:00", "2027-03-03T08:00-05:00"),
        ("2027-03-04T18:00-05:00", "2027-03-03T18:00-05:00"),
        ("2027-03-04T23:00-05:00", "2027-03-03T18:00-05:00"),
        ("2027-03-03T09:00-05:00", "2027-03-02T09:00-05:00"),  # exactly a day after it was sent
        ("2027-03-03T08:59-05:00", None),
        ("2027-03-01T10:00-05:00", None),
        ("2027-03-15T12:00-04:00", "2027-03-14T12:00-04:00"),  # clocks go forward on March 14
        ("2027-03-15T07:00-04:00", "2027-03-13T18:00-05:00"),
    ],
)
def test_reminder_is_a_day_before_the_expiry_by_day(expires: str, reminder: str | None) -> None:
    found = find_reminder_time(SENT_AT, datetime.fromisoformat(expires), NEW_YORK)
    assert found == (datetime.fromisoformat(reminder) if reminder else None)


@given(MOMENTS, st.timedeltas(timedelta(hours=1), timedelta(days=90)), st.sampled_from([NEW_YORK, "Asia/Kolkata"]))
def test_reminder_leaves_a_day_and_comes_by_day(sent_at: datetime, validity: timedelta, zone: str) -> None:
    expires = sent_at + validity
    reminder = find_reminder_time(sent_at, expires, zone)
    if reminder is None:
        assert validity < timedelta(hours=24 + 24 + 15)
        return
    assert timedelta(hours=23) <= expires - reminder <= timedelta(hours=24 + 15)
    assert reminder - sent_at >= timedelta(hours=24)
    assert 8 <= reminder.astimezone(ZoneInfo(zone)).hour <= 18
