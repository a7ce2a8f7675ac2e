"""Writes `docs/performance.md` of what was measured."""

from __future__ import annotations

from datetime import datetime

from tests.load import machine, prices, sections
from tests.load.found import Found, table
from tests.load.goals import goals


def page(found: Found) -> str:
    """The whole page, in Markdown."""
    parts = [
        _head(found),
        table(("goal", "measured", "bound", ""), [goal.told() for goal in goals(found)]),
        sections.cold_starts(found),
        sections.warm_requests(found),
        sections.at_the_door(found),
        sections.positions(found),
        sections.growth(found),
        sections.packages(found),
        prices.bills(found),
        prices.what_fails_first(found),
    ]
    return "\n\n".join(parts) + "\n"


def _head(found: Found) -> str:
    today = datetime.now().astimezone()
    return f"""# Performance

Measured by `make bench` on {today:%B} {today.day}, {today.year}, on: {machine.describe()}.
{found.busy:.1f} processes wanted to run when it began.

Absolute times are this machine's; what counts is the ratio to the **floor**, a handler of Chalice, pydantic and
PynamoDB that does one conditional put and nothing else (`tests/load/floor/api.py`), measured in the same run, turn by
turn. Times are medians. Units are computed from the items by DynamoDB's rules (`tests/load/meter.py`).

## Goals"""


def summary(found: Found) -> str:
    """The goals, for the terminal."""
    lines = []
    for goal in goals(found):
        what, value, bound, _ = goal.told()
        lines.append(f"  {'✓' if goal.met else '✗'} {what:<52} {value:>14}   {bound}")
    return "\n".join(lines)
