"""Clients as Stripe knows them: made at the first payment, once."""

from __future__ import annotations

from coachway.billing.payments.model import STRIPE_CUSTOMER, StripeCustomer
from coachway.billing.stripe import client as stripe_client
from coachway.clients.model import Client
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Op, Update


def find(org_id: str, client_id: str) -> StripeCustomer | None:
    """A client as Stripe knows it, if it has paid by card before."""
    return store.find(StripeCustomer, STRIPE_CUSTOMER.key(org=org_id, client=client_id))


def get_or_create(caller: Caller, client: Client) -> StripeCustomer:
    """The same, made now if it is the first time. Of two at once, both get the same. Raises Upstream."""
    found = find(client.org_id, client.id)
    if found is not None:
        return found
    customer_id = stripe_client.customer(
        org_id=client.org_id, client_id=client.id, version=client.version, name=client.name, email=client.email
    )
    made = StripeCustomer(org_id=client.org_id, client_id=client.id, customer_id=customer_id)
    try:
        store.commit(caller, Create(made, taken=errors.ConcurrentUpdate("somebody else was faster")))
    except errors.ConcurrentUpdate:
        return find(client.org_id, client.id) or made
    return made


def save_card_ops(customer: StripeCustomer | None, payment_method_id: str | None, card: str | None) -> list[Op]:
    """The ops by which the card that a payment went well with is the one for the next; none if it is already."""
    if customer is None or payment_method_id is None or customer.payment_method_id == payment_method_id:
        return []
    return [Update(customer, customer.model_copy(update={"payment_method_id": payment_method_id, "card": card}))]
