"""Trying again when somebody else was faster, for writes that do not depend on what a person saw."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Final, TypeVar

from coachway.core import errors

T = TypeVar("T")

_TRIES: Final = 10


def retry_on_conflict(work: Callable[[], T]) -> T:
    """What `work` returns; it reads anew each time. Raises LostRace when others were faster ten times."""
    for attempt in range(_TRIES - 1):
        try:
            return work()
        except errors.ConcurrentUpdate:
            time.sleep(random.uniform(0, 0.02 * 1.6**attempt))  # noqa: S311  # nosec B311 - spreads tries
    return work()
