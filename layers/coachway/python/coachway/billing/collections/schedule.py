"""Plan collections.

The collection of a charter is for its next instalment with a due date. That of an invoice is for the next instalment of
its charter, or for its balance. When the due date changes, or more is due than was announced, the collection is planned
again. The amount is computed when the charge is announced, some days before it.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from coachway.billing.collections import service
from coachway.billing.collections.model import COLLECTION, Collection, derive_collection_id
from coachway.billing.collections.rules import COLLECTED_STATUSES, CollectionStatus
from coachway.billing.invoices import payment_effects
from coachway.billing.payables import rules as payable_rules
from coachway.billing.payments.stripe_customers import find_customer
from coachway.bookings import instalments
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.documents import card_consent
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.operations import Create, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.types import ids


def plan_next_collection(caller: Caller, delivery: Delivery) -> None:
    """Plan the collection of the next instalment of a charter that was booked, changed or partially paid.

    If the payment was for an invoice, plan the collection of the rest of that invoice.
    """
    if delivery.data.get("invoice_id"):
        _plan_for_invoice(caller, str(delivery.data["invoice_id"]))
        return
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
        due = instalments.sum_due_by(charter.instalments, due_on) - charter.amount_paid
        _plan_collection(caller, charter.id, due_on, due, charter.timezone, subject)


def plan_invoice_collection(caller: Caller, delivery: Delivery) -> None:
    """Plan the collection of an issued invoice if its client has agreed to charges of a saved card."""
    _plan_for_invoice(caller, delivery.aggregate_id)


@retry_on_conflict
def _plan_for_invoice(caller: Caller, invoice_id: str) -> None:
    try:
        context = payment_effects.load_payment_context(caller, invoice_id)
    except errors.NotFound:
        return
    invoice, due_on = context.invoice, context.next_due_date
    if not invoice.status.is_open or due_on is None:
        return
    customer = find_customer(caller.org_id, invoice.client_id)
    if customer is not None and customer.chargeable_card is not None:
        subject = {"client_id": invoice.client_id, "invoice_id": invoice.id, "number": invoice.number}
        _plan_collection(
            caller, invoice.id, due_on, context.amount_due_by(due_on), context.organization.timezone, subject
        )


def _plan_collection(
    caller: Caller, subject_id: str, due_on: date, due: int, timezone: str, subject: Mapping[str, Any]
) -> None:
    """Plan a collection of `due` cents for `due_on`, unless it is planned or in progress already."""
    collection_id = derive_collection_id(subject_id)
    before = store.find(Collection, COLLECTION.key(org=caller.org_id, id=collection_id))
    if before is not None and _is_planned(before, due_on, due):
        return
    due_at = payable_rules.calculate_due_time(due_on, timezone)
    announce_at = max(due_at - card_consent.NOTICE, clock.now())
    if before is None:
        after = Collection(
            id=collection_id,
            org_id=caller.org_id,
            due_on=due_on,
            due_at=due_at,
            announce_at=announce_at,
            **subject,
        )
        store.commit(
            caller, Create(after, on_exists=errors.ConcurrentUpdate("Another request planned this collection."))
        )
    else:
        changes = {
            "due_on": due_on,
            "due_at": due_at,
            "announce_at": announce_at,
            "announced_amount": 0,
            "charge_at": None,
            "status": CollectionStatus.PLANNED,
            "attempts": [],
            "reason": "",
        }
        after = before.model_copy(update=changes)
        store.commit(caller, Update(before, after))
    if announce_at <= clock.now():
        announce_or_start_if_due(caller, collection_id, clock.now())


def _is_planned(collection: Collection, due_on: date, due: int) -> bool:
    """Return whether a collection needs no new plan for `due` cents that are due on `due_on`."""
    match collection.status:
        case CollectionStatus.COLLECTING:
            return True
        case CollectionStatus.ANNOUNCED if collection.announced_amount:
            return collection.due_on == due_on and due <= collection.announced_amount
        case CollectionStatus.PAID:
            return False
        case _:
            return collection.due_on == due_on


def announce_or_start_if_due(caller: Caller, collection_id: str, now: datetime) -> str:
    """Announce or start a collection whose time has come. Return what was done: `announced`, `started` or nothing.

    If the client has agreed to charges since a collection was announced without a card, it is announced again.
    """
    collection = service.get_collection(caller, collection_id)
    if collection.next_step_at is None or collection.next_step_at > now:
        return ""
    if collection.status is CollectionStatus.ANNOUNCED:
        customer = find_customer(caller.org_id, collection.client_id)
        if collection.announced_amount or customer is None or customer.chargeable_card is None:
            service.start_collection(caller, collection)
            return "started"
    service.announce_collection(caller, collection)
    return "announced"


CONSUMERS: Final[Mapping[str, Consumer]] = {
    "charter.booked": plan_next_collection,
    "charter.modified": plan_next_collection,
    "payment.succeeded": plan_next_collection,
    "payment.collected": plan_next_collection,
    "invoice.issued": plan_invoice_collection,
}
"""By event type. The queue receives these events and no others."""
