"""Plans what is collected by card, and says when its day has come. `collection_flow` charges.

Of a charter it is the next instalment that has a day, of an invoice all that is due. What was agreed may change until
the day comes: then it is planned anew, and what is due is reckoned when it is charged.
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
    collection_id,
)
from coachway.billing.collections.rules import CollectionStatus, require_step
from coachway.billing.invoices.model import INVOICE, Invoice
from coachway.billing.payables import rules as payable_rules
from coachway.billing.payments.stripe_customers import find
from coachway.bookings.charters import instalments
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import Status
from coachway.clients.model import Client
from coachway.contracts.billing.collections import PaymentDue
from coachway.core import errors, hourly_sweep, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.operations import Create, Update
from coachway.core.persistence.queries import months_between, query_page
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.runtime.logging import logger
from coachway.core.schemas import BaseSchema, Page, PageQuery
from coachway.core.types import ids
from coachway.core.types.datetimes import sortable
from coachway.identity import organization_queries

FLOW: Final = "payment_collection"
"""What its flow is called on a charter."""
_TIMER: Final = "collections-due"
_COLLECTED: Final = frozenset({Status.BOOKED, Status.CONFIRMED, Status.IN_PROGRESS, Status.COMPLETED})
_AHEAD: Final = timedelta(days=366)


def get(caller: Caller, id_: str) -> Collection:
    """What is collected. Raises Missing."""
    return store.get(Collection, COLLECTION.key(org=caller.org_id, id=id_))


def listed(caller: Caller, query: CollectionQuery) -> Page[Collection]:
    """What is and was collected, latest due first."""
    where: dict[str, str | int | bool] = {"status": query.status.value} if query.status else {}
    if query.client_id is not None:
        partition = OF_CLIENT.partition(org=caller.org_id, client=query.client_id)
        return query_page(Collection, OF_CLIENT, [partition], query, where=where, descending=True)
    since = months_between(ids.created_at_of(caller.org_id), clock.now() + _AHEAD)
    partitions = [BY_MONTH.partition(org=caller.org_id, month=month) for month in reversed(since)]
    return query_page(Collection, BY_MONTH, partitions, query, where=where, descending=True)


def of_charter(caller: Caller, delivery: Delivery) -> None:
    """A charter was booked, changed, or paid in part: plan its next instalment."""
    charter_id = delivery.data.get("charter_id") or delivery.aggregate_id
    if ids.is_id(str(charter_id), "chr"):
        retry_on_conflict(lambda: _plan_charter(caller, str(charter_id)))()


def _plan_charter(caller: Caller, charter_id: str) -> None:
    charter = store.find(Charter, CHARTER.key(org=caller.org_id, id=charter_id))
    if charter is None or charter.status not in _COLLECTED or charter.invoice_id is not None:
        return
    due_on = instalments.next_due_date(charter.instalments, charter.amount_paid)
    if due_on is not None:
        about = {"client_id": charter.client_id, "charter_id": charter.id, "number": charter.number}
        _plan(caller, charter.id, due_on, charter.timezone, about)


def of_invoice(caller: Caller, delivery: Delivery) -> None:
    """An invoice was issued: of a client whose card is known it is collected when it is due."""
    retry_on_conflict(lambda: _plan_invoice(caller, delivery.aggregate_id))()


def _plan_invoice(caller: Caller, invoice_id: str) -> None:
    invoice = store.find(Invoice, INVOICE.key(org=caller.org_id, id=invoice_id))
    if invoice is None or not invoice.status.is_open or invoice.due_date is None:
        return
    customer = find(caller.org_id, invoice.client_id)
    if customer is not None and customer.payment_method_id is not None:
        about = {"client_id": invoice.client_id, "invoice_id": invoice.id, "number": invoice.number}
        _plan(caller, invoice.id, invoice.due_date, organization_queries.get(caller.org_id).timezone, about)


def _plan(caller: Caller, subject_id: str, due_on: date, timezone: str, about: Mapping[str, Any]) -> None:
    """Plan it for that day, unless it is planned, or was tried, for that day already."""
    id_ = collection_id(subject_id)
    before = store.find(Collection, COLLECTION.key(org=caller.org_id, id=id_))
    if before is not None and (before.due_on == due_on or before.status is CollectionStatus.COLLECTING):
        return
    due_at = payable_rules.falls_due_at(due_on, timezone)
    if before is None:
        after = Collection(id=id_, org_id=caller.org_id, due_on=due_on, due_at=due_at, **about)
        store.commit(caller, Create(after, taken=errors.ConcurrentUpdate("it is being planned by somebody else")))
    else:
        changed = {"due_on": due_on, "due_at": due_at, "status": CollectionStatus.PLANNED, "tries": [], "reason": ""}
        after = before.model_copy(update=changed)
        store.commit(caller, Update(before, after))
    if due_at <= clock.now():
        _begin(caller, id_, clock.now())


class CollectionRunResult(BaseSchema):
    """What one run did: collections begun, and those left for the next run."""

    begun: int = 0
    failed: int = 0


def run() -> CollectionRunResult:
    """Begin what is due. An hour that went wrong is gone through again; twice does nothing twice."""
    work, result = hourly_sweep.begin(_TIMER), CollectionRunResult()
    for at in work.hours():
        _go_through(at, work.now, result)
    if not result.failed:
        work.finish()
    return result


def _go_through(at: datetime, now: datetime, result: CollectionRunResult) -> None:
    query: PageQuery | None = PageQuery(limit=100)
    while query is not None:
        partition = FALLING_DUE.partition(hour=sortable(at)[:13])
        due = query_page(Collection, FALLING_DUE, [partition], query, between=("0", f"{sortable(now)}~"))
        for collection in due.items:
            try:
                result.begun += _begin(Caller.system(_TIMER, collection.org_id), collection.id, now)
            except errors.ConcurrentUpdate:
                result.failed += 1
                logger.warning("a payment that fell due was changed meanwhile", collection_id=collection.id)
        query = PageQuery(limit=100, cursor=due.next_cursor) if due.next_cursor else None


def _begin(caller: Caller, id_: str, now: datetime) -> bool:
    """By the collection itself: what an index says may be old."""
    before = get(caller, id_)
    if before.status is not CollectionStatus.PLANNED or before.due_at > now:
        return False
    after = start_collection(before)
    store.commit(caller, Update(before, after, [PaymentDue(**about(caller, after), round=after.round)]))
    return True


def start_collection(before: Collection) -> Collection:
    """It is tried from now on."""
    require_step(before.status, CollectionStatus.COLLECTING)
    anew: dict[str, Any] = {"status": CollectionStatus.COLLECTING, "tries": [], "reason": "", "failure": None}
    return before.model_copy(update={**anew, "round": before.round + 1})


def retry(caller: Caller, id_: str, expected: int | None) -> Collection:
    """Begin again what was given up. Raises Conflict unless it was."""
    before = store.get(Collection, COLLECTION.key(org=caller.org_id, id=id_), expected=expected)
    if before.status is not CollectionStatus.FAILED:
        raise errors.Conflict(f"this collection is {before.status}", title="it was not given up")
    after = start_collection(before)
    store.commit(caller, Update(before, after, [PaymentDue(**about(caller, after), round=after.round)]))
    return after


def about(caller: Caller, collection: Collection) -> dict[str, Any]:
    """The fields that every event of a collection has."""
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
    "charter.booked": of_charter,
    "charter.modified": of_charter,
    "payment.succeeded": of_charter,
    "invoice.issued": of_invoice,
}
"""By event type. The queue receives these events and no others."""
