"""Customers at Stripe. A client's customer is created with its first card payment."""

from coachway.billing.payments.model import STRIPE_CUSTOMER, StripeCustomer
from coachway.billing.stripe import client as stripe_client
from coachway.clients.model import Client
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Op, Update


def find_customer(org_id: str, client_id: str) -> StripeCustomer | None:
    """Find the Stripe customer of a client. None if the client has never paid by card."""
    return store.find(StripeCustomer, STRIPE_CUSTOMER.key(org=org_id, client=client_id))


def get_or_create_customer(caller: Caller, client: Client) -> StripeCustomer:
    """Get the Stripe customer of a client, or create it. Raises UpstreamUnavailable."""
    existing = find_customer(client.org_id, client.id)
    if existing is not None:
        return existing
    customer_id = stripe_client.create_customer(
        org_id=client.org_id, client_id=client.id, version=client.version, name=client.name, email=client.email
    )
    customer = StripeCustomer(org_id=client.org_id, client_id=client.id, customer_id=customer_id)
    try:
        store.commit(
            caller, Create(customer, on_exists=errors.ConcurrentUpdate("Another request created the customer."))
        )
    except errors.ConcurrentUpdate:
        return find_customer(client.org_id, client.id) or customer
    return customer


def save_card_ops(customer: StripeCustomer | None, payment_method_id: str | None, card: str | None) -> list[Op]:
    """Return the operations that save the card of a successful payment for the next one, if it is not saved yet."""
    if customer is None or payment_method_id is None or customer.payment_method_id == payment_method_id:
        return []
    return [Update(customer, customer.model_copy(update={"payment_method_id": payment_method_id, "card": card}))]
