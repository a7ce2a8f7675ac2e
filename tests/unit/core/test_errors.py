"""Every error that may be raised has a status."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coachway.core import errors, problems


def tree(kind: type[errors.Error]) -> Iterator[type[errors.Error]]:
    for each in kind.__subclasses__():
        yield each
        yield from tree(each)


@pytest.mark.parametrize("kind", [each for each in tree(errors.Error) if each.__module__ == errors.__name__])
def test_every_error_has_a_status_below_500_or_is_somebody_elses(kind: type[errors.Error]) -> None:
    error = kind(retry_after=5) if kind is errors.TooMany else kind("why")
    status = problems.status_of(error)
    assert 400 <= status < 500 or kind is errors.Upstream
    problem = problems.problem_of(error, instance="/x", request_id="r")
    assert problem.status == status
    assert problem.detail


def test_a_special_kind_has_the_status_of_its_ancestor() -> None:
    assert problems.status_of(errors.LostRace()) == 409
    assert problems.status_of(errors.TooLarge()) == 413
