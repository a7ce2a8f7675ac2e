"""Counts and total prices of charters by status, updated by each transaction."""

from collections.abc import Iterable

from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.rules import CharterStatus
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import IncrementCounters
from coachway.core.persistence.records import AccessPattern
from coachway.core.schemas import BaseSchema
from coachway.core.types.money import ApiAmount
from coachway.identity.model.organization import ORGANIZATIONS, Organization

COUNTS = AccessPattern(
    "number of charters and total price in cents, by status",
    pk="ORG#{org}#CHARTER_COUNTS",
    sk="COUNTS",
)


class StatusSummary(BaseSchema):
    """The number of charters in one status, and their total price."""

    count: int
    value: ApiAmount


class DashboardSummary(BaseSchema):
    """Charters by status. `open_value` is the total price of charters quoted, booked, confirmed or in progress."""

    total: int
    by_status: dict[str, StatusSummary]
    open_value: ApiAmount
    currency: str


def count_changes_op(org_id: str, before: Iterable[Charter], after: Iterable[Charter]) -> IncrementCounters:
    """The operation that updates the counts when a transaction changes `before` into `after`."""
    increments: dict[str, int] = {}
    for sign, charters in ((-1, before), (1, after)):
        for charter in charters:
            status = charter.status.value
            increments[status] = increments.get(status, 0) + sign
            increments[f"{status}_cents"] = increments.get(f"{status}_cents", 0) + sign * charter.quote.total
    return IncrementCounters(COUNTS.key(org=org_id), increments, "charter_counts")


def get_dashboard_summary(caller: Caller) -> DashboardSummary:
    """Get the number of the organization's charters and their total price, by status."""
    counts_key, organization_key = COUNTS.key(org=caller.org_id), ORGANIZATIONS.key(org=caller.org_id)
    records = store.batch_get([counts_key, organization_key])
    counts = records.numbers(counts_key)
    by_status = {
        status.value: StatusSummary(count=counts.get(status.value, 0), value=counts.get(f"{status.value}_cents", 0))
        for status in CharterStatus
    }
    return DashboardSummary(
        total=sum(each.count for each in by_status.values()),
        by_status=by_status,
        open_value=sum(by_status[status.value].value for status in CharterStatus if not status.is_terminal),
        currency=records.get(Organization, organization_key).currency,
    )
