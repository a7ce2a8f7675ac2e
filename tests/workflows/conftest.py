"""A stack whose processes tests may kill, and ways to observe it."""

from __future__ import annotations

import pytest

from tests.stack import Stack, get_stack
from tests.workflows.faults import EventRecorder, Queue


@pytest.fixture(scope="session")
def restart_stack() -> Stack:
    """The stack of the `restart` group: its tests kill processes and restart the emulator."""
    return get_stack("restart")


@pytest.fixture(scope="session")
def recorder(restart_stack: Stack) -> EventRecorder:
    """Records all events that are published from now on."""
    return EventRecorder(restart_stack)


@pytest.fixture(scope="session")
def queue(restart_stack: Stack) -> Queue:
    """The queue that messaging reads."""
    return Queue(restart_stack, "messaging")
