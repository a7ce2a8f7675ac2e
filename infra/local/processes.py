"""Background processes: started detached, identified by a pid file, stopped in an orderly way."""

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
from infra.local.stack_config import ROOT, StackConfig

CLOCK_VARIABLES: Final = ("LD_PRELOAD", "CLOCK_SHIFT_SECONDS")
"""What shifts the clock of a process, see `tests/shifted_clock.py`."""


def inherited_environment() -> dict[str, str]:
    """What a background process sees of this one's environment: a shifted clock, too."""
    clock = CLOCK_VARIABLES if "CLOCK_SHIFT_SECONDS" in os.environ else ()
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", *clock) if name in os.environ}


def environment_with_real_clock() -> dict[str, str]:
    """This environment without a shifted clock, for programs that check certificates."""
    return {name: value for name, value in os.environ.items() if name not in CLOCK_VARIABLES}


def _pid_file(config: StackConfig, name: str) -> Path:
    return config.subdirectory("run") / f"{name}.pid"


def _start_time(pid: int) -> str:
    """When a process started, to detect a reused pid; empty when the process has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return _start_time_from_ps(pid)
    fields = text.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]


def _start_time_from_ps(pid: int) -> str:
    """The same on systems without /proc (macOS)."""
    if Path("/proc/self/stat").exists():
        return ""
    process = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return process.stdout.strip()


def running_pid(config: StackConfig, name: str) -> int | None:
    """The pid of a process that `start` started and that still runs, or None. Removes a stale pid file."""
    file = _pid_file(config, name)
    try:
        pid, _, started = file.read_text().strip().partition(" ")
    except OSError:
        return None
    if started and _start_time(int(pid)) == started:
        return int(pid)
    file.unlink(missing_ok=True)
    return None


def is_port_in_use(port: int) -> bool:
    """Whether a program on this machine listens on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def start(config: StackConfig, name: str, command: Sequence[str], env: Mapping[str, str], port: int) -> int:
    """Start a process in the background that logs to `logs/<name>.log`; returns its pid.

    Raises CommandError when the port is in use.
    """
    if is_port_in_use(port):
        raise console.CommandError(
            f"port {port}, which {name} needs, is used by another program",
            f"stop that program, or use other ports: COACHWAY_PORT={config.port + 100} make up",
        )
    with config.log_file(name).open("ab") as log:
        process = subprocess.Popen(
            list(command),
            env=dict(env),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    process.returncode = 0  # the process outlives this one; without this, Python warns about it
    _pid_file(config, name).write_text(f"{process.pid} {_start_time(process.pid)}")
    return process.pid


def wait_until_ready(config: StackConfig, name: str, url: str, seconds: float = 60) -> None:
    """Wait until a GET of `url` gets any response."""
    deadline, log = time.monotonic() + seconds, config.log_file(name)
    while time.monotonic() < deadline:
        if running_pid(config, name) is None:
            raise console.CommandError(f"{name} stopped while starting:\n{read_tail(log)}", f"see its log: {log}")
        try:
            httpx.get(url, timeout=2)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise console.CommandError(f"{name} did not answer at {url} within {seconds:.0f} s", f"see its log: {log}")


def stop(config: StackConfig, name: str, seconds: float = 30) -> bool:
    """Terminate the process, kill it after `seconds`, and kill its child processes; False when it was not running."""
    pid = running_pid(config, name)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    if not _has_ended(config, name, pid, seconds):
        console.print_line(f"{name} did not stop within {seconds:.0f} s; killing it")
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)  # it leads its own session
    _reap(pid)
    return True


def _has_ended(config: StackConfig, name: str, pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        _reap(pid)
        if running_pid(config, name) is None:
            return True
        time.sleep(0.05)
    return False


def _reap(pid: int) -> None:
    """Collect a child process so that it does not stay a zombie; ignore other processes."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def read_tail(file: Path, lines: int = 15) -> str:
    """The last lines of a log."""
    try:
        return "\n".join(file.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
