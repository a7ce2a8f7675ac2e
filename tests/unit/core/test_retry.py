"""Retries after conflicts."""

from __future__ import annotations

import pytest

from coachway.core import errors
from coachway.core.persistence.retry import retry_on_conflict


def test_retry_on_conflict_calls_again_until_it_succeeds() -> None:
    calls = []

    @retry_on_conflict
    def attempt(value: int) -> int:
        calls.append(value)
        if len(calls) < 3:
            raise errors.ConcurrentUpdate
        return value

    assert (attempt(7), calls) == (7, [7, 7, 7])


def test_retry_on_conflict_gives_up_after_ten_calls_and_passes_other_errors_on() -> None:
    calls = []

    @retry_on_conflict
    def attempt(error: errors.Error) -> None:
        calls.append(error)
        raise error

    with pytest.raises(errors.ConcurrentUpdate):
        attempt(errors.ConcurrentUpdate())
    assert len(calls) == 10
    with pytest.raises(errors.NotFound):
        attempt(errors.NotFound())
    assert len(calls) == 11


def test_retry_on_conflict_with_max_attempts_gives_up_after_them() -> None:
    calls: list[int] = []

    @retry_on_conflict(max_attempts=3)
    def attempt() -> None:
        calls.append(1)
        raise errors.ConcurrentUpdate

    with pytest.raises(errors.ConcurrentUpdate):
        attempt()
    assert len(calls) == 3
