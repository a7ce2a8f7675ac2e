"""Until when vehicles are held."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from coachway.bookings.charters.rules import CharterStatus
from coachway.dispatch.holds import rules

NOW = datetime(2027, 2, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DEPARTURE = NOW + 500 * HOUR


@pytest.mark.parametrize(
    ("status", "requested", "quote_expires", "departs", "expected"),
    [
        (CharterStatus.QUOTE, None, None, 500, 72),
        (CharterStatus.QUOTE, None, 24, 500, 24),
        (CharterStatus.QUOTE, None, -1, 500, 72),  # an expired quote that is edited
        (CharterStatus.QUOTE, None, None, 10, 10),
        (CharterStatus.QUOTE, None, 24, 10, 10),
        (CharterStatus.QUOTE, 5, 24, 500, 5),
        (CharterStatus.BOOKED, None, -24, 500, 500),
        (CharterStatus.BOOKED, 5, None, 500, 5),
    ],
)
def test_choose_expiry_takes_the_request_or_follows_the_quote(
    status: CharterStatus, requested: int | None, quote_expires: int | None, departs: int, expected: int
) -> None:
    def at(hours: int | None) -> datetime | None:
        return None if hours is None else NOW + hours * HOUR

    chosen = rules.choose_expiry(at(requested), status, at(quote_expires), NOW + departs * HOUR, NOW)
    assert chosen == NOW + expected * HOUR


@pytest.mark.parametrize(
    ("hours", "reason"),
    [(0, "must be in the future"), (1, None), (500, None), (501, "must not be after the departure of the trip")],
)
def test_expiry_reason_refuses_the_past_and_the_time_after_the_departure(hours: int, reason: str | None) -> None:
    assert rules.expiry_reason(NOW + hours * HOUR, DEPARTURE, NOW) == reason
