"""Stripe's events of charges, in any order; charges without a payment are reported."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.billing.ledger import journal
from coachway.billing.payments import (
    card_payments,
    stripe_customers,
)
from coachway.billing.payments.model import PaymentStatus
from coachway.billing.stripe import client as stripe_client
from coachway.billing.stripe import webhook_events
from coachway.billing.stripe_sync import reconciliation_job
from coachway.core.types import ids
from coachway.identity import organization_queries
from tests.integration.billing.payments.builders import STAFF, create_unrecorded_charge, reload_payment
from tests.integration.billing.stripe_sandbox import BillingOrganization, Sandbox, deliver_webhook
from tests.integration.bookings import builders as booking_builders
from tests.integration.client import call, token_for
from tools.function_modules import load


def test_webhook_before_response_settles_payment(organization: BillingOrganization, sandbox: Sandbox) -> None:
    payment = create_unrecorded_charge(organization)
    [event] = sandbox.list_payment_events(payment.id)
    assert deliver_webhook(event).json() == {"result": "processed"}
    assert reload_payment(payment).status is PaymentStatus.SUCCEEDED
    assert deliver_webhook(event).json() == {"result": "repeated"}
    assert deliver_webhook({**event, "id": "evt_another"}).json() == {"result": "processed"}
    late = card_payments.complete_payment(STAFF, payment)  # our own request, after the webhook
    assert late.status is PaymentStatus.SUCCEEDED
    assert len(sandbox.list_charges(payment.id)) == 1
    assert (
        len(organization.list_journal_entries())
        == len(organization.list_events("payment.succeeded"))
        == len(organization.list_events("charter.booked"))
        == 1
    )


def test_webhook_events_in_any_order_settle_once(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    assert organization.pay(charter_id=charter["id"], card="pm_card_chargeCustomerFail").status == 409
    [failed] = organization.list_payments()
    [declined] = sandbox.list_payment_events(failed.id)
    assert declined["type"] == webhook_events.FAILED
    assert organization.pay(charter_id=charter["id"]).status == 201
    assert deliver_webhook(declined).json() == {"result": "processed"}
    [succeeded] = [payment for payment in organization.list_payments() if payment.status is PaymentStatus.SUCCEEDED]
    [event] = sandbox.list_payment_events(succeeded.id)
    older = {**event, "id": "evt_older", "type": webhook_events.FAILED}
    assert deliver_webhook(older).json() == {"result": "processed"}
    assert reload_payment(succeeded).status is PaymentStatus.SUCCEEDED
    assert len(organization.list_events("payment.failed")) == 1


def test_webhook_rejects_bad_signature(organization: BillingOrganization, sandbox: Sandbox) -> None:
    payment = create_unrecorded_charge(organization)
    [event] = sandbox.list_payment_events(payment.id)
    assert deliver_webhook(event, secret="another secret").status == 401
    for header in ("", "t=1,v1=abc", "malformed"):
        assert deliver_webhook(event, **{"stripe-signature": header}).status == 401
    assert reload_payment(payment).status is PaymentStatus.PENDING


@pytest.mark.parametrize(
    "event",
    [
        {"id": "evt_1", "object": "event", "type": "customer.created", "data": {"object": {"object": "customer"}}},
        {"id": "evt_2", "object": "event", "type": webhook_events.SUCCEEDED, "data": {"object": {"id": "pi_1"}}},
        {"id": "evt_3", "object": "event", "type": "unknown.event", "data": {"object": {}}},
    ],
)
def test_webhook_ignores_foreign_events(organization: BillingOrganization, event: dict[str, Any]) -> None:
    reply = deliver_webhook(event)
    assert (reply.status, reply.json()) == (200, {"result": "ignored"})


def charge_at_stripe(organization: BillingOrganization, sandbox: Sandbox, **metadata: str) -> dict[str, Any]:
    """Charge a client's card in Stripe's dashboard, and return the event."""
    assert organization.pay(charter_id=organization.create_accepted_charter()["id"]).status == 201
    customer = stripe_customers.find_customer(booking_builders.ORG, organization.client.id)
    assert customer is not None
    outcome = stripe_client.charge_card(
        key=ids.new("pay"),
        customer_id=customer.customer_id,
        payment_method_id="pm_card_visa",
        cents=120_50,
        currency="USD",
        metadata=metadata,
    )
    [event] = sandbox.list_events_about(outcome.payment_intent_id)
    return event


@pytest.mark.parametrize("finder", ["webhook", "reconciliation"])
def test_charge_without_payment_is_reported_to_its_organization(
    organization: BillingOrganization, sandbox: Sandbox, finder: str
) -> None:
    # The payment was lost, and its client does not exist.
    lost = {"org_id": booking_builders.ORG, "payment_id": ids.new("pay"), "client_id": ids.new("cli")}
    metadata = lost if finder == "reconciliation" else {}
    event = charge_at_stripe(organization, sandbox, **metadata)
    for _ in range(2):
        if finder == "webhook":
            assert deliver_webhook(event).json() == {"result": "processed"}
        else:
            assert reconciliation_job.run().unknown >= 1
    charge_id = event["data"]["object"]["id"]
    reported = organization.list_events("charge.unknown")
    assert [found.data["amount"] for found in reported if found.data["payment_intent_id"] == charge_id] == [120.5]
    today = journal.local_date(organization_queries.get_organization(booking_builders.ORG))
    report = call(
        load("billing", "api").api,
        "GET",
        "/api/v1/billing/reconciliation",
        query={"month": f"{today:%Y-%m}"},
        token=token_for("billing:read", org_id=booking_builders.ORG, role="staff"),
    ).json()
    assert charge_id in [line["payment_intent_id"] for line in report["unknown_charges"]]
    assert not report["is_balanced"]
