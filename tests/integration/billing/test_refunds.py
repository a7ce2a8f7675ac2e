"""Refunds through their routes and the steps of their flow, on the table in memory and a Stripe in memory."""

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
    account_balances,
    client_balance,
    create_payment,
    create_refund,
    event_types,
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
def till(monkeypatch: pytest.MonkeyPatch) -> FakeStripe:
    return refund_builders.install_fake_stripe(monkeypatch)


def payment(payment_id: str) -> Payment:
    return store.get(Payment, PAYMENT.key(org=ORG, id=payment_id))


def test_refund_workflow_repeated_steps_refund_once(till: FakeStripe) -> None:
    trip = builders.create_booked_charter()
    pay = create_payment(CENTS, charter_id=trip.id)
    assert builders.get_charter(trip.id).amount_paid == CENTS
    made = create_refund(pay, 100)
    assert (made["status"], made["amount"], made["needs_approval"]) == ("pending", 100.0, False)
    for _ in range(3):
        assert run_workflow(made["id"]) == "over"
    known = send_ok("GET", f"/refunds/{made['id']}")
    assert (known["status"], known["stripe_refund_id"], known["method"]) == ("completed", "re_0", "card")
    assert (till.total, payment(pay).amount_refunded, builders.get_charter(trip.id).amount_paid) == (
        10_000,
        10_000,
        62_650,
    )
    assert account_balances() == {"cash": 62_650, "customer_deposits": -62_650}
    assert event_types(made["id"]) == ["refund.requested", "refund.completed"]


def test_request_refund_exceeding_payment_is_rejected() -> None:
    pay = create_payment(CENTS, charter_id=builders.create_booked_charter().id)
    create_refund(pay, 400)
    refused = send_request("POST", "/payments/refund", {"payment_id": pay, "amount": 326.51, "reason": "Late"})
    assert (refused.status, refused.json()["code"]) == (409, "amount_exceeds_payment")
    assert "326.50 USD of this payment can be refunded" in refused.json()["detail"]
    assert create_refund(pay, None)["amount"] == 326.5
    refused = send_request("POST", "/payments/refund", {"payment_id": pay, "amount": 0.01, "reason": "Late"})
    assert (refused.status, "0.00 USD of this payment can be refunded" in refused.json()["detail"]) == (409, True)


def test_request_refund_failed_payment_is_rejected() -> None:
    pay = create_payment(CENTS, charter_id=builders.create_booked_charter().id)
    before = payment(pay)
    store.commit(SYSTEM, Update(before, before.model_copy(update={"status": PaymentStatus.FAILED})))
    assert send_request("POST", "/payments/refund", {"payment_id": pay, "reason": "Late"}).status == 409
    unknown = {"payment_id": "pay_01K3ZV8N6Y3T5G7H9J1M2P4R6S", "reason": "Late"}
    assert send_request("POST", "/payments/refund", unknown).status == 422
    assert send_request("POST", "/payments/refund", {"payment_id": pay, "amount": 0, "reason": "Late"}).status == 422


@pytest.mark.parametrize(("amount", "needed"), [(499.99, False), (500, True)])
def test_request_refund_from_threshold_awaits_approval(till: FakeStripe, amount: float, needed: bool) -> None:
    made = create_refund(create_payment(CENTS, charter_id=builders.create_booked_charter().id), amount)
    assert (made["needs_approval"], made["status"]) == (needed, "awaiting_approval" if needed else "pending")
    assert run_workflow(made["id"]) == ("ask" if needed else "over")
    assert till.total == (0 if needed else 49_999)


def test_request_refund_threshold_counts_earlier_refunds() -> None:
    payment = create_payment(CENTS, charter_id=builders.create_booked_charter().id)
    assert create_refund(payment, 499.99)["status"] == "pending"
    assert create_refund(payment, 0.01)["status"] == "awaiting_approval"
    assert (
        create_refund(create_payment(CENTS, charter_id=builders.create_booked_charter().id), 499.99)["status"]
        == "pending"
    )


