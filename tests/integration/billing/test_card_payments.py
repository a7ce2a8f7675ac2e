"""Payments by card, against Stripe's sandbox: each is charged once, and written once, whatever happens in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from coachway.billing.errors import PaymentInProgress
from coachway.billing.ledger.accounts import Account, sum_by_account, sum_by_client
from coachway.billing.payments import card_payments, settlement, stripe_customers
from coachway.billing.payments.model import PAYMENT, Payment, PaymentInput, PaymentStatus
from coachway.billing.stripe import client as stripe_client
from coachway.billing.stripe import webhook_events
from coachway.billing.stripe_sync import daily_reconciliation
from coachway.bookings.charters import lifecycle
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Remove, Update
from coachway.core.runtime import clock
from coachway.core.types import ids
from tests.integration.billing.stripe_sandbox import Desk, Sandbox, notice, process, sandbox
from tests.integration.bookings import builders as booking_builders

__all__ = ["process", "sandbox"]

STAFF = Caller(org_id=booking_builders.ORG, user_id="usr_1", role="staff")
DEPOSIT = 169.08


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk.opened()


def begun(desk: Desk, **fields: Any) -> Payment:
    """A payment whose process dies before it has asked Stripe."""
    wanted = PaymentInput(payment_method_id="pm_card_visa", charter_id=desk.accepted()["id"], **fields)
    return card_payments.create_pending_payment(STAFF, wanted)


def charged(payment: Payment) -> Payment:
    """The same, after it was charged and before that was written."""
    customer_id, method = card_payments._prepare_card(STAFF, payment)
    assert card_payments._charge(payment, customer_id, method).succeeded
    return now(payment)


def now(payment: Payment) -> Payment:
    return store.get(Payment, PAYMENT.key(org=payment.org_id, id=payment.id))


def test_process_payment_deposit_books_charter(desk: Desk, sandbox: Sandbox) -> None:
    charter = desk.accepted()
    assert (charter["answer"]["status"], charter["answer"]["deposit_due"]) == ("quote", DEPOSIT)
    assert charter["answer"]["payment"]["url"].endswith(f"/pages/quotes/{charter['token']}")
    assert booking_builders.get_status(charter["id"]) == "quote"

    reply = desk.pay(charter_id=charter["id"])
    assert reply.status == 201, reply.text
    paid = reply.json()
    assert (paid["status"], paid["amount"], paid["card"]) == ("succeeded", DEPOSIT, "Visa ending in 4242")
    assert "payment_method_id" not in paid
    after = desk.charter(charter["id"])
    assert (after.status, after.amount_paid, after.accepted_by) == ("booked", 169_08, "Dana Lee")
    [charge] = sandbox.charges_of(paid["id"])
    assert (charge["amount"], charge["id"]) == (169_08, paid["stripe_payment_intent_id"])
    [entry] = desk.journal()
    assert {line.account: line.amount for line in entry.postings} == {Account.CASH: 169_08, Account.DEPOSITS: -169_08}
    [told] = desk.events("payment.succeeded")
    assert (told.data["booked"], told.data["open_balance"]) == (True, 507.22)
    assert len(desk.events("charter.booked")) == len(desk.events("quote.accepted")) == 1


def test_process_payment_uses_saved_card(desk: Desk) -> None:
    charter = desk.accepted()
    assert desk.pay(charter_id=charter["id"]).status == 201
    rest = desk.pay(charter_id=charter["id"], card=None)
    assert (rest.status, rest.json()["amount"]) == (201, 507.22)
    assert desk.charter(charter["id"]).amount_paid == 676_30
    again = desk.pay(charter_id=charter["id"])
    assert (again.status, again.json()["code"]) == (409, "nothing_due")
    assert sum_by_client(desk.journal()) == {desk.client.id: -676_30}


def test_get_or_create_customer_creates_once(desk: Desk, sandbox: Sandbox) -> None:
    charter = desk.accepted()
    for _ in range(2):
        assert desk.pay(charter_id=charter["id"]).status == 201
    made = [each for each in sandbox.get("customers") if each["metadata"].get("client_id") == desk.client.id]
    kept = stripe_customers.find_customer(booking_builders.ORG, desk.client.id)
    assert kept is not None
    assert [each["id"] for each in made] == [kept.customer_id]
    assert kept.card == "Visa ending in 4242"


@pytest.mark.parametrize("card", ["pm_card_visa_chargeDeclined", "pm_card_chargeCustomerFail"])
def test_process_payment_declined_card_allows_another(desk: Desk, card: str) -> None:
    charter = desk.accepted()
    reply = desk.pay(charter_id=charter["id"], card=card)
    assert (reply.status, reply.json()["code"]) == (409, "card_declined")
    assert "card_declined" in reply.json()["detail"]
    assert reply.json()["errors"][0]["field"] == "payment_method_id"
    [failed] = desk.payments()
    assert (failed.status, failed.failure_code) == ("failed", "card_declined")
    assert booking_builders.get_status(charter["id"]) == "quote"
    assert desk.journal() == []
    assert len(desk.events("payment.failed")) == 1
    assert desk.pay(charter_id=charter["id"]).status == 201
    assert booking_builders.get_status(charter["id"]) == "booked"


def test_process_payment_unknown_card_is_rejected(desk: Desk) -> None:
    reply = desk.pay(charter_id=desk.accepted()["id"], card="pm_nobody_has_this")
    assert (reply.status, reply.json()["code"]) == (409, "card_declined")


def test_process_payment_repeated_key_charges_once(desk: Desk, sandbox: Sandbox) -> None:
    charter = desk.accepted()
    first = desk.pay(charter_id=charter["id"], key="k-1")
    again = desk.pay(charter_id=charter["id"], key="k-1")
    assert (first.status, again.status, again.json()["id"]) == (201, 201, first.json()["id"])
    assert desk.pay(charter_id=charter["id"], amount=10, key="k-1").status == 422
    assert len(desk.payments()) == 1
    declined = [desk.pay(charter_id=charter["id"], card="pm_card_chargeCustomerFail", key="k-2") for _ in range(2)]
    assert [reply.status for reply in declined] == [409, 409]
    assert len(desk.payments()) == 2


def test_process_payment_late_response_is_retried(desk: Desk, sandbox: Sandbox) -> None:
    charter = desk.accepted()
    sandbox.behave("time_out_after")
    reply = desk.pay(charter_id=charter["id"])
    assert (reply.status, reply.json()["status"]) == (201, "succeeded")
    assert len(sandbox.charges_of(reply.json()["id"])) == 1


def test_process_payment_two_timeouts_finds_charge(desk: Desk, sandbox: Sandbox) -> None:
    charter = desk.accepted()
    sandbox.behave("time_out_after", 2)
    reply = desk.pay(charter_id=charter["id"])
    assert (reply.status, reply.json()["status"]) == (201, "succeeded")
    assert len(sandbox.charges_of(reply.json()["id"])) == 1
    assert booking_builders.get_status(charter["id"]) == "booked"


def test_process_payment_unknown_outcome_stays_pending(desk: Desk, sandbox: Sandbox) -> None:
    charter = desk.accepted()
    sandbox.behave("time_out_before", 2)
    reply = desk.pay(charter_id=charter["id"])
    assert (reply.status, reply.json()["status"]) == (201, "pending")
    assert desk.pay(charter_id=charter["id"]).json()["code"] == "payment_in_progress"
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        done = daily_reconciliation.run()
    assert (done.pending, done.corrected) == (1, 1)
    [never] = desk.payments()
    assert (never.status, never.failure_code) == ("failed", "not_charged")
    assert desk.pay(charter_id=charter["id"]).status == 201


def test_reconciliation_settles_charge_after_crash(desk: Desk, sandbox: Sandbox) -> None:
    payment = charged(begun(desk))
    assert payment.status is PaymentStatus.PENDING
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        done = daily_reconciliation.run()
        assert (done.pending, done.corrected) == (1, 1)
        assert daily_reconciliation.run().corrected == 0
    assert now(payment).status is PaymentStatus.SUCCEEDED
    assert booking_builders.get_status(payment.subject_id) == "booked"
    assert len(desk.journal()) == len(desk.events("payment.succeeded")) == 1


def test_next_payment_settles_charge_after_crash(desk: Desk, sandbox: Sandbox) -> None:
    payment = charged(begun(desk))
    assert desk.pay(charter_id=payment.subject_id).json()["code"] == "payment_in_progress"
    with clock.frozen(clock.now() + timedelta(minutes=3)), pytest.raises(errors.ConcurrentUpdate):
        card_payments.charge_card(STAFF, PaymentInput(charter_id=payment.subject_id, payment_method_id="pm_card_visa"))
    assert now(payment).status is PaymentStatus.SUCCEEDED
    assert len(sandbox.charges_of(payment.id)) == 1


def test_reconciliation_restores_lost_payment(desk: Desk, sandbox: Sandbox) -> None:
    payment = charged(begun(desk))
    store.commit(STAFF, Remove(now(payment)))
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        done = daily_reconciliation.run()
    assert done.restored == 1
    again = now(payment)
    assert (again.status, again.amount, again.client_id) == ("succeeded", payment.amount, desk.client.id)
    assert desk.charter(payment.subject_id).amount_paid == payment.amount


def test_webhook_before_response_settles_payment(desk: Desk, sandbox: Sandbox) -> None:
    payment = charged(begun(desk))
    [event] = sandbox.told_of(payment.id)
    assert notice(event).json() == {"received": "taken"}
    assert now(payment).status is PaymentStatus.SUCCEEDED
    assert notice(event).json() == {"received": "repeated"}
    assert notice({**event, "id": "evt_another"}).json() == {"received": "taken"}
    late = card_payments.complete_payment(STAFF, payment)  # what our own call does at last
    assert late.status is PaymentStatus.SUCCEEDED
    assert len(sandbox.charges_of(payment.id)) == 1
    assert len(desk.journal()) == len(desk.events("payment.succeeded")) == len(desk.events("charter.booked")) == 1


def test_webhook_events_in_any_order_settle_once(desk: Desk, sandbox: Sandbox) -> None:
    charter = desk.accepted()
    assert desk.pay(charter_id=charter["id"], card="pm_card_chargeCustomerFail").status == 409
    [failed] = desk.payments()
    [declined] = sandbox.told_of(failed.id)
    assert declined["type"] == webhook_events.FAILED
    assert desk.pay(charter_id=charter["id"]).status == 201
    assert notice(declined).json() == {"received": "taken"}
    [good] = [each for each in desk.payments() if each.status is PaymentStatus.SUCCEEDED]
    [event] = sandbox.told_of(good.id)
    older = {**event, "id": "evt_older", "type": webhook_events.FAILED}
    assert notice(older).json() == {"received": "taken"}
    assert now(good).status is PaymentStatus.SUCCEEDED
    assert len(desk.events("payment.failed")) == 1


def test_webhook_rejects_bad_signature(desk: Desk, sandbox: Sandbox) -> None:
    payment = charged(begun(desk))
    [event] = sandbox.told_of(payment.id)
    assert notice(event, secret="another secret").status == 401
    for header in ("", "t=1,v1=abc", "rubbish"):
        assert notice(event, **{"stripe-signature": header}).status == 401
    assert now(payment).status is PaymentStatus.PENDING


@pytest.mark.parametrize(
    "event",
    [
        {"id": "evt_1", "object": "event", "type": "customer.created", "data": {"object": {"object": "customer"}}},
        {"id": "evt_2", "object": "event", "type": webhook_events.SUCCEEDED, "data": {"object": {"id": "pi_1"}}},
        {"id": "evt_3", "object": "event", "type": "a.thing.of.tomorrow", "data": {"object": {}}},
    ],
)
def test_webhook_ignores_foreign_events(desk: Desk, event: dict[str, Any]) -> None:
    reply = notice(event)
    assert (reply.status, reply.json()) == (200, {"received": "ignored"})


def test_record_outcome_corrects_failure_to_success(desk: Desk, sandbox: Sandbox) -> None:
    payment = charged(begun(desk))
    never = card_payments._build_failed_outcome(payment, "not_charged", "nothing was charged")
    assert settlement.record_outcome(STAFF, payment.id, never).status is PaymentStatus.FAILED
    [event] = sandbox.told_of(payment.id)
    assert notice(event).json() == {"received": "taken"}
    assert now(payment).status is PaymentStatus.SUCCEEDED
    assert booking_builders.get_status(payment.subject_id) == "booked"


def test_payment_of_cancelled_charter_is_kept_as_deposit(desk: Desk, sandbox: Sandbox) -> None:
    payment = charged(begun(desk))
    charter = desk.charter(payment.subject_id)
    lifecycle.decline(replace(STAFF, role="client"), charter, "We found another date")
    [event] = sandbox.told_of(payment.id)
    assert notice(event).json() == {"received": "taken"}
    after = desk.charter(charter.id)
    assert (after.status, after.amount_paid) == ("declined", 169_08)
    [told] = desk.events("payment.unplaced")
    assert told.data["trouble"] == "The charter is declined."
    assert sum_by_account(desk.journal())[Account.DEPOSITS] == -169_08


def test_concurrent_payments_charge_once(desk: Desk) -> None:
    charter = desk.accepted()
    first = card_payments.create_pending_payment(
        STAFF, PaymentInput(charter_id=charter["id"], payment_method_id="pm_card_visa")
    )
    with pytest.raises(PaymentInProgress):
        card_payments.create_pending_payment(
            STAFF, PaymentInput(charter_id=charter["id"], payment_method_id="pm_card_visa")
        )
    assert card_payments.complete_payment(STAFF, first).status is PaymentStatus.SUCCEEDED


def test_charge_saved_card_repeated_id_charges_once(desk: Desk, sandbox: Sandbox) -> None:
    charter = desk.accepted()
    assert desk.pay(charter_id=charter["id"]).status == 201
    chosen = ids.new("pay")
    for _ in range(2):
        done = card_payments.charge_saved_card(STAFF, PaymentInput(charter_id=charter["id"]), payment_id=chosen)
        assert (done.id, done.status, done.amount) == (chosen, "succeeded", 507_22)
    assert len(sandbox.charges_of(chosen)) == 1


def test_process_payment_unaccepted_quote_is_rejected(desk: Desk) -> None:
    charter = desk.quoted()
    assert desk.pay(charter_id=charter["id"]).json()["code"] == "charter_not_payable"
    body = {"charter_id": charter["id"], "invoice_id": ids.new("ivc"), "payment_method_id": "pm_card_visa"}
    assert desk.ask("POST", "/payments/process", body).status == 422


def test_process_payment_client_limited_to_own(desk: Desk) -> None:
    charter = desk.accepted()
    body = {"charter_id": charter["id"], "payment_method_id": "pm_card_visa"}
    assert desk.ask("POST", "/payments/process", body, permissions="").status == 401
    assert desk.ask("POST", "/payments/process", body, org_id=booking_builders.OTHER_ORG).status == 404
    assert desk.ask("POST", "/payments/process", body, permissions="billing:read").status == 403
    stranger: Any = {"role": "client", "party_id": booking_builders.CLIENT_ID}
    owner: Any = {"role": "client", "party_id": desk.client.id}
    assert desk.ask("POST", "/payments/process", body, **stranger).status == 404
    paid = desk.ask("POST", "/payments/process", body, **owner)
    assert paid.status == 201
    assert desk.ask("GET", f"/payments/{paid.json()['id']}", **owner).status == 200
    assert desk.ask("GET", f"/payments/{paid.json()['id']}", **stranger).status == 404
    assert [len(desk.ask("GET", "/payments", **who).json()["items"]) for who in (owner, stranger)] == [1, 0]
    of_trip = desk.ask("GET", "/payments", query={"charter_id": charter["id"], "status": "succeeded"})
    assert len(of_trip.json()["items"]) == 1


def test_process_payment_repeated_key_after_lost_charge_charges_once(desk: Desk, sandbox: Sandbox) -> None:
    charter = desk.accepted()
    sandbox.behave("time_out_before", 2)
    assert desk.pay(charter_id=charter["id"], key="k-1").json()["status"] == "pending"
    desk.pay(charter_id=charter["id"], key="k-1")
    [paid] = desk.payments()
    assert (paid.status, len(sandbox.charges_of(paid.id))) == ("succeeded", 1)


def test_complete_payment_after_key_window_does_not_charge_again(desk: Desk, sandbox: Sandbox) -> None:
    payment = begun(desk)
    card_payments._prepare_card(STAFF, payment)
    with clock.frozen(clock.now() + timedelta(hours=13)):
        late = card_payments.complete_payment(STAFF, now(payment))
    assert (late.status, late.failure_code) == ("failed", "not_charged")
    assert sandbox.charges_of(payment.id) == []


def test_create_customer_changed_client_succeeds(desk: Desk) -> None:
    about: Any = {"org_id": booking_builders.ORG, "client_id": desk.client.id, "version": desk.client.version}
    stripe_client.create_customer(**about, name=desk.client.name, email=desk.client.email)
    after = desk.client.model_copy(update={"email": "dana@new.example"})
    store.commit(STAFF, Update(desk.client, after))
    assert desk.pay(charter_id=desk.accepted()["id"]).status == 201


@pytest.mark.parametrize(("charged", "deposit"), [(169_08, "booked"), (169_07, "quote"), (700_00, "booked")])
def test_record_outcome_stores_charged_amount(desk: Desk, charged: int, deposit: str) -> None:
    payment = begun(desk)
    about: Any = {"failure_code": None, "failure_message": None}
    outcome = replace(card_payments._build_failed_outcome(payment, "", ""), succeeded=True, amount=charged, **about)
    assert settlement.record_outcome(STAFF, payment.id, outcome).amount == charged
    known = desk.charter(payment.subject_id)
    assert (known.status, known.amount_paid) == (deposit, charged)
    assert sum_by_account(desk.journal())[Account.CASH] == charged
