"""Counts again, from the events, what consumers keep."""

from __future__ import annotations

from infra.local import deploy, republish
from infra.local.home import Home


def rebuild(home: Home, organization: str) -> int:
    """Count the figures of an organization's vendors again; returns of how many."""
    republish.as_root(home, deploy.outputs(home))
    from coachway.vendors import statistics

    return statistics.rebuild(organization)
