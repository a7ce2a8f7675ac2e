"""Get, list, announce, start and retry collections. The workflow charges the card."""

from datetime import timedelta
from typing import Any, Final

from coachway.billing.collections.due_amounts import load_subject
from coachway.billing.collections.model import (
    BY_MONTH,
    COLLECTION,
    OF_CLIENT,
    Collection,
    CollectionQuery,
)
from coachway.billing.collections.rules import TRANSITIONS, CollectionStatus
from coachway.billing.errors import CollectionNotFailed
from coachway.billing.payments import stripe_customers
from coachway.clients.model import Client
from coachway.contracts.billing.collections import PaymentAnnounced, PaymentCollected, PaymentDue
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.documents import card_consent
from coachway.core.persistence.operations import Update
from coachway.core.persistence.queries import query_all, query_by_month, query_page
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import Page

WORKFLOW: Final = "payment_collection"
"""The name of the collection workflow in a charter's `workflow_failures`."""
_LIST_AHEAD: Final = timedelta(days=366)


def get_collection(caller: Caller, collection_id: str, *, expected: int | None = None) -> Collection:
    """Get a collection. Raises NotFound, PreconditionFailed."""
    return store.get(Collection, COLLECTION.key(org=caller.org_id, id=collection_id), expected=expected)


def list_collections(caller: Caller, query: CollectionQuery) -> Page[Collection]:
    """List collections, latest due date first."""
    filters: dict[str, str | int | bool] = {"status": query.status.value} if query.status else {}
    if query.client_id is not None:
        partition = OF_CLIENT.partition(org=caller.org_id, client=query.client_id)
        return query_page(Collection, OF_CLIENT, [partition], query, where=filters, descending=True)
    return query_by_month(Collection, BY_MONTH, caller, query, where=filters, until=clock.now() + _LIST_AHEAD)


def retry_collection(caller: Caller, collection_id: str, expected: int | None) -> Collection:
    """Announce a failed collection again. It is charged after the notice. Raises CollectionNotFailed."""
    before = get_collection(caller, collection_id, expected=expected)
    if before.status is not CollectionStatus.FAILED:
        raise CollectionNotFailed(f"This collection is {before.status}. Only failed collections can be retried.")
    return announce_collection(caller, before)


def announce_collection(caller: Caller, before: Collection) -> Collection:
    """Announce the amount and the date of the charge to the client, or request a payment if no card may be charged."""
    subject = load_subject(caller, before)
    cents = subject.amount_due_by(max(before.due_on, subject.local_date(clock.now())))
    if cents <= 0:
        TRANSITIONS.require(before.status, CollectionStatus.PAID)
        after = before.model_copy(update={"status": CollectionStatus.PAID, "failure": None})
        store.commit(caller, Update(before, after, [PaymentCollected(**event_fields(caller, after))]))
        return after
    TRANSITIONS.require(before.status, CollectionStatus.ANNOUNCED)
    customer = stripe_customers.find_customer(caller.org_id, before.client_id)
    has_card = customer is not None and customer.chargeable_card is not None
    charge_at = max(before.due_at, clock.now() + (card_consent.NOTICE if has_card else timedelta()))
    changes: dict[str, Any] = {
        "status": CollectionStatus.ANNOUNCED,
        "announced_amount": cents if has_card else 0,
        "charge_at": charge_at,
        "attempts": [],
        "reason": "",
        "failure": None,
    }
    after = before.model_copy(update=changes)
    client = store.find(Client, CLIENT.key(org=caller.org_id, id=before.client_id))
    link_nonce, link_ops = subject.payment_link_nonce()
    event = PaymentAnnounced(
        **event_fields(caller, after),
        client_email=client.email if client else "",
        amount=cents,
        currency=subject.currency,
        card=(customer.card or "your saved card") if customer is not None and has_card else None,
        charge_on=subject.local_date(charge_at),
        link_nonce=link_nonce,
    )
    store.commit(caller, Update(before, after, [event]), *link_ops)
    return after


def remove_saved_card(caller: Caller, client_id: str) -> None:
    """Remove a client's saved card. Announced charges are announced again, as payments that the client makes.

    Raises NotFound, and UpstreamUnavailable. Safe to repeat.
    """
    stripe_customers.remove_saved_card(caller, client_id)
    partition = OF_CLIENT.partition(org=caller.org_id, client=client_id)
    for collection in query_all(Collection, partition, index=OF_CLIENT.index):
        if collection.status is CollectionStatus.ANNOUNCED:
            _announce_without_card(caller.without_idempotency(), collection.id)


@retry_on_conflict
def _announce_without_card(caller: Caller, collection_id: str) -> None:
    collection = get_collection(caller, collection_id)
    if collection.status is CollectionStatus.ANNOUNCED and collection.announced_amount:
        announce_collection(caller, collection)


def start_collection(caller: Caller, before: Collection) -> Collection:
    """Start a collection, with its first attempt to come. The event starts the workflow."""
    TRANSITIONS.require(before.status, CollectionStatus.COLLECTING)
    changes: dict[str, Any] = {"status": CollectionStatus.COLLECTING, "attempts": [], "reason": "", "failure": None}
    after = before.model_copy(update={**changes, "round": before.round + 1})
    store.commit(caller, Update(before, after, [PaymentDue(**event_fields(caller, after), round=after.round)]))
    return after


def event_fields(caller: Caller, collection: Collection) -> dict[str, Any]:
    """Return the fields common to all events of a collection."""
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
