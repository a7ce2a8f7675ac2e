"""Rules of lockouts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from coachway.identity.auth import lockout_rules

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE_AGO = NOW - timedelta(minutes=1)


def test_is_locking_is_true_from_the_tenth_attempt() -> None:
    assert not lockout_rules.is_locking(9)
    assert lockout_rules.is_locking(10)


def test_count_attempts_without_earlier_ones_is_one() -> None:
    assert lockout_rules.count_attempts(0, None, None, NOW) == 1


def test_count_attempts_after_a_recent_one_increases() -> None:
    assert lockout_rules.count_attempts(4, MINUTE_AGO, None, NOW) == 5


def test_count_attempts_after_a_day_starts_again() -> None:
    assert lockout_rules.count_attempts(4, NOW - timedelta(hours=24), None, NOW) == 1


def test_count_attempts_after_a_lockout_starts_again() -> None:
    assert lockout_rules.count_attempts(10, MINUTE_AGO, NOW + timedelta(seconds=1), NOW) == 11
    assert lockout_rules.count_attempts(10, MINUTE_AGO, NOW, NOW) == 1
