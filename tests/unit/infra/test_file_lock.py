"""One tool at a time works in a home, and whoever waits is told why nothing happens."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from infra.local import file_lock


def test_whoever_comes_second_is_told_and_waits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done: list[str] = []

    def second() -> None:
        with file_lock.held(tmp_path / "lock"):
            done.append("second")

    waiting = threading.Thread(target=second)
    with file_lock.held(tmp_path / "lock"):
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
        done.append("first")
    waiting.join(10)
    assert done == ["first", "second"]
    assert f"waiting for somebody else who is at work in {tmp_path}" in capsys.readouterr().err
