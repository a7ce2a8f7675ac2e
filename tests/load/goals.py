"""What is promised, and whether a run keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.load import gateway_requests
from tests.load.results import Found


@dataclass
class Goal:
    """A measured value, and the most (or, with `least`, the least) that it may be."""

    what: str
    value: float
    bound: float
    unit: str = ""
    least: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.bound if self.least else self.value <= self.bound

    def told(self) -> tuple[str, str, str, str]:
        """In words: what, measured, bound, verdict."""
        digits = {"": 0, "× floor": 2}.get(self.unit, 1)
        bound = f"{'≥' if self.least else '≤'} {self.bound:g} {self.unit}".strip()
        return self.what, f"{self.value:.{digits}f} {self.unit}".strip(), bound, "met" if self.met else "**not met**"


def goals(found: Found) -> list[Goal]:
    """Every promise that a run can judge."""
    return [*_starting(found), *_answering(found), *_at_the_door(found), *_on_the_road(found)]


def _starting(found: Found) -> Iterator[Goal]:
    for start in found.starts:
        if start.name.endswith(" api"):
            ready = start.middle("ready", "cpu") or 0.0
            yield Goal(f"cold start of {start.name}", ready / found.floor_start, 1.2, "× floor")
    yield Goal("layers of an API function", found.api_megabytes, 40, "MB")


def _answering(found: Found) -> Iterator[Goal]:
    create = found.row("create a client")["ratio"]
    yield Goal("create, authenticated and idempotent: client's CPU", create, 1.38, "× floor")
    listing = max(row["ratio"] for row in found.warm if row["name"].startswith("list 20"))
    yield Goal("the slowest list of 20: client's CPU", listing, 2.6, "× floor")
    for row in found.warm:
        if row["goal"] is not None:
            yield Goal(f"{row['name']}: calls of DynamoDB", row["trips"], row["goal"])
    dearer = sum(few != many for _, few, many in found.grown())
    yield Goal("requests that cost more in a large organization", dearer, 0)


def _at_the_door(found: Found) -> Iterator[Goal]:
    door = found.through
    alone = door.p50("create a charter") / door.p50("floor")
    yield Goal("create a charter through the emulator, p50", alone, 1.35, "× floor")
    together = door.rate("create a charter") / door.rate("floor")
    yield Goal(f"create a charter over {gateway_requests.AT_ONCE} connections", together, 0.8, "× floor", least=True)
    slowest = max(door.p50(step.name) for step in gateway_requests.BOOKING)
    yield Goal("the slowest route of booking, p50", slowest, 200, "ms")
    yield Goal("the slowest mail", max(seconds for _, seconds in door.mails), 30, "s")


def _on_the_road(found: Found) -> Iterator[Goal]:
    yield Goal("write units of telling a position", found.row("tell a position")["write_units"], 1)
    yield Goal(f"positions of {found.swarm.drivers} drivers that were lost", found.swarm.lost + found.swarm.wrong, 0)
