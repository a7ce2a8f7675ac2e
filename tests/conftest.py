"""Fixtures for all tests."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module

import httpx
import pytest
from botocore import session
from hypothesis import HealthCheck, settings

from tests import stack as stacks
from tests.stack import needs_stack

LONGEST_GROUPS = ("restart", "browser", "driver-page")
"""Groups of tests that one worker runs, and that take longest."""


# Property tests have no deadline: a busy machine must not make them fail. The nightly workflow runs more examples.
settings.register_profile(
    "any speed",
    deadline=None,
    max_examples=int(os.environ.get("PROPERTY_EXAMPLES", "50")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("any speed")


def pytest_configure(config: pytest.Config) -> None:
    """The first process chooses the directory of the stacks; its workers inherit it."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        stacks.prepare_run()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Import the test modules, each worker in another order.

    In a new working copy, imports compile their sources, which takes longer than the imports themselves. All workers
    collect the tests in the same order and at the same time; without this, each would compile every source.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        return
    directories = [session.config.rootpath / argument for argument in session.config.args]
    modules = sorted(path for directory in directories for path in directory.rglob("test_*.py"))
    start = len(modules) * int(worker.removeprefix("gw")) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    for path in (*modules[start:], *modules[:start]):
        # A failure is reported by the collection. `test_fuzz` has a command of its own.
        with suppress(Exception):
            if path.stem != "test_fuzz":
                import_module(".".join(path.relative_to(session.config.rootpath).with_suffix("").parts))


def pytest_collection_finish() -> None:
    """Exempt the collected tests and imported modules from garbage collection, which would visit them again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ and stacks.DIRECTORY in os.environ:
        stacks.finish_run()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let one worker run all tests of a file that use no stack: distributing them one by one takes longer."""
    if item.get_closest_marker("xdist_group") is None and not needs_stack(item):
        item.add_marker(pytest.mark.xdist_group(item.path.relative_to(item.config.rootpath).as_posix()))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests in the order in which the workers are busy until the end.

    The first group deploys the stack; meanwhile the other workers run unit tests. Tests on a stack that take long come
    before those that take milliseconds.
    """
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    marker = item.get_closest_marker("xdist_group")
    group = marker.args[0] if marker else ""
    if group == LONGEST_GROUPS[0]:
        return 0
    if "unit" in item.path.parts:
        return 1
    if group in LONGEST_GROUPS:
        return 2
    if needs_stack(item):
        return 3 if group else 4
    return 5


@pytest.fixture(scope="session", autouse=True)
def _shared_botocore_loader() -> Iterator[None]:
    """Share the loader of botocore: loading service descriptions takes longer than most tests."""
    loader = session.create_loader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "create_loader", lambda _path=None: loader)
        yield


@pytest.fixture(scope="session", autouse=True)
def _shared_certificates() -> Iterator[None]:
    """Load the certificates once for all HTTP clients: it takes longer than most requests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx._transports.default, "create_ssl_context", cache(httpx.create_ssl_context))
        yield


@pytest.fixture(scope="session")
def stack() -> stacks.Stack:
    """The deployed stack that all tests of the run share."""
    return stacks.get_stack("shared")
