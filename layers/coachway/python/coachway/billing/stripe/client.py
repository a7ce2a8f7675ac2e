"""Customers and card charges at Stripe.

Each call that changes something sends an idempotency key made from the id of our own record. A call that gets no
response is repeated once with the same key. If that fails too, UpstreamUnavailable is raised, and `find_charge` finds
the outcome later. The Stripe library is imported with the first call, because it takes a third of a cold start, and
most requests do not need it.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from coachway.core import errors

if TYPE_CHECKING:
    from stripe import StripeClient

T = TypeVar("T")

_TIMEOUT_SECONDS: Final = 5.0
"""Timeout of a request. All requests of a payment, with one retry each, fit into the timeout of a function."""
PAGE_SIZE: Final = 100
_EXPAND: Final = ["latest_charge.balance_transaction"]


class CardDeclined(errors.Conflict):
    """The bank or Stripe declined the card. The detail ends with the decline code. Try another card."""

    code = "card_declined"
    title = "The card was declined"

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{message} ({code})", fields=[errors.FieldError("payment_method_id", message)])
        self.decline_code, self.message = code, message


class StripeRejected(errors.Conflict):
    """Stripe rejected the request, so repeating it does not help. Check the card or the payment."""

    code = "stripe_rejected"
    title = "The payment service rejected the request"


@dataclass(frozen=True, slots=True)
class ChargeOutcome:
    """The outcome of a charge at Stripe. Amounts are in cents."""

    payment_intent_id: str
    succeeded: bool
    amount: int
    currency: str
    metadata: dict[str, str]
    customer_id: str = ""
    charge_id: str | None = None
    fee: int = 0
    card: str | None = None
    failure_code: str | None = None
    failure_message: str | None = None
    is_final: bool = True
    """False while Stripe processes the charge or waits for the payer."""
    requires_confirmation: bool = False
    """Whether the payer must confirm the charge at the bank."""
    confirm_url: str = ""
    """The URL at which the payer confirms it. Only set in the response to the charge."""


@cache
def load_credentials() -> dict[str, str]:
    """Load the credentials of our Stripe account: `api_key` and `webhook_secret`."""
    from aws_lambda_powertools.utilities.parameters.secrets import SecretsProvider

    secret: Any = SecretsProvider().get(os.environ["STRIPE_SECRET_ARN"], transform="json")
    return dict(secret)


@cache
def get_client() -> "StripeClient":
    """Return the Stripe client, with one retry per request."""
    import stripe

    stripe.enable_telemetry = False
    return stripe.StripeClient(
        load_credentials()["api_key"],
        base_addresses={"api": os.environ.get("STRIPE_API_BASE", "https://api.stripe.com").rstrip("/")},
        http_client=stripe.RequestsClient(timeout=_TIMEOUT_SECONDS),
        max_network_retries=1,
    )


def call_stripe(request: Callable[[], T]) -> T:
    """Send a request to Stripe. Raises CardDeclined, StripeRejected, or UpstreamUnavailable if a retry can help."""
    import stripe

    try:
        return request()
    except stripe.CardError as error:
        raise CardDeclined(*_decline_reason(error)) from error
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.AuthenticationError) as error:
        raise errors.UpstreamUnavailable(f"The payment service did not respond ({type(error).__name__}).") from error
    except stripe.StripeError as error:
        if error.http_status is None or error.http_status >= 500 or error.http_status == 409:
            raise errors.UpstreamUnavailable(
                f"The payment service responded with status {error.http_status}."
            ) from error
        raise StripeRejected(f"Status {error.http_status}: {error.user_message or 'no reason given'}") from error


def _decline_reason(error: Any) -> tuple[str, str]:
    details = error.error
    code = (getattr(details, "decline_code", None) if details else None) or error.code or "card_declined"
    return str(code), str(error.user_message or "Your card was declined.")


def create_customer(*, org_id: str, client_id: str, version: int, name: str, email: str) -> str:
    """Create a customer and return Stripe's id. Safe to repeat within a day. Raises UpstreamUnavailable.

    The `version` of the client is part of the idempotency key, because Stripe rejects a key with other parameters.
    """
    params: Any = {"name": name, "email": email, "metadata": {"org_id": org_id, "client_id": client_id}}
    options: Any = {"idempotency_key": f"customer-{client_id}-{version}"}
    return str(call_stripe(lambda: get_client().v1.customers.create(params, options)).id)


def find_customer_organization(customer_id: str) -> str:
    """Return the id of the organization of a customer, or an empty text. Raises UpstreamUnavailable."""
    try:
        customer = call_stripe(lambda: get_client().v1.customers.retrieve(customer_id))
    except StripeRejected:
        return ""
    return object_metadata(customer).get("org_id", "")


def delete_customer(customer_id: str) -> None:
    """Delete a customer and its cards at Stripe. Charges stay. Safe to repeat. Raises UpstreamUnavailable."""
    try:
        call_stripe(lambda: get_client().v1.customers.delete(customer_id))
    except StripeRejected as error:
        if getattr(error.__cause__, "http_status", None) != 404:
            raise


def attach_payment_method(customer_id: str, payment_method_id: str, *, key: str) -> tuple[str, str]:
    """Attach a card to a customer for later payments, and return its id and label.

    Raises CardDeclined for a card that the bank declines, StripeRejected for one that Stripe does not know.
    """
    options: Any = {"idempotency_key": f"attach-{key}"}
    payment_method: Any = call_stripe(
        lambda: get_client().v1.payment_methods.attach(payment_method_id, {"customer": customer_id}, options)
    )
    return str(payment_method.id), _format_card(payment_method)


def detach_payment_method(payment_method_id: str) -> None:
    """Remove a card from its customer. It cannot be charged any more. Raises UpstreamUnavailable."""
    with suppress(StripeRejected):  # it is not attached
        call_stripe(lambda: get_client().v1.payment_methods.detach(payment_method_id))


def load_card(payment_method_id: str) -> tuple[str, str]:
    """Load a card that is charged once and not attached to a customer. Return its id and label.

    Raises StripeRejected for a card that Stripe does not know.
    """
    payment_method: Any = call_stripe(lambda: get_client().v1.payment_methods.retrieve(payment_method_id))
    return str(payment_method.id), _format_card(payment_method)


def _format_card(payment_method: Any) -> str:
    card = getattr(payment_method, "card", None)
    if card is None:
        return "Card"
    return f"{str(card.brand).replace('_', ' ').title()} ending in {card.last4}"


def charge_card(
    *,
    key: str,
    customer_id: str,
    payment_method_id: str,
    cents: int,
    currency: str,
    metadata: dict[str, str],
    off_session: bool = False,
    keeps_card: bool = False,
    return_url: str = "",
) -> ChargeOutcome:
    """Charge a card. A decline is an outcome, not an error.

    `off_session` means that the payer is not present. `keeps_card` means that the payer has agreed to later charges,
    which Stripe reports to the bank.

    If the bank requires a confirmation, `confirm_url` of the outcome is set, and the bank redirects the payer to
    `return_url`. Without `return_url` the payer is not present, and the charge is cancelled.

    Raises UpstreamUnavailable when the outcome is unknown (see `find_charge`), StripeRejected when nothing was charged.
    """
    params: Any = {
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
        params["off_session"] = True
    if keeps_card:
        params["setup_future_usage"] = "off_session"
    if return_url:
        params["return_url"] = return_url
    options: Any = {"idempotency_key": f"charge-{key}"}
    try:
        intent: Any = call_stripe(lambda: get_client().v1.payment_intents.create(params, options))
    except CardDeclined as error:
        declined_intent = getattr(getattr(error.__cause__, "error", None), "payment_intent", None)
        return ChargeOutcome(
            payment_intent_id=str(declined_intent.id) if declined_intent is not None else "",
            succeeded=False,
            amount=cents,
            currency=currency,
            metadata=metadata,
            failure_code=error.decline_code,
            failure_message=error.message,
        )
    outcome = _parse_charge(intent)
    if outcome.requires_confirmation and not outcome.confirm_url:
        return cancel_payment_intent(outcome)
    return outcome


def cancel_payment_intent(outcome: ChargeOutcome) -> ChargeOutcome:
    """Cancel a charge that the payer has not confirmed, or return its outcome if it is final already.

    Raises UpstreamUnavailable.
    """
    options: Any = {"idempotency_key": f"cancel-{outcome.payment_intent_id}"}
    try:
        outcome = _parse_charge(
            call_stripe(lambda: get_client().v1.payment_intents.cancel(outcome.payment_intent_id, {}, options))
        )
    except StripeRejected:
        return get_charge(outcome.payment_intent_id)
    if outcome.succeeded:
        return outcome
    return replace(outcome, is_final=True, failure_code=AUTHENTICATION_REQUIRED, failure_message=_UNCONFIRMED)


AUTHENTICATION_REQUIRED: Final = "authentication_required"
"""The failure code of a charge that the payer did not confirm."""
_UNCONFIRMED: Final = "Your bank requires you to confirm this payment, and it was not confirmed."


def _parse_charge(intent: Any) -> ChargeOutcome:
    charge = intent.latest_charge
    succeeded = intent.status == "succeeded"
    error = intent.last_payment_error if not succeeded else None
    if not succeeded and error is None and intent.status in {"canceled", "requires_payment_method"}:
        return _failed_outcome(intent, "canceled", "The payment was cancelled.")
    if error is not None and intent.status != "processing":
        code = getattr(error, "decline_code", None) or getattr(error, "code", None) or "card_declined"
        return _failed_outcome(intent, str(code), str(getattr(error, "message", None) or "Your card was declined."))
    transaction = getattr(charge, "balance_transaction", None) if charge is not None else None
    requires_confirmation = intent.status in {"requires_action", "requires_confirmation"}
    return ChargeOutcome(
        payment_intent_id=str(intent.id),
        succeeded=succeeded,
        amount=int((getattr(intent, "amount_received", None) if succeeded else None) or intent.amount),
        currency=str(intent.currency).upper(),
        metadata=object_metadata(intent),
        customer_id=object_id(getattr(intent, "customer", None)) or "",
        charge_id=object_id(charge),
        fee=int(getattr(transaction, "fee", 0) or 0),
        is_final=succeeded,
        requires_confirmation=requires_confirmation,
        confirm_url=_confirm_url(intent) if requires_confirmation else "",
    )


def _confirm_url(intent: Any) -> str:
    redirect = getattr(getattr(intent, "next_action", None), "redirect_to_url", None)
    return str(getattr(redirect, "url", None) or "")


def _failed_outcome(intent: Any, code: str, message: str) -> ChargeOutcome:
    return ChargeOutcome(
        payment_intent_id=str(intent.id),
        succeeded=False,
        amount=int(intent.amount),
        currency=str(intent.currency).upper(),
        metadata=object_metadata(intent),
        failure_code=code,
        failure_message=message,
    )


def object_id(stripe_object: Any) -> str | None:
    """Return the id of an object, which Stripe sends as an id or as the whole object."""
    if stripe_object is None:
        return None
    return stripe_object if isinstance(stripe_object, str) else str(stripe_object.id)


def object_metadata(stripe_object: Any) -> dict[str, str]:
    """Return the metadata that we stored with an object."""
    metadata = getattr(stripe_object, "metadata", None)
    return {} if metadata is None else {str(name): str(value) for name, value in metadata.to_dict().items()}


def get_charge(payment_intent_id: str) -> ChargeOutcome:
    """Get the outcome of a charge. Raises UpstreamUnavailable, or NotFound when Stripe does not know it."""
    params: Any = {"expand": _EXPAND}
    try:
        return _parse_charge(call_stripe(lambda: get_client().v1.payment_intents.retrieve(payment_intent_id, params)))
    except StripeRejected as error:
        raise errors.NotFound("The payment service does not know this charge.") from error


def find_charge(customer_id: str, payment_id: str, *, since: datetime) -> ChargeOutcome | None:
    """Find the charge of a payment whose response was lost. None if Stripe never received it."""
    params: Any = {"customer": customer_id, "created": {"gte": int(since.timestamp()) - 60}, "limit": PAGE_SIZE}
    page = call_stripe(lambda: get_client().v1.payment_intents.list(params))
    for intent in call_stripe(lambda: list(page.auto_paging_iter())):
        if object_metadata(intent).get("payment_id") == payment_id:
            return get_charge(str(intent.id))
    return None
