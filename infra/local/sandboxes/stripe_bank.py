"""What payers' banks do, for localstripe, which knows nothing of it: beside `stripe_sandbox`, in the same process.

- 3-D Secure by redirection: a payment intent with a `return_url` and a card that wants it leads to a page here, which
  leads back, as Stripe documents `next_action.redirect_to_url`. Without its payer at hand such a card is declined.
- Refunds that do not arrive: `POST /_config/refunds/{id}/fail`.
- Disputes: `POST /_config/disputes {"payment_intent": …}` opens one, whose money is withdrawn at once, or, with
  `"status": "warning_needs_response"`, an inquiry. `POST /_config/disputes/{id} {"status": "won" | "lost" | …}`.

Each tells its events, as Stripe does.
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


class Dispute(resources.StripeObject):  # type: ignore[misc]  # no types are published
    """A dispute, as far as we read it."""

    object = "dispute"
    _id_prefix = "dp_"

    def __init__(self, intent: Any, status: str, reason: str, amount: int | None) -> None:
        super().__init__()
        self.payment_intent, self.charge = intent.id, intent.latest_charge.id
        self.amount, self.currency = amount or intent.amount, intent.currency
        self.status, self.reason = status, reason
        self.balance_transactions: list[dict[str, Any]] = []
        self.metadata: dict[str, str] = {}


def _move(dispute: Dispute, cents: int, fee: int) -> None:
    """The bank takes money, or gives it back."""
    moved = {"amount": cents, "fee": fee, "currency": dispute.currency, "type": "adjustment"}
    dispute.balance_transactions.append(moved)


def create_intent(
    here: str, confirm: Any = None, off_session: Any = None, return_url: str | None = None, **data: Any
) -> Any:
    """As localstripe does it, but for a card whose payments have to be confirmed: `here` is where browsers do that."""
    intent = _create_intent(confirm=confirm, off_session=off_session, **data)
    if intent.next_action is None:
        return intent
    if off_session in (True, "true"):
        intent.next_action, intent._authentication_failed, intent.payment_method = None, True, None
        schedule_webhook(resources.Event("payment_intent.payment_failed", intent))
        told = {"code": "authentication_required", "payment_intent": intent._export()}
        raise UserError(402, "Your card was declined. This transaction requires authentication.", told)
    if return_url:
        there = f"{here}/3ds/{intent.id}"
        intent.next_action = {
            "type": "redirect_to_url",
            "redirect_to_url": {"url": there, "return_url": return_url},
        }
    return intent


async def confirmation(request: web.Request) -> web.StreamResponse:
    """The page of a bank that asks its customer to confirm a payment, and where its answer goes."""
    intent = server.PaymentIntent._api_retrieve(request.match_info["id"])
    action = intent.next_action or {}
    if "redirect_to_url" not in action:
        return web.Response(text="This payment is not to be confirmed any more.", status=409)
    back = action["redirect_to_url"]["return_url"]
    if request.method == "GET":
        asked = f"Confirm {intent.amount / 100:.2f} {escape(intent.currency.upper())}?"
        page = (
            f'<!doctype html><html lang="en"><title>Your bank</title><h1>{asked}</h1><form method="post">'
            '<button name="answer" value="yes">Confirm</button> <button name="answer" value="no">Refuse</button></form>'
        )
        return web.Response(text=page, content_type="text/html")
    succeeded = (await request.post()).get("answer") == "yes"
    try:
        intent._api_authenticate(intent.id, client_secret=intent.client_secret, success=succeeded)
    except UserError:
        succeeded = False  # confirmed, and declined all the same
    else:
        if not succeeded:
            schedule_webhook(resources.Event("payment_intent.payment_failed", intent))
    told = {
        "payment_intent": intent.id,
        "payment_intent_client_secret": intent.client_secret,
        "redirect_status": "succeeded" if succeeded else "failed",
    }
    raise web.HTTPSeeOther(f"{back}?{urlencode(told)}")


async def fail_refund(request: web.Request) -> web.StreamResponse:
    refund = server.Refund._api_retrieve(request.match_info["id"])
    refund.status, refund.failure_reason = "failed", "expired_or_canceled_card"
    for kind in ("charge.refund.updated", "refund.failed"):
        schedule_webhook(resources.Event(kind, refund))
    return web.json_response({"id": refund.id, "status": refund.status})


async def open_dispute(request: web.Request) -> web.StreamResponse:
    wish = await request.json()
    intent = server.PaymentIntent._api_retrieve(wish["payment_intent"])
    status = wish.get("status", "needs_response")
    dispute = Dispute(intent, status, wish.get("reason", "product_not_received"), wish.get("amount"))
    told = ["charge.dispute.created"]
    if not status.startswith("warning_"):
        _move(dispute, -dispute.amount, DISPUTE_FEE)
        told.append("charge.dispute.funds_withdrawn")
    return _told(dispute, told)


async def change_dispute(request: web.Request) -> web.StreamResponse:
    dispute = Dispute._api_retrieve(request.match_info["id"])
    dispute.status = (await request.json())["status"]
    taken = sum(each["amount"] for each in dispute.balance_transactions) < 0
    told = [
        "charge.dispute.closed" if dispute.status in {"won", "lost", "warning_closed"} else "charge.dispute.updated"
    ]
    if dispute.status == "won" and taken:
        _move(dispute, dispute.amount, -DISPUTE_FEE)
        told.append("charge.dispute.funds_reinstated")
    if dispute.status == "needs_response" and not taken:
        _move(dispute, -dispute.amount, DISPUTE_FEE)
        told.append("charge.dispute.funds_withdrawn")
    return _told(dispute, told)


def _told(dispute: Dispute, events: list[str]) -> web.StreamResponse:
    for kind in events:
        schedule_webhook(resources.Event(kind, dispute))
    answer: web.StreamResponse = server.json_response(dispute._export())
    return answer


async def show_dispute(request: web.Request) -> web.StreamResponse:
    answer: web.StreamResponse = server.json_response(Dispute._api_retrieve(request.match_info["id"])._export())
    return answer


def at(address: str) -> None:
    """Serve banks too; `address` is where browsers find this process."""
    server.PaymentIntent._api_create = staticmethod(partial(create_intent, address))
    routes = server.app.router
    routes.add_get("/v1/disputes/{id}", show_dispute)
    routes.add_post("/_config/disputes", open_dispute)
    routes.add_post("/_config/disputes/{id}", change_dispute)
    routes.add_post("/_config/refunds/{id}/fail", fail_refund)
