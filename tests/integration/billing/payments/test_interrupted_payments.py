"""Card payments that time out or crash: each is charged once and recorded once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coachway.billing.errors import NothingDue
from coachway.billing.payments import (
    card_payments,
)
from coachway.billing.payments.model import PaymentInput, PaymentStatus
from coachway.billing.stripe_sync import reconciliation_job
from coachway.core import store
from coachway.core.persistence.operations import Remove
from coachway.core.runtime import clock
from tests.integration.billing.payments.builders import (
    STAFF,
    create_pending_payment,
    create_unrecorded_charge,
    reload_payment,
)
from tests.integration.billing.stripe_sandbox import BillingOrganization, Sandbox
from tests.integration.bookings import builders as booking_builders


def test_process_payment_late_response_is_retried(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    sandbox.set_mode("time_out_after")
    reply = organization.pay(charter_id=charter["id"])
    assert (reply.status, reply.json()["status"]) == (201, "succeeded")
    assert len(sandbox.list_charges(reply.json()["id"])) == 1


def test_process_payment_two_timeouts_finds_charge(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    sandbox.set_mode("time_out_after", 2)
    reply = organization.pay(charter_id=charter["id"])
    assert (reply.status, reply.json()["status"]) == (201, "succeeded")
    assert len(sandbox.list_charges(reply.json()["id"])) == 1
    assert booking_builders.get_status(charter["id"]) == "booked"


def test_process_payment_unknown_outcome_stays_pending(organization: BillingOrganization, sandbox: Sandbox) -> None:
    charter = organization.create_accepted_charter()
    sandbox.set_mode("time_out_before", 2)
    reply = organization.pay(charter_id=charter["id"])
    assert (reply.status, reply.json()["status"]) == (201, "pending")
    assert organization.pay(charter_id=charter["id"]).json()["code"] == "payment_in_progress"
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        result = reconciliation_job.run()
    assert (result.pending, result.corrected) == (1, 1)
    [payment] = organization.list_payments()
    assert (payment.status, payment.failure_code) == ("failed", "not_charged")
    assert organization.pay(charter_id=charter["id"]).status == 201


def test_process_payment_after_a_process_that_stopped_before_stripe_waits_one_minute(
    organization: BillingOrganization, sandbox: Sandbox
) -> None:
    payment = create_pending_payment(organization)
    blocked = organization.pay(charter_id=payment.subject_id).json()
    assert (blocked["code"], "in 1 minute at the latest" in blocked["detail"]) == ("payment_in_progress", True)
    with clock.frozen(payment.created_at + timedelta(seconds=61)):
        assert organization.pay(charter_id=payment.subject_id).status == 201
    assert (reload_payment(payment).status, sandbox.list_charges(payment.id)) == ("failed", [])


def test_reconciliation_settles_charge_after_crash(organization: BillingOrganization, sandbox: Sandbox) -> None:
    payment = create_unrecorded_charge(organization)
    assert payment.status is PaymentStatus.PENDING
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        result = reconciliation_job.run()
        assert (result.pending, result.corrected) == (1, 1)
        assert reconciliation_job.run().corrected == 0
    assert reload_payment(payment).status is PaymentStatus.SUCCEEDED
    assert booking_builders.get_status(payment.subject_id) == "booked"
    assert len(organization.list_journal_entries()) == len(organization.list_events("payment.succeeded")) == 1


def test_next_payment_settles_charge_after_crash(organization: BillingOrganization, sandbox: Sandbox) -> None:
    payment = create_unrecorded_charge(organization)
    assert organization.pay(charter_id=payment.subject_id).json()["code"] == "payment_in_progress"
    with clock.frozen(clock.now() + timedelta(minutes=3)), pytest.raises(NothingDue):
        card_payments.charge_card(STAFF, PaymentInput(charter_id=payment.subject_id, payment_method_id="pm_card_visa"))
    assert reload_payment(payment).status is PaymentStatus.SUCCEEDED
    assert len(sandbox.list_charges(payment.id)) == 1


def test_reconciliation_restores_lost_payment(organization: BillingOrganization, sandbox: Sandbox) -> None:
    payment = create_unrecorded_charge(organization)
    store.commit(STAFF, Remove(reload_payment(payment)))
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        result = reconciliation_job.run()
    assert result.restored == 1
    restored = reload_payment(payment)
    assert (restored.status, restored.amount, restored.client_id) == (
        "succeeded",
        payment.amount,
        organization.client.id,
    )
    assert organization.get_charter(payment.subject_id).amount_paid == payment.amount


def test_process_payment_repeated_key_after_lost_charge_charges_once(
    organization: BillingOrganization, sandbox: Sandbox
) -> None:
    charter = organization.create_accepted_charter()
    sandbox.set_mode("time_out_before", 2)
    assert organization.pay(charter_id=charter["id"], key="k-1").json()["status"] == "pending"
    organization.pay(charter_id=charter["id"], key="k-1")
    [paid] = organization.list_payments()
    assert (paid.status, len(sandbox.list_charges(paid.id))) == ("succeeded", 1)


def test_complete_payment_after_key_window_does_not_charge_again(
    organization: BillingOrganization, sandbox: Sandbox
) -> None:
    payment = create_pending_payment(organization)
    card_payments._prepare_card(STAFF, payment)
    with clock.frozen(clock.now() + timedelta(hours=13)):
        late = card_payments.complete_payment(STAFF, reload_payment(payment))
    assert (late.status, late.failure_code) == ("failed", "not_charged")
    assert sandbox.list_charges(payment.id) == []
