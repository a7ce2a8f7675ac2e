"""Rebuild the statistics of vendors and drivers from past events."""

from __future__ import annotations

from infra.local.deployment import stack_deployment
from infra.local.operations import replay
from infra.local.stack_config import StackConfig


def rebuild_statistics(config: StackConfig, organization_id: str) -> tuple[int, int]:
    """Rebuild the statistics of an organization; returns how many vendors and drivers were counted."""
    replay.configure_product(config, stack_deployment.read_outputs(config))
    from coachway.dispatch.performance import service as performance
    from coachway.vendors import consumers as vendor_consumers

    return vendor_consumers.rebuild_statistics(organization_id), performance.rebuild(organization_id)
