"""Plans collections and starts them on their due date. The workflow charges the card.

A charter's collection is for its next instalment with a due date, an invoice's for its balance. When the terms change,
the collection is planned again. The amount is computed when the card is charged.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from coachway.billing.collections.model import (
    BY_MONTH,
    COLLECTION,
    FALLING_DUE,
    OF_CLIENT,
    Collection,
    CollectionQuery,
    collection_id_of,
)
from coachway.billing.collections.rules import TRANSITIONS, CollectionStatus
from coachway.billing.errors import CollectionNotFailed
from coachway.billing.invoices.model import INVOICE, Invoice
from coachway.billing.payables import rules as payable_rules
from coachway.billing.payments.stripe_customers import find_customer
from coachway.bookings.charters import instalments
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import Status
from coachway.clients.model import Client
from coachway.contracts.billing.collections import PaymentDue
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.hourly_sweep import sweep
from coachway.core.persistence.operations import Create, Update
from coachway.core.persistence.queries import query_by_month, query_page
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema, Page
from coachway.core.types import ids
from coachway.identity import organization_queries

WORKFLOW: Final = "payment_collection"
"""The name of the collection workflow in a charter's `flow_failures`."""
_JOB: Final = "collections-due"
_COLLECTED_STATUSES: Final = frozenset({Status.BOOKED, Status.CONFIRMED, Status.IN_PROGRESS, Status.COMPLETED})
_LIST_AHEAD: Final = timedelta(days=366)


def get_collection(caller: Caller, collection_id: str) -> Collection:
    """Get a collection. Raises NotFound."""
    return store.get(Collection, COLLECTION.key(org=caller.org_id, id=collection_id))


def list_collections(caller: Caller, query: CollectionQuery) -> Page[Collection]:
    """List collections, latest due date first."""
    filters: dict[str, str | int | bool] = {"status": query.status.value} if query.status else {}
    if query.client_id is not None:
        partition = OF_CLIENT.partition(org=caller.org_id, client=query.client_id)
        return query_page(Collection, OF_CLIENT, [partition], query, where=filters, descending=True)
    return query_by_month(Collection, BY_MONTH, caller, query, where=filters, until=clock.now() + _LIST_AHEAD)


def plan_charter(caller: Caller, delivery: Delivery) -> None:
    """Plan the next instalment of a charter that was booked, changed or partially paid."""
    charter_id = delivery.data.get("charter_id") or delivery.aggregate_id
    if ids.is_id(str(charter_id), "chr"):
        _plan_charter_collection(caller, str(charter_id))


@retry_on_conflict
def _plan_charter_collection(caller: Caller, charter_id: str) -> None:
    charter = store.find(Charter, CHARTER.key(org=caller.org_id, id=charter_id))
    if charter is None or charter.status not in _COLLECTED_STATUSES or charter.invoice_id is not None:
        return
    due_on = instalments.next_due_date(charter.instalments, charter.amount_paid)
    if due_on is not None:
        subject = {"client_id": charter.client_id, "charter_id": charter.id, "number": charter.number}
        _plan(caller, charter.id, due_on, charter.timezone, subject)


def plan_invoice(caller: Caller, delivery: Delivery) -> None:
    """Plan the collection of an issued invoice if its client has a saved card."""
    _plan_invoice_collection(caller, delivery.aggregate_id)


@retry_on_conflict
def _plan_invoice_collection(caller: Caller, invoice_id: str) -> None:
    invoice = store.find(Invoice, INVOICE.key(org=caller.org_id, id=invoice_id))
    if invoice is None or not invoice.status.is_open or invoice.due_date is None:
        return
    customer = find_customer(caller.org_id, invoice.client_id)
    if customer is not None and customer.payment_method_id is not None:
        subject = {"client_id": invoice.client_id, "invoice_id": invoice.id, "number": invoice.number}
        _plan(caller, invoice.id, invoice.due_date, organization_queries.get(caller.org_id).timezone, subject)


def _plan(caller: Caller, subject_id: str, due_on: date, timezone: str, subject: Mapping[str, Any]) -> None:
    """Plan a collection for `due_on`, unless one was planned or attempted for that date."""
    collection_id = collection_id_of(subject_id)
    before = store.find(Collection, COLLECTION.key(org=caller.org_id, id=collection_id))
    if before is not None and (before.due_on == due_on or before.status is CollectionStatus.COLLECTING):
        return
    due_at = payable_rules.falls_due_at(due_on, timezone)
    if before is None:
        after = Collection(id=collection_id, org_id=caller.org_id, due_on=due_on, due_at=due_at, **subject)
        store.commit(
            caller, Create(after, on_exists=errors.ConcurrentUpdate("Another request planned this collection."))
        )
    else:
        changes = {"due_on": due_on, "due_at": due_at, "status": CollectionStatus.PLANNED, "tries": [], "reason": ""}
        after = before.model_copy(update=changes)
        store.commit(caller, Update(before, after))
    if due_at <= clock.now():
        _start_if_due(caller, collection_id, clock.now())


class CollectionRunResult(BaseSchema):
    """Counts of one run: collections started, and collections left for the next run."""

    begun: int = 0
    failed: int = 0


def run() -> CollectionRunResult:
    """Start all collections that became due. Safe to repeat."""
    return CollectionRunResult(**sweep(_JOB, Collection, FALLING_DUE, _start_listed))


def _start_listed(listed: Collection, now: datetime) -> str:
    return "begun" if _start_if_due(Caller.system(_JOB, listed.org_id), listed.id, now) else ""


def _start_if_due(caller: Caller, collection_id: str, now: datetime) -> bool:
    before = get_collection(caller, collection_id)
    if before.status is not CollectionStatus.PLANNED or before.due_at > now:
        return False
    after = build_started_collection(before)
    store.commit(caller, Update(before, after, [PaymentDue(**event_fields(caller, after), round=after.round)]))
    return True


def build_started_collection(before: Collection) -> Collection:
    """The collection with its first attempt to come."""
    TRANSITIONS.require(before.status, CollectionStatus.COLLECTING)
    changes: dict[str, Any] = {"status": CollectionStatus.COLLECTING, "tries": [], "reason": "", "failure": None}
    return before.model_copy(update={**changes, "round": before.round + 1})


def retry_collection(caller: Caller, collection_id: str, expected: int | None) -> Collection:
    """Retry a failed collection. Raises CollectionNotFailed."""
    before = store.get(Collection, COLLECTION.key(org=caller.org_id, id=collection_id), expected=expected)
    if before.status is not CollectionStatus.FAILED:
        raise CollectionNotFailed(f"This collection is {before.status}. Only failed collections can be retried.")
    after = build_started_collection(before)
    store.commit(caller, Update(before, after, [PaymentDue(**event_fields(caller, after), round=after.round)]))
    return after


def event_fields(caller: Caller, collection: Collection) -> dict[str, Any]:
    """The fields common to all events of a collection."""
    client = store.find(Client, CLIENT.key(org=caller.org_id, id=collection.client_id))
    return {
        "collection_id": collection.id,
        "client_id": collection.client_id,
        "client_name": client.name if client else "",
        "charter_id": collection.charter_id,
        "invoice_id": collection.invoice_id,
        "number": collection.number,
        "due_on": collection.due_on,
    }


CONSUMERS: Final[Mapping[str, Consumer]] = {
    "charter.booked": plan_charter,
    "charter.modified": plan_charter,
    "payment.succeeded": plan_charter,
    "invoice.issued": plan_invoice,
}
"""By event type. The queue receives these events and no others."""
