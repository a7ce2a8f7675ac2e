"""Deployed stacks for the tests: an emulator on free ports, its state in a temporary directory.

All workers of a test run share a stack: the first that needs it starts it, the end of the run stops it. To test a stack
that is already running, name its directory: `COACHWAY_TEST_STACK=.local pytest tests/workflows`.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
import pytest

from infra.local import aws_clients, console, file_lock, processes, stack
from infra.local.emulator import emulator_process
from infra.local.sandboxes import sandbox_processes
from infra.local.stack_config import StackConfig
from tests import mailbox

T = TypeVar("T")

TARGET = "localstack" if os.environ.get("TARGET") == "localstack" else "ministack"
ENVIRONMENT = "localstack" if TARGET == "localstack" else "local"
WAIT_SCALE = "0.0002"
"""The emulator shortens the waits of state machines by this factor: a day to 17 seconds."""
DIRECTORY = "COACHWAY_TEST_DIRECTORY"
"""The environment variable with the directory of the run's stacks; set by the first process for its workers."""
SNAPSHOT: Final = "snapshot"
_DEPLOYMENT: Final = ("state", "s3")
"""Where the emulator saves its state."""
BUSY: Final = 4
"""How many times longer a busy machine may take than an idle one. A wait ends as soon as its condition holds."""
LONGEST_WAIT: Final = 300.0
"""The longest wait in seconds."""


@dataclass(frozen=True)
class Stack:
    """A running deployment, and access to its parts."""

    config: StackConfig

    @property
    def api_url(self) -> str:
        return f"{self.config.public_url}/api/v1"

    @property
    def pages_url(self) -> str:
        return f"{self.config.public_url}/pages"

    @property
    def table(self) -> str:
        return f"coachway-{self.config.environment}"

    @cached_property
    def http(self) -> httpx.Client:
        """A client of the API; its paths start at `/api/v1`."""
        return httpx.Client(base_url=self.api_url, timeout=60)

    def client(self, service: str) -> Any:
        """A client of an AWS service with root credentials."""
        return aws_clients.client(self.config, service)

    def gateway(self) -> httpx.Client:
        """A client of everything that is public; its paths start behind the stage."""
        return httpx.Client(base_url=self.config.public_url, timeout=60)

    def root_secret(self) -> bytes:
        """From which the deployment's links derive."""
        secret = self.client("secretsmanager").get_secret_value(SecretId=f"coachway/{self.config.environment}/root")
        return str(secret["SecretString"]).encode()

    def function(self, name: str) -> str:
        """The deployed name of a function: `function("clients-api")`."""
        return f"coachway-{self.config.environment}-{name}"

    def mails(self, to: str = "") -> list[dict[str, Any]]:
        """The mails that were sent (to an address), oldest first: `Subject`, `BodyText`, `BodyHtml`, `To`, `Source`."""
        mails = mailbox.read_mails(self.config)
        return [mail for mail in mails if any(to in address for address in mail["To"])]

    def wait_for_mail(self, to: str, subject: str = "", seconds: float = 40) -> dict[str, Any]:
        """Wait for a mail to an address whose subject matches; returns the newest."""

        def newest_match() -> dict[str, Any] | None:
            matches = [mail for mail in self.mails(to) if re.search(subject, mail["Subject"])]
            return matches[-1] if matches else None

        return eventually(newest_match, seconds, f"no mail to {to} about {subject!r}")

    def texts(self, to: str = "") -> list[dict[str, Any]]:
        """The SMS that were sent (to a number), oldest first: `to`, `from`, `body`."""
        parameters = {"to": to} if to else {}
        response = httpx.get(f"{self.config.sms_url}/messages", params=parameters, timeout=60)
        messages: list[dict[str, Any]] = response.json()["messages"]
        return messages

    def restart(self) -> None:
        """Stop the emulator in an orderly way, and start it with its saved state."""
        emulator_process.stop(self.config)
        emulator_process.start(self.config)


def eventually(
    find: Callable[[], T | None],
    seconds: float = 30,
    otherwise: str = "it did not happen",
    every: float = 0.1,
    *,
    unless: Callable[[], object] | None = None,
) -> T:
    """Call `find` until it returns something true; returns that. Fails the test after `seconds` of an idle machine.

    `every` is the first pause between two calls in seconds; the pauses grow with the time waited, up to a second.
    `unless` returns something true, such as a reason, when the result can no longer come: the test then fails
    immediately.
    """
    limit = min(seconds * BUSY, LONGEST_WAIT)
    start = time.monotonic()
    while (waited := time.monotonic() - start) < limit:
        result = find()
        if result:
            return result
        if unless is not None and (reason := unless()):
            raise AssertionError(f"{otherwise}, and it no longer can: {reason}")
        time.sleep(max(every, min(waited / 10, 1)))
    raise AssertionError(f"{otherwise} within {limit:.0f} s")


