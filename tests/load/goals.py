"""The performance goals, and whether a run meets them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.load import gateway_bench, measured_requests
from tests.load.position_rows import SEND_ONE
from tests.load.results import BenchResults


@dataclass
class Goal:
    """A measured value, and its maximum (or, with `is_minimum`, its minimum)."""

    name: str
    value: float
    bound: float
    unit: str = ""
    is_minimum: bool = False

    @property
    def is_met(self) -> bool:
        return self.value >= self.bound if self.is_minimum else self.value <= self.bound

    def cells(self) -> tuple[str, str, str, str]:
        """The row of the report: goal, measured, bound, verdict."""
        value = f"{self.value:.{2 if self.unit == '× baseline' else 1}f}" if self.unit else f"{self.value:g}"
        bound = f"{'≥' if self.is_minimum else '≤'} {self.bound:g} {self.unit}".strip()
        return self.name, f"{value} {self.unit}".strip(), bound, "met" if self.is_met else "**not met**"


def evaluate_goals(results: BenchResults) -> list[Goal]:
    """All goals that a run can evaluate."""
    return [
        *_cold_start_goals(results),
        *_request_goals(results),
        *_gateway_goals(results),
        *_position_goals(results),
    ]


def _cold_start_goals(results: BenchResults) -> Iterator[Goal]:
    for start in results.starts:
        if start.name.endswith(" api"):
            ready = start.fastest_ms("ready", "cpu") or 0.0
            yield Goal(f"cold start of {start.name}", ready / results.baseline_start_ms, 1.2, "× baseline")
    yield Goal("layers of an API function", results.api_megabytes, 40, "MB")


def _request_goals(results: BenchResults) -> Iterator[Goal]:
    create = results.row("create a client")["ratio"]
    yield Goal("create with authentication and idempotency: CPU", create, 1.38, "× baseline")
    slowest_list = max(row["ratio"] for row in results.warm if row["name"].startswith("list 20"))
    yield Goal("the slowest list of 20: CPU", slowest_list, 2.6, "× baseline")
    for row in results.warm:
        if row["max_calls"] is not None:
            yield Goal(f"{row['name']}: DynamoDB calls", row["calls"], row["max_calls"])
    board = results.row("get the board of a day")
    yield Goal("get the board of a day: read units", board["read_units"], 40)
    dearer = sum(few != many for _, few, many in results.growth_costs())
    yield Goal("requests that cost more in a large organization", dearer, 0)


def _gateway_goals(results: BenchResults) -> Iterator[Goal]:
    gateway, baseline = results.gateway, measured_requests.BASELINE.name
    latency = gateway.p50("create a charter") / gateway.p50(baseline)
    yield Goal("create a charter through the emulator, p50", latency, 1.35, "× baseline")
    rate = gateway.rate("create a charter") / gateway.rate(baseline)
    name = f"create a charter over {gateway_bench.CONNECTIONS} connections"
    yield Goal(name, rate, 0.8, "× baseline", is_minimum=True)
    slowest = max(gateway.p50(step.name) for step in measured_requests.GATEWAY_REQUESTS)
    yield Goal("the slowest request of a booking, p50", slowest, 200, "ms")
    yield Goal("the slowest email", max(seconds for _, seconds in gateway.mails), 30, "s")


def _position_goals(results: BenchResults) -> Iterator[Goal]:
    positions = results.positions
    yield Goal(f"{SEND_ONE}: write units", results.row(SEND_ONE)["write_units"], 1)
    yield Goal(f"positions of {positions.drivers} drivers that were lost", positions.lost + positions.wrong, 0)
