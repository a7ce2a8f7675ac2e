"""The list of completed trips to invoice. The invoicing run reads it."""

from collections.abc import Mapping
from contextlib import suppress
from typing import ClassVar, Final

from coachway.billing.invoices.model import INVOICE, Invoice
from coachway.billing.invoicing_runs.schedule import MonthDue, calculate_invoicing_month, current_month
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import CharterStatus
from coachway.contracts.billing.invoices import InvoiceDraftDeleted
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.operations import AlreadyConsumed, Create, Op, Remove, Update
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.types.datetimes import Day
from coachway.identity import organization_queries

_MAX_TRIPS: Final = 100_000

UNBILLED = AccessPattern(
    "completed trips without an invoice, by client",
    pk="ORG#{org}#UNBILLED",
    sk="{client}#{charter}",
)


class UnbilledTrip(Record):
    """A completed trip to invoice, unless its charter has an `invoice_id` by now."""

    KIND: ClassVar[str] = "unbilled_charter"

    org_id: str
    client_id: str
    charter_id: str
    trip_date: Day

    def key(self) -> Key:
        return UNBILLED.key(org=self.org_id, client=self.client_id, charter=self.charter_id)


def list_unbilled_trips(org_id: str) -> list[UnbilledTrip]:
    """List all unbilled trips of an organization, by client."""
    return query_all(UnbilledTrip, UNBILLED.partition(org=org_id), limit=_MAX_TRIPS)


def list_unbilled_trips_of_client(org_id: str, client_id: str) -> list[UnbilledTrip]:
    """List the unbilled trips of a client, oldest first."""
    return query_all(UnbilledTrip, UNBILLED.partition(org=org_id), prefix=f"{client_id}#", limit=_MAX_TRIPS)


def mark_unbilled(caller: Caller, delivery: Delivery) -> None:
    """Add a completed trip to the list."""
    _mark_if_unbilled(caller, delivery.aggregate_id)


def mark_unbilled_after_void(caller: Caller, delivery: Delivery) -> None:
    """Add the completed trips of a voided invoice to the list again."""
    invoice = store.get(Invoice, INVOICE.key(org=caller.org_id, id=delivery.aggregate_id))
    for charter_id in invoice.charter_ids:
        _mark_if_unbilled(caller, charter_id)


def mark_unbilled_after_deletion(caller: Caller, delivery: Delivery) -> None:
    """Add the completed trips of a deleted draft to the list again."""
    for charter_id in delivery.parse(InvoiceDraftDeleted).charter_ids:
        _mark_if_unbilled(caller, charter_id)


@retry_on_conflict
def _mark_if_unbilled(caller: Caller, charter_id: str) -> None:
    charter = store.find(Charter, CHARTER.key(org=caller.org_id, id=charter_id))
    if charter is None or charter.status is not CharterStatus.COMPLETED or charter.invoice_id is not None:
        return
    trip = UnbilledTrip(
        org_id=caller.org_id, client_id=charter.client_id, charter_id=charter.id, trip_date=charter.trip_date
    )
    due_month = _build_due_month(charter)
    records = store.batch_get([trip.key(), due_month.key()])
    existing, scheduled_month = records.find(UnbilledTrip, trip.key()), records.find(MonthDue, due_month.key())
    # Write an existing record again, so that a concurrent run cannot remove it.
    ops: list[Op] = [
        Create(trip, on_exists=errors.ConcurrentUpdate("Another request added this trip."))
        if existing is None
        else Update(existing, trip)
    ]
    if scheduled_month is None:
        ops.append(Create(due_month, on_exists=errors.ConcurrentUpdate("Another request scheduled this month.")))
    store.commit(caller, *ops)


def _build_due_month(charter: Charter) -> MonthDue:
    """Return the month whose run invoices a trip: the month of the trip or, if its run is over, the current month.

    The event can arrive after midnight, and the month of the trip can differ between time zones.
    """
    now, zone = clock.now(), organization_queries.get_organization(charter.org_id).timezone
    month, due_at = calculate_invoicing_month(charter.trip_date, zone)
    if due_at <= now:
        month, due_at = current_month(now, zone)
    return MonthDue(org_id=charter.org_id, month=month, due_at=due_at)


def reschedule_current_month(caller: Caller) -> None:
    """Schedule the run of the current month, for trips that an earlier run could not invoice."""
    month, due_at = current_month(clock.now(), organization_queries.get_organization(caller.org_id).timezone)
    already_scheduled = AlreadyConsumed("This month is scheduled already.")
    with suppress(AlreadyConsumed):
        store.commit(
            caller, Create(MonthDue(org_id=caller.org_id, month=month, due_at=due_at), on_exists=already_scheduled)
        )


def remove_unbilled(caller: Caller, trip: UnbilledTrip) -> None:
    """Remove an invoiced or deleted trip from the list."""
    try:
        store.commit(caller, Remove(trip))
    except errors.ConcurrentUpdate:
        return  # another request added the trip again, or removed it


CONSUMERS: Final[Mapping[str, Consumer]] = {
    "charter.completed": mark_unbilled,
    "invoice.draft_deleted": mark_unbilled_after_deletion,
    "invoice.voided": mark_unbilled_after_void,
}