def get_stack(name: str) -> Stack:
    """The run's stack of this name; starts it if no other worker did."""
    existing = os.environ.get("COACHWAY_TEST_STACK")
    if existing:
        return Stack(_read_config(Path(existing).resolve()))
    directory = Path(os.environ[DIRECTORY]) / name
    with file_lock.exclusive_lock(directory.with_suffix(".lock")):
        if not (directory / "stack.json").exists():
            config = _create_config(directory)
            if name != "shared":
                get_stack("shared")
                _restore_deployment(directory.with_name(SNAPSHOT), config)
            try:
                stack.start_stack(config, with_demo=False)
            except console.CommandError as error:
                raise AssertionError(f"{error.message}\n{error.advice}") from error
            if name == "shared":
                _save_deployment(config, directory.with_name(SNAPSHOT))
    return Stack(_read_config(directory))


def _save_deployment(config: StackConfig, snapshot: Path) -> None:
    """Copy the saved state of a stack that no test has used yet."""
    for name in _DEPLOYMENT:
        shutil.copytree(config.directory / name, snapshot / name)
    for name in ("deployed.json", "stack.json"):
        shutil.copy(config.directory / name, snapshot / name)


def _restore_deployment(snapshot: Path, config: StackConfig) -> None:
    """Give a stack the state of another one, with its own ports: much faster than a second deployment."""
    for name in _DEPLOYMENT:
        shutil.copytree(snapshot / name, config.directory / name)
    (config.directory / "unpacked").symlink_to(snapshot.with_name("shared") / "unpacked")
    shutil.copy(snapshot / "deployed.json", config.directory / "deployed.json")
    port = _read_config(snapshot).port
    for file in (config.directory / "deployed.json", *(config.directory / "state").glob("*.json")):
        text = file.read_text()
        for offset in range(4):
            text = text.replace(f"localhost:{port + offset}", f"localhost:{config.port + offset}")
        file.write_text(text)


def needs_stack(item: pytest.Item) -> bool:
    """Whether a test uses a stack, by its fixtures or by a parameter."""
    fixtures: list[str] = getattr(item, "fixturenames", [])
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return any(name in {"stack", "restart_stack"} for name in (*fixtures, parameters.get("site")))


def prepare_run() -> None:
    """Choose the directory of the run's stacks, and remove those of killed runs. Call it once, before any worker."""
    os.environ.setdefault("SFN_WAIT_SCALE", WAIT_SCALE)
    os.environ.setdefault("SAVE_INTERVAL", "0")  # tests save when they need it
    temporary = Path(tempfile.gettempdir())
    for directory in temporary.glob("coachway-test-*"):
        pid = directory.name.split("-")[2]
        if pid.isdigit() and not _is_alive(int(pid)):
            _remove_stacks(directory)
    os.environ[DIRECTORY] = tempfile.mkdtemp(prefix=f"coachway-test-{os.getpid()}-")


def finish_run() -> None:
    """Stop and remove the run's stacks. Call it once, after all workers."""
    _remove_stacks(Path(os.environ.pop(DIRECTORY)))


def _remove_stacks(directory: Path) -> None:
    for stack_directory in directory.iterdir():
        if stack_directory.is_dir():
            config = StackConfig(stack_directory, 0)
            sandbox_processes.stop(config)
            # Nobody needs the state that an orderly stop would save.
            if pid := processes.running_pid(config, emulator_process.NAME):
                os.killpg(pid, signal.SIGKILL)
    if "KEEP_TEST_STACK" not in os.environ:
        shutil.rmtree(directory, ignore_errors=True)


def _create_config(directory: Path) -> StackConfig:
    """A configuration with free ports; LocalStack has its own."""
    port = int(os.environ.get("COACHWAY_PORT") or 4566) if TARGET == "localstack" else _free_ports()
    return StackConfig(directory, port, target=TARGET, environment=ENVIRONMENT)


def _read_config(directory: Path) -> StackConfig:
    url = stack.read_stack_file(StackConfig(directory, 0))["emulator_url"]
    return StackConfig(directory, int(url.rpartition(":")[2]), target=TARGET, environment=ENVIRONMENT)


def _free_ports() -> int:
    """The first of four consecutive free ports."""
    for _ in range(200):
        first = random.randrange(20000, 31000, 10)
        if not any(processes.is_port_in_use(first + offset) for offset in range(4)):
            return first
    raise AssertionError("no four consecutive free ports were found")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
