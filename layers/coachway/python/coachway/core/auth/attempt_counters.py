"""Counters of attempts in fixed time windows. The limits are where they apply, such as `identity.rate_limits`."""

import hashlib
from typing import Final, NamedTuple

from coachway.core import errors, store
from coachway.core.persistence.operations import IncrementCounters, Op
from coachway.core.persistence.records import AccessPattern, Key
from coachway.core.runtime import clock

_RETENTION_SECONDS: Final = 60
"""Seconds that a counter is kept after its window."""

RATES = AccessPattern(
    "the number of attempts in a time window; removed by TTL",
    pk="RATE#{what}#{who}",
    sk="{window}",
)


class RateLimit(NamedTuple):
    """The most attempts in a time window."""

    attempts: int
    seconds: int

    def times(self, factor: int) -> "RateLimit":
        """Return the limit of `factor` times as many attempts."""
        return RateLimit(self.attempts * factor, self.seconds)


def count_attempt(action: str, subject: str, limit: RateLimit, detail: str = "") -> None:
    """Count an attempt of `action` by `subject`, such as an address or account.

    Raises RateLimited, with `detail`, if there were too many.
    """
    key, remaining = _window(action, subject, limit.seconds)
    attempts = store.increment_expiring_counter(key, expires_at=clock.epoch() + remaining + _RETENTION_SECONDS)
    if attempts > limit.attempts:
        raise _exceeded(limit, remaining, detail)


def count_attempt_op(action: str, subject: str, limit: RateLimit, detail: str = "", *, number: int = 1) -> Op:
    """Return the operation that counts attempts in a transaction. It fails with RateLimited, with `detail`."""
    key, remaining = _window(action, subject, limit.seconds)
    return IncrementCounters(
        key,
        {"n": number},
        "rate",
        at_most={"n": limit.attempts},
        on_failure=_exceeded(limit, remaining, detail),
        expires_at=clock.epoch() + remaining + _RETENTION_SECONDS,
    )


def _window(action: str, subject: str, seconds: int) -> tuple[Key, int]:
    """Return the key of the counter of the current window, and the seconds until the window ends."""
    now = clock.epoch()
    window = now // seconds
    subject_digest = hashlib.sha256(subject.encode()).hexdigest()[:32]
    return RATES.key(what=action, who=subject_digest, window=window), (window + 1) * seconds - now


def _exceeded(limit: RateLimit, remaining: int, detail: str) -> errors.RateLimited:
    default = (
        f"At most {limit.attempts} attempts in {limit.seconds} seconds are allowed. Try again in {remaining} seconds."
    )
    return errors.RateLimited(detail or default, retry_after=remaining)
