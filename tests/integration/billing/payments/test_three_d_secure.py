"""Payments that the payer must confirm at the bank (3-D Secure), from the form to the bank and back."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from coachway.billing.payments import card_payments, outcome_refresh
from coachway.billing.payments.model import (
    PAYMENT_HOLD,
    STRIPE_CUSTOMER,
    CardConsent,
    Payment,
    PaymentHold,
    PaymentInput,
    PaymentStatus,
    StripeCustomer,
)
from coachway.core import store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.core.types import ids
from tests.integration.billing.stripe_sandbox import BillingOrganization, Sandbox, deliver_webhook
from tests.integration.bookings import builders as booking_builders
from tests.integration.client import Reply, call
from tools.function_modules import load

pages = load("billing", "payment_pages").api
CARD_TO_CONFIRM = "4000002760003184"
CARD_DECLINED_AFTER_CONFIRMATION = "4000008400001629"
FORM = {"amount": "169.08", "paid": "0.00"}
SYSTEM = Caller.system("collections", booking_builders.ORG)


@pytest.fixture
def organization(sandbox: Sandbox) -> BillingOrganization:
    return BillingOrganization.create()


def post_card_form(token: str, card: str, **fields: str) -> Reply:
    form = urlencode({**FORM, "payment_method_id": card, **fields})
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return call(pages, "POST", f"/pages/quotes/{token}/pay", raw=form.encode(), headers=headers)


def get_bank_url(page: Reply) -> str:
    """Return the URL of the bank that a page links to."""
    assert (page.status, "Confirm your payment" in page.text) == (200, True), page.text
    [url] = set(re.findall(r'href="(http[^"]+/3ds/[^"]+)"', page.text))
    assert f'content="0; url={url}"' in page.text
    return html.unescape(url)


def answer_bank(bank_url: str, answer: str) -> Reply:
    """Confirm the payment at the bank, or not, and return to the page."""
    response = httpx.post(bank_url, data={"answer": answer})
    assert response.status_code == 303, response.text
    return_url = urlsplit(response.headers["location"])
    assert "payment_intent=pi_" in return_url.query
    return call(pages, "GET", return_url.path[return_url.path.index("/pages") :])


def find_hold(charter_id: str) -> PaymentHold | None:
    return store.find(PaymentHold, PAYMENT_HOLD.key(org=booking_builders.ORG, subject=charter_id))


def get_only_payment(organization: BillingOrganization) -> Payment:
    [payment] = organization.list_payments()
    return payment


def test_pay_quote_confirmed_deposit_books_charter(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    bank_url = get_bank_url(post_card_form(charter["token"], sandbox.create_card(CARD_TO_CONFIRM)))
    pending = get_only_payment(organization)
    assert (pending.status, pending.requires_confirmation) == ("pending", True)
    assert booking_builders.get_status(charter["id"]) == "quote"
    page = answer_bank(bank_url, "yes")
    assert (page.status, page.headers["Location"]) == (303, f"../../{charter['token']}")
    paid = get_only_payment(organization)
    assert (paid.status, paid.requires_confirmation, paid.amount) == ("succeeded", False, 169_08)
    assert (organization.get_charter(charter["id"]).status, find_hold(charter["id"])) == ("booked", None)
    assert len(sandbox.list_charges(paid.id)) == len(organization.list_journal_entries()) == 1
    [event] = sandbox.list_payment_events(paid.id)
    assert deliver_webhook(event).json() == {"result": "processed"}
    assert len(organization.list_journal_entries()) == 1


def test_webhook_settles_payment_of_absent_payer(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    bank_url = get_bank_url(post_card_form(charter["token"], sandbox.create_card(CARD_TO_CONFIRM)))
    httpx.post(bank_url, data={"answer": "yes"})
    [event] = sandbox.list_payment_events(get_only_payment(organization).id)
    assert deliver_webhook(event).json() == {"result": "processed"}
    assert booking_builders.get_status(charter["id"]) == "booked"


@pytest.mark.parametrize(("card", "answer"), [(CARD_TO_CONFIRM, "no"), (CARD_DECLINED_AFTER_CONFIRMATION, "yes")])
def test_return_page_unconfirmed_or_declined_shows_message(
    organization: BillingOrganization, sandbox: Sandbox, card: str, answer: str
) -> None:
    charter = organization.create_accepted_charter()
    page = answer_bank(get_bank_url(post_card_form(charter["token"], sandbox.create_card(card))), answer)
    assert (page.status, "Your payment did not go through" in page.text) == (409, True)
    assert 'action="../pay"' in page.text
    assert (get_only_payment(organization).status, organization.list_journal_entries(), find_hold(charter["id"])) == (
        "failed",
        [],
        None,
    )
    assert post_card_form(charter["token"], "pm_card_visa").status == 303
    assert booking_builders.get_status(charter["id"]) == "booked"


def test_return_page_without_outcome_asks_again(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    post_card_form(charter["token"], sandbox.create_card(CARD_TO_CONFIRM))
    page = call(pages, "GET", f"/pages/quotes/{charter['token']}/payments/{get_only_payment(organization).id}")
    assert (page.status, "It is not confirmed yet" in page.text) == (409, True)
    assert get_only_payment(organization).status is PaymentStatus.PENDING


def test_second_tab_cancels_first_payment(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    first_url = get_bank_url(post_card_form(charter["token"], sandbox.create_card(CARD_TO_CONFIRM)))
    second_url = get_bank_url(post_card_form(charter["token"], sandbox.create_card(CARD_TO_CONFIRM)))
    assert httpx.post(first_url, data={"answer": "yes"}).status_code == 409
    assert answer_bank(second_url, "yes").status == 303
    failure_codes = {payment.status: payment.failure_code for payment in organization.list_payments()}
    assert failure_codes == {PaymentStatus.FAILED: outcome_refresh.REPLACED, PaymentStatus.SUCCEEDED: None}
    assert (organization.get_charter(charter["id"]).amount_paid, len(organization.list_journal_entries())) == (
        169_08,
        1,
    )


def test_second_tab_finds_confirmed_payment(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    first_url = get_bank_url(post_card_form(charter["token"], sandbox.create_card(CARD_TO_CONFIRM)))
    httpx.post(first_url, data={"answer": "yes"})
    page = post_card_form(charter["token"], "pm_card_visa")
    assert (page.status, page.headers["Location"]) == (303, f"../{charter['token']}")
    assert (get_only_payment(organization).status, organization.get_charter(charter["id"]).amount_paid) == (
        "succeeded",
        169_08,
    )


def test_reconciliation_cancels_unconfirmed_payment(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    bank_url = get_bank_url(post_card_form(charter["token"], sandbox.create_card(CARD_TO_CONFIRM)))
    pending = get_only_payment(organization)
    assert outcome_refresh.refresh_from_stripe(SYSTEM, pending).status is PaymentStatus.PENDING
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        assert outcome_refresh.refresh_from_stripe(SYSTEM, pending).status is PaymentStatus.FAILED
    assert httpx.post(bank_url, data={"answer": "yes"}).status_code == 409
    assert (find_hold(charter["id"]), organization.list_journal_entries()) == (None, [])


def test_absent_payer_fails_with_link_to_payment_page(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    card = sandbox.create_card(CARD_TO_CONFIRM)
    reply = organization.pay(charter_id=charter["id"], card=card)
    assert reply.status == 409
    assert "(authentication_required)" in reply.json()["detail"]
    customer = store.get(StripeCustomer, STRIPE_CUSTOMER.key(org=booking_builders.ORG, client=organization.client.id))
    consent = CardConsent(version="2026-11", text="I agree.", given_at=clock.now(), page="/pages/quotes")
    saved = customer.model_copy(update={"payment_method_id": card, "consent": consent})
    store.commit(SYSTEM, Update(customer, saved))
    request = PaymentInput(charter_id=charter["id"])
    unattended = card_payments.charge_saved_card(SYSTEM, request, payment_id=ids.new("pay"), announced_cents=169_08)
    assert (unattended.status, unattended.failure_code) == ("failed", "authentication_required")
    for event in organization.list_events("payment.failed"):
        link = signed_links.create_link_token("quote", booking_builders.ORG, charter["id"], event.data["link_nonce"])
        assert link == charter["token"]
    assert (len(organization.list_events("payment.failed")), find_hold(charter["id"])) == (2, None)


def test_failed_payment_creates_link_for_charter_without_one(
    organization: BillingOrganization, sandbox: Sandbox
) -> None:
    charter = organization.create_quoted_charter()
    assert booking_builders.set_status(charter["id"], "booked").status == 200
    assert organization.pay(charter_id=charter["id"], card="pm_card_chargeCustomerFail").status == 409
    [event] = organization.list_events("payment.failed")
    link = signed_links.create_link_token("quote", booking_builders.ORG, charter["id"], event.data["link_nonce"])
    page = call(load("bookings", "quote_page").api, "GET", f"/pages/quotes/{link}")
    assert all(field in page.text for field in ('name="amount" value="169.08"', 'name="paid" value="0.00"'))
    assert post_card_form(link, "pm_card_visa").status == 303
    assert organization.get_charter(charter["id"]).amount_paid == 169_08


def test_return_page_rejects_payment_of_other_subject(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter, other = organization.create_accepted_charter(), organization.create_accepted_charter()
    post_card_form(charter["token"], sandbox.create_card(CARD_TO_CONFIRM))
    assert (
        call(pages, "GET", f"/pages/quotes/{other['token']}/payments/{get_only_payment(organization).id}").status == 404
    )
    assert call(pages, "GET", f"/pages/quotes/{charter['token']}/payments/{ids.new('pay')}").status == 404


def test_pay_page_rejects_changed_amount(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    for amount in ("0.01", "676.30"):
        assert post_card_form(charter["token"], "pm_card_visa", amount=amount).status == 303
    assert organization.list_payments() == []


@pytest.mark.parametrize("amount", ["0", "0.00"])
def test_pay_page_rejects_zero_amount(organization: BillingOrganization, sandbox: Sandbox, amount: str) -> None:
    assert post_card_form(organization.create_accepted_charter()["token"], "pm_card_visa", amount=amount).status == 422
