"""Reads `infra/functions.toml`: one row per Lambda function."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = ROOT / "infra/functions.toml"


class Kind(StrEnum):
    """How a function is invoked."""

    API = "api"
    CONSUMER = "consumer"
    TIMER = "timer"
    WORKFLOW = "workflow"


TIMEOUTS: Final = {Kind.CONSUMER: 30, Kind.TIMER: 60, Kind.WORKFLOW: 60}
"""In seconds. An API function has the template's default timeout."""


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Queue(_Row):
    """The batch size and maximum concurrency of a consumer."""

    batch: int = 5
    concurrency: int = 5


class Schedule(_Row):
    """An additional schedule of a timer, and the JSON that the function receives as its event."""

    schedule: str
    input: str


class Workflow(_Row):
    """The state machine whose steps a function runs. Its definition is `statemachines/<name>.asl.yaml`."""

    name: str
    id: str = ""
    starts: str = ""

    @property
    def logical_id(self) -> str:
        """The prefix of its logical ids in the template."""
        return self.id or _camel(self.name)


class Function(_Row):
    """One row of the file: the function `functions/<capability>/<module>.py`."""

    capability: str
    module: str
    grants: tuple[str, ...]
    name: str = ""
    layers: tuple[str, ...] = ()
    memory: int | None = None
    timeout: int | None = None
    schedule: str = ""
    also: dict[str, Schedule] = Field(default_factory=dict)
    queue: Queue = Queue()
    workflow: Workflow | None = None
    alarm: str = ""

    @property
    def deployed_name(self) -> str:
        """Its name on AWS, without `coachway-<environment>-`."""
        if self.name or self.module == "consumer":
            return self.name or self.capability.replace("_", "-")
        return f"{self.capability}-{self.module}".replace("_", "-")

    @property
    def logical_id(self) -> str:
        """The prefix of its logical ids in the template: `IdentityApi` has an `IdentityApiRole`."""
        return _camel(self.deployed_name)


@cache
def functions() -> dict[tuple[str, str], Function]:
    """Every row of the file, by capability and module."""
    tables = tomllib.loads(SOURCE.read_text())
    return {
        (capability, module): Function(capability=capability, module=module, **row)
        for capability, rows in tables.items()
        for module, row in rows.items()
    }


def _camel(name: str) -> str:
    return "".join(part.title() for part in name.split("-"))
