"""Writes the search entries of all records of an organization again."""

from __future__ import annotations

from collections.abc import Iterator

from coachway.core.persistence.records import Record
from coachway.core.record_refresh import refresh_records


def refresh_search_entries(organization_id: str) -> int:
    """Write the search entries of all records of an organization again; return the number of records."""
    return refresh_records(organization_id, _iterate_records(organization_id))


def _iterate_records(org_id: str) -> Iterator[Record]:
    from coachway.billing.invoices import model as invoices
    from coachway.bookings.charters import model as charters
    from coachway.clients import model as clients
    from coachway.core.persistence.queries import iterate_by_month, query_all
    from coachway.fleet import model as fleet
    from coachway.sales.leads import model as leads
    from coachway.vendors import model as vendors

    for client in iterate_by_month(clients.Client, clients.BY_MONTH, org_id):
        yield client
        yield from query_all(clients.Contact, client.key().pk, prefix="CONTACT#")
        yield from query_all(clients.Address, client.key().pk, prefix="ADDRESS#")
    yield from iterate_by_month(leads.Lead, leads.BY_MONTH, org_id)
    yield from iterate_by_month(charters.Charter, charters.BY_MONTH, org_id)
    yield from iterate_by_month(invoices.Invoice, invoices.BY_MONTH, org_id)
    yield from iterate_by_month(vendors.Vendor, vendors.BY_MONTH, org_id)
    yield from iterate_by_month(fleet.Driver, fleet.BY_MONTH, org_id, kind=fleet.Driver.KIND)
    yield from iterate_by_month(fleet.Vehicle, fleet.BY_MONTH, org_id, kind=fleet.Vehicle.KIND)
