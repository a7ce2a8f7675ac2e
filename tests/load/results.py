"""The results of a bench run, and Markdown tables of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from tests.load import cold_starts
from tests.load.cold_starts import ColdStarts
from tests.load.gateway_bench import GatewayResults
from tests.load.position_load import PositionLoadResults

Row = dict[str, Any]
API_LAYERS: Final = ("vendor", "coachway")
"""The layers of every API function."""


@dataclass
class BenchResults:
    """Everything that a run measured."""

    starts: list[ColdStarts]
    warm: list[Row]
    gateway: GatewayResults
    growth: list[Row]
    positions: PositionLoadResults
    layer_sizes: dict[str, int]
    """Unpacked bytes of each layer."""
    alarms: int
    secrets: int
    machine_load: float
    """The load average of the machine at the start of the run."""

    def __post_init__(self) -> None:
        baseline = [sample["cpu"] for sample in self.row("baseline")["samples"]]
        for row in self.warm:
            samples = row["samples"]
            for kind in ("cpu", "wall", "bytes"):
                row[kind] = median(sample[kind] for sample in samples)
            # A request that is measured in every round is compared with the baseline of the same round.
            pairs = (
                zip(samples, baseline, strict=True)
                if len(samples) == len(baseline)
                else ((sample, median(baseline)) for sample in samples)
            )
            row["ratio"] = median(sample["cpu"] / reference for sample, reference in pairs)

    def row(self, name: str) -> Row:
        """The measurements of a request."""
        return next(row for row in self.warm if row["name"] == name)

    def start(self, name: str) -> ColdStarts:
        """The cold starts of a function."""
        return next(start for start in self.starts if start.name == name)

    @property
    def baseline_start_ms(self) -> float:
        """CPU milliseconds until the baseline is ready."""
        return self.start(cold_starts.BASELINE).fastest_ms("ready", "cpu") or 0.0

    @property
    def api_megabytes(self) -> float:
        """The unpacked size of an API function's layers."""
        return sum(self.layer_sizes[name] for name in API_LAYERS) / 2**20

    def growth_costs(self) -> list[tuple[str, tuple[float, ...], tuple[float, ...]]]:
        """Each request with its calls, read and write units: with few charters, and with many."""
        counts = sorted({row["charters"] for row in self.growth})
        costs = {
            (row["name"], row["charters"]): (row["calls"], row["read_units"], row["write_units"]) for row in self.growth
        }
        names = dict.fromkeys(row["name"] for row in self.growth)
        return [(name, costs[name, counts[0]], costs[name, counts[-1]]) for name in names]


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are aligned right."""
    align = ["---", *("---:" for _ in head[1:])]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, align, *rows))
