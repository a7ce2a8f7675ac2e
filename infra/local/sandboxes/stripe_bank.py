"""The payer's bank for localstripe, which has none: 3-D Secure, failed refunds and disputes. Part of `stripe_sandbox`.

- 3-D Secure by redirect: a payment intent with a `return_url` and a card that requires it redirects to a page here,
  which redirects back, as Stripe documents `next_action.redirect_to_url`. Off session, such a card is declined.
- Failed refunds: `POST /_config/refunds/{id}/fail`.
- Disputes: `POST /_config/disputes {"payment_intent": …}` opens a dispute and withdraws its amount, or, with
  `"status": "warning_needs_response"`, an inquiry. `POST /_config/disputes/{id} {"status": "won" | "lost" | …}`.

Each of them sends its events to the webhooks, as Stripe does.
"""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from localstripe import resources, server
from localstripe.errors import UserError
from localstripe.webhooks import schedule_webhook

DISPUTE_FEE = 1500
_create_intent = server.PaymentIntent._api_create
_is_charge_declined = resources.PaymentMethod._charging_is_declined


class Dispute(resources.StripeObject):  # type: ignore[misc]  # no types are published
    """A dispute with the fields that the product reads."""

    object = "dispute"
    _id_prefix = "dp_"

    def __init__(self, intent: Any, status: str, reason: str, amount: int | None) -> None:
        super().__init__()
        self.payment_intent, self.charge = intent.id, intent.latest_charge.id
        self.amount, self.currency = amount or intent.amount, intent.currency
        self.status, self.reason = status, reason
        self.balance_transactions: list[dict[str, Any]] = []
        self.metadata: dict[str, str] = {}


def _add_balance_transaction(dispute: Dispute, cents: int, fee: int) -> None:
    """Withdraw money from the account (a negative amount), or return it."""
    transaction = {"amount": cents, "fee": fee, "currency": dispute.currency, "type": "adjustment"}
    dispute.balance_transactions.append(transaction)


def create_intent(
    base_url: str,
    confirm: Any = None,
    off_session: Any = None,
    return_url: str | None = None,
    setup_future_usage: str | None = None,  # noqa: ARG001  # localstripe does not accept it
    **data: Any,
) -> Any:
    """Create a payment intent; one that requires 3-D Secure redirects to a page below `base_url`."""
    intent = _create_intent(confirm=confirm, off_session=off_session, **data)
    if intent.next_action is None:
        return intent
    if off_session in (True, "true"):
        intent.next_action, intent._authentication_failed, intent.payment_method = None, True, None
        schedule_webhook(resources.Event("payment_intent.payment_failed", intent))
        details = {"code": "authentication_required", "payment_intent": intent._export()}
        raise UserError(402, "Your card was declined. This transaction requires authentication.", details)
    if return_url:
        url = f"{base_url}/3ds/{intent.id}"
        intent.next_action = {
            "type": "redirect_to_url",
            "redirect_to_url": {"url": url, "return_url": return_url},
        }
    return intent


async def confirm_payment(request: web.Request) -> web.StreamResponse:
    """The bank's page that asks to confirm a payment (GET), and its form (POST)."""
    intent = server.PaymentIntent._api_retrieve(request.match_info["id"])
    action = intent.next_action or {}
    if "redirect_to_url" not in action:
        return web.Response(text="This payment can no longer be confirmed.", status=409)
    return_url = action["redirect_to_url"]["return_url"]
    if request.method == "GET":
        question = f"Confirm {intent.amount / 100:.2f} {escape(intent.currency.upper())}?"
        page = (
            f'<!doctype html><html lang="en"><title>Your bank</title><h1>{question}</h1><form method="post">'
            '<button name="answer" value="yes">Confirm</button> <button name="answer" value="no">Refuse</button></form>'
        )
        return web.Response(text=page, content_type="text/html")
    succeeded = (await request.post()).get("answer") == "yes"
    try:
        intent._api_authenticate(intent.id, client_secret=intent.client_secret, success=succeeded)
    except UserError:
        succeeded = False  # confirmed by the payer, declined by the bank
    else:
        if not succeeded:
            schedule_webhook(resources.Event("payment_intent.payment_failed", intent))
    parameters = {
        "payment_intent": intent.id,
        "payment_intent_client_secret": intent.client_secret,
        "redirect_status": "succeeded" if succeeded else "failed",
    }
    raise web.HTTPSeeOther(f"{return_url}?{urlencode(parameters)}")


async def fail_refund(request: web.Request) -> web.StreamResponse:
    refund = server.Refund._api_retrieve(request.match_info["id"])
    refund.status, refund.failure_reason = "failed", "expired_or_canceled_card"
    for kind in ("charge.refund.updated", "refund.failed"):
        schedule_webhook(resources.Event(kind, refund))
    return web.json_response({"id": refund.id, "status": refund.status})


async def open_dispute(request: web.Request) -> web.StreamResponse:
    body = await request.json()
    intent = server.PaymentIntent._api_retrieve(body["payment_intent"])
    status = body.get("status", "needs_response")
    dispute = Dispute(intent, status, body.get("reason", "product_not_received"), body.get("amount"))
    events = ["charge.dispute.created"]
    if not status.startswith("warning_"):
        _add_balance_transaction(dispute, -dispute.amount, DISPUTE_FEE)
        events.append("charge.dispute.funds_withdrawn")
    return _send_events(dispute, events)


async def change_dispute(request: web.Request) -> web.StreamResponse:
    dispute = Dispute._api_retrieve(request.match_info["id"])
    dispute.status = (await request.json())["status"]
    is_withdrawn = sum(entry["amount"] for entry in dispute.balance_transactions) < 0
    events = [
        "charge.dispute.closed" if dispute.status in {"won", "lost", "warning_closed"} else "charge.dispute.updated"
    ]
    if dispute.status == "won" and is_withdrawn:
        _add_balance_transaction(dispute, dispute.amount, -DISPUTE_FEE)
        events.append("charge.dispute.funds_reinstated")
    if dispute.status == "needs_response" and not is_withdrawn:
        _add_balance_transaction(dispute, -dispute.amount, DISPUTE_FEE)
        events.append("charge.dispute.funds_withdrawn")
    return _send_events(dispute, events)


def _send_events(dispute: Dispute, events: list[str]) -> web.StreamResponse:
    for kind in events:
        schedule_webhook(resources.Event(kind, dispute))
    response: web.StreamResponse = server.json_response(dispute._export())
    return response


async def show_dispute(request: web.Request) -> web.StreamResponse:
    response: web.StreamResponse = server.json_response(Dispute._api_retrieve(request.match_info["id"])._export())
    return response


def is_charge_declined(method: Any) -> bool:
    """Whether a charge is declined: also of cards that localstripe only declines when they are attached."""
    return bool(_is_charge_declined(method) or method._attaching_is_declined())


def add_bank(base_url: str) -> None:
    """Add the bank to localstripe; browsers find this process at `base_url`."""
    resources.PaymentMethod._charging_is_declined = is_charge_declined
    server.PaymentIntent._api_create = staticmethod(partial(create_intent, base_url))
    routes = server.app.router
    routes.add_get("/v1/disputes/{id}", show_dispute)
    routes.add_post("/_config/disputes", open_dispute)
    routes.add_post("/_config/disputes/{id}", change_dispute)
    routes.add_post("/_config/refunds/{id}/fail", fail_refund)
