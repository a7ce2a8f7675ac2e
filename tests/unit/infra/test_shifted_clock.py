"""The times that `make test-clock` accepts, and the clock of its processes."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from tests.shifted_clock import build_library, clock_variables, parse_moment

NOW = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027-03-14T00:30:00Z", "2027-03-14T00:30:00+00:00"),
        ("2027-12-31T23:50:00-05:00", "2027-12-31T23:50:00-05:00"),
        ("00:30Z", "2026-11-30T00:30:00+00:00"),
        ("23:50@America/New_York", "2026-11-29T23:50:00-05:00"),
        ("+365d", "2027-11-30T01:00:00+00:00"),
    ],
)
def test_parse_moment_accepts_times_times_of_day_and_day_offsets(text: str, moment: str) -> None:
    assert parse_moment(text, NOW) == datetime.fromisoformat(moment)


@pytest.mark.parametrize("text", ["", "tomorrow", "2027-03-14T00:30:00", "2027-13-01T00:00:00Z", "24:30Z"])
def test_parse_moment_of_other_text_raises_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="is not a moment"):
        parse_moment(text, NOW)


def test_process_with_shifted_clock_sees_shifted_time_and_sleeps_normally() -> None:
    shift = timedelta(days=365)
    program = "import time; start = time.monotonic(); time.sleep(0.05); print(time.time(), time.monotonic() - start)"
    environment = {**os.environ, **clock_variables(build_library(), shift)}
    completed = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    process_time, slept = map(float, completed.stdout.split())
    # This test may run under a shifted clock itself. The child process replaces that shift and does not add to it.
    own_shift = timedelta(seconds=int(os.environ.get("CLOCK_SHIFT_SECONDS", "0")))
    assert abs(datetime.fromtimestamp(process_time, UTC) - (datetime.now(UTC) - own_shift) - shift) < timedelta(
        minutes=1
    )
    assert 0.05 <= slept < 30
