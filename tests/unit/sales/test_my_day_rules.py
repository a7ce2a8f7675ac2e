"""Which quotes an agent should follow up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.bookings.charters.charter_summary import SentQuoteSummary
from coachway.sales.my_day import rules

NOW = datetime(2027, 3, 3, 15, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


def build_quote(**times: datetime | None) -> SentQuoteSummary:
    """A quote that was sent two days ago and expires in five days."""
    usual = {"sent_at": NOW - 2 * DAY, "expires_at": NOW + 5 * DAY, "opened_at": None, "accepted_at": None}
    return SentQuoteSummary(salesperson_id="usr_1", client_id="cli_1", total=1, currency="USD", **{**usual, **times})


@pytest.mark.parametrize(
    ("left", "is_expiring"),
    [(48 * HOUR, True), (48 * HOUR + SECOND, False), (SECOND, True), (timedelta(0), False), (-SECOND, False)],
)
def test_quote_expires_within_48_hours(left: timedelta, is_expiring: bool) -> None:
    assert rules.is_expiring(build_quote(expires_at=NOW + left), NOW) is is_expiring
    assert not rules.is_expiring(build_quote(expires_at=NOW + left, accepted_at=NOW - HOUR), NOW)


@pytest.mark.parametrize(
    ("times", "is_unanswered"),
    [
        ({"opened_at": NOW - DAY}, True),
        ({"opened_at": NOW - DAY + SECOND}, False),
        ({"opened_at": None}, False),
        ({"opened_at": NOW - 3 * DAY, "sent_at": NOW - DAY}, True),
        ({"opened_at": NOW - 3 * DAY, "sent_at": NOW - DAY + SECOND}, False),
        ({"opened_at": NOW - 2 * DAY, "expires_at": NOW}, False),
        ({"opened_at": NOW - 2 * DAY, "accepted_at": NOW - HOUR}, False),
    ],
    ids=["24 hours", "less", "not opened", "sent again", "just sent again", "expired", "accepted"],
)
def test_opened_quote_is_unanswered_after_24_hours(times: dict[str, datetime | None], is_unanswered: bool) -> None:
    assert rules.is_unanswered(build_quote(**times), NOW) is is_unanswered


@pytest.mark.parametrize(
    ("accepted_at", "is_today"),
    [
        ("2027-03-14T00:00:00-05:00", True),
        ("2027-03-14T23:59:59-04:00", True),
        ("2027-03-15T00:00:00-04:00", False),
        ("2027-03-13T23:59:59-05:00", False),
    ],
)
def test_quote_was_accepted_on_a_local_day_on_which_dst_begins(accepted_at: str, is_today: bool) -> None:
    quote = build_quote(accepted_at=datetime.fromisoformat(accepted_at))
    assert rules.is_accepted_on(quote, date(2027, 3, 14), NEW_YORK) is is_today


@given(
    st.integers(0, 730 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
    st.sampled_from(["America/New_York", "Pacific/Auckland", "Pacific/Apia", "America/St_Johns"]),
)
def test_end_of_day_is_the_first_moment_of_the_next_day(now: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    today = now.astimezone(zone).date()
    end = rules.find_end_of_day(today, zone)
    assert now < end <= now + timedelta(hours=25)
    assert end.astimezone(zone).date() == today + DAY
    assert (end.astimezone(UTC) - SECOND).astimezone(zone).date() == today
