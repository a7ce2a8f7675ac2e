"""A deployed stack of the tests' own: an emulator on free ports, its state in a temporary directory.

One per run, shared by all workers of xdist: whoever needs it first starts it, the run's end stops it. To run against a
stack that is up already, name its directory: `COACHWAY_TEST_STACK=.local pytest tests/workflows`.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx

from infra.local import aws_clients, console, file_lock, processes, stack
from infra.local.emulator import emulator_process
from infra.local.sandboxes import sandbox_processes
from infra.local.stack_config import Home
from tests import mailbox

T = TypeVar("T")

TARGET = "localstack" if os.environ.get("TARGET") == "localstack" else "ministack"
ENVIRONMENT = "localstack" if TARGET == "localstack" else "local"
WAIT_SCALE = "0.0005"
"""By how much the emulator shortens the waits of state machines: a day to 43 seconds."""
DIRECTORY = "COACHWAY_TEST_DIRECTORY"
"""Set by the run's first process for its workers: where the run's stacks are."""


@dataclass(frozen=True)
class Stack:
    """A running deployment and the ways to look into it."""

    home: Home

    @property
    def api_url(self) -> str:
        return f"{self.home.public_url}/api/v1"

    @property
    def pages_url(self) -> str:
        return f"{self.home.public_url}/pages"

    @property
    def table(self) -> str:
        return f"coachway-{self.home.environment}"

    @cached_property
    def http(self) -> httpx.Client:
        """A client of the API; its paths start at `/api/v1`."""
        return httpx.Client(base_url=self.api_url, timeout=60)

    def client(self, service: str) -> Any:
        """A client of an AWS service, as the deployment's root."""
        return aws_clients.client(self.home, service)

    def function(self, name: str) -> str:
        """The deployed name of a function: `function("clients-api")`."""
        return f"coachway-{self.home.environment}-{name}"

    def mails(self, to: str = "") -> list[dict[str, Any]]:
        """Mails that went out (to an address), oldest first: `Subject`, `BodyText`, `BodyHtml`, `To`, `Source`."""
        return [mail for mail in mailbox.read(self.home) if any(to in each for each in mail["To"])]

    def wait_for_mail(self, to: str, subject: str = "", seconds: float = 40) -> dict[str, Any]:
        """The newest mail to an address whose subject matches; waits for it."""

        def find() -> dict[str, Any] | None:
            found = [mail for mail in self.mails(to) if re.search(subject, mail["Subject"])]
            return found[-1] if found else None

        return eventually(find, seconds, f"no mail to {to} about {subject!r}")

    def texts(self, to: str = "") -> list[dict[str, Any]]:
        """SMS that went out (to a number), oldest first: `to`, `from`, `body`."""
        parameters = {"to": to} if to else {}
        messages: list[dict[str, Any]] = httpx.get(f"{self.home.sms_url}/messages", params=parameters).json()[
            "messages"
        ]
        return messages

    def restart(self) -> None:
        """Stop the emulator in an orderly way, and start it with the state that it saved."""
        emulator_process.stop(self.home)
        emulator_process.start(self.home)


BUSY: Final = 4
"""How much longer a busy machine may take than an idle one. A wait ends as soon as its result is there."""
LONGEST_WAIT: Final = 300.0
"""Seconds: no wait takes longer, whatever it asks for."""


def eventually(
    find: Callable[[], T | None],
    seconds: float = 30,
    otherwise: str = "it did not happen",
    every: float = 0.1,
    *,
    unless: Callable[[], object] | None = None,
) -> T:
    """Return what `find` returns once it is true. Fail the test after `seconds` of an idle machine.

    `every` is the pause between two attempts, in seconds. `unless` returns something true, such as a reason, once the
    result can no longer come: the test fails with it at once.
    """
    limit = min(seconds * BUSY, LONGEST_WAIT)
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        result = find()
        if result:
            return result
        if unless is not None and (reason := unless()):
            raise AssertionError(f"{otherwise}, and it no longer can: {reason}")
        time.sleep(every)
    raise AssertionError(f"{otherwise} within {limit:.0f} s")


def obtain(name: str, *, auth: bool = False) -> Stack:
    """The run's stack of this name, started by whoever asks first."""
    existing = os.environ.get("COACHWAY_TEST_STACK")
    if existing and not auth:
        return Stack(_home_of(Path(existing).resolve()))
    directory = Path(os.environ[DIRECTORY]) / name
    with file_lock.held(directory.with_suffix(".lock")):
        if not (directory / "stack.json").exists():
            try:
                stack.up(_new_home(directory), auth=auth, with_demo=False)
            except console.Failed as failure:
                raise AssertionError(f"{failure.what}\n{failure.advice}") from failure
    return Stack(_home_of(directory))


def _new_home(directory: Path) -> Home:
    """On free ports; LocalStack is wherever it listens."""
    ports = int(os.environ.get("COACHWAY_PORT") or 4566) if TARGET == "localstack" else _free_ports()
    return Home(directory, ports, target=TARGET, environment=ENVIRONMENT)


def begin() -> None:
    """Once per run, before any worker: choose where its stacks will be, and clear what a killed run left."""
    os.environ.setdefault("SFN_WAIT_SCALE", WAIT_SCALE)
    temporary = Path(tempfile.gettempdir())
    for left in temporary.glob("coachway-test-*"):
        pid = left.name.split("-")[2]
        if pid.isdigit() and not _alive(int(pid)):
            _remove(left)
    os.environ[DIRECTORY] = tempfile.mkdtemp(prefix=f"coachway-test-{os.getpid()}-")


def end() -> None:
    """Once per run, after all workers: stop its stacks and forget them."""
    _remove(Path(os.environ.pop(DIRECTORY)))


def _remove(directory: Path) -> None:
    for home in directory.iterdir():
        if home.is_dir():
            sandbox_processes.stop(Home(home, 0))
            processes.stop(Home(home, 0), emulator_process.NAME, seconds=20)
    if "KEEP_TEST_STACK" not in os.environ:
        shutil.rmtree(directory, ignore_errors=True)


def _home_of(directory: Path) -> Home:
    url = stack.read(Home(directory, 0))["emulator_url"]
    return Home(directory, int(url.rpartition(":")[2]), target=TARGET, environment=ENVIRONMENT)


def _free_ports() -> int:
    """The first of three ports in a row that nobody listens on."""
    for _ in range(200):
        first = random.randrange(20000, 31000, 10)
        if not any(processes.port_taken(first + offset) for offset in range(3)):
            return first
    raise AssertionError("no three free ports in a row were found")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
