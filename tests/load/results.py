"""What a run of the bench found, and how tables of it are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from tests.load import cold_starts
from tests.load.cold_starts import Start
from tests.load.gateway_requests import Through
from tests.load.position_load import Swarmed

Row = dict[str, Any]
API_LAYERS: Final = ("vendor", "coachway")
"""What every API function carries."""


@dataclass
class Found:
    """All that a run measured."""

    starts: list[Start]
    warm: list[Row]
    through: Through
    growth: list[Row]
    swarm: Swarmed
    sizes: dict[str, int]
    """Bytes of each layer, unpacked."""
    alarms: int
    secrets: int
    busy: float
    """How busy the machine was when the run began."""

    def __post_init__(self) -> None:
        floor = [sample["cpu"] for sample in self.row("floor")["samples"]]
        for row in self.warm:
            samples = row["samples"]
            for kind in ("cpu", "wall", "bytes"):
                row[kind] = median(sample[kind] for sample in samples)
            # Those that take part in every round are compared with the floor of their own round.
            pairs = (
                zip(samples, floor, strict=True)
                if len(samples) == len(floor)
                else ((each, median(floor)) for each in samples)
            )
            row["ratio"] = median(sample["cpu"] / least for sample, least in pairs)

    def row(self, name: str) -> Row:
        """What was measured of a step."""
        return next(row for row in self.warm if row["name"] == name)

    def start(self, name: str) -> Start:
        """The cold starts of a function."""
        return next(start for start in self.starts if start.name == name)

    @property
    def floor_start(self) -> float:
        """Milliseconds of processor time until the floor is ready."""
        return self.start(cold_starts.FLOOR).middle("ready", "cpu") or 0.0

    @property
    def api_megabytes(self) -> float:
        """What an API function unpacks."""
        return sum(self.sizes[name] for name in API_LAYERS) / 2**20

    def grown(self) -> list[tuple[str, tuple[float, ...], tuple[float, ...]]]:
        """Each step with its calls, read and write units, with few charters and with many."""
        counts = sorted({row["charters"] for row in self.growth})
        costs = {
            (row["name"], row["charters"]): (row["trips"], row["read_units"], row["write_units"]) for row in self.growth
        }
        names = dict.fromkeys(row["name"] for row in self.growth)
        return [(name, costs[name, counts[0]], costs[name, counts[-1]]) for name in names]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown, all but the first column to the right."""
    align = ["---", *("---:" for _ in head[1:])]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, align, *rows))
