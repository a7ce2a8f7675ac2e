"""Money that goes back against our will or by mistake: refunds that do not arrive, and payments that are disputed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from coachway.billing.payments.model import REFUND_HOLDS, Payment
from coachway.billing.refunds import service as refunds
from coachway.billing.refunds import workflow as refund_workflow
from coachway.billing.refunds.model import Refund, RefundInput, RefundQuery
from coachway.billing.stripe import refunds_and_disputes
from coachway.billing.stripe_sync import daily_reconciliation
from coachway.bookings.charters import lifecycle
from coachway.bookings.charters.lifecycle import CancelInput
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.runtime import clock
from coachway.core.types import ids
from tests.integration.billing import builders, refund_builders
from tests.integration.billing.refund_builders import account_balances
from tests.integration.billing.stripe_sandbox import Desk, Sandbox, notice, process, sandbox
from tests.integration.bookings import builders as booking_builders

__all__ = ["process", "sandbox"]

STAFF = Caller(org_id=booking_builders.ORG, user_id="usr_01JQZZZZZZZZZZZZZZZZZZZZZZ", role="manager")
CENTS = 676_30
FEE = 15_00


@dataclass
class Trip:
    """A booked trip of 676.30 that was paid by card, and Stripe, at which things happen to that."""

    desk: Desk
    sandbox: Sandbox
    charter_id: str
    payment: Payment

    def now(self) -> Payment:
        return store.get(Payment, self.payment.key())

    def held(self) -> int:
        key = REFUND_HOLDS.key(org=booking_builders.ORG, payment=self.payment.id)
        return store.get_counters(key).get("refunded", 0)

    def refunded(self, cents: int) -> Refund:
        """Something of it was given back."""
        wanted = RefundInput(payment_id=self.payment.id, amount=cents, reason="The coach had no wifi")
        made = refunds.request_refund(STAFF, wanted)
        assert refund_builders.run_workflow(made.id) == "over"
        done = refunds.get_refund(STAFF, made.id)
        assert done.status == "completed"
        return done

    def invoiced(self) -> str:
        """What it was paid for is on an invoice."""
        draft = builders.send_ok("POST", "/invoices", {"charter_id": self.charter_id})
        return str(builders.send_ok("POST", f"/invoices/{draft['id']}/issue")["id"])

    def disputed(self, **wish: Any) -> str:
        """Its payer tells the bank that it is not right."""
        wish = {"payment_intent": self.payment.stripe_payment_intent_id, **wish}
        return str(self.sandbox.told("disputes", **wish)["id"])

    def decided(self, dispute_id: str, status: str) -> None:
        self.sandbox.told(f"disputes/{dispute_id}", status=status)

    def told(self, object_id: str, *, backwards: bool = False) -> list[str]:
        """What becomes of all that Stripe tells of a thing."""
        events = self.sandbox.events_about(object_id)
        return [notice(each).json()["received"] for each in (events[::-1] if backwards else events)]


@pytest.fixture
def trip(sandbox: Sandbox) -> Trip:
    desk = Desk.opened()
    charter = desk.accepted()
    reply = desk.pay(charter_id=charter["id"], amount=CENTS / 100)
    assert reply.status == 201, reply.text
    return Trip(desk, sandbox, charter["id"], desk.payments()[0])


def known() -> list[Refund]:
    return refunds.list_refunds(STAFF, RefundQuery()).items


# Refunds that do not arrive


def test_returned_refund_reverses_bookkeeping_and_notifies_staff(trip: Trip) -> None:
    made = trip.refunded(100_00)
    assert account_balances() == {"cash": CENTS - 100_00, "customer_deposits": 100_00 - CENTS}
    trip.sandbox.told(f"refunds/{made.stripe_refund_id}/fail")
    assert trip.told(str(made.stripe_refund_id)) == ["taken", "taken"]
    after = refunds.get_refund(STAFF, made.id)
    assert (after.status, after.stripe_refund_id, after.completed_at) == ("failed", None, None)
    assert after.failure is not None
    assert after.failure.error == "Returned by the bank: expired_or_canceled_card"
    assert account_balances() == {"cash": CENTS, "customer_deposits": -CENTS}
    charter = trip.desk.charter(trip.charter_id)
    assert (charter.amount_paid, charter.flow_failures["refund"]) == (CENTS, after.failure)
    assert (trip.now().amount_refunded, trip.held()) == (0, 100_00)
    [told] = trip.desk.events("refund.failed")
    assert told.data["error"] == after.failure.error


def test_returned_refund_retry_uses_another_key(trip: Trip) -> None:
    made = trip.refunded(100_00)
    first = str(made.stripe_refund_id)
    trip.sandbox.told(f"refunds/{first}/fail")
    trip.told(first)
    refunds.retry_refund(STAFF, made.id, None)
    assert refund_builders.run_workflow(made.id) == "over"
    again = refunds.get_refund(STAFF, made.id)
    assert (again.status, again.stripe_refund_id == first) == ("completed", False)
    late = {**trip.sandbox.events_about(first)[0], "id": "evt_late"}
    assert notice(late).json() == {"received": "taken"}
    assert refunds.get_refund(STAFF, made.id).status == "completed"
    assert account_balances() == {"cash": CENTS - 100_00, "customer_deposits": 100_00 - CENTS}
    assert trip.desk.charter(trip.charter_id).flow_failures == {}


def test_returned_refund_reject_releases_hold(trip: Trip) -> None:
    made = trip.refunded(100_00)
    trip.sandbox.told(f"refunds/{made.stripe_refund_id}/fail")
    trip.told(str(made.stripe_refund_id))
    refunds.reject_refund(STAFF, made.id, "They want it by check", None)
    assert trip.held() == 0


def test_returned_refund_of_invoice_restores_revenue(trip: Trip) -> None:
    invoice_id = trip.invoiced()
    before = account_balances()
    made = trip.refunded(100_00)
    assert trip.desk.invoice(invoice_id).amount_refunded == 100_00
    trip.sandbox.told(f"refunds/{made.stripe_refund_id}/fail")
    trip.told(str(made.stripe_refund_id))
    after = trip.desk.invoice(invoice_id)
    assert (after.amount_refunded, after.status, account_balances()) == (0, "paid", before)
    assert trip.desk.charter(trip.charter_id).amount_paid == CENTS


def test_returned_refund_while_pending_requests_redelivery(trip: Trip) -> None:
    wanted = RefundInput(payment_id=trip.payment.id, amount=100_00, reason="Late")
    made = refunds.request_refund(STAFF, wanted)
    refund_workflow._mark_sent(STAFF, made.id)
    out = refund_workflow._refund_through_stripe(refunds.get_refund(STAFF, made.id))
    trip.sandbox.told(f"refunds/{out}/fail")
    events = trip.sandbox.events_about(out)
    assert {notice(each).status for each in events} == {502}
    assert refund_workflow.execute_refund(STAFF, made.id).go == "over"
    assert trip.told(out)[0] == "taken"
    assert (refunds.get_refund(STAFF, made.id).status, account_balances()["cash"]) == ("failed", CENTS)


def test_returned_refund_with_unknown_outcome_clears_sent_flag(trip: Trip) -> None:
    made = refunds.request_refund(STAFF, RefundInput(payment_id=trip.payment.id, amount=100_00, reason="Late"))
    refund_workflow._mark_sent(STAFF, made.id)
    out = refund_workflow._refund_through_stripe(refunds.get_refund(STAFF, made.id))
    refund_workflow.record_failure(STAFF, made.id, state="GiveBack", error="Upstream")
    with pytest.raises(errors.Conflict, match="may have reached the payer"):
        refunds.reject_refund(STAFF, made.id, "", None)
    trip.sandbox.told(f"refunds/{out}/fail")
    assert set(trip.told(out)) == {"taken"}
    refunds.reject_refund(STAFF, made.id, "", None)
    assert trip.held() == 0


def test_reconciliation_finds_missed_events(trip: Trip) -> None:
    made = trip.refunded(100_00)
    trip.sandbox.told(f"refunds/{made.stripe_refund_id}/fail")
    dispute = trip.disputed()
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        assert daily_reconciliation.run().returned >= 2
        assert daily_reconciliation.run().returned == 0
    assert refunds.get_refund(STAFF, made.id).status == "failed"
    assert [each.id for each in trip.now().disputes] == [dispute]


# Disputes


def test_dispute_opened_books_withheld_amount(trip: Trip) -> None:
    dispute = trip.disputed()
    assert trip.told(dispute) == ["taken", "taken"]
    [kept] = trip.now().disputes
    assert (kept.id, kept.status, kept.amount, kept.withheld, kept.fee) == (dispute, "open", CENTS, CENTS, FEE)
    assert account_balances() == {"cash": -FEE, "customer_deposits": -CENTS, "disputed_payments": CENTS, "fees": FEE}
    [told] = trip.desk.events("payment.disputed")
    assert (told.data["reason"], told.data["amount"]) == ("product_not_received", CENTS / 100)
    assert trip.desk.charter(trip.charter_id).amount_paid == CENTS


def test_refund_disputed_payment_is_rejected(trip: Trip) -> None:
    waiting = refunds.request_refund(STAFF, RefundInput(payment_id=trip.payment.id, amount=50_00, reason="Late"))
    trip.told(trip.disputed())
    with pytest.raises(errors.Conflict) as refusal:
        refunds.request_refund(STAFF, RefundInput(payment_id=trip.payment.id, amount=1_00, reason="Late"))
    assert refusal.value.code == "payment_disputed"
    assert refund_builders.run_workflow(waiting.id) == "failed"
    assert trip.sandbox.get("refunds", payment_intent=trip.payment.stripe_payment_intent_id) == []


def test_dispute_won_releases_amount(trip: Trip) -> None:
    dispute = trip.disputed()
    trip.told(dispute)
    trip.decided(dispute, "won")
    assert set(trip.told(dispute)) == {"repeated", "taken"}
    [kept] = trip.now().disputes
    assert (kept.status, kept.withheld, kept.fee, trip.held()) == ("won", 0, 0, 0)
    assert account_balances() == {"cash": CENTS, "customer_deposits": -CENTS}
    assert len(trip.desk.events("payment.dispute_ended")) == 1
    assert trip.refunded(100_00).status == "completed"


def test_dispute_lost_creates_refund(trip: Trip) -> None:
    dispute = trip.disputed()
    trip.told(dispute)
    trip.decided(dispute, "lost")
    trip.told(dispute)
    assert account_balances() == {"cash": -FEE, "fees": FEE}
    [made] = known()
    assert (made.status, made.cause, made.amount, made.stripe_refund_id) == ("completed", "dispute", CENTS, None)
    payment = trip.now()
    assert (payment.amount_refunded, trip.held(), payment.disputes[0].refund_id) == (CENTS, CENTS, made.id)
    assert trip.desk.charter(trip.charter_id).amount_paid == 0
    with pytest.raises(errors.Conflict, match=r"0\.00 USD of this payment can be refunded"):
        refunds.request_refund(STAFF, RefundInput(payment_id=payment.id, reason="Late"))
    [told] = trip.desk.events("payment.dispute_ended")
    assert told.data["status"] == "lost"
    assert trip.desk.events("refund.completed") == []


@pytest.mark.parametrize("decision", ["won", "lost"])
def test_dispute_events_in_any_order_are_booked_once(trip: Trip, decision: str) -> None:
    dispute = trip.disputed()
    trip.decided(dispute, decision)
    trip.told(dispute, backwards=True)
    trip.told(dispute)
    won = {"cash": CENTS, "customer_deposits": -CENTS}
    assert account_balances() == (won if decision == "won" else {"cash": -FEE, "fees": FEE})
    assert len(trip.desk.events("payment.dispute_ended")) == 1
    assert len(known()) == (decision == "lost")


def test_dispute_inquiry_holds_nothing(trip: Trip) -> None:
    dispute = trip.disputed(status="warning_needs_response")
    trip.told(dispute)
    assert (trip.now().disputes[0].status, trip.held(), trip.now().is_disputed) == ("inquiry", 0, False)
    assert account_balances() == {"cash": CENTS, "customer_deposits": -CENTS}
    trip.decided(dispute, "needs_response")
    trip.told(dispute)
    assert (trip.now().disputes[0].status, trip.held()) == ("open", CENTS)
    assert account_balances()["disputed_payments"] == CENTS


def test_dispute_lost_on_invoice_lowers_revenue(trip: Trip) -> None:
    invoice_id = trip.invoiced()
    earned = account_balances()["revenue"]
    dispute = trip.disputed()
    trip.decided(dispute, "lost")
    trip.told(dispute)
    invoice = trip.desk.invoice(invoice_id)
    assert (invoice.status, invoice.amount_refunded, invoice.balance_due) == ("paid", CENTS, 0)
    assert account_balances() == {"cash": -FEE, "fees": FEE, "refunds": -earned, "revenue": earned}


def test_cancellation_refunds_undisputed_payments(trip: Trip) -> None:
    dispute = trip.disputed(amount=400_00)
    trip.told(dispute)
    lifecycle.cancel(STAFF, trip.charter_id, CancelInput(initiated_by="operator"), preview=False)
    refund_builders.deliver_cancellation(trip.charter_id)
    [made] = known()
    assert made.amount == CENTS - 400_00
    trip.decided(dispute, "lost")
    trip.told(dispute)
    assert refund_builders.run_workflow(made.id) == "over"
    assert account_balances() == {"cash": -FEE, "fees": FEE}


def test_dispute_of_refunded_payment_is_booked(trip: Trip) -> None:
    trip.refunded(100_00)
    dispute = trip.disputed()
    trip.decided(dispute, "lost")
    trip.told(dispute)
    # Its payer has 100.00 too much.
    assert account_balances() == {"cash": -FEE - 100_00, "customer_deposits": 100_00, "fees": FEE}
    assert trip.held() == CENTS + 100_00


@pytest.mark.parametrize("kind", ["charge.dispute.created", "refund.failed", "charge.refund.updated"])
def test_webhook_foreign_objects_are_ignored(trip: Trip, kind: str) -> None:
    about = [
        {"id": "dp_none", "payment_intent": "pi_none", "metadata": {}},
        {"id": "re_none", "metadata": {"org_id": booking_builders.ORG, "refund_id": ids.new("rfd")}},
        {"id": "re_none", "metadata": {"org_id": "rubbish", "refund_id": "rubbish"}},
        {},
    ]
    for number, each in enumerate(about):
        event = {"id": f"evt_{kind}_{number}", "object": "event", "type": kind, "data": {"object": each}}
        assert notice(event).json() == {"received": "ignored"}
    bare = {"id": "evt_bare", "object": "event", "type": kind}
    assert notice(bare).json() == {"received": "ignored"}
    assert trip.now().disputes == []


def test_create_refund_failed_status_raises(trip: Trip, monkeypatch: pytest.MonkeyPatch) -> None:
    made = refunds.request_refund(STAFF, RefundInput(payment_id=trip.payment.id, amount=10_00, reason="Late"))
    whole = refunds_and_disputes._parse_refund
    said = {"failure": "lost_or_stolen_card"}
    monkeypatch.setattr(
        refunds_and_disputes,
        "_parse_refund",
        lambda each: refunds_and_disputes.StripeRefund(whole(each).id, {}, said["failure"]),
    )
    assert refund_builders.run_workflow(made.id) == "failed"
    assert account_balances() == {"cash": CENTS, "customer_deposits": -CENTS}
    assert refunds.get_refund(STAFF, made.id).sent_at is None
