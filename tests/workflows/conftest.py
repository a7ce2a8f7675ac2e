"""A stack to do harm to, and the ways to watch it."""

from __future__ import annotations

import pytest

from tests.stack import Stack, get_stack
from tests.workflows.faults import EventRecorder, Queue


@pytest.fixture(scope="session")
def restart_stack() -> Stack:
    """Shared with nobody who would not like processes to be killed under them."""
    return get_stack("restart")


@pytest.fixture(scope="session")
def recorder(restart_stack: Stack) -> EventRecorder:
    """Gets all that is published from now on."""
    return EventRecorder(restart_stack)


@pytest.fixture(scope="session")
def queue(restart_stack: Stack) -> Queue:
    """From which messaging is fed."""
    return Queue(restart_stack, "messaging")
