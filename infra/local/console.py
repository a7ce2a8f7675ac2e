"""Output of the commands at the terminal: one line per step, and what to do when a step fails."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class CommandError(Exception):
    """A command cannot continue: `message` says what is wrong, `advice` what to do."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


def print_line(text: str) -> None:
    """Print a line of progress to standard error."""
    print(f"  {text}", file=sys.stderr, flush=True)


@contextmanager
def report_step(text: str) -> Iterator[None]:
    """Announce a step that takes a while, and print how long it took."""
    print(f"▸ {text} …", file=sys.stderr, flush=True)
    started = time.monotonic()
    yield
    seconds = time.monotonic() - started
    if seconds >= 1:
        print_line(f"done in {seconds:.1f} s")
