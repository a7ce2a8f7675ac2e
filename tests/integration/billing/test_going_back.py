"""Money that goes back against our will or by mistake: refunds that do not arrive, and payments that are disputed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from coachway.billing.payments.model import PROMISED, Payment
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
from tests.integration.billing import office, refunding
from tests.integration.billing.refunding import balances
from tests.integration.billing.stripe_sandbox import Desk, Sandbox, notice, process, sandbox
from tests.integration.bookings import asking

__all__ = ["process", "sandbox"]

STAFF = Caller(org_id=asking.ORG, user_id="usr_01JQZZZZZZZZZZZZZZZZZZZZZZ", role="manager")
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
        key = PROMISED.key(org=asking.ORG, payment=self.payment.id)
        return store.get_counters(key).get("refunded", 0)

    def refunded(self, cents: int) -> Refund:
        """Something of it was given back."""
        wanted = RefundInput(payment_id=self.payment.id, amount=cents, reason="The coach had no wifi")
        made = refunds.request(STAFF, wanted)
        assert refunding.run(made.id) == "over"
        done = refunds.get(STAFF, made.id)
        assert done.status == "completed"
        return done

    def invoiced(self) -> str:
        """What it was paid for is on an invoice."""
        draft = office.done("POST", "/invoices", {"charter_id": self.charter_id})
        return str(office.done("POST", f"/invoices/{draft['id']}/issue")["id"])

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
    return refunds.listed(STAFF, RefundQuery()).items


# Refunds that do not arrive


def test_a_refund_that_does_not_arrive_is_booked_back_and_staff_are_told(trip: Trip) -> None:
    made = trip.refunded(100_00)
    assert balances() == {"cash": CENTS - 100_00, "customer_deposits": 100_00 - CENTS}
    trip.sandbox.told(f"refunds/{made.stripe_refund_id}/fail")
    assert trip.told(str(made.stripe_refund_id)) == ["taken", "taken"]
    after = refunds.get(STAFF, made.id)
    assert (after.status, after.stripe_refund_id, after.completed_at) == ("failed", None, None)
    assert after.failure is not None
    assert after.failure.error == "it did not arrive: expired_or_canceled_card"
    assert balances() == {"cash": CENTS, "customer_deposits": -CENTS}
    charter = trip.desk.charter(trip.charter_id)
    assert (charter.amount_paid, charter.flow_failures["refund"]) == (CENTS, after.failure)
    assert (trip.now().amount_refunded, trip.held()) == (0, 100_00)
    [told] = trip.desk.events("refund.failed")
    assert told.data["error"] == after.failure.error


def test_one_that_did_not_arrive_is_taken_up_again_under_another_key(trip: Trip) -> None:
    made = trip.refunded(100_00)
    first = str(made.stripe_refund_id)
    trip.sandbox.told(f"refunds/{first}/fail")
    trip.told(first)
    refunds.retry(STAFF, made.id, None)
    assert refunding.run(made.id) == "over"
    again = refunds.get(STAFF, made.id)
    assert (again.status, again.stripe_refund_id == first) == ("completed", False)
    late = {**trip.sandbox.events_about(first)[0], "id": "evt_late"}
    assert notice(late).json() == {"received": "taken"}
    assert refunds.get(STAFF, made.id).status == "completed"
    assert balances() == {"cash": CENTS - 100_00, "customer_deposits": 100_00 - CENTS}
    assert trip.desk.charter(trip.charter_id).flow_failures == {}


def test_one_that_did_not_arrive_can_be_rejected_and_frees_the_payment(trip: Trip) -> None:
    made = trip.refunded(100_00)
    trip.sandbox.told(f"refunds/{made.stripe_refund_id}/fail")
    trip.told(str(made.stripe_refund_id))
    refunds.reject(STAFF, made.id, "They want it by check", None)
    assert trip.held() == 0


def test_one_of_an_invoice_is_owed_to_nobody_and_earned_again(trip: Trip) -> None:
    invoice_id = trip.invoiced()
    before = balances()
    made = trip.refunded(100_00)
    assert trip.desk.invoice(invoice_id).amount_refunded == 100_00
    trip.sandbox.told(f"refunds/{made.stripe_refund_id}/fail")
    trip.told(str(made.stripe_refund_id))
    after = trip.desk.invoice(invoice_id)
    assert (after.amount_refunded, after.status, balances()) == (0, "paid", before)
    assert trip.desk.charter(trip.charter_id).amount_paid == CENTS


def test_while_a_refund_is_being_made_stripe_is_asked_to_tell_again(trip: Trip) -> None:
    wanted = RefundInput(payment_id=trip.payment.id, amount=100_00, reason="Late")
    made = refunds.request(STAFF, wanted)
    refund_workflow._mark_sent(STAFF, made.id)
    out = refund_workflow._through_stripe(refunds.get(STAFF, made.id))
    trip.sandbox.told(f"refunds/{out}/fail")
    events = trip.sandbox.events_about(out)
    assert {notice(each).status for each in events} == {502}
    assert refund_workflow.execute_refund(STAFF, made.id).go == "over"
    assert trip.told(out)[0] == "taken"
    assert (refunds.get(STAFF, made.id).status, balances()["cash"]) == ("failed", CENTS)


def test_of_one_that_nobody_was_sure_of_it_is_known_then_that_it_is_not_out(trip: Trip) -> None:
    made = refunds.request(STAFF, RefundInput(payment_id=trip.payment.id, amount=100_00, reason="Late"))
    refund_workflow._mark_sent(STAFF, made.id)
    out = refund_workflow._through_stripe(refunds.get(STAFF, made.id))
    refund_workflow.failed(STAFF, made.id, state="GiveBack", error="Upstream")
    with pytest.raises(errors.Conflict, match="it may have been given back"):
        refunds.reject(STAFF, made.id, "", None)
    trip.sandbox.told(f"refunds/{out}/fail")
    assert set(trip.told(out)) == {"taken"}
    refunds.reject(STAFF, made.id, "", None)
    assert trip.held() == 0


def test_what_nobody_told_of_is_found_by_the_daily_comparison(trip: Trip) -> None:
    made = trip.refunded(100_00)
    trip.sandbox.told(f"refunds/{made.stripe_refund_id}/fail")
    dispute = trip.disputed()
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        assert daily_reconciliation.run().returned >= 2
        assert daily_reconciliation.run().returned == 0
    assert refunds.get(STAFF, made.id).status == "failed"
    assert [each.id for each in trip.now().disputes] == [dispute]


# Disputes


def test_a_dispute_is_recorded_and_what_the_bank_withholds_is_booked(trip: Trip) -> None:
    dispute = trip.disputed()
    assert trip.told(dispute) == ["taken", "taken"]
    [kept] = trip.now().disputes
    assert (kept.id, kept.status, kept.amount, kept.withheld, kept.fee) == (dispute, "open", CENTS, CENTS, FEE)
    assert balances() == {"cash": -FEE, "customer_deposits": -CENTS, "disputed_payments": CENTS, "fees": FEE}
    [told] = trip.desk.events("payment.disputed")
    assert (told.data["reason"], told.data["amount"]) == ("product_not_received", CENTS / 100)
    assert trip.desk.charter(trip.charter_id).amount_paid == CENTS


def test_nothing_of_a_disputed_payment_is_given_back(trip: Trip) -> None:
    waiting = refunds.request(STAFF, RefundInput(payment_id=trip.payment.id, amount=50_00, reason="Late"))
    trip.told(trip.disputed())
    with pytest.raises(errors.Conflict) as refusal:
        refunds.request(STAFF, RefundInput(payment_id=trip.payment.id, amount=1_00, reason="Late"))
    assert refusal.value.title == "this payment is disputed"
    assert refunding.run(waiting.id) == "failed"
    assert trip.sandbox.get("refunds", payment_intent=trip.payment.stripe_payment_intent_id) == []


def test_a_dispute_that_is_won_leaves_everything_as_it_was(trip: Trip) -> None:
    dispute = trip.disputed()
    trip.told(dispute)
    trip.decided(dispute, "won")
    assert set(trip.told(dispute)) == {"repeated", "taken"}
    [kept] = trip.now().disputes
    assert (kept.status, kept.withheld, kept.fee, trip.held()) == ("won", 0, 0, 0)
    assert balances() == {"cash": CENTS, "customer_deposits": -CENTS}
    assert len(trip.desk.events("payment.dispute_ended")) == 1
    assert trip.refunded(100_00).status == "completed"


def test_a_dispute_that_is_lost_is_a_refund_that_the_bank_made(trip: Trip) -> None:
    dispute = trip.disputed()
    trip.told(dispute)
    trip.decided(dispute, "lost")
    trip.told(dispute)
    assert balances() == {"cash": -FEE, "fees": FEE}
    [made] = known()
    assert (made.status, made.cause, made.amount, made.stripe_refund_id) == ("completed", "dispute", CENTS, None)
    payment = trip.now()
    assert (payment.amount_refunded, trip.held(), payment.disputes[0].refund_id) == (CENTS, CENTS, made.id)
    assert trip.desk.charter(trip.charter_id).amount_paid == 0
    with pytest.raises(errors.Conflict, match="nothing is left"):
        refunds.request(STAFF, RefundInput(payment_id=payment.id, reason="Late"))
    [told] = trip.desk.events("payment.dispute_ended")
    assert told.data["status"] == "lost"
    assert trip.desk.events("refund.completed") == []


@pytest.mark.parametrize("decision", ["won", "lost"])
def test_whatever_is_told_in_whatever_order_it_is_booked_once(trip: Trip, decision: str) -> None:
    dispute = trip.disputed()
    trip.decided(dispute, decision)
    trip.told(dispute, backwards=True)
    trip.told(dispute)
    won = {"cash": CENTS, "customer_deposits": -CENTS}
    assert balances() == (won if decision == "won" else {"cash": -FEE, "fees": FEE})
    assert len(trip.desk.events("payment.dispute_ended")) == 1
    assert len(known()) == (decision == "lost")


def test_an_inquiry_holds_nothing_until_it_becomes_a_dispute(trip: Trip) -> None:
    dispute = trip.disputed(status="warning_needs_response")
    trip.told(dispute)
    assert (trip.now().disputes[0].status, trip.held(), trip.now().is_disputed) == ("inquiry", 0, False)
    assert balances() == {"cash": CENTS, "customer_deposits": -CENTS}
    trip.decided(dispute, "needs_response")
    trip.told(dispute)
    assert (trip.now().disputes[0].status, trip.held()) == ("open", CENTS)
    assert balances()["disputed_payments"] == CENTS


def test_what_was_paid_on_an_invoice_and_is_lost_lowers_what_was_earned(trip: Trip) -> None:
    invoice_id = trip.invoiced()
    earned = balances()["revenue"]
    dispute = trip.disputed()
    trip.decided(dispute, "lost")
    trip.told(dispute)
    invoice = trip.desk.invoice(invoice_id)
    assert (invoice.status, invoice.amount_refunded, invoice.balance_due) == ("paid", CENTS, 0)
    assert balances() == {"cash": -FEE, "fees": FEE, "refunds": -earned, "revenue": earned}


def test_a_cancelled_trip_gives_back_what_is_not_disputed(trip: Trip) -> None:
    dispute = trip.disputed(amount=400_00)
    trip.told(dispute)
    lifecycle.cancel(STAFF, trip.charter_id, CancelInput(initiated_by="operator"), preview=False)
    refunding.cancelled(trip.charter_id)
    [made] = known()
    assert made.amount == CENTS - 400_00
    trip.decided(dispute, "lost")
    trip.told(dispute)
    assert refunding.run(made.id) == "over"
    assert balances() == {"cash": -FEE, "fees": FEE}


def test_a_dispute_of_what_was_given_back_before_is_booked_all_the_same(trip: Trip) -> None:
    trip.refunded(100_00)
    dispute = trip.disputed()
    trip.decided(dispute, "lost")
    trip.told(dispute)
    # Its payer has 100.00 too much.
    assert balances() == {"cash": -FEE - 100_00, "customer_deposits": 100_00, "fees": FEE}
    assert trip.held() == CENTS + 100_00


@pytest.mark.parametrize("kind", ["charge.dispute.created", "refund.failed", "charge.refund.updated"])
def test_what_is_told_of_things_that_are_not_ours_changes_nothing(trip: Trip, kind: str) -> None:
    about = [
        {"id": "dp_none", "payment_intent": "pi_none", "metadata": {}},
        {"id": "re_none", "metadata": {"org_id": asking.ORG, "refund_id": ids.new("rfd")}},
        {"id": "re_none", "metadata": {"org_id": "rubbish", "refund_id": "rubbish"}},
        {},
    ]
    for number, each in enumerate(about):
        event = {"id": f"evt_{kind}_{number}", "object": "event", "type": kind, "data": {"object": each}}
        assert notice(event).json() == {"received": "ignored"}
    bare = {"id": "evt_bare", "object": "event", "type": kind}
    assert notice(bare).json() == {"received": "ignored"}
    assert trip.now().disputes == []


def test_a_refund_that_stripe_says_failed_at_once_is_none(trip: Trip, monkeypatch: pytest.MonkeyPatch) -> None:
    made = refunds.request(STAFF, RefundInput(payment_id=trip.payment.id, amount=10_00, reason="Late"))
    whole = refunds_and_disputes._given_back
    said = {"failure": "lost_or_stolen_card"}
    monkeypatch.setattr(
        refunds_and_disputes,
        "_given_back",
        lambda each: refunds_and_disputes.StripeRefund(whole(each).id, {}, said["failure"]),
    )
    assert refunding.run(made.id) == "failed"
    assert balances() == {"cash": CENTS, "customer_deposits": -CENTS}
    assert refunds.get(STAFF, made.id).sent_at is None
