"""Refunds that the bank returns, and payments that the payer disputes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from coachway.billing.refunds import service as refunds
from coachway.billing.refunds import workflow as refund_workflow
from coachway.billing.refunds.model import Refund, RefundInput, RefundQuery
from coachway.billing.refunds.trip_payments import find_refundable_amount
from coachway.billing.stripe import refunds_and_disputes
from coachway.billing.stripe_sync import reconciliation_job
from coachway.bookings.charters import lifecycle
from coachway.bookings.charters.status_schemas import CancelInput
from coachway.core import errors
from coachway.core.runtime import clock
from coachway.core.types import ids
from tests.integration.billing import refund_builders
from tests.integration.billing.refund_builders import get_account_balances
from tests.integration.billing.refunds.paid_charter import CENTS, FEE, STAFF, PaidCharter
from tests.integration.billing.stripe_sandbox import BillingOrganization, Sandbox, deliver_webhook
from tests.integration.bookings import builders as booking_builders


@pytest.fixture
def paid(sandbox: Sandbox) -> PaidCharter:
    organization = BillingOrganization.create()
    charter = organization.create_accepted_charter()
    reply = organization.pay(charter_id=charter["id"], amount=CENTS / 100)
    assert reply.status == 201, reply.text
    return PaidCharter(organization, sandbox, charter["id"], organization.list_payments()[0])


def list_refunds() -> list[Refund]:
    return refunds.list_refunds(STAFF, RefundQuery()).items


# Returned refunds


def test_returned_refund_reverses_bookkeeping_and_notifies_staff(paid: PaidCharter) -> None:
    refund = paid.refund(100_00)
    assert get_account_balances() == {"cash": CENTS - 100_00, "customer_deposits": 100_00 - CENTS}
    paid.return_refund(refund)
    assert paid.deliver_events(str(refund.stripe_refund_id)) == ["processed", "processed"]
    after = refunds.get_refund(STAFF, refund.id)
    assert (after.status, after.stripe_refund_id, after.completed_at) == ("failed", None, None)
    assert after.failure is not None
    assert after.failure.error == "Returned by the bank: expired_or_canceled_card"
    assert get_account_balances() == {"cash": CENTS, "customer_deposits": -CENTS}
    charter = paid.organization.get_charter(paid.charter_id)
    assert (charter.amount_paid, charter.workflow_failures["refund"]) == (CENTS, after.failure)
    assert (paid.reload_payment().amount_refunded, paid.get_held_amount()) == (0, 100_00)
    [event] = paid.organization.list_events("refund.failed")
    assert event.data["error"] == after.failure.error


def test_returned_refund_retry_uses_another_key(paid: PaidCharter) -> None:
    refund = paid.refund(100_00)
    first_stripe_id = str(refund.stripe_refund_id)
    paid.sandbox.simulate_bank(f"refunds/{first_stripe_id}/fail")
    paid.deliver_events(first_stripe_id)
    refunds.retry_refund(STAFF, refund.id, None)
    assert refund_builders.run_workflow(refund.id) == "over"
    again = refunds.get_refund(STAFF, refund.id)
    assert (again.status, again.stripe_refund_id == first_stripe_id) == ("completed", False)
    late_event = {**paid.sandbox.list_events_about(first_stripe_id)[0], "id": "evt_late"}
    assert deliver_webhook(late_event).json() == {"result": "processed"}
    assert refunds.get_refund(STAFF, refund.id).status == "completed"
    assert get_account_balances() == {"cash": CENTS - 100_00, "customer_deposits": 100_00 - CENTS}
    assert paid.organization.get_charter(paid.charter_id).workflow_failures == {}


def test_returned_refund_reject_releases_hold(paid: PaidCharter) -> None:
    refund = paid.refund(100_00)
    paid.return_refund(refund)
    paid.deliver_events(str(refund.stripe_refund_id))
    refunds.reject_refund(STAFF, refund.id, "They want it by check", None)
    assert paid.get_held_amount() == 0


def test_returned_refund_of_invoice_restores_revenue(paid: PaidCharter) -> None:
    invoice_id = paid.issue_invoice()
    before = get_account_balances()
    refund = paid.refund(100_00)
    assert paid.organization.get_invoice(invoice_id).amount_refunded == 100_00
    paid.return_refund(refund)
    paid.deliver_events(str(refund.stripe_refund_id))
    after = paid.organization.get_invoice(invoice_id)
    assert (after.amount_refunded, after.status, get_account_balances()) == (0, "paid", before)
    assert paid.organization.get_charter(paid.charter_id).amount_paid == CENTS


def test_returned_refund_while_pending_requests_redelivery(paid: PaidCharter) -> None:
    refund = paid.request_refund(100_00)
    refund_workflow._mark_sent(STAFF, refund.id)
    stripe_refund_id = refund_workflow._refund_through_stripe(refunds.get_refund(STAFF, refund.id))
    paid.sandbox.simulate_bank(f"refunds/{stripe_refund_id}/fail")
    events = paid.sandbox.list_events_about(stripe_refund_id)
    assert {deliver_webhook(event).status for event in events} == {502}
    assert refund_workflow.execute_refund(STAFF, refund.id).go == "over"
    assert paid.deliver_events(stripe_refund_id)[0] == "processed"
    assert (refunds.get_refund(STAFF, refund.id).status, get_account_balances()["cash"]) == ("failed", CENTS)


def test_returned_refund_with_unknown_outcome_clears_sent_at(paid: PaidCharter) -> None:
    refund = paid.request_refund(100_00)
    refund_workflow._mark_sent(STAFF, refund.id)
    stripe_refund_id = refund_workflow._refund_through_stripe(refunds.get_refund(STAFF, refund.id))
    refund_workflow.record_failure(STAFF, refund.id, state="SendRefund", error="Upstream")
    with pytest.raises(errors.Conflict, match="may have reached the payer"):
        refunds.reject_refund(STAFF, refund.id, "", None)
    paid.sandbox.simulate_bank(f"refunds/{stripe_refund_id}/fail")
    assert set(paid.deliver_events(stripe_refund_id)) == {"processed"}
    refunds.reject_refund(STAFF, refund.id, "", None)
    assert paid.get_held_amount() == 0


def test_reconciliation_finds_missed_events(paid: PaidCharter) -> None:
    refund = paid.refund(100_00)
    paid.return_refund(refund)
    dispute_id = paid.open_dispute()
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        assert reconciliation_job.run().returned >= 2
        assert reconciliation_job.run().returned == 0
    assert refunds.get_refund(STAFF, refund.id).status == "failed"
    assert [dispute.id for dispute in paid.reload_payment().disputes] == [dispute_id]


# Disputes


def test_dispute_opened_books_withheld_amount(paid: PaidCharter) -> None:
    dispute_id = paid.open_dispute()
    assert paid.deliver_events(dispute_id) == ["processed", "processed"]
    [dispute] = paid.reload_payment().disputes
    assert (dispute.id, dispute.status, dispute.amount, dispute.withheld_amount, dispute.fee) == (
        dispute_id,
        "open",
        CENTS,
        CENTS,
        FEE,
    )
    assert get_account_balances() == {
        "cash": -FEE,
        "customer_deposits": -CENTS,
        "disputed_payments": CENTS,
        "fees": FEE,
    }
    [event] = paid.organization.list_events("payment.disputed")
    assert (event.data["reason"], event.data["amount"]) == ("product_not_received", CENTS / 100)
    assert paid.organization.get_charter(paid.charter_id).amount_paid == CENTS


def test_refund_disputed_payment_is_rejected(paid: PaidCharter) -> None:
    refund = paid.request_refund(50_00)
    paid.deliver_events(paid.open_dispute())
    with pytest.raises(errors.Conflict) as error:
        paid.request_refund(1_00)
    assert error.value.code == "payment_disputed"
    assert refund_builders.run_workflow(refund.id) == "failed"
    assert paid.sandbox.list_objects("refunds", payment_intent=paid.payment.stripe_payment_intent_id) == []


def test_dispute_won_releases_amount(paid: PaidCharter) -> None:
    dispute_id = paid.open_dispute()
    paid.deliver_events(dispute_id)
    paid.decide_dispute(dispute_id, "won")
    assert set(paid.deliver_events(dispute_id)) == {"repeated", "processed"}
    [dispute] = paid.reload_payment().disputes
    assert (dispute.status, dispute.withheld_amount, dispute.fee, paid.get_held_amount()) == ("won", 0, 0, 0)
    assert get_account_balances() == {"cash": CENTS, "customer_deposits": -CENTS}
    assert len(paid.organization.list_events("payment.dispute_ended")) == 1
    assert paid.refund(100_00).status == "completed"


def test_dispute_lost_creates_refund(paid: PaidCharter) -> None:
    dispute_id = paid.open_dispute()
    paid.deliver_events(dispute_id)
    paid.decide_dispute(dispute_id, "lost")
    paid.deliver_events(dispute_id)
    assert get_account_balances() == {"cash": -FEE, "fees": FEE}
    [refund] = list_refunds()
    assert (refund.status, refund.cause, refund.amount, refund.stripe_refund_id) == (
        "completed",
        "dispute",
        CENTS,
        None,
    )
    payment = paid.reload_payment()
    assert (payment.amount_refunded, paid.get_held_amount(), payment.disputes[0].refund_id) == (CENTS, CENTS, refund.id)
    assert paid.organization.get_charter(paid.charter_id).amount_paid == 0
    with pytest.raises(errors.Conflict, match=r"0\.00 USD of this payment can be refunded"):
        refunds.request_refund(STAFF, RefundInput(payment_id=payment.id, reason="Late"))
    [event] = paid.organization.list_events("payment.dispute_ended")
    assert event.data["status"] == "lost"
    assert paid.organization.list_events("refund.completed") == []


@pytest.mark.parametrize("decision", ["won", "lost"])
def test_dispute_events_in_any_order_are_booked_once(paid: PaidCharter, decision: str) -> None:
    dispute_id = paid.open_dispute()
    paid.decide_dispute(dispute_id, decision)
    paid.deliver_events(dispute_id, newest_first=True)
    paid.deliver_events(dispute_id)
    balances_if_won = {"cash": CENTS, "customer_deposits": -CENTS}
    assert get_account_balances() == (balances_if_won if decision == "won" else {"cash": -FEE, "fees": FEE})
    assert len(paid.organization.list_events("payment.dispute_ended")) == 1
    assert len(list_refunds()) == (decision == "lost")


def test_dispute_inquiry_holds_nothing(paid: PaidCharter) -> None:
    dispute_id = paid.open_dispute(status="warning_needs_response")
    paid.deliver_events(dispute_id)
    assert (paid.reload_payment().disputes[0].status, paid.get_held_amount(), paid.reload_payment().is_disputed) == (
        "inquiry",
        0,
        False,
    )
    assert get_account_balances() == {"cash": CENTS, "customer_deposits": -CENTS}
    paid.decide_dispute(dispute_id, "needs_response")
    paid.deliver_events(dispute_id)
    assert (paid.reload_payment().disputes[0].status, paid.get_held_amount()) == ("open", CENTS)
    assert get_account_balances()["disputed_payments"] == CENTS


def test_dispute_lost_on_invoice_lowers_revenue(paid: PaidCharter) -> None:
    invoice_id = paid.issue_invoice()
    earned = get_account_balances()["revenue"]
    dispute_id = paid.open_dispute()
    paid.decide_dispute(dispute_id, "lost")
    paid.deliver_events(dispute_id)
    invoice = paid.organization.get_invoice(invoice_id)
    assert (invoice.status, invoice.amount_refunded, invoice.balance_due) == ("paid", CENTS, 0)
    assert get_account_balances() == {"cash": -FEE, "fees": FEE, "refunds": -earned, "revenue": earned}


def test_cancellation_refunds_undisputed_payments(paid: PaidCharter) -> None:
    dispute_id = paid.open_dispute(amount=400_00)
    paid.deliver_events(dispute_id)
    body = CancelInput(initiated_by="operator")
    for is_preview in (True, False):
        cancellation = lifecycle.cancel(
            STAFF, paid.charter_id, body, preview=is_preview, find_refundable_amount=find_refundable_amount
        )
        assert (cancellation.amount_on_hold, cancellation.refund) == (400_00, CENTS - 400_00)
    refund_builders.deliver_cancellation(paid.charter_id)
    [refund] = list_refunds()
    assert refund.amount == CENTS - 400_00
    paid.decide_dispute(dispute_id, "lost")
    paid.deliver_events(dispute_id)
    assert refund_builders.run_workflow(refund.id) == "over"
    assert get_account_balances() == {"cash": -FEE, "fees": FEE}


def test_dispute_of_refunded_payment_is_booked(paid: PaidCharter) -> None:
    paid.refund(100_00)
    dispute_id = paid.open_dispute()
    paid.decide_dispute(dispute_id, "lost")
    paid.deliver_events(dispute_id)
    # The payer got 100.00 more than was paid.
    assert get_account_balances() == {"cash": -FEE - 100_00, "customer_deposits": 100_00, "fees": FEE}
    assert paid.get_held_amount() == CENTS + 100_00


@pytest.mark.parametrize("kind", ["charge.dispute.created", "refund.failed", "charge.refund.updated"])
def test_webhook_foreign_objects_are_ignored(paid: PaidCharter, kind: str) -> None:
    objects: list[dict[str, Any]] = [
        {"id": "dp_none", "payment_intent": "pi_none", "metadata": {}},
        {"id": "re_none", "metadata": {"org_id": booking_builders.ORG, "refund_id": ids.new("rfd")}},
        {"id": "re_none", "metadata": {"org_id": "malformed", "refund_id": "malformed"}},
        {},
    ]
    for number, stripe_object in enumerate(objects):
        event = {"id": f"evt_{kind}_{number}", "object": "event", "type": kind, "data": {"object": stripe_object}}
        assert deliver_webhook(event).json() == {"result": "ignored"}
    without_data = {"id": "evt_bare", "object": "event", "type": kind}
    assert deliver_webhook(without_data).json() == {"result": "ignored"}
    assert paid.reload_payment().disputes == []


def test_create_refund_failed_status_raises(paid: PaidCharter, monkeypatch: pytest.MonkeyPatch) -> None:
    refund = paid.request_refund(10_00)
    parse_refund = refunds_and_disputes._parse_refund
    monkeypatch.setattr(
        refunds_and_disputes,
        "_parse_refund",
        lambda refund: refunds_and_disputes.StripeRefund(parse_refund(refund).id, {}, "lost_or_stolen_card"),
    )
    assert refund_builders.run_workflow(refund.id) == "failed"
    assert get_account_balances() == {"cash": CENTS, "customer_deposits": -CENTS}
    assert refunds.get_refund(STAFF, refund.id).sent_at is None
