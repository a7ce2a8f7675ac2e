"""Retries of writes that conflict with another write, for writes that do not depend on what a person saw."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from coachway.core import errors

P = ParamSpec("P")
T = TypeVar("T")

_MAX_ATTEMPTS: Final = 10


def retry_on_conflict(function: Callable[P, T]) -> Callable[P, T]:
    """Call the function up to 10 times, with random pauses, while it raises ConcurrentUpdate.

    The function must read the records it changes at every call.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        for attempt in range(_MAX_ATTEMPTS - 1):
            try:
                return function(*args, **kwargs)
            except errors.ConcurrentUpdate:
                time.sleep(random.uniform(0, 0.02 * 1.6**attempt))  # noqa: S311  # nosec B311 - spreads retries
        return function(*args, **kwargs)

    return call
