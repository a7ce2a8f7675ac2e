"""Writes `docs/performance.md` of what was measured."""

from __future__ import annotations

from datetime import datetime

from tests.load import machine, report_cost, report_measurements
from tests.load.goals import goals
from tests.load.results import Found, table


def page(found: Found) -> str:
    """The whole page, in Markdown."""
    parts = [
        _head(found),
        table(("goal", "measured", "bound", ""), [goal.told() for goal in goals(found)]),
        report_measurements.cold_starts(found),
        report_measurements.warm_requests(found),
        report_measurements.at_the_door(found),
        report_measurements.positions(found),
        report_measurements.growth(found),
        report_measurements.packages(found),
        report_cost.bills(found),
        report_cost.what_fails_first(found),
    ]
    return "\n\n".join(parts) + "\n"


def _head(found: Found) -> str:
    today = datetime.now().astimezone()
    return f"""# Performance

Measured by `make bench` on {today:%B} {today.day}, {today.year}, on: {machine.describe()}.
{found.busy:.1f} processes wanted to run when it began.

Absolute times are this machine's; what counts is the ratio to the **floor**, a handler of Chalice, pydantic and
PynamoDB that does one conditional put and nothing else (`tests/load/floor/api.py`), measured in the same run, turn by
turn. Times are medians. Units are computed from the items by DynamoDB's rules (`tests/load/dynamodb_meter.py`).

## Goals"""


def summary(found: Found) -> str:
    """The goals, for the terminal."""
    lines = []
    for goal in goals(found):
        what, value, bound, _ = goal.told()
        lines.append(f"  {'✓' if goal.met else '✗'} {what:<52} {value:>14}   {bound}")
    return "\n".join(lines)