def test_approve_refund_by_requester_is_recorded() -> None:
    made = create_refund(create_payment(CENTS, charter_id=builders.create_booked_charter().id), 600)
    agreed = send_ok("POST", f"/refunds/{made['id']}/approve", {"reason": "Fair"})
    assert made["status"] == "awaiting_approval"
    assert agreed["requested_by"] == agreed["decided_by"] != ""


def test_approve_refund_resumes_workflow(till: FakeStripe, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    monkeypatch.setattr(executions, "send_task_success", lambda _, waiting: woken.append(waiting.token))
    made = create_refund(create_payment(CENTS, charter_id=builders.create_booked_charter().id), 600)
    assert run_workflow(made["id"]) == "ask"
    refund_workflow.request_approval(SYSTEM, made["id"], token="t1", escalated=False)
    assert (woken, event_types(made["id"])[-1]) == ([], "refund.approval_needed")
    assert send_request("POST", f"/refunds/{made['id']}/approve", {}, rights="billing:read refunds:write").status == 403
    agreed = send_ok("POST", f"/refunds/{made['id']}/approve", {"reason": "As agreed on the phone"})
    assert (agreed["status"], agreed["decision_reason"]) == ("pending", "As agreed on the phone")
    refund_builders.deliver_event(REFUND.key(org=ORG, id=made["id"]), "refund.approved", made["id"])
    assert woken == ["t1"]
    assert send_request("POST", f"/refunds/{made['id']}/approve", {}).status == 409
    assert send_request("POST", f"/refunds/{made['id']}/reject", {}).status == 409
    assert run_workflow(made["id"]) == "over"
    assert till.total == 60_000


def test_reject_refund_releases_hold(till: FakeStripe) -> None:
    pay = create_payment(CENTS, charter_id=builders.create_booked_charter().id)
    made = create_refund(pay, 726.5)
    run_workflow(made["id"])
    assert send_ok("POST", f"/refunds/{made['id']}/reject", {"reason": "It was on time"})["status"] == "rejected"
    assert run_workflow(made["id"]) == "over"
    assert (till.total, account_balances()) == (0, {"cash": CENTS, "customer_deposits": -CENTS})
    assert create_refund(pay, 726.5)["status"] == "awaiting_approval"


def test_decision_before_task_token_resumes_workflow(monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    monkeypatch.setattr(executions, "send_task_success", lambda _, waiting: woken.append(waiting.token))
    made = create_refund(create_payment(CENTS, charter_id=builders.create_booked_charter().id), 600)
    run_workflow(made["id"])
    send_ok("POST", f"/refunds/{made['id']}/approve", {})
    refund_workflow.request_approval(SYSTEM, made["id"], token="late", escalated=False)
    assert woken == ["late"]


def test_approval_timeout_fails_refund_for_retry() -> None:
    trip = builders.create_booked_charter()
    made = create_refund(create_payment(CENTS, charter_id=trip.id), 600)
    run_workflow(made["id"])
    refund_workflow.request_approval(SYSTEM, made["id"], token="t1", escalated=True)
    assert refund_workflow.expire_approval(SYSTEM, made["id"]).go == "failed"
    known = send_ok("GET", f"/refunds/{made['id']}")
    assert (known["status"], known["failure"]["error"]) == ("failed", "Nobody approved or rejected the refund in time")
    assert builders.get_charter(trip.id).flow_failures["refund"].state == "AskManager"
    assert send_ok("POST", f"/refunds/{made['id']}/retry")["status"] == "awaiting_approval"
    assert builders.get_charter(trip.id).flow_failures == {}
    assert event_types(made["id"])[-2:] == ["refund.failed", "refund.requested"]


def test_execute_refund_lost_response_refunds_once(till: FakeStripe) -> None:
    pay = create_payment(CENTS, charter_id=builders.create_booked_charter().id)
    made = create_refund(pay, 100)
    run_workflow(made["id"], tries=0)
    till.by_key.clear()
    till.silent = 0

    def cut_off(**sent: Any) -> str:
        till.refund(**sent)
        raise errors.UpstreamUnavailable("the answer was lost")

    with pytest.MonkeyPatch.context() as lost:
        lost.setattr(refunds_and_disputes, "create_refund", cut_off)
        with pytest.raises(errors.UpstreamUnavailable):
            refund_workflow.execute_refund(SYSTEM, made["id"])
    assert till.total == 10_000
    till.by_key.clear()  # a day later Stripe has forgotten the key
    assert refund_workflow.execute_refund(SYSTEM, made["id"]).go == "over"
    assert (till.total, payment(pay).amount_refunded) == (10_000, 10_000)


def test_execute_refund_unavailable_stripe_fails_after_retries(till: FakeStripe) -> None:
    trip = builders.create_booked_charter()
    made = create_refund(create_payment(CENTS, charter_id=trip.id), 100)
    till.silent = 100
    assert run_workflow(made["id"], tries=7) == "failed"
    known = send_ok("GET", f"/refunds/{made['id']}")
    assert (known["status"], known["failure"]["error"], event_types(made["id"])[-1]) == (
        "failed",
        "Upstream",
        "refund.failed",
    )
    refused = send_request("POST", f"/refunds/{made['id']}/reject", {})
    assert (refused.status, refused.json()["code"]) == (409, "refund_may_be_sent")
    till.silent = 0
    assert run_workflow(made["id"]) == "over"  # redriven
    assert (till.total, send_ok("GET", f"/refunds/{made['id']}")["status"]) == (10_000, "completed")
    assert "refund.resumed" in event_types(made["id"])
    assert builders.get_charter(trip.id).flow_failures == {}


def test_execute_refund_rejected_by_stripe_retries_with_new_key(till: FakeStripe) -> None:
    pay = create_payment(CENTS, charter_id=builders.create_booked_charter().id)
    made = create_refund(pay, 100)
    till.refusal = "it answered 400: the charge is too old"
    assert run_workflow(made["id"]) == "failed"
    assert send_ok("GET", f"/refunds/{made['id']}")["failure"]["error"] == "it answered 400: the charge is too old"
    till.refusal = ""
    assert send_ok("POST", f"/refunds/{made['id']}/retry")["status"] == "pending"
    assert run_workflow(made["id"]) == "over"
    assert list(till.by_key) == [f"{made['id']}-2"]


def test_reject_refund_after_stripe_rejection_succeeds(till: FakeStripe) -> None:
    pay = create_payment(CENTS, charter_id=builders.create_booked_charter().id)
    made = create_refund(pay, 100)
    till.refusal = "it answered 400: the charge is too old"
    run_workflow(made["id"])
    assert send_ok("POST", f"/refunds/{made['id']}/reject", {"reason": "Paid by cheque"})["status"] == "rejected"
    assert create_refund(pay, 726.5)["amount"] == 726.5


def test_refund_of_invoice_lowers_revenue(till: FakeStripe) -> None:
    trip = builders.create_completed_charter()
    draft = builders.send_ok("POST", "/invoices", {"charter_id": trip.id})
    invoice = builders.send_ok("POST", f"/invoices/{draft['id']}/issue")
    pay = create_payment(CENTS, invoice_id=invoice["id"])
    assert client_balance() == 0
    made = create_refund(pay, 100)
    assert run_workflow(made["id"]) == "over"
    assert account_balances() == {"cash": 62_650, "refunds": 10_000, "revenue": -CENTS}
    known = builders.send_ok("GET", f"/invoices/{invoice['id']}")
    assert (known["status"], known["amount_refunded"], known["balance_due"]) == ("paid", 100.0, 0)
    assert (client_balance(), builders.get_charter(trip.id).amount_paid) == (0, 62_650)


def test_refund_of_invoiced_deposit_is_taken_from_invoice(till: FakeStripe) -> None:
    trip = builders.create_completed_charter()
    pay = create_payment(20_000, charter_id=trip.id)
    draft = builders.send_ok("POST", "/invoices", {"charter_id": trip.id})
    invoice = builders.send_ok("POST", f"/invoices/{draft['id']}/issue")
    assert run_workflow(create_refund(pay, 50)["id"]) == "over"
    assert builders.send_ok("GET", f"/invoices/{invoice['id']}")["amount_refunded"] == 50.0
    assert account_balances() == {"cash": 15_000, "refunds": 5_000, "revenue": -CENTS, "accounts_receivable": 52_650}


def test_refund_of_overpayment_is_taken_from_deposit(till: FakeStripe) -> None:
    trip = builders.create_completed_charter()
    pay = create_payment(CENTS + 10_000, charter_id=trip.id)
    draft = builders.send_ok("POST", "/invoices", {"charter_id": trip.id})
    builders.send_ok("POST", f"/invoices/{draft['id']}/issue")
    made = create_refund(pay, None)
    send_ok("POST", f"/refunds/{made['id']}/approve", {})
    assert run_workflow(made["id"]) == "over"
    assert (till.total, builders.get_charter(trip.id).amount_paid) == (CENTS + 10_000, 0)
    assert account_balances() == {"refunds": CENTS, "revenue": -CENTS}


def test_refund_of_cash_is_booked_without_stripe(till: FakeStripe) -> None:
    trip = builders.create_completed_charter()
    draft = builders.send_ok("POST", "/invoices", {"charter_id": trip.id})
    invoice = builders.send_ok("POST", f"/invoices/{draft['id']}/issue")
    builders.send_ok("POST", f"/invoices/{invoice['id']}/record-payment", {"amount": 200, "method": "cash"})
    [pay] = [each.id for each in _payments(invoice["id"])]
    made = create_refund(pay, 20)
    assert run_workflow(made["id"]) == "over"
    assert (made["method"], till.total) == ("cash", 0)
    assert account_balances()["cash"] == 18_000


def _payments(invoice_id: str) -> list[Payment]:
    return query_all(Payment, OF_SUBJECT.partition(org=ORG, subject=invoice_id), index=OF_SUBJECT.index)


def test_next_step_second_execution_ends() -> None:
    made = create_refund(create_payment(CENTS, charter_id=builders.create_booked_charter().id), 600)

    def look(execution: str, *, redriven: bool = False, round_: int = 1) -> str:
        return refund_workflow.choose_next_step(
            SYSTEM, made["id"], execution=execution, round_=round_, redriven=redriven
        ).go

    assert [look("one"), look("two"), look("one")] == ["ask", "over", "ask"]
    assert look("three", redriven=True) == "ask"
    assert look("four", round_=2) == "ask"


def test_list_refunds_client_sees_own() -> None:
    made = create_refund(create_payment(CENTS, charter_id=builders.create_booked_charter().id), 100)
    other = "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6T"
    assert send_ok("GET", f"/refunds/{made['id']}", rights="billing:read", client=CLIENT_ID)["amount"] == 100.0
    assert send_request("GET", f"/refunds/{made['id']}", rights="billing:read", client=other).status == 404
    assert send_ok("GET", "/refunds", rights="billing:read", client=other)["items"] == []
    mine = send_ok("GET", "/refunds", rights="billing:read", client=CLIENT_ID)["items"]
    assert [each["id"] for each in mine] == [made["id"]]
    assert "client_email" not in mine[0]
    found = send_ok("GET", "/refunds", query={"status": "pending", "payment_id": made["payment_id"]})["items"]
    assert [each["id"] for each in found] == [made["id"]]
    assert send_ok("GET", "/refunds", query={"status": "failed"})["items"] == []
    assert send_request("POST", "/payments/refund", {}, rights="billing:read", client=CLIENT_ID).status == 403


def test_record_failure_completed_refund_stays_completed() -> None:
    made = create_refund(create_payment(CENTS, charter_id=builders.create_booked_charter().id), 100)
    run_workflow(made["id"])
    assert (
        refund_workflow.record_step_failure(SYSTEM, made["id"], state="GiveBack", failure={"Error": "Timeout"}).go
        == "over"
    )
    assert refunds.get_refund(SYSTEM, made["id"]).status is RefundStatus.COMPLETED
