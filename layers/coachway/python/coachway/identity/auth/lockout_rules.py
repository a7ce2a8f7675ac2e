"""Rules of lockouts: how failed attempts are counted, and when an account is locked."""

from datetime import datetime, timedelta
from typing import Final

MAX_FAILED_ATTEMPTS: Final = 10
LOCKOUT_DURATION: Final = timedelta(minutes=15)
ATTEMPT_RETENTION: Final = timedelta(hours=24)
"""Attempts are counted until one succeeds, or until there was none for this time."""


def count_attempts(previous: int, last_at: datetime | None, locked_until: datetime | None, now: datetime) -> int:
    """Return the number of attempts with the one made `now`. It starts again after a lockout, and after a day."""
    lockout_ended = locked_until is not None and locked_until <= now
    expired = last_at is not None and last_at + ATTEMPT_RETENTION <= now
    return 1 if lockout_ended or expired else previous + 1


def is_locking(attempts: int) -> bool:
    """Whether an account is locked after this number of failed attempts."""
    return attempts >= MAX_FAILED_ATTEMPTS
