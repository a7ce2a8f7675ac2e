"""Workers of Python functions that are forked from a process which has imported their layers' packages."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import Any, Final, TextIO

from infra.local.emulator import worker_template

IS_SUPPORTED: Final = hasattr(os, "pidfd_open")
"""Whether the system can watch a process that is not a child, as Linux can."""


class ForkedWorker:
    """What MiniStack uses of `subprocess.Popen`, for a process that another process has forked."""

    def __init__(self, pid: int, stdin: TextIO, stdout: TextIO, stderr: TextIO) -> None:
        self.pid = pid
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr
        try:
            self._descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            self._descriptor = -1
        else:
            weakref.finalize(self, os.close, self._descriptor)

    def poll(self) -> int | None:
        """0 when the process has ended, None while it runs."""
        return 0 if self._has_ended(0) else None

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the process has ended.

        Raises:
            subprocess.TimeoutExpired: it still runs after `timeout` seconds.
        """
        if not self._has_ended(timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return 0

    def terminate(self) -> None:
        """Ask the process to end."""
        self._send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process."""
        self._send_signal(signal.SIGKILL)

    def _send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            signal.pidfd_send_signal(self._descriptor, number)

    def _has_ended(self, timeout: float | None) -> bool:
        if self._descriptor < 0:
            return True
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return bool(poll.poll(None if timeout is None else timeout * 1000))


class WorkerTemplate:
    """A running `worker_template` for some directories of packages."""

    def __init__(self, directories: tuple[str, ...]) -> None:
        self._lock = threading.Lock()
        self._requests, other_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other_end:
            self._process = subprocess.Popen(
                [sys.executable, worker_template.__file__, *directories], stdin=other_end.fileno()
            )

    def start_worker(self, script: str, directory: str, environment: dict[str, str]) -> ForkedWorker:
        """Fork a worker that runs `script`."""
        request = json.dumps({"script": script, "directory": directory, "environment": environment}).encode()
        (child_in, stdin), (stdout, child_out), (stderr, child_err) = os.pipe(), os.pipe(), os.pipe()
        try:
            with self._lock:
                socket.send_fds(self._requests, [request], [child_in, child_out, child_err])
                pid = int(self._requests.recv(32))
        finally:
            for descriptor in (child_in, child_out, child_err):
                os.close(descriptor)
        return ForkedWorker(pid, os.fdopen(stdin, "w", 1), os.fdopen(stdout, "r", 1), os.fdopen(stderr, "r", 1))


_templates: dict[tuple[str, ...], WorkerTemplate] = {}
_templates_lock = threading.Lock()


def start_worker(arguments: list[str], *, cwd: str, env: dict[str, str], **options: Any) -> Any:
    """Start a worker as `subprocess.Popen` does: forked if its layers have packages that take long to import."""
    directories = _package_directories(env.get("_LAMBDA_LAYERS_DIRS", ""))
    if arguments[0] != sys.executable or not directories:
        return subprocess.Popen(arguments, cwd=cwd, env=env, **options)
    with _templates_lock:
        template = _templates.get(directories) or _templates.setdefault(directories, WorkerTemplate(directories))
    return template.start_worker(arguments[1], cwd, env)


def _package_directories(layers: str) -> tuple[str, ...]:
    """Where the layers have packages of the template, in the order in which a worker searches them."""
    names = [package.partition(".")[0] for package in worker_template.PACKAGES]
    directories = [Path(layer).resolve() / "python" for layer in reversed(layers.split(os.pathsep)) if layer]
    return tuple(str(directory) for directory in directories if any((directory / name).is_dir() for name in names))
