"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from botocore import session

from tests import stack as stacks


def pytest_configure(config: pytest.Config) -> None:
    """The run's first process decides where its stacks will be; workers inherit it."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        stacks.begin()


def pytest_unconfigure(config: pytest.Config) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ and stacks.DIRECTORY in os.environ:
        stacks.end()


@pytest.fixture(scope="session", autouse=True)
def _descriptions() -> Iterator[None]:
    """botocore reads what describes AWS for each session anew, which takes longer than most of the tests."""
    loader = session.create_loader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "create_loader", lambda _path=None: loader)
        yield


@pytest.fixture(scope="session")
def stack() -> stacks.Stack:
    """The deployed stack that the run's tests share."""
    return stacks.obtain("shared")


@pytest.fixture(scope="session")
def strict_stack() -> stacks.Stack:
    """A stack whose emulator enforces IAM: a grant that is missing fails, as on AWS."""
    return stacks.obtain("strict", auth=True)
