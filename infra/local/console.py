"""What the tooling tells the person at the terminal: one line per step, and what to do when a step fails."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Failed(Exception):
    """A step that cannot go on. `advice` says what to do about it."""

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice


def line(text: str) -> None:
    """A line of progress, at once."""
    print(f"  {text}", file=sys.stderr, flush=True)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Announce a step that takes a while, and say how long it took."""
    print(f"▸ {text} …", file=sys.stderr, flush=True)
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    if took >= 1:
        line(f"done in {took:.1f} s")
