"""Retries of writes that conflict with another write, for writes that do not depend on what a person saw."""

import random
import time
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, Final, ParamSpec, TypeVar, overload

from coachway.core import errors

P = ParamSpec("P")
T = TypeVar("T")

_MAX_ATTEMPTS: Final = 10


@overload
def retry_on_conflict(function: Callable[P, T]) -> Callable[P, T]: ...


@overload
def retry_on_conflict(*, max_attempts: int) -> Callable[[Callable[P, T]], Callable[P, T]]: ...


def retry_on_conflict(function: Callable[..., Any] | None = None, *, max_attempts: int = _MAX_ATTEMPTS) -> Any:
    """Call the function up to `max_attempts` times, with random pauses, while it raises ConcurrentUpdate.

    The function must read the records it changes at every call. Can be used as a decorator with or without arguments.
    """
    if function is None:
        return partial(retry_on_conflict, max_attempts=max_attempts)

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        for attempt in range(max_attempts - 1):
            try:
                return function(*args, **kwargs)
            except errors.ConcurrentUpdate:
                time.sleep(random.uniform(0, 0.02 * 1.6**attempt))  # noqa: S311  # nosec B311 - spreads retries
        return function(*args, **kwargs)

    return call
