"""One tool at a time in a home."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local import console


@contextmanager
def held(file: Path) -> Iterator[None]:
    """Wait for the lock, and hold it. Released even by a crash: the kernel sees to it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.line(f"waiting for somebody else who is at work in {file.parent}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
