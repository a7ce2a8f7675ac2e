"""Write `docs/performance.md` from the results of a run."""

from __future__ import annotations

from datetime import datetime

from tests.load import machine, report_cost, report_measurements
from tests.load.goals import evaluate_goals
from tests.load.results import BenchResults, markdown_table


def build_report(results: BenchResults) -> str:
    """The whole page in Markdown."""
    parts = [
        _introduction(results),
        markdown_table(("goal", "measured", "bound", ""), [goal.cells() for goal in evaluate_goals(results)]),
        report_measurements.cold_start_section(results),
        report_measurements.warm_request_section(results),
        report_measurements.gateway_section(results),
        report_measurements.position_section(results),
        report_measurements.growth_section(results),
        report_measurements.layer_section(results),
        report_cost.cost_section(results),
        report_cost.limits_section(results),
    ]
    return "\n\n".join(parts) + "\n"


def _introduction(results: BenchResults) -> str:
    today = datetime.now().astimezone()
    return f"""# Performance

Measured by `make bench` on {today:%B} {today.day}, {today.year}, on: {machine.describe_machine()}.
The load average at the start was {results.machine_load:.1f}.

Absolute times depend on the machine. Compare the ratio to the **baseline**: a Chalice handler with pydantic and
PynamoDB that makes one conditional put and nothing else (`tests/load/baseline/api.py`), measured in turn in the same
run. Times of requests are medians. Request units are computed from the items by DynamoDB's rules
(`tests/load/dynamodb_meter.py`).

## Goals"""


def summarize_goals(results: BenchResults) -> str:
    """The goals, for the terminal."""
    lines = []
    for goal in evaluate_goals(results):
        name, value, bound, _ = goal.cells()
        lines.append(f"  {'✓' if goal.is_met else '✗'} {name:<52} {value:>16}   {bound}")
    return "\n".join(lines)
