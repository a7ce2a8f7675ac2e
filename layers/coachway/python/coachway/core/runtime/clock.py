"""The time, as a plain function that tests may replace.

Rules take the time as an argument; only services ask for it here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_frozen: list[datetime] = []
"""The moment at which a test made the clock stand, innermost last."""


def now() -> datetime:
    """The current time in UTC, to the microsecond."""
    return _frozen[-1] if _frozen else datetime.now(UTC)


def epoch() -> int:
    """Seconds since 1970, as DynamoDB's time to live wants them."""
    return int(now().timestamp())


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Within the block, the clock stands at `at` (which must carry an offset)."""
    _frozen.append(at.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.pop()
