"""Saved cards: kept with the payer's consent, charged for the client only, and removed."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.billing.payments import (
    card_payments,
    stripe_customers,
)
from coachway.billing.payments.model import PaymentInput
from coachway.billing.stripe import client as stripe_client
from coachway.core import errors, store
from coachway.core.documents import card_consent
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.core.types import ids
from tests.integration.billing.payments.builders import STAFF, pay_on_page
from tests.integration.billing.stripe_sandbox import BillingOrganization, Sandbox
from tests.integration.bookings import builders as booking_builders
from tests.ledger_balances import sum_by_client


def test_card_is_kept_only_with_the_payers_consent(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    assert pay_on_page(charter).status == 303
    customer = stripe_customers.find_customer(booking_builders.ORG, organization.client.id)
    assert customer is not None
    assert (customer.payment_method_id, customer.consent) == (None, None)
    assert sandbox.list_objects("payment_methods", customer=customer.customer_id, type="card") == []
    [payment] = organization.list_payments()
    assert (payment.status, payment.card, payment.card_consent) == ("succeeded", "Visa ending in 4242", None)

    assert pay_on_page(organization.create_accepted_charter(), consent=card_consent.VERSION).status == 303
    customer = stripe_customers.find_customer(booking_builders.ORG, organization.client.id)
    assert customer is not None
    assert customer.consent is not None
    assert (customer.card, customer.consent.version, customer.consent.page) == (
        "Visa ending in 4242",
        card_consent.VERSION,
        "/pages/quotes",
    )
    assert "may keep this card and charge it when a payment for my trips is due" in customer.consent.text
    assert len(sandbox.list_objects("payment_methods", customer=customer.customer_id, type="card")) == 1
    newest = organization.list_payments()[0]
    assert (newest.card_consent, customer.consent.given_at <= clock.now()) == (customer.consent, True)


def test_process_payment_charges_a_saved_card_for_the_client_only(organization: BillingOrganization) -> None:
    charter = organization.create_accepted_charter()
    assert pay_on_page(charter, consent=card_consent.VERSION).status == 303
    by_staff = organization.pay(charter_id=charter["id"], card=None, amount=507.22)
    assert (by_staff.status, by_staff.json()["errors"][0]["field"]) == (422, "payment_method_id")
    body = {"charter_id": charter["id"], "amount": 507.22}
    client: Any = {"role": "client", "party_id": organization.client.id}
    assert organization.send_request("POST", "/payments/process", body, **client).json()["amount"] == 507.22
    assert organization.get_charter(charter["id"]).amount_paid == 676_30
    again = organization.pay(charter_id=charter["id"])
    assert (again.status, again.json()["code"]) == (409, "nothing_due")
    assert sum_by_client(organization.list_journal_entries()) == {organization.client.id: -676_30}


def test_remove_saved_card_withdraws_consent(organization: BillingOrganization, sandbox: Sandbox) -> None:
    assert pay_on_page(organization.create_accepted_charter(), consent=card_consent.VERSION).status == 303
    path, other_client = f"/clients/{organization.client.id}/saved-card", booking_builders.CLIENT_ID
    assert organization.send_request("DELETE", path, role="client", party_id=other_client).status == 404
    for _ in range(2):
        removed = organization.send_request("DELETE", path, role="client", party_id=organization.client.id)
        assert removed.status == 204, removed.text
    customer = stripe_customers.find_customer(booking_builders.ORG, organization.client.id)
    assert customer is not None
    assert (customer.consent, customer.payment_method_id, customer.card) == (None, None, None)
    assert sandbox.list_objects("payment_methods", customer=customer.customer_id, type="card") == []
    assert organization.send_request("DELETE", f"/clients/{ids.new('cli')}/saved-card").status == 404


def test_get_or_create_customer_creates_once(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    for _ in range(2):
        assert organization.pay(charter_id=charter["id"], amount=10).status == 201
    customers = [
        customer
        for customer in sandbox.list_objects("customers")
        if customer["metadata"].get("client_id") == organization.client.id
    ]
    stored_customer = stripe_customers.find_customer(booking_builders.ORG, organization.client.id)
    assert stored_customer is not None
    assert [customer["id"] for customer in customers] == [stored_customer.customer_id]


def test_charge_saved_card_repeated_id_charges_once(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    assert pay_on_page(charter, consent=card_consent.VERSION).status == 303
    request, payment_id = PaymentInput(charter_id=charter["id"], amount=507_22), ids.new("pay")
    with pytest.raises(errors.Invalid, match="after an email has announced"):
        card_payments.charge_saved_card(STAFF, request, payment_id=payment_id, announced_cents=507_21)
    for _ in range(2):
        payment = card_payments.charge_saved_card(STAFF, request, payment_id=payment_id, announced_cents=507_22)
        assert (payment.id, payment.status, payment.amount) == (payment_id, "succeeded", 507_22)
    assert len(sandbox.list_charges(payment_id)) == 1


def test_create_customer_changed_client_succeeds(organization: BillingOrganization) -> None:
    client_fields: Any = {
        "org_id": booking_builders.ORG,
        "client_id": organization.client.id,
        "version": organization.client.version,
    }
    stripe_client.create_customer(**client_fields, name=organization.client.name, email=organization.client.email)
    after = organization.client.model_copy(update={"email": "dana@new.example"})
    store.commit(STAFF, Update(organization.client, after))
    assert organization.pay(charter_id=organization.create_accepted_charter()["id"]).status == 201
