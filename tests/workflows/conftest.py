"""A stack to do harm to, and the ways to watch it."""

from __future__ import annotations

import pytest

from tests.stack import Stack, get_stack
from tests.workflows.faults import Queue, Tap


@pytest.fixture(scope="session")
def own() -> Stack:
    """Shared with nobody who would not like processes to be killed under them."""
    return get_stack("restart")


@pytest.fixture(scope="session")
def tap(own: Stack) -> Tap:
    """Gets all that is published from now on."""
    return Tap(own)


@pytest.fixture(scope="session")
def queue(own: Stack) -> Queue:
    """From which messaging is fed."""
    return Queue(own, "messaging")
