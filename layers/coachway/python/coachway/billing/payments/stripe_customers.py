"""Customers at Stripe and their saved cards. A client's customer is created with its first card payment."""

from collections.abc import Mapping

from coachway.billing.payments.model import STRIPE_CUSTOMER, Payment, StripeCustomer
from coachway.billing.stripe import client as stripe_client
from coachway.clients.model import Client
from coachway.core import client_reference, errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.retry import retry_on_conflict


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


def require_chargeable_card(
    caller: Caller, customer: StripeCustomer | None, cents: int, *, announced_cents: int = 0
) -> str:
    """Return the saved card for a charge of `cents`. This is the only rule for charges of saved cards.

    The client must have agreed to later charges. Unless the client is the caller, an email must have announced the
    charge, with an amount of at least `cents`. Raises Invalid.
    """
    if customer is None or customer.chargeable_card is None:
        message = "is required: the client has not agreed to charges of a saved card"
    elif caller.role != "client" and cents > announced_cents:
        message = "is required: a saved card is only charged after an email has announced the charge to the client"
    else:
        return customer.chargeable_card
    raise errors.Invalid.field("payment_method_id", message, "required")


def remove_saved_card(caller: Caller, client_id: str) -> None:
    """Withdraw a client's consent to later charges, and remove the saved card, also at Stripe. Safe to repeat.

    Raises NotFound, also for another client, and UpstreamUnavailable: then the consent is withdrawn already.
    """
    if caller.is_external and caller.party_id != client_id:
        raise errors.NotFound("The client was not found.")
    client_reference.require_client(caller.org_id, client_id)
    caller = caller.without_idempotency()
    customer = _change_customer(caller, client_id, {"consent": None})
    if customer is not None and customer.payment_method_id is not None:
        stripe_client.detach_payment_method(customer.payment_method_id)
        removed = {"payment_method_id": None, "card": None}
        _change_customer(caller, client_id, removed, payment_method_id=customer.payment_method_id)


@retry_on_conflict
def _change_customer(
    caller: Caller, client_id: str, changes: Mapping[str, None], *, payment_method_id: str | None = None
) -> StripeCustomer | None:
    """Change the customer, only if it still has this card if one is given: the client may have saved another one."""
    before = find_customer(caller.org_id, client_id)
    if before is None or payment_method_id not in {None, before.payment_method_id}:
        return before
    after = before.model_copy(update=changes)
    if after != before:
        store.commit(caller, Update(before, after))
    return after


def save_card_ops(customer: StripeCustomer | None, payment: Payment) -> list[Op]:
    """Return the operations that save the card of a successful payment, if its payer has agreed to later charges."""
    if customer is None or payment.card_consent is None:
        return []
    changes = {
        "payment_method_id": payment.payment_method_id,
        "card": payment.card,
        "consent": payment.card_consent,
    }
    return [Update(customer, customer.model_copy(update=changes))]
