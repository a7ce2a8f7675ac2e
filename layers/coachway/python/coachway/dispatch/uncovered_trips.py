"""List the trips of a day with vehicles that have no driver."""

from datetime import date

from coachway.bookings.charters.charter_summary import UNCOVERED_TRIPS, CharterSummary
from coachway.bookings.charters.model import BY_MONTH, BY_TRIP, Charter
from coachway.core.persistence.data_version import DataVersion
from coachway.core.persistence.queries import iterate_by_month, query_all
from coachway.core.record_refresh import refresh_records
from coachway.identity.model.organization import Organization


def list_uncovered_trips(organization: Organization, day: date) -> list[CharterSummary]:
    """List the trips that depart on a day in their own time zone. One query.

    Reads the whole charters of the day in an organization whose charters were not rebuilt.
    """
    if organization.has_data(DataVersion.UNCOVERED_TRIPS):
        partition = UNCOVERED_TRIPS.partition(org=organization.org_id, day=day)
        return query_all(CharterSummary, partition, index=UNCOVERED_TRIPS.index)
    partition = BY_TRIP.partition(org=organization.org_id, month=f"{day:%Y-%m}")
    charters = query_all(Charter, partition, prefix=f"{day}T", index=BY_TRIP.index)
    copies = (charter.slim_copy() for charter in charters)
    return [copy for copy in copies if copy is not None]


def refresh_uncovered_trips(org_id: str) -> int:
    """Write all charters again with their slim copies; return how many."""
    return refresh_records(org_id, iterate_by_month(Charter, BY_MONTH, org_id))
