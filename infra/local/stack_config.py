"""Where a stack keeps its things, and on which ports it listens.

`COACHWAY_HOME` names the directory (`.local` in the working copy when unset), `COACHWAY_PORT` the emulator's port
(4566); the sandboxes listen on the two ports after it. Environments and builds are shared by every home.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.local import console

ROOT: Final = Path(__file__).resolve().parents[2]
ENVIRONMENTS: Final = ROOT / ".local" / "venvs"
BUILD: Final = ROOT / ".build"
API_ID: Final = "coachway"
STAGE: Final = "live"
REGION: Final = "us-east-1"


TARGETS: Final = ("ministack", "localstack", "aws")


def _port(text: str) -> int:
    """The first of three ports in a row."""
    if not text.isdecimal() or not 1024 <= int(text) <= 65533:
        raise console.Failed(f"COACHWAY_PORT={text} is no port", "take a number from 1024 to 65533, such as 4600")
    return int(text)


@dataclass(frozen=True)
class Home:
    """One running stack: a directory of state and three ports in a row; or one on AWS, which has neither."""

    directory: Path
    port: int
    host: str = "127.0.0.1"
    target: str = "ministack"
    environment: str = "local"

    @classmethod
    def from_environment(cls, on_aws: str = "") -> Home:
        """The stack that the environment variables name, or the one of an environment `on_aws`: staging, prod."""
        directory = Path(os.environ.get("COACHWAY_HOME") or ROOT / ".local").resolve()
        target = "aws" if on_aws else os.environ.get("TARGET") or "ministack"
        if target not in TARGETS:
            raise console.Failed(f"{target} is no TARGET", f"leave it out, or take one of {', '.join(TARGETS[:2])}")
        environment = on_aws or ("localstack" if target == "localstack" else "local")
        return cls(directory, _port(os.environ.get("COACHWAY_PORT") or "4566"), target=target, environment=environment)

    @property
    def emulator_url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def public_url(self) -> str:
        """Where callers outside find the gateway's stage."""
        return f"{self.emulator_url}/_aws/execute-api/{API_ID}/{STAGE}"

    @property
    def mails_url(self) -> str:
        """Where the emulator shows the mails that it took."""
        path = "_aws/ses" if self.target == "localstack" else "_ministack/ses/messages"
        return f"{self.emulator_url}/{path}"

    @property
    def stripe_port(self) -> int:
        return self.port + 1

    @property
    def sms_port(self) -> int:
        return self.port + 2

    @property
    def stripe_url(self) -> str:
        return f"http://localhost:{self.stripe_port}"

    @property
    def sms_url(self) -> str:
        return f"http://localhost:{self.sms_port}"

    @property
    def stack_name(self) -> str:
        return f"coachway-{self.environment}"

    @property
    def stack_file(self) -> Path:
        return self.directory / "stack.json"

    def path(self, name: str) -> Path:
        """A directory of this home, made when it is not there."""
        directory = self.directory / name
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    def log(self, name: str) -> Path:
        return self.path("logs") / f"{name}.log"
