"""Payments that a bank wants confirmed (3-D Secure): its payer is led there and back; it is charged once or never."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from coachway.billing.payments import card_payments
from coachway.billing.payments.model import PAYMENT_HOLD, Payment, PaymentHold, PaymentInput, PaymentStatus
from coachway.core import store
from coachway.core.auth import signed_links as tokens
from coachway.core.caller import Caller
from coachway.core.runtime import clock
from coachway.core.types import ids
from tests.entries import load
from tests.integration.billing.stripe_sandbox import Desk, Sandbox, notice, process, sandbox
from tests.integration.bookings import builders as booking_builders
from tests.integration.client import Reply, call

__all__ = ["process", "sandbox"]

pages = load("billing", "payment_pages").api
CONFIRMED = "4000002760003184"
CONFIRMED_AND_DECLINED = "4000008400001629"
FORM = {"amount": "169.08", "paid": "0.00"}
SYSTEM = Caller.system("collections", booking_builders.ORG)


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk.opened()


def posted(token: str, card: str, **fields: str) -> Reply:
    form = urlencode({**FORM, "payment_method_id": card, **fields})
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return call(pages, "POST", f"/pages/quotes/{token}/pay", raw=form.encode(), headers=headers)


def bank_of(page: Reply) -> str:
    """Where a page leads its payer to."""
    assert (page.status, "Confirm your payment" in page.text) == (200, True), page.text
    [there] = set(re.findall(r'href="(http[^"]+/3ds/[^"]+)"', page.text))
    assert f'content="0; url={there}"' in page.text
    return html.unescape(there)


def answered(bank: str, answer: str) -> Reply:
    """Say yes or no at the bank, and come back from there."""
    there = httpx.post(bank, data={"answer": answer})
    assert there.status_code == 303, there.text
    way = urlsplit(there.headers["location"])
    assert "payment_intent=pi_" in way.query
    return call(pages, "GET", way.path[way.path.index("/pages") :])


def hold(charter_id: str) -> PaymentHold | None:
    return store.find(PaymentHold, PAYMENT_HOLD.key(org=booking_builders.ORG, subject=charter_id))


def only(desk: Desk) -> Payment:
    [payment] = desk.payments()
    return payment


def test_pay_quote_confirmed_deposit_books_charter(desk: Desk, sandbox: Sandbox) -> None:
    charter = desk.accepted()
    bank = bank_of(posted(charter["token"], sandbox.card(CONFIRMED)))
    waiting = only(desk)
    assert (waiting.status, waiting.awaits_payer) == ("pending", True)
    assert booking_builders.get_status(charter["id"]) == "quote"
    back = answered(bank, "yes")
    assert (back.status, back.headers["Location"]) == (303, f"../../{charter['token']}")
    paid = only(desk)
    assert (paid.status, paid.awaits_payer, paid.amount) == ("succeeded", False, 169_08)
    assert (desk.charter(charter["id"]).status, hold(charter["id"])) == ("booked", None)
    assert len(sandbox.charges_of(paid.id)) == len(desk.journal()) == 1
    [event] = sandbox.told_of(paid.id)
    assert notice(event).json() == {"received": "taken"}
    assert len(desk.journal()) == 1


def test_webhook_settles_payment_of_absent_payer(desk: Desk, sandbox: Sandbox) -> None:
    charter = desk.accepted()
    bank = bank_of(posted(charter["token"], sandbox.card(CONFIRMED)))
    httpx.post(bank, data={"answer": "yes"})
    [event] = sandbox.told_of(only(desk).id)
    assert notice(event).json() == {"received": "taken"}
    assert booking_builders.get_status(charter["id"]) == "booked"


@pytest.mark.parametrize(("card", "answer"), [(CONFIRMED, "no"), (CONFIRMED_AND_DECLINED, "yes")])
def test_return_page_unconfirmed_or_declined_shows_message(
    desk: Desk, sandbox: Sandbox, card: str, answer: str
) -> None:
    charter = desk.accepted()
    page = answered(bank_of(posted(charter["token"], sandbox.card(card))), answer)
    assert (page.status, "Your payment did not go through" in page.text) == (409, True)
    assert 'action="../pay"' in page.text
    assert (only(desk).status, desk.journal(), hold(charter["id"])) == ("failed", [], None)
    assert posted(charter["token"], "pm_card_visa").status == 303
    assert booking_builders.get_status(charter["id"]) == "booked"


def test_return_page_without_outcome_asks_again(desk: Desk, sandbox: Sandbox) -> None:
    charter = desk.accepted()
    posted(charter["token"], sandbox.card(CONFIRMED))
    page = call(pages, "GET", f"/pages/quotes/{charter['token']}/payments/{only(desk).id}")
    assert (page.status, "It is not confirmed yet" in page.text) == (409, True)
    assert only(desk).status is PaymentStatus.PENDING


def test_second_tab_cancels_first_payment(desk: Desk, sandbox: Sandbox) -> None:
    charter = desk.accepted()
    first = bank_of(posted(charter["token"], sandbox.card(CONFIRMED)))
    second = bank_of(posted(charter["token"], sandbox.card(CONFIRMED)))
    assert httpx.post(first, data={"answer": "yes"}).status_code == 409
    assert answered(second, "yes").status == 303
    known = {each.status: each.failure_code for each in desk.payments()}
    assert known == {PaymentStatus.FAILED: card_payments.REPLACED, PaymentStatus.SUCCEEDED: None}
    assert (desk.charter(charter["id"]).amount_paid, len(desk.journal())) == (169_08, 1)


def test_second_tab_finds_confirmed_payment(desk: Desk, sandbox: Sandbox) -> None:
    charter = desk.accepted()
    first = bank_of(posted(charter["token"], sandbox.card(CONFIRMED)))
    httpx.post(first, data={"answer": "yes"})
    page = posted(charter["token"], "pm_card_visa")
    assert (page.status, page.headers["Location"]) == (303, f"../{charter['token']}")
    assert (only(desk).status, desk.charter(charter["id"]).amount_paid) == ("succeeded", 169_08)


def test_reconciliation_cancels_unconfirmed_payment(desk: Desk, sandbox: Sandbox) -> None:
    charter = desk.accepted()
    bank = bank_of(posted(charter["token"], sandbox.card(CONFIRMED)))
    waiting = only(desk)
    assert card_payments.refresh_from_stripe(SYSTEM, waiting).status is PaymentStatus.PENDING
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        assert card_payments.refresh_from_stripe(SYSTEM, waiting).status is PaymentStatus.FAILED
    assert httpx.post(bank, data={"answer": "yes"}).status_code == 409
    assert (hold(charter["id"]), desk.journal()) == (None, [])


def test_absent_payer_fails_with_link_to_payment_page(desk: Desk, sandbox: Sandbox) -> None:
    charter = desk.accepted()
    card = sandbox.card(CONFIRMED)
    reply = desk.pay(charter_id=charter["id"], card=card)
    assert reply.status == 409
    assert "(authentication_required)" in reply.json()["detail"]
    wanted = PaymentInput(charter_id=charter["id"], payment_method_id=card)
    by_itself = card_payments.charge_saved_card(SYSTEM, wanted, payment_id=ids.new("pay"))
    assert (by_itself.status, by_itself.failure_code) == ("failed", "authentication_required")
    for told in desk.events("payment.failed"):
        link = tokens.create_link_token("quote", booking_builders.ORG, charter["id"], told.data["link_nonce"])
        assert link == charter["token"]
    assert (len(desk.events("payment.failed")), hold(charter["id"])) == (2, None)


def test_failed_payment_creates_link_for_charter_without_one(desk: Desk, sandbox: Sandbox) -> None:
    charter = desk.quoted()
    assert booking_builders.set_status(charter["id"], "booked").status == 200
    assert desk.pay(charter_id=charter["id"], card="pm_card_chargeCustomerFail").status == 409
    [told] = desk.events("payment.failed")
    link = tokens.create_link_token("quote", booking_builders.ORG, charter["id"], told.data["link_nonce"])
    page = call(load("bookings", "quote_page").api, "GET", f"/pages/quotes/{link}")
    assert all(field in page.text for field in ('name="amount" value="169.08"', 'name="paid" value="0.00"'))
    assert posted(link, "pm_card_visa").status == 303
    assert desk.charter(charter["id"]).amount_paid == 169_08


def test_return_page_rejects_payment_of_other_subject(desk: Desk, sandbox: Sandbox) -> None:
    charter, other = desk.accepted(), desk.accepted()
    posted(charter["token"], sandbox.card(CONFIRMED))
    assert call(pages, "GET", f"/pages/quotes/{other['token']}/payments/{only(desk).id}").status == 404
    assert call(pages, "GET", f"/pages/quotes/{charter['token']}/payments/{ids.new('pay')}").status == 404


def test_pay_page_rejects_changed_amount(desk: Desk, sandbox: Sandbox) -> None:
    charter = desk.accepted()
    for forged in ("0.01", "676.30"):
        assert posted(charter["token"], "pm_card_visa", amount=forged).status == 303
    assert desk.payments() == []


@pytest.mark.parametrize("amount", ["0", "0.00"])
def test_pay_page_rejects_zero_amount(desk: Desk, sandbox: Sandbox, amount: str) -> None:
    assert posted(desk.accepted()["token"], "pm_card_visa", amount=amount).status == 422
