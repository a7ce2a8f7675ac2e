"""Cold starts: every function and the baseline in turn, each in a fresh process on the built layers."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local import console
from infra.local.stack_config import StackConfig
from tests.load import in_process_runner
from tests.load.unpacked_code import UnpackedCode

BASELINE = "baseline, unpruned packages"
BASELINE_ON_LAYERS = "baseline, on our layers"
TIMER = "timer"
"""Entries whose cold starts delay nobody."""


@dataclass
class ColdStarts:
    """The cold starts of a function: milliseconds from the first import until it is ready, and of the first request."""

    name: str
    paths: list[str]
    module: str
    event: dict[str, Any] | None
    ready: list[dict[str, float]] = field(default_factory=list)
    first_request: list[dict[str, float]] = field(default_factory=list)
    modules: int = 0

    def fastest_ms(self, stage: str, kind: str) -> float | None:
        """The fastest of a stage (`ready`, `first_request`), as `wall` or `cpu` time.

        A start does the same work every time. Other processes can only make it slower.
        """
        return min((sample[kind] for sample in getattr(self, stage)), default=None)


def measure_cold_starts(config: StackConfig, code: UnpackedCode, table: str, rounds: int) -> list[ColdStarts]:
    """Start everything `rounds` times in turn, after one round that warms the disk cache."""
    events = in_process_runner.run_worker(config, code, table, "first_events")
    starts = list(_all_starts(code, events))
    environment = {**in_process_runner.function_environment(config), "TABLE_NAME": table, "BASELINE_TABLE": table}
    step = console.report_step(f"Starting {len(starts)} functions {rounds} times each")
    with step, tempfile.TemporaryDirectory() as scratch:
        for number in range(rounds + 1):
            for start in starts:
                _run_start(start, environment, Path(scratch), is_counted=number > 0)
    return starts


def _all_starts(code: UnpackedCode, events: dict[str, Any]) -> Iterator[ColdStarts]:
    yield ColdStarts(BASELINE, [str(code.baseline), str(code.unpruned)], "api", events["baseline"])
    yield ColdStarts(BASELINE_ON_LAYERS, [str(code.baseline), str(code.layers)], "api", events["baseline"])
    for entry in sorted(code.functions.glob("*/*.py")):
        if entry.stem == TIMER or entry.stem.endswith("_job"):
            continue
        capability = entry.parent.name
        event = events.get(capability) if entry.stem == "api" else None
        yield ColdStarts(f"{capability} {entry.stem}", [str(entry.parent), str(code.layers)], entry.stem, event)


def _run_start(start: ColdStarts, environment: dict[str, str], scratch: Path, *, is_counted: bool) -> None:
    job = scratch / "job.json"
    job.write_text(json.dumps({"paths": start.paths, "module": start.module, "event": start.event}))
    process = subprocess.run(
        [sys.executable, "-S", str(Path(__file__).with_name("cold_start_worker.py")), str(job)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode:
        raise RuntimeError(f"{start.name} does not start:\n{process.stderr[-3000:]}")
    measured = json.loads(process.stdout)
    start.modules = measured["modules"]
    if is_counted:
        start.ready.append(measured["ready"])
        if measured["first_request"]:
            start.first_request.append(measured["first_request"])
