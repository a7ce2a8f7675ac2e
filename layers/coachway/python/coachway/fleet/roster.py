"""The roster of the fleet: all drivers who are not inactive and all vehicles that are not retired."""

from coachway.core.caller import Caller
from coachway.core.persistence.data_version import DataVersion
from coachway.core.persistence.queries import iterate_by_month, query_kinds
from coachway.core.record_refresh import refresh_records
from coachway.fleet import resource_queries
from coachway.fleet.model import BY_MONTH, ROSTER, Driver, Vehicle
from coachway.identity.model.organization import Organization

_MAX_MEMBERS = 10_000


def list_roster(
    caller: Caller, organization: Organization, *, drivers: bool, vehicles: bool
) -> tuple[list[Driver], list[Vehicle]]:
    """List the drivers, the vehicles or both. One query, which reads an index that may be behind.

    One query for each status in an organization whose roster was not rebuilt.
    """
    if not organization.has_data(DataVersion.FLEET_ROSTER):
        return (
            resource_queries.list_assignable_drivers(caller) if drivers else [],
            resource_queries.list_assignable_vehicles(caller) if vehicles else [],
        )
    prefix = "" if drivers and vehicles else f"{Driver.KIND if drivers else Vehicle.KIND}#"
    members = query_kinds(
        (Driver, Vehicle),
        ROSTER.partition(org=caller.org_id),
        prefix=prefix,
        index=ROSTER.index,
        limit=_MAX_MEMBERS,
    )
    return (
        [member for member in members if isinstance(member, Driver)],
        [member for member in members if isinstance(member, Vehicle)],
    )


def refresh_roster(org_id: str) -> int:
    """Write all drivers and vehicles again with their keys in the roster; return how many."""
    return sum(
        refresh_records(org_id, iterate_by_month(model, BY_MONTH, org_id, kind=model.KIND))
        for model in (Driver, Vehicle)
    )
