"""The parts of a scenario about leads. Days count from the day on which it is loaded."""

from __future__ import annotations

from typing import Any, NamedTuple


class LeadPlan(NamedTuple):
    """A lead: its body, the days until the trip, the stages that it goes through, and its activities."""

    body: dict[str, Any]
    days: int | None = None
    stages: tuple[str, ...] = ()
    lost_reason: str = ""
    calls: tuple[str, ...] = ()


class AgentPlan(NamedTuple):
    """A user, by email, who gets leads, and the settings of their assignment rule."""

    email: str
    rule: dict[str, Any]
