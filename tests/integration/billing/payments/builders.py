"""Payments on the way to Stripe, for tests."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from coachway.billing.payments import (
    card_payments,
    pending_payments,
)
from coachway.billing.payments.model import PAYMENT, Payment, PaymentInput
from coachway.core import store
from coachway.core.caller import Caller
from tests.integration.billing.stripe_sandbox import BillingOrganization
from tests.integration.bookings import builders as booking_builders
from tests.integration.client import Reply, call
from tools.function_modules import load

payment_pages = load("billing", "payment_pages").api
FORM = {"content-type": "application/x-www-form-urlencoded"}
STAFF = Caller(org_id=booking_builders.ORG, user_id="usr_1", role="staff")
DEPOSIT = 169.08


def create_pending_payment(organization: BillingOrganization, **fields: Any) -> Payment:
    """Create a payment whose process stops before the charge."""
    request = PaymentInput(
        payment_method_id="pm_card_visa", charter_id=organization.create_accepted_charter()["id"], **fields
    )
    return pending_payments.create_pending_payment(STAFF, request)


def create_unrecorded_charge(organization: BillingOrganization) -> Payment:
    """Create a payment whose process stops after the charge, before the outcome is recorded."""
    payment = create_pending_payment(organization)
    customer_id, payment_method_id = card_payments._prepare_card(STAFF, payment)
    assert card_payments._charge(payment, customer_id, payment_method_id).succeeded
    return reload_payment(payment)


def reload_payment(payment: Payment) -> Payment:
    return store.get(Payment, PAYMENT.key(org=payment.org_id, id=payment.id))


def pay_on_page(charter: dict[str, Any], *, consent: str = "", card: str = "pm_card_visa") -> Reply:
    """Submit the card form of the quote page for the deposit."""
    form = {"payment_method_id": card, "amount": "169.08", "paid": "0.00", "card_consent": consent}
    return call(
        payment_pages, "POST", f"/pages/quotes/{charter['token']}/pay", raw=urlencode(form).encode(), headers=FORM
    )
