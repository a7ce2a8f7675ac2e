"""How many charters are in each status, and what they are worth: kept by each transaction, never counted."""

from __future__ import annotations

from collections.abc import Iterable

from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.rules import Status
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import IncrementCounters
from coachway.core.persistence.records import AccessPattern
from coachway.core.schemas import BaseSchema
from coachway.core.types.money import Amount
from coachway.identity.model.organization import ORGANIZATIONS, Organization

COUNTS = AccessPattern(
    "how many charters are in each status, and their total prices in cents",
    pk="ORG#{org}#CHARTER_COUNTS",
    sk="COUNTS",
)


class StatusSummary(BaseSchema):
    """The charters in one status: how many, and the sum of their prices."""

    count: int
    value: Amount


class DashboardSummary(BaseSchema):
    """All charters by status. `open_value` is what is quoted, booked, confirmed or under way."""

    total: int
    by_status: dict[str, StatusSummary]
    open_value: Amount
    currency: str


def count_changes_op(org_id: str, before: Iterable[Charter], after: Iterable[Charter]) -> IncrementCounters:
    """What a transaction adds to the counts when it turns `before` into `after`."""
    numbers: dict[str, int] = {}
    for sign, charters in ((-1, before), (1, after)):
        for charter in charters:
            status = charter.status.value
            numbers[status] = numbers.get(status, 0) + sign
            numbers[f"{status}_cents"] = numbers.get(f"{status}_cents", 0) + sign * charter.quote.total
    return IncrementCounters(COUNTS.key(org=org_id), numbers, "charter_counts")


def get_dashboard_summary(caller: Caller) -> DashboardSummary:
    """How many charters the organization has in each status, and what they are worth."""
    counts, house = COUNTS.key(org=caller.org_id), ORGANIZATIONS.key(org=caller.org_id)
    found = store.batch_get([counts, house])
    kept = found.numbers(counts)
    by_status = {
        status.value: StatusSummary(count=kept.get(status.value, 0), value=kept.get(f"{status.value}_cents", 0))
        for status in Status
    }
    return DashboardSummary(
        total=sum(each.count for each in by_status.values()),
        by_status=by_status,
        open_value=sum(by_status[status.value].value for status in Status if not status.is_terminal),
        currency=found.get(Organization, house).currency,
    )
