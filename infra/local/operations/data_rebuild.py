"""Rebuild what is computed from other data: statistics from past events, and items in the form of this release."""

from __future__ import annotations

from infra.local.deployment import stack_deployment
from infra.local.operations import replay
from infra.local.stack_config import StackConfig


def rebuild_statistics(config: StackConfig, organization_id: str) -> tuple[int, int, int]:
    """Rebuild the statistics of an organization; returns how many vendors, drivers and groups of leads were counted."""
    replay.configure_product(config, stack_deployment.read_outputs(config))
    from coachway.dispatch.performance import service as performance
    from coachway.sales.pipeline import service as pipeline
    from coachway.vendors import consumers as vendor_consumers

    return (
        vendor_consumers.rebuild_statistics(organization_id),
        performance.rebuild(organization_id),
        pipeline.rebuild_pipeline(organization_id),
    )


def refresh_records(config: StackConfig, organization_id: str) -> int:
    """Write the records of an organization again in the form of this release; returns how many.

    From then on, its reads use what this release added.
    """
    replay.configure_product(config, stack_deployment.read_outputs(config))
    from coachway.billing.invoices.receivables import refresh_receivables
    from coachway.clients.phone_lookup import refresh_clients
    from coachway.dispatch.uncovered_trips import refresh_uncovered_trips
    from coachway.fleet.phone_numbers import refresh_phone_numbers
    from coachway.fleet.roster import refresh_roster
    from coachway.identity.organizations.service import mark_data_current
    from infra.local.operations.search_rebuild import refresh_search_entries

    refreshes = (
        refresh_phone_numbers,
        refresh_roster,
        refresh_receivables,
        refresh_uncovered_trips,
        refresh_clients,
        refresh_search_entries,
    )
    count = sum(refresh(organization_id) for refresh in refreshes)
    mark_data_current(organization_id)
    return count
