"""Counts again, from the events, what consumers keep."""

from __future__ import annotations

from infra.local import deploy, republish
from infra.local.home import Home


def rebuild(home: Home, organization: str) -> tuple[int, int]:
    """Count the figures of an organization's vendors and drivers again; returns of how many each."""
    republish.work_on(home, deploy.outputs(home))
    from coachway.dispatch import performance
    from coachway.vendors import statistics

    return statistics.rebuild(organization), performance.rebuild(organization)
