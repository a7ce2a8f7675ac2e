"""Cards, through Stripe. Every call that changes something carries an Idempotency-Key made from our own record.

What a call did is known only from an answer: when none comes, the call is made again with the same key, which tells
what the first did or does it now; when that is not answered either, `Upstream` is raised, and `found` tells later.
The library is imported at the first call: it is a third of a cold start, and most requests do without.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from coachway.core import errors

if TYPE_CHECKING:
    from stripe import StripeClient

T = TypeVar("T")

_SECONDS: Final = 5.0
"""For an answer. With one repetition, all calls of a payment fit into the time that a function may run."""
PAGE: Final = 100
_EXPAND: Final = ["latest_charge.balance_transaction"]


class Declined(errors.Conflict):
    """The card was declined. `decline_code` is the reason that the card or Stripe gives."""

    title = "the card was declined"

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message} ({code})", fields=[errors.FieldError("payment_method_id", message)])
        self.decline_code, self.message = code, message


class Refused(errors.Conflict):
    """Stripe will never do what it was asked."""

    title = "the payment service refused this"


@dataclass(frozen=True, slots=True)
class Charged:
    """What became of a charge, as Stripe says. Amounts in cents."""

    payment_intent_id: str
    succeeded: bool
    amount: int
    currency: str
    metadata: dict[str, str]
    charge_id: str | None = None
    fee: int = 0
    card: str | None = None
    failure_code: str | None = None
    failure_message: str | None = None
    is_final: bool = True
    """False while Stripe itself does not know yet, or waits for the payer."""
    awaits_payer: bool = False
    """Whether the bank wants its payer to confirm it."""
    confirm_url: str = ""
    """Where that is done; only whoever asked for the charge is told."""


@cache
def account() -> dict[str, str]:
    """Our own at Stripe: `api_key`, and the `webhook_secret` by which it signs."""
    from aws_lambda_powertools.utilities.parameters.secrets import SecretsProvider

    known: Any = SecretsProvider().get(os.environ["STRIPE_SECRET_ARN"], transform="json")
    return dict(known)


@cache
def client() -> StripeClient:
    """Asks Stripe, twice if it must, each time for as long as `_SECONDS`."""
    import stripe

    stripe.enable_telemetry = False
    return stripe.StripeClient(
        account()["api_key"],
        base_addresses={"api": os.environ.get("STRIPE_API_BASE", "https://api.stripe.com").rstrip("/")},
        http_client=stripe.RequestsClient(timeout=_SECONDS),
        max_network_retries=1,
    )


def call(call: Callable[[], T]) -> T:
    """What a call answers. Raises Declined, Refused, or Upstream when it may be otherwise later."""
    import stripe

    try:
        return call()
    except stripe.CardError as failure:
        raise Declined(*_why(failure)) from failure
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.AuthenticationError) as failure:
        raise errors.UpstreamUnavailable(f"the payment service did not answer ({type(failure).__name__})") from failure
    except stripe.StripeError as failure:
        if failure.http_status is None or failure.http_status >= 500 or failure.http_status == 409:
            raise errors.UpstreamUnavailable(f"the payment service answered {failure.http_status}") from failure
        raise Refused(f"it answered {failure.http_status}: {failure.user_message or 'no reason'}") from failure


def _why(failure: Any) -> tuple[str, str]:
    told = failure.error
    code = (getattr(told, "decline_code", None) if told else None) or failure.code or "card_declined"
    return str(code), str(failure.user_message or "Your card was declined.")


def customer(*, org_id: str, client_id: str, version: int, name: str, email: str) -> str:
    """Stripe's id of a client: made once, however often it is asked for within a day. Raises Upstream.

    Of another `version` of the client another is made: Stripe takes a key with the same words only.
    """
    wanted: Any = {"name": name, "email": email, "metadata": {"org_id": org_id, "client_id": client_id}}
    key: Any = {"idempotency_key": f"customer-{client_id}-{version}"}
    return str(call(lambda: client().v1.customers.create(wanted, key)).id)


def delete_customer(customer_id: str) -> None:
    """Have Stripe erase a customer and its cards; what was charged stays. One that is gone is left so.

    Raises Upstream.
    """
    try:
        call(lambda: client().v1.customers.delete(customer_id))
    except Refused as failure:
        if getattr(failure.__cause__, "http_status", None) != 404:
            raise


def attach(customer_id: str, payment_method_id: str, *, key: str) -> tuple[str, str]:
    """Keep a card for later payments of a customer: its id from now on, and what a person knows it by.

    Raises Declined for a card that the bank refuses already now, Refused for one that Stripe does not know.
    """
    own: Any = {"idempotency_key": f"attach-{key}"}
    kept: Any = call(lambda: client().v1.payment_methods.attach(payment_method_id, {"customer": customer_id}, own))
    return str(kept.id), _card(kept)


def _card(kept: Any) -> str:
    card = getattr(kept, "card", None)
    if card is None:
        return "Card"
    return f"{str(card.brand).replace('_', ' ').title()} ending in {card.last4}"


def charge(
    *,
    key: str,
    customer_id: str,
    payment_method_id: str,
    cents: int,
    currency: str,
    metadata: dict[str, str],
    off_session: bool = False,
    return_url: str = "",
) -> Charged:
    """Charge a card. A decline is an outcome, not an error.

    When the bank wants its payer to confirm it, `confirm_url` says where; from there the payer comes to `return_url`.
    Without one nobody is there to be sent, and it is not charged.

    Raises Upstream when it is not known whether the money moved: `found` tells. Raises Refused when it did not.
    """
    wanted: Any = {
        "amount": cents,
        "currency": currency.lower(),
        "customer": customer_id,
        "payment_method": payment_method_id,
        "payment_method_types": ["card"],
        "confirm": True,
        "metadata": metadata,
        "expand": _EXPAND,
    }
    if off_session:
        wanted["off_session"] = True
    if return_url:
        wanted["return_url"] = return_url
    own: Any = {"idempotency_key": f"charge-{key}"}
    try:
        intent: Any = call(lambda: client().v1.payment_intents.create(wanted, own))
    except Declined as no:
        known = getattr(getattr(no.__cause__, "error", None), "payment_intent", None)
        return Charged(
            payment_intent_id=str(known.id) if known is not None else "",
            succeeded=False,
            amount=cents,
            currency=currency,
            metadata=metadata,
            failure_code=no.decline_code,
            failure_message=no.message,
        )
    outcome = _charged(intent)
    if outcome.awaits_payer and not outcome.confirm_url:
        return cancel_payment_intent(outcome)
    return outcome


def cancel_payment_intent(charged: Charged) -> Charged:
    """A charge that its payer has not confirmed, called off; or what became of it, if somebody was faster.

    Raises Upstream.
    """
    own: Any = {"idempotency_key": f"cancel-{charged.payment_intent_id}"}
    try:
        outcome = _charged(call(lambda: client().v1.payment_intents.cancel(charged.payment_intent_id, {}, own)))
    except Refused:
        return get_charge(charged.payment_intent_id)
    if outcome.succeeded:
        return outcome
    return replace(outcome, is_final=True, failure_code=WANTS_PAYER, failure_message=_UNCONFIRMED)


WANTS_PAYER: Final = "authentication_required"
"""Why a charge failed that its payer had to confirm, and did not."""
_UNCONFIRMED: Final = "Your bank wants you to confirm this payment, and it was not confirmed."


def _charged(intent: Any) -> Charged:
    latest = intent.latest_charge
    succeeded = intent.status == "succeeded"
    error = intent.last_payment_error if not succeeded else None
    if not succeeded and error is None and intent.status in {"canceled", "requires_payment_method"}:
        return _failed(intent, "canceled", "The payment was cancelled.")
    if error is not None and intent.status != "processing":
        code = getattr(error, "decline_code", None) or getattr(error, "code", None) or "card_declined"
        return _failed(intent, str(code), str(getattr(error, "message", None) or "Your card was declined."))
    moved = getattr(latest, "balance_transaction", None) if latest is not None else None
    awaits = intent.status in {"requires_action", "requires_confirmation"}
    return Charged(
        payment_intent_id=str(intent.id),
        succeeded=succeeded,
        amount=int((getattr(intent, "amount_received", None) if succeeded else None) or intent.amount),
        currency=str(intent.currency).upper(),
        metadata=metadata_of(intent),
        charge_id=id_of(latest),
        fee=int(getattr(moved, "fee", 0) or 0),
        is_final=succeeded,
        awaits_payer=awaits,
        confirm_url=_confirm_url(intent) if awaits else "",
    )


def _confirm_url(intent: Any) -> str:
    redirect = getattr(getattr(intent, "next_action", None), "redirect_to_url", None)
    return str(getattr(redirect, "url", None) or "")


def _failed(intent: Any, code: str, message: str) -> Charged:
    return Charged(
        payment_intent_id=str(intent.id),
        succeeded=False,
        amount=int(intent.amount),
        currency=str(intent.currency).upper(),
        metadata=metadata_of(intent),
        failure_code=code,
        failure_message=message,
    )


def id_of(thing: Any) -> str | None:
    """The id of something that is told by its id, or by all that it is."""
    if thing is None:
        return None
    return thing if isinstance(thing, str) else str(thing.id)


def metadata_of(thing: Any) -> dict[str, str]:
    """What we had told Stripe of a thing."""
    told = getattr(thing, "metadata", None)
    return {} if told is None else {str(name): str(value) for name, value in told.to_dict().items()}


def get_charge(payment_intent_id: str) -> Charged:
    """What became of a charge. Raises Upstream, or Missing when Stripe has no such."""
    wanted: Any = {"expand": _EXPAND}
    try:
        return _charged(call(lambda: client().v1.payment_intents.retrieve(payment_intent_id, wanted)))
    except Refused as failure:
        raise errors.NotFound("the payment service knows no such charge") from failure


def find_charge(customer_id: str, payment_id: str, *, since: datetime) -> Charged | None:
    """What became of the charge of a payment of ours, whose answer never came; None if Stripe never had it."""
    wanted: Any = {"customer": customer_id, "created": {"gte": int(since.timestamp()) - 60}, "limit": PAGE}
    listed = call(lambda: client().v1.payment_intents.list(wanted))
    for intent in call(lambda: list(listed.auto_paging_iter())):
        if metadata_of(intent).get("payment_id") == payment_id:
            return get_charge(str(intent.id))
    return None
