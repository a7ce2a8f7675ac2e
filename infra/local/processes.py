"""Background processes: started detached, known by a file with their pid, stopped in an orderly way."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx

from infra.local import console
from infra.local.stack_config import ROOT, Home

CLOCK_VARIABLES: Final = ("LD_PRELOAD", "CLOCK_SHIFT_SECONDS")
"""What shifts the clock of a process, see `tests/shifted_clock.py`."""


def inherited_environment() -> dict[str, str]:
    """What a background process sees of this one's environment: a shifted clock, too."""
    clock = CLOCK_VARIABLES if "CLOCK_SHIFT_SECONDS" in os.environ else ()
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", *clock) if name in os.environ}


def environment_with_real_clock() -> dict[str, str]:
    """This environment without a shifted clock, for programs that check certificates."""
    return {name: value for name, value in os.environ.items() if name not in CLOCK_VARIABLES}


def _pid_file(home: Home, name: str) -> Path:
    return home.path("run") / f"{name}.pid"


def _started_at(pid: int) -> str:
    """When a process started, so that a recycled pid is not taken for ours; empty when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return _started_at_by_ps(pid)
    fields = text.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]


def _started_at_by_ps(pid: int) -> str:
    """The same where there is no /proc (macOS)."""
    if Path("/proc/self/stat").exists():
        return ""
    done = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def running(home: Home, name: str) -> int | None:
    """The pid of a process that we started and that is still alive, else None; a stale file is removed."""
    file = _pid_file(home, name)
    try:
        pid, _, started = file.read_text().strip().partition(" ")
    except OSError:
        return None
    if started and _started_at(int(pid)) == started:
        return int(pid)
    file.unlink(missing_ok=True)
    return None


def port_taken(port: int) -> bool:
    """Whether something listens on the port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def start(home: Home, name: str, command: Sequence[str], env: Mapping[str, str], port: int) -> int:
    """Start in the background, its output to `<home>/logs/<name>.log`. Raises Failed when the port is taken."""
    if port_taken(port):
        raise console.Failed(
            f"port {port}, which {name} needs, is taken by another program",
            f"stop that program, or choose other ports: COACHWAY_PORT={home.port + 100} make up",
        )
    with home.log(name).open("ab") as log:
        process = subprocess.Popen(
            list(command),
            env=dict(env),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    process.returncode = 0  # it is to outlive us: Python need not warn that it does
    _pid_file(home, name).write_text(f"{process.pid} {_started_at(process.pid)}")
    return process.pid


def wait_until_answers(home: Home, name: str, url: str, seconds: float = 60) -> None:
    """Wait until a GET of `url` is answered by anything but an error of the connection."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if running(home, name) is None:
            raise console.Failed(
                f"{name} stopped while starting:\n{tail(home.log(name))}", f"its log is {home.log(name)}"
            )
        try:
            httpx.get(url, timeout=2)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise console.Failed(f"{name} did not answer at {url} within {seconds:.0f} s", f"its log is {home.log(name)}")


def stop(home: Home, name: str, seconds: float = 30) -> bool:
    """Ask the process to end and wait for it; kill it after `seconds`, and what it leaves behind in any case.

    False when it was not running.
    """
    pid = running(home, name)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    if not _ended(home, name, pid, seconds):
        console.line(f"{name} did not end within {seconds:.0f} s and is killed")
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)  # it was the first of its session
    _reap(pid)
    return True


def _ended(home: Home, name: str, pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        _reap(pid)
        if running(home, name) is None:
            return True
        time.sleep(0.05)
    return False


def _reap(pid: int) -> None:
    """Collect a child of ours, so that it does not linger as a zombie; no harm when it is not ours."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def tail(file: Path, lines: int = 15) -> str:
    """The last lines of a log."""
    try:
        return "\n".join(file.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
