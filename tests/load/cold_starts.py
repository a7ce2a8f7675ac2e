"""Cold starts: fresh processes on the built layers, every function and the floor in turn."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from infra.local import console
from infra.local.stack_config import StackConfig
from tests.load import in_process_runner
from tests.load.unpacked_code import Trees

FLOOR = "floor, packages as they come"
FLOOR_PRUNED = "floor, on our layers"


@dataclass
class Start:
    """A function's cold starts: milliseconds from the first import to ready, and of the first request after that."""

    name: str
    paths: list[str]
    module: str
    event: dict[str, Any] | None
    ready: list[dict[str, float]] = field(default_factory=list)
    first: list[dict[str, float]] = field(default_factory=list)
    modules: int = 0

    def middle(self, stage: str, kind: str) -> float | None:
        """The median of a stage (`ready`, `first`), as `wall` or `cpu` time."""
        samples = getattr(self, stage)
        return median(each[kind] for each in samples) if samples else None


def measure(home: StackConfig, trees: Trees, table: str, rounds: int) -> list[Start]:
    """Each start `rounds` times, interleaved, after one round to warm the disk's cache."""
    events = in_process_runner.run(home, trees, table, "first")
    starts = list(_starts(trees, events))
    environment = {**in_process_runner.environment(home), "TABLE_NAME": table, "FLOOR_TABLE": table}
    with (
        console.report_step(f"Starting {len(starts)} functions {rounds} times each"),
        tempfile.TemporaryDirectory() as scratch,
    ):
        for number in range(rounds + 1):
            for start in starts:
                _once(start, environment, Path(scratch), keep=number > 0)
    return starts


def _starts(trees: Trees, events: dict[str, Any]) -> Iterator[Start]:
    yield Start(FLOOR, [str(trees.floor), str(trees.plain)], "api", events["floor"])
    yield Start(FLOOR_PRUNED, [str(trees.floor), str(trees.opt)], "api", events["floor"])
    for entry in sorted(trees.functions.glob("*/*.py")):
        if entry.stem == "schedule":  # nobody waits for a timer
            continue
        capability = entry.parent.name
        event = events.get(capability) if entry.stem == "api" else None
        yield Start(f"{capability} {entry.stem}", [str(entry.parent), str(trees.opt)], entry.stem, event)


def _once(start: Start, environment: dict[str, str], scratch: Path, *, keep: bool) -> None:
    job = scratch / "job.json"
    job.write_text(json.dumps({"paths": start.paths, "module": start.module, "event": start.event}))
    done = subprocess.run(
        [sys.executable, "-S", str(Path(__file__).with_name("cold_start_process.py")), str(job)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{start.name} does not start:\n{done.stderr[-3000:]}")
    answer = json.loads(done.stdout)
    start.modules = answer["modules"]
    if keep:
        start.ready.append(answer["ready"])
        if answer["first"]:
            start.first.append(answer["first"])
