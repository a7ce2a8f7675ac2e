"""A lock between processes: one command at a time works on a stack."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local import console


@contextmanager
def exclusive_lock(file: Path) -> Iterator[None]:
    """Wait for the lock and hold it. The kernel releases it even after a crash."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.print_line(f"Another command is using {file.parent}; waiting for it to finish")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
