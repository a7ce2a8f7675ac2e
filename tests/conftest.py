"""Fixtures for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from botocore import session
from hypothesis import HealthCheck, settings

from tests import stack as stacks
from tests.stack import needs_stack

LONGEST_GROUPS = ("restart", "browser")


# Properties say what holds, and not how fast: a busy machine must not make one fail.
settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any speed")


def pytest_configure(config: pytest.Config) -> None:
    """The first process chooses the directory of the stacks; its workers inherit it."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        stacks.prepare_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ and stacks.DIRECTORY in os.environ:
        stacks.finish_run()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: groups of tests that one worker runs alone, then all that needs a stack."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    group = item.get_closest_marker("xdist_group")
    if group is not None:
        return LONGEST_GROUPS.index(group.args[0]) if group.args[0] in LONGEST_GROUPS else len(LONGEST_GROUPS)
    return len(LONGEST_GROUPS) + (1 if needs_stack(item) else 2)


@pytest.fixture(scope="session", autouse=True)
def _shared_botocore_loader() -> Iterator[None]:
    """Share the loader of botocore: loading service descriptions takes longer than most tests."""
    loader = session.create_loader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "create_loader", lambda _path=None: loader)
        yield


@pytest.fixture(scope="session")
def stack() -> stacks.Stack:
    """The deployed stack that all tests of the run share."""
    return stacks.get_stack("shared")
