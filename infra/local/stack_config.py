"""Configuration of one stack: its directory, ports and URLs.

`COACHWAY_HOME` is the directory (default: `.local` in the working copy). `COACHWAY_PORT` is the emulator's port
(default: 4566); the sandboxes of Stripe, Twilio and Amazon Location listen on the next three. All stacks share
environments and builds.
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


def _parse_port(text: str) -> int:
    """Parse the first of four consecutive ports."""
    if not text.isdecimal() or not 1024 <= int(text) <= 65532:
        raise console.CommandError(
            f"COACHWAY_PORT={text} is not a valid port", "use a number from 1024 to 65532, such as 4600"
        )
    return int(text)


@dataclass(frozen=True)
class StackConfig:
    """A local stack: a directory for its state and four consecutive ports. A stack on AWS uses neither."""

    directory: Path
    port: int
    host: str = "127.0.0.1"
    target: str = "ministack"
    environment: str = "local"

    @classmethod
    def from_environment(cls, aws_environment: str = "") -> StackConfig:
        """Read the environment variables; with `aws_environment` (`staging`, `prod`), configure the stack on AWS."""
        directory = Path(os.environ.get("COACHWAY_HOME") or ROOT / ".local").resolve()
        target = "aws" if aws_environment else os.environ.get("TARGET") or "ministack"
        if target not in TARGETS:
            raise console.CommandError(
                f"TARGET={target} is not supported", f"omit it, or use one of: {', '.join(TARGETS[:2])}"
            )
        environment = aws_environment or ("localstack" if target == "localstack" else "local")
        port = _parse_port(os.environ.get("COACHWAY_PORT") or "4566")
        return cls(directory, port, target=target, environment=environment)

    @property
    def emulator_url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def public_url(self) -> str:
        """The URL of the API Gateway stage."""
        return f"{self.emulator_url}/_aws/execute-api/{API_ID}/{STAGE}"

    @property
    def mails_url(self) -> str:
        """Where the emulator lists the mails that were sent."""
        path = "_aws/ses" if self.target == "localstack" else "_ministack/ses/messages"
        return f"{self.emulator_url}/{path}"

    @property
    def stripe_port(self) -> int:
        return self.port + 1

    @property
    def sms_port(self) -> int:
        return self.port + 2

    @property
    def location_port(self) -> int:
        return self.port + 3

    @property
    def stripe_url(self) -> str:
        return f"http://localhost:{self.stripe_port}"

    @property
    def sms_url(self) -> str:
        return f"http://localhost:{self.sms_port}"

    @property
    def location_url(self) -> str:
        return f"http://localhost:{self.location_port}"

    @property
    def stack_name(self) -> str:
        return f"coachway-{self.environment}"

    @property
    def stack_file(self) -> Path:
        return self.directory / "stack.json"

    def subdirectory(self, name: str) -> Path:
        """A directory below the stack's own; created if missing."""
        directory = self.directory / name
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    def log_file(self, name: str) -> Path:
        return self.subdirectory("logs") / f"{name}.log"
