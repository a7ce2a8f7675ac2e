"""Counts again, from the events, what consumers keep."""

from __future__ import annotations

from infra.local.deployment import stack_deployment
from infra.local.operations import replay
from infra.local.stack_config import Home


def rebuild(home: Home, organization: str) -> tuple[int, int]:
    """Count the figures of an organization's vendors and drivers again; returns of how many each."""
    replay.work_on(home, stack_deployment.outputs(home))
    from coachway.dispatch.performance import service as performance
    from coachway.vendors import statistics

    return statistics.rebuild(organization), performance.rebuild(organization)
