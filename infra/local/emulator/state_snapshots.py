"""Snapshots: the state of all emulated services and the data of the sandboxes, as they were at one moment.

`fork` gives a child process a copy of the emulator's memory that no request changes any more. The child writes the copy
while the server goes on. A snapshot is a directory; it becomes the saved state when the symbolic link `state` is
replaced, so a crash at any time leaves the previous snapshot whole.

The sandboxes replace their file before they respond to a request. A hard link to that file is therefore their data of
that moment. Table and sandbox must not come from different moments: a payment that only the sandbox knows would be
charged a second time.
"""

from __future__ import annotations

import copy
import gc
import json
import os
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from ministack import app as ministack
from ministack.core import persistence
from ministack.services import lambda_svc

BLOBS: Final = "lambda-blobs"
SANDBOXES: Final = "sandboxes"
ATTEMPTS: Final = 20
TIMEOUT_SECONDS: Final = 300


class SnapshotError(Exception):
    """The state could not be saved; the previous snapshot stays."""


class PendingSnapshot:
    """A snapshot that a child process writes. Create it in the thread of the event loop, between two requests.

    The services `unchanged` keep the files of the previous snapshot.
    """

    def __init__(self, unchanged: frozenset[str]) -> None:
        self._link = Path(os.environ["STATE_DIR"])
        self._previous = self._link.resolve() if self._link.is_symlink() else None
        self._unchanged = unchanged if self._previous else frozenset()
        self._directory = self._link.with_name("snapshots") / str(time.time_ns())
        try:
            self._directory.mkdir(parents=True)
            self._pid, self._errors = self._fork_with_sandbox_data()
        except OSError as error:
            raise SnapshotError(str(error)) from error

    def _fork_with_sandbox_data(self) -> tuple[int, int]:
        """Fork at a moment at which no sandbox has changed its data since it was linked."""
        for _ in range(ATTEMPTS):
            files = self._link_sandbox_files()
            pid, errors = self._fork_writer()
            if all(original.exists() and link.samefile(original) for original, link in files):
                break
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(errors)
        else:
            raise SnapshotError("the sandboxes changed their data during each attempt")
        return pid, errors

    def _link_sandbox_files(self) -> list[tuple[Path, Path]]:
        directory = self._directory / SANDBOXES
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        files = [
            (file, directory / file.name)
            for file in Path(os.environ["SANDBOX_DIR"]).glob("*")
            if not file.name.endswith(".new")
        ]
        for original, link in files:
            # Another snapshot may still use the old file when a sandbox replaces it: a hard link keeps it.
            link.hardlink_to(original)
        return files

    def _fork_writer(self) -> tuple[int, int]:
        """Start the child process; returns its pid and a pipe with what went wrong."""
        reader, writer = os.pipe()
        pid = os.fork()
        if pid:
            os.close(writer)
            return pid, reader
        error: str | None = None
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(TIMEOUT_SECONDS)
            # The child keeps no socket of the server open, so that a new server can listen after a crash.
            os.closerange(3, writer)
            os.closerange(writer + 1, 65536)
            self._write_services()
        except BaseException as problem:
            error = f"{type(problem).__name__}: {problem}"
        with suppress(BaseException):
            os.write(writer, json.dumps(error).encode())
        os._exit(0)

    def _write_services(self) -> None:
        """Write the state of each service. Runs in the child process, which does not share its memory."""
        gc.disable()  # It would copy the memory that it visits.
        copy.deepcopy = lambda value, *_: value
        if self._previous:
            self._link_previous_files(self._previous)
        lambda_svc.CODE_BLOB_DIR = str(self._directory / BLOBS)
        for service, get_state in ministack._build_persistence_save_dict().items():
            if service in self._unchanged:
                continue
            state = get_state()
            if state is not None:
                content = {"__ministack_format__": persistence._state_format_version(service), "payload": state}
                file = self._directory / f"{service}.json"
                file.unlink(missing_ok=True)
                file.write_text(json.dumps(content, default=persistence._json_default))

    def _link_previous_files(self, previous: Path) -> None:
        (self._directory / BLOBS).mkdir()
        for file in (*previous.glob("*.json"), *previous.glob(f"{BLOBS}/*.zip")):
            (self._directory / file.relative_to(previous)).hardlink_to(file)

    def finish(self) -> float:
        """Wait for the child process and make the snapshot the saved state. Raises SnapshotError.

        Returns the processor time that it took, in seconds.
        """
        with os.fdopen(self._errors, "rb") as pipe:
            output = pipe.read()
        usage = os.wait4(self._pid, 0)[2]
        error = json.loads(output) if output else "the process that writes the state was killed"
        try:
            if error:
                raise SnapshotError(error)
            self._replace_link()
        except OSError as problem:
            raise SnapshotError(str(problem)) from problem
        finally:
            current = self._link.resolve()
            for directory in self._directory.parent.iterdir():
                if directory != current:
                    shutil.rmtree(directory, ignore_errors=True)
        return usage.ru_utime + usage.ru_stime

    def _replace_link(self) -> None:
        if self._link.exists() and not self._link.is_symlink():
            shutil.rmtree(self._link)  # of an emulator that did not write snapshots
        scratch = self._link.with_name("state.new")
        scratch.unlink(missing_ok=True)
        scratch.symlink_to(self._directory.relative_to(self._link.parent))
        scratch.replace(self._link)
