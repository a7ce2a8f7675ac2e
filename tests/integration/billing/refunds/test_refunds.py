"""Refunds through their routes and workflow steps, with a fake of Stripe."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from coachway.billing.payments.model import OF_SUBJECT, PAYMENT, Payment, PaymentStatus
from coachway.billing.refunds import service as refunds
from coachway.billing.refunds import workflow as refund_workflow
from coachway.billing.refunds.model import REFUND
from coachway.billing.refunds.rules import RefundStatus
from coachway.billing.stripe import refunds_and_disputes
from coachway.core import errors, store
from coachway.core.persistence.operations import Update
from coachway.core.persistence.queries import query_all
from coachway.core.runtime import clock
from coachway.core.workflows import executions
from tests.integration.billing import builders, refund_builders
from tests.integration.billing.refund_builders import (
    SYSTEM,
    FakeStripe,
    create_payment,
    create_refund,
    get_account_balances,
    get_client_balance,
    list_event_types,
    run_workflow,
    send_ok,
    send_request,
)
from tests.integration.bookings.builders import CLIENT_ID, ORG

NOW = datetime(2027, 1, 10, 17, tzinfo=UTC)
CENTS = 72_650


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(NOW):
        builders.set_up_organization("due_on_receipt")
        yield


@pytest.fixture(autouse=True)
def fake_stripe(monkeypatch: pytest.MonkeyPatch) -> FakeStripe:
    return refund_builders.install_fake_stripe(monkeypatch)


def get_payment(payment_id: str) -> Payment:
    return store.get(Payment, PAYMENT.key(org=ORG, id=payment_id))


def test_refund_workflow_repeated_steps_refund_once(fake_stripe: FakeStripe) -> None:
    trip = builders.create_booked_charter()
    payment_id = create_payment(CENTS, charter_id=trip.id)
    assert builders.get_charter(trip.id).amount_paid == CENTS
    refund = create_refund(payment_id, 100)
    assert (refund["status"], refund["amount"], refund["needs_approval"]) == ("pending", 100.0, False)
    for _ in range(3):
        assert run_workflow(refund["id"]) == "over"
    refund = send_ok("GET", f"/refunds/{refund['id']}")
    assert (refund["status"], refund["stripe_refund_id"], refund["method"]) == ("completed", "re_0", "card")
    assert (fake_stripe.total, get_payment(payment_id).amount_refunded, builders.get_charter(trip.id).amount_paid) == (
        10_000,
        10_000,
        62_650,
    )
    assert get_account_balances() == {"cash": 62_650, "customer_deposits": -62_650}
    assert list_event_types(refund["id"]) == ["refund.requested", "refund.completed"]


def test_request_refund_exceeding_payment_is_rejected() -> None:
    payment_id = create_payment(CENTS, charter_id=builders.create_booked_charter().id)
    create_refund(payment_id, 400)
    reply = send_request("POST", "/payments/refund", {"payment_id": payment_id, "amount": 326.51, "reason": "Late"})
    assert (reply.status, reply.json()["code"]) == (409, "amount_exceeds_payment")
    assert "326.50 USD of this payment can be refunded" in reply.json()["detail"]
    assert create_refund(payment_id, None)["amount"] == 326.5
    reply = send_request("POST", "/payments/refund", {"payment_id": payment_id, "amount": 0.01, "reason": "Late"})
    assert (reply.status, "0.00 USD of this payment can be refunded" in reply.json()["detail"]) == (409, True)


def test_request_refund_failed_payment_is_rejected() -> None:
    payment_id = create_payment(CENTS, charter_id=builders.create_booked_charter().id)
    before = get_payment(payment_id)
    store.commit(SYSTEM, Update(before, before.model_copy(update={"status": PaymentStatus.FAILED})))
    assert send_request("POST", "/payments/refund", {"payment_id": payment_id, "reason": "Late"}).status == 409
    unknown = {"payment_id": "pay_01K3ZV8N6Y3T5G7H9J1M2P4R6S", "reason": "Late"}
    assert send_request("POST", "/payments/refund", unknown).status == 422
    assert (
        send_request("POST", "/payments/refund", {"payment_id": payment_id, "amount": 0, "reason": "Late"}).status
        == 422
    )


@pytest.mark.parametrize(("amount", "needs_approval"), [(499.99, False), (500, True)])
def test_request_refund_from_threshold_awaits_approval(
    fake_stripe: FakeStripe, amount: float, needs_approval: bool
) -> None:
    refund = create_refund(create_payment(CENTS, charter_id=builders.create_booked_charter().id), amount)
    assert (refund["needs_approval"], refund["status"]) == (
        needs_approval,
        "awaiting_approval" if needs_approval else "pending",
    )
    assert run_workflow(refund["id"]) == ("ask" if needs_approval else "over")
    assert fake_stripe.total == (0 if needs_approval else 49_999)


def test_request_refund_threshold_counts_earlier_refunds() -> None:
    payment_id = create_payment(CENTS, charter_id=builders.create_booked_charter().id)
    assert create_refund(payment_id, 499.99)["status"] == "pending"
    assert create_refund(payment_id, 0.01)["status"] == "awaiting_approval"
    assert (
        create_refund(create_payment(CENTS, charter_id=builders.create_booked_charter().id), 499.99)["status"]
        == "pending"
    )


def test_approve_refund_resumes_workflow(fake_stripe: FakeStripe, monkeypatch: pytest.MonkeyPatch) -> None:
    resumed_tokens: list[str] = []
    monkeypatch.setattr(executions, "send_task_success", lambda _, waiting: resumed_tokens.append(waiting.token))
    refund = create_refund(create_payment(CENTS, charter_id=builders.create_booked_charter().id), 600)
    assert run_workflow(refund["id"]) == "ask"
    refund_workflow.request_approval(SYSTEM, refund["id"], token="t1", escalated=False)
    assert (resumed_tokens, list_event_types(refund["id"])[-1]) == ([], "refund.approval_needed")
    assert (
        send_request("POST", f"/refunds/{refund['id']}/approve", {}, permissions="billing:read refunds:write").status
        == 403
    )
    approved = refund_builders.approve_refund(refund["id"], "As agreed on the phone")
    assert (approved["status"], approved["decision_reason"]) == ("pending", "As agreed on the phone")
    refund_builders.deliver_event(REFUND.key(org=ORG, id=refund["id"]), "refund.approved", refund["id"])
    assert resumed_tokens == ["t1"]
    assert send_request("POST", f"/refunds/{refund['id']}/approve", {}).status == 409
    assert send_request("POST", f"/refunds/{refund['id']}/reject", {}).status == 409
    assert run_workflow(refund["id"]) == "over"
    assert fake_stripe.total == 60_000


def test_reject_refund_releases_hold(fake_stripe: FakeStripe) -> None:
    payment_id = create_payment(CENTS, charter_id=builders.create_booked_charter().id)
    refund = create_refund(payment_id, 726.5)
    run_workflow(refund["id"])
    assert send_ok("POST", f"/refunds/{refund['id']}/reject", {"reason": "It was on time"})["status"] == "rejected"
    assert run_workflow(refund["id"]) == "over"
    assert (fake_stripe.total, get_account_balances()) == (0, {"cash": CENTS, "customer_deposits": -CENTS})
    assert create_refund(payment_id, 726.5)["status"] == "awaiting_approval"


def test_decision_before_task_token_resumes_workflow(monkeypatch: pytest.MonkeyPatch) -> None:
    resumed_tokens: list[str] = []
    monkeypatch.setattr(executions, "send_task_success", lambda _, waiting: resumed_tokens.append(waiting.token))
    refund = create_refund(create_payment(CENTS, charter_id=builders.create_booked_charter().id), 600)
    run_workflow(refund["id"])
    refund_builders.approve_refund(refund["id"])
    refund_workflow.request_approval(SYSTEM, refund["id"], token="late", escalated=False)
    assert resumed_tokens == ["late"]


def test_approval_timeout_fails_refund_for_retry() -> None:
    trip = builders.create_booked_charter()
    refund = create_refund(create_payment(CENTS, charter_id=trip.id), 600)
    run_workflow(refund["id"])
    refund_workflow.request_approval(SYSTEM, refund["id"], token="t1", escalated=True)
    assert refund_workflow.expire_approval(SYSTEM, refund["id"]).go == "failed"
    refund = send_ok("GET", f"/refunds/{refund['id']}")
    assert (refund["status"], refund["failure"]["error"]) == (
        "failed",
        "Nobody approved or rejected the refund in time",
    )
    assert builders.get_charter(trip.id).workflow_failures["refund"].state == "RequestApproval"
    assert send_ok("POST", f"/refunds/{refund['id']}/retry")["status"] == "awaiting_approval"
    assert builders.get_charter(trip.id).workflow_failures == {}
    assert list_event_types(refund["id"])[-2:] == ["refund.failed", "refund.requested"]


def test_execute_refund_lost_response_refunds_once(fake_stripe: FakeStripe) -> None:
    payment_id = create_payment(CENTS, charter_id=builders.create_booked_charter().id)
    refund = create_refund(payment_id, 100)
    run_workflow(refund["id"], attempts=0)
    fake_stripe.ids_by_key.clear()
    fake_stripe.timeouts = 0

    def lose_response(**request: Any) -> str:
        fake_stripe.create_refund(**request)
        raise errors.UpstreamUnavailable("The response was lost.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refunds_and_disputes, "create_refund", lose_response)
        with pytest.raises(errors.UpstreamUnavailable):
            refund_workflow.execute_refund(SYSTEM, refund["id"])
    assert fake_stripe.total == 10_000
    fake_stripe.ids_by_key.clear()  # Stripe deletes idempotency keys after a day
    assert refund_workflow.execute_refund(SYSTEM, refund["id"]).go == "over"
    assert (fake_stripe.total, get_payment(payment_id).amount_refunded) == (10_000, 10_000)


def test_execute_refund_unavailable_stripe_fails_after_retries(fake_stripe: FakeStripe) -> None:
    trip = builders.create_booked_charter()
    refund = create_refund(create_payment(CENTS, charter_id=trip.id), 100)
    fake_stripe.timeouts = 100
    assert run_workflow(refund["id"], attempts=7) == "failed"
    refund = send_ok("GET", f"/refunds/{refund['id']}")
    assert (refund["status"], refund["failure"]["error"], list_event_types(refund["id"])[-1]) == (
        "failed",
        "Upstream",
        "refund.failed",
    )
    reply = send_request("POST", f"/refunds/{refund['id']}/reject", {})
    assert (reply.status, reply.json()["code"]) == (409, "refund_may_be_sent")
    fake_stripe.timeouts = 0
    assert run_workflow(refund["id"]) == "over"  # started again by an operator
    assert (fake_stripe.total, send_ok("GET", f"/refunds/{refund['id']}")["status"]) == (10_000, "completed")
    assert "refund.resumed" in list_event_types(refund["id"])
    assert builders.get_charter(trip.id).workflow_failures == {}


def test_execute_refund_rejected_by_stripe_retries_with_new_key(fake_stripe: FakeStripe) -> None:
    payment_id = create_payment(CENTS, charter_id=builders.create_booked_charter().id)
    refund = create_refund(payment_id, 100)
    fake_stripe.rejection = "Status 400: the charge is too old"
    assert run_workflow(refund["id"]) == "failed"
    assert send_ok("GET", f"/refunds/{refund['id']}")["failure"]["error"] == "Status 400: the charge is too old"
    fake_stripe.rejection = ""
    assert send_ok("POST", f"/refunds/{refund['id']}/retry")["status"] == "pending"
    assert run_workflow(refund["id"]) == "over"
    assert list(fake_stripe.ids_by_key) == [f"{refund['id']}-2"]


def test_reject_refund_after_stripe_rejection_succeeds(fake_stripe: FakeStripe) -> None:
    payment_id = create_payment(CENTS, charter_id=builders.create_booked_charter().id)
    refund = create_refund(payment_id, 100)
    fake_stripe.rejection = "Status 400: the charge is too old"
    run_workflow(refund["id"])
    assert send_ok("POST", f"/refunds/{refund['id']}/reject", {"reason": "Paid by check"})["status"] == "rejected"
    assert create_refund(payment_id, 726.5)["amount"] == 726.5


def test_refund_of_invoice_lowers_revenue(fake_stripe: FakeStripe) -> None:
    trip = builders.create_completed_charter()
    draft = builders.send_ok("POST", "/invoices", {"charter_id": trip.id})
    invoice = builders.send_ok("POST", f"/invoices/{draft['id']}/issue")
    payment_id = create_payment(CENTS, invoice_id=invoice["id"])
    assert get_client_balance() == 0
    refund = create_refund(payment_id, 100)
    assert run_workflow(refund["id"]) == "over"
    assert get_account_balances() == {"cash": 62_650, "refunds": 10_000, "revenue": -CENTS}
    invoice = builders.send_ok("GET", f"/invoices/{invoice['id']}")
    assert (invoice["status"], invoice["amount_refunded"], invoice["balance_due"]) == ("paid", 100.0, 0)
    assert (get_client_balance(), builders.get_charter(trip.id).amount_paid) == (0, 62_650)


def test_refund_of_invoiced_deposit_is_taken_from_invoice(fake_stripe: FakeStripe) -> None:
    trip = builders.create_completed_charter()
    payment_id = create_payment(20_000, charter_id=trip.id)
    draft = builders.send_ok("POST", "/invoices", {"charter_id": trip.id})
    invoice = builders.send_ok("POST", f"/invoices/{draft['id']}/issue")
    assert run_workflow(create_refund(payment_id, 50)["id"]) == "over"
    assert builders.send_ok("GET", f"/invoices/{invoice['id']}")["amount_refunded"] == 50.0
    assert get_account_balances() == {
        "cash": 15_000,
        "refunds": 5_000,
        "revenue": -CENTS,
        "accounts_receivable": 52_650,
    }


def test_refund_of_overpayment_is_taken_from_deposit(fake_stripe: FakeStripe) -> None:
    trip = builders.create_completed_charter()
    payment_id = create_payment(CENTS + 10_000, charter_id=trip.id)
    draft = builders.send_ok("POST", "/invoices", {"charter_id": trip.id})
    builders.send_ok("POST", f"/invoices/{draft['id']}/issue")
    refund = create_refund(payment_id, None)
    refund_builders.approve_refund(refund["id"])
    assert run_workflow(refund["id"]) == "over"
    assert (fake_stripe.total, builders.get_charter(trip.id).amount_paid) == (CENTS + 10_000, 0)
    assert get_account_balances() == {"refunds": CENTS, "revenue": -CENTS}


def test_refund_of_cash_is_booked_without_stripe(fake_stripe: FakeStripe) -> None:
    trip = builders.create_completed_charter()
    draft = builders.send_ok("POST", "/invoices", {"charter_id": trip.id})
    invoice = builders.send_ok("POST", f"/invoices/{draft['id']}/issue")
    builders.send_ok("POST", f"/invoices/{invoice['id']}/record-payment", {"amount": 200, "method": "cash"})
    [payment_id] = [payment.id for payment in _list_payments(invoice["id"])]
    refund = create_refund(payment_id, 20)
    assert run_workflow(refund["id"]) == "over"
    assert (refund["method"], fake_stripe.total) == ("cash", 0)
    assert get_account_balances()["cash"] == 18_000


def _list_payments(invoice_id: str) -> list[Payment]:
    return query_all(Payment, OF_SUBJECT.partition(org=ORG, subject=invoice_id), index=OF_SUBJECT.index)


def test_choose_next_step_second_execution_ends() -> None:
    refund = create_refund(create_payment(CENTS, charter_id=builders.create_booked_charter().id), 600)

    def choose(execution: str, *, redriven: bool = False, round_: int = 1) -> str:
        return refund_workflow.choose_next_step(
            SYSTEM, refund["id"], execution=execution, round_=round_, redriven=redriven
        ).go

    assert [choose("one"), choose("two"), choose("one")] == ["ask", "over", "ask"]
    assert choose("three", redriven=True) == "ask"
    assert choose("four", round_=2) == "ask"


def test_list_refunds_client_sees_own() -> None:
    refund = create_refund(create_payment(CENTS, charter_id=builders.create_booked_charter().id), 100)
    other = "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6T"
    assert send_ok("GET", f"/refunds/{refund['id']}", permissions="billing:read", client=CLIENT_ID)["amount"] == 100.0
    assert send_request("GET", f"/refunds/{refund['id']}", permissions="billing:read", client=other).status == 404
    assert send_ok("GET", "/refunds", permissions="billing:read", client=other)["items"] == []
    own_refunds = send_ok("GET", "/refunds", permissions="billing:read", client=CLIENT_ID)["items"]
    assert [item["id"] for item in own_refunds] == [refund["id"]]
    assert "client_email" not in own_refunds[0]
    items = send_ok("GET", "/refunds", query={"status": "pending", "payment_id": refund["payment_id"]})["items"]
    assert [item["id"] for item in items] == [refund["id"]]
    assert send_ok("GET", "/refunds", query={"status": "failed"})["items"] == []
    assert send_request("POST", "/payments/refund", {}, permissions="billing:read", client=CLIENT_ID).status == 403


def test_record_failure_completed_refund_stays_completed() -> None:
    refund = create_refund(create_payment(CENTS, charter_id=builders.create_booked_charter().id), 100)
    run_workflow(refund["id"])
    assert (
        refund_workflow.record_step_failure(SYSTEM, refund["id"], state="SendRefund", failure={"Error": "Timeout"}).go
        == "over"
    )
    assert refunds.get_refund(SYSTEM, refund["id"]).status is RefundStatus.COMPLETED
