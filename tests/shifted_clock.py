"""Run pytest with a shifted clock: `python -m tests.shifted_clock 2027-03-14T00:30:00Z tests/unit -q`.

A small library is preloaded into the tests, the emulator with its functions, and the sandboxes. Debian's libfaketime
does not work here: with it, `time.sleep` of Python 3.11 fails, and waits with a timeout never end. The clock starts at
a moment and runs on. A moment is an ISO 8601 time with an offset, `+365d` for 365 days from now, or a time of today
such as `00:30Z` or `23:50@America/New_York`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from infra.local import python_environments
from infra.local.stack_config import ROOT

_SOURCE: Final = Path(__file__).with_suffix(".c")
_LIBRARY: Final = ROOT / ".build/shifted-clock.so"
_TIME_OF_DAY: Final = re.compile(r"(\d\d:\d\d)(?:Z|@(\S+))")


def main(arguments: Sequence[str]) -> None:
    """Replace this process by pytest with the clock of the first argument."""
    if not arguments:
        sys.exit("✗ a moment is missing\n  → make test-clock AT=2027-03-14T00:30:00Z")
    now = datetime.now().astimezone()
    try:
        moment = parse_moment(arguments[0], now)
    except ValueError as error:
        sys.exit(f"✗ {error}\n  → such as 2027-03-14T00:30:00Z, 00:30Z or +365d")
    library = build_library()
    # Installing needs certificates that are valid now.
    for group in ("emulator", "sandboxes"):
        python_environments.ensure_environment(group)
    print(f"▸ The clock shows {moment.isoformat(timespec='seconds')}", flush=True)
    environment = {**os.environ, **clock_variables(library, moment - now)}
    os.execve(sys.executable, [sys.executable, "-m", "pytest", *arguments[1:]], environment)  # noqa: S606 - no shell is needed


def parse_moment(text: str, now: datetime) -> datetime:
    """Parse a moment. Raises ValueError."""
    if days := re.fullmatch(r"\+(\d+)d", text):
        return now + timedelta(days=int(days[1]))
    try:
        if clock := _TIME_OF_DAY.fullmatch(text):
            zone = ZoneInfo(clock[2] or "UTC")
            return datetime.combine(now.astimezone(zone).date(), time.fromisoformat(clock[1]), zone)
        moment: datetime | None = datetime.fromisoformat(text)
    except (ValueError, ZoneInfoNotFoundError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(f"{text!r} is not a moment, or has no offset")
    return moment


def clock_variables(library: Path, shift: timedelta) -> Mapping[str, str]:
    """The environment variables of processes with a shifted clock."""
    return {"LD_PRELOAD": str(library), "CLOCK_SHIFT_SECONDS": f"{round(shift.total_seconds())}"}


def build_library() -> Path:
    """Compile the library. Exits if there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        sys.exit("✗ no C compiler is installed\n  → sudo apt-get install gcc libc6-dev")
    _LIBRARY.parent.mkdir(exist_ok=True)
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", str(_LIBRARY), str(_SOURCE)], check=True)
    return _LIBRARY


if __name__ == "__main__":
    main(sys.argv[1:])
