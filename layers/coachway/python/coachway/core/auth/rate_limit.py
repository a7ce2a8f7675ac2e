"""How often something may be tried, by address and by account."""

from __future__ import annotations

import hashlib

from coachway.core import errors, store
from coachway.core.persistence.records import AccessPattern
from coachway.core.runtime import clock

RATES = AccessPattern(
    "how often something was tried in a window of time; removed by TTL",
    pk="RATE#{what}#{who}",
    sk="{window}",
)


def consume_rate_limit(what: str, who: str, *, most: int, seconds: int) -> None:
    """Count one try of `what` by `who` (an address, an account); raises TooMany past `most` in `seconds`."""
    now = clock.epoch()
    window = now // seconds
    left = (window + 1) * seconds - now
    hidden = hashlib.sha256(who.encode()).hexdigest()[:32]
    tried = store.count_up(RATES.key(what=what, who=hidden, window=window), expires_at=now + left + 60)
    if tried > most:
        raise errors.RateLimited(f"at most {most} in {seconds} seconds; try again in {left} seconds", retry_after=left)
