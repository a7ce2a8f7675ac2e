"""Only one command at a time works on a stack."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from infra.local.file_lock import exclusive_lock


def test_exclusive_lock_makes_the_second_command_wait_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finished: list[str] = []

    def run_second() -> None:
        with exclusive_lock(tmp_path / "lock"):
            finished.append("second")

    waiting = threading.Thread(target=run_second)
    with exclusive_lock(tmp_path / "lock"):
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
        finished.append("first")
    waiting.join(10)
    assert finished == ["first", "second"]
    assert f"Another command is using {tmp_path}" in capsys.readouterr().err
