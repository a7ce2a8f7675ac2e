"""Plan collections.

The collection of a charter is for its next instalment with a due date, that of an invoice for its balance. When the due
date changes, the collection is planned again. The amount is computed when the card is charged.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from coachway.billing.collections import service
from coachway.billing.collections.model import COLLECTION, Collection, derive_collection_id
from coachway.billing.collections.rules import COLLECTED_STATUSES, CollectionStatus
from coachway.billing.invoices.model import INVOICE, Invoice
from coachway.billing.payables import rules as payable_rules
from coachway.billing.payments.stripe_customers import find_customer
from coachway.bookings import instalments
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.operations import Create, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.identity import organization_queries


def plan_charter_collection(caller: Caller, delivery: Delivery) -> None:
    """Plan the collection of the next instalment of a charter that was booked, changed or partially paid."""
    charter_id = delivery.data.get("charter_id") or delivery.aggregate_id
    if ids.is_id(str(charter_id), "chr"):
        _plan_for_charter(caller, str(charter_id))


@retry_on_conflict
def _plan_for_charter(caller: Caller, charter_id: str) -> None:
    charter = store.find(Charter, CHARTER.key(org=caller.org_id, id=charter_id))
    if charter is None or charter.status not in COLLECTED_STATUSES or charter.invoice_id is not None:
        return
    due_on = instalments.find_next_due_date(charter.instalments, charter.amount_paid)
    if due_on is not None:
        subject = {"client_id": charter.client_id, "charter_id": charter.id, "number": charter.number}
        _plan_collection(caller, charter.id, due_on, charter.timezone, subject)


def plan_invoice_collection(caller: Caller, delivery: Delivery) -> None:
    """Plan the collection of an issued invoice if its client has a saved card."""
    _plan_for_invoice(caller, delivery.aggregate_id)


@retry_on_conflict
def _plan_for_invoice(caller: Caller, invoice_id: str) -> None:
    invoice = store.find(Invoice, INVOICE.key(org=caller.org_id, id=invoice_id))
    if invoice is None or not invoice.status.is_open or invoice.due_date is None:
        return
    customer = find_customer(caller.org_id, invoice.client_id)
    if customer is not None and customer.payment_method_id is not None:
        subject = {"client_id": invoice.client_id, "invoice_id": invoice.id, "number": invoice.number}
        _plan_collection(
            caller, invoice.id, invoice.due_date, organization_queries.get_organization(caller.org_id).timezone, subject
        )


def _plan_collection(caller: Caller, subject_id: str, due_on: date, timezone: str, subject: Mapping[str, Any]) -> None:
    """Plan a collection for `due_on`, unless it was planned for that date before or is in progress."""
    collection_id = derive_collection_id(subject_id)
    before = store.find(Collection, COLLECTION.key(org=caller.org_id, id=collection_id))
    if before is not None and (before.due_on == due_on or before.status is CollectionStatus.COLLECTING):
        return
    due_at = payable_rules.calculate_due_time(due_on, timezone)
    if before is None:
        after = Collection(id=collection_id, org_id=caller.org_id, due_on=due_on, due_at=due_at, **subject)
        store.commit(
            caller, Create(after, on_exists=errors.ConcurrentUpdate("Another request planned this collection."))
        )
    else:
        changes = {"due_on": due_on, "due_at": due_at, "status": CollectionStatus.PLANNED, "attempts": [], "reason": ""}
        after = before.model_copy(update=changes)
        store.commit(caller, Update(before, after))
    if due_at <= clock.now():
        start_if_due(caller, collection_id, clock.now())


def start_if_due(caller: Caller, collection_id: str, now: datetime) -> bool:
    """Start a planned collection whose due date has begun. Returns whether it was started."""
    collection = service.get_collection(caller, collection_id)
    if collection.status is not CollectionStatus.PLANNED or collection.due_at > now:
        return False
    service.start_collection(caller, collection)
    return True


CONSUMERS: Final[Mapping[str, Consumer]] = {
    "charter.booked": plan_charter_collection,
    "charter.modified": plan_charter_collection,
    "payment.succeeded": plan_charter_collection,
    "invoice.issued": plan_invoice_collection,
}
"""By event type. The queue receives these events and no others."""
