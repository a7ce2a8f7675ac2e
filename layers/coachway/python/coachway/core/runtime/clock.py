"""The current time. Tests can freeze it.

Rules take the time as an argument; only services read it here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_frozen: list[datetime] = []
"""The times at which tests froze the clock, innermost last."""


def now() -> datetime:
    """Return the current time in UTC, to the microsecond."""
    return _frozen[-1] if _frozen else datetime.now(UTC)


def epoch() -> int:
    """Return the current time in seconds since 1970, the unit of DynamoDB's TTL."""
    return int(now().timestamp())


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Freeze the clock at `at` (with a UTC offset) within the block."""
    _frozen.append(at.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.pop()
