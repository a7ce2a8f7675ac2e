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
from tests.integration.billing import office, refunding
from tests.integration.billing.refunding import (
    SYSTEM,
    Till,
    ask,
    asked,
    balance_of_client,
    balances,
    done,
    history,
    paid,
    run,
)
from tests.integration.bookings.asking import CLIENT_ID, ORG

NOW = datetime(2027, 1, 10, 17, tzinfo=UTC)
CENTS = 72_650


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(NOW):
        office.found("due_on_receipt")
        yield


@pytest.fixture(autouse=True)
def till(monkeypatch: pytest.MonkeyPatch) -> Till:
    return refunding.installed(monkeypatch)


def payment(payment_id: str) -> Payment:
    return store.get(Payment, PAYMENT.key(org=ORG, id=payment_id))


def test_a_deposit_is_given_back_once_whatever_runs_twice(till: Till) -> None:
    trip = office.booked()
    pay = paid(CENTS, charter_id=trip.id)
    assert office.charter(trip.id).amount_paid == CENTS
    made = asked(pay, 100)
    assert (made["status"], made["amount"], made["needs_approval"]) == ("pending", 100.0, False)
    for _ in range(3):
        assert run(made["id"]) == "over"
    known = done("GET", f"/refunds/{made['id']}")
    assert (known["status"], known["stripe_refund_id"], known["method"]) == ("completed", "re_0", "card")
    assert (till.total, payment(pay).amount_refunded, office.charter(trip.id).amount_paid) == (10_000, 10_000, 62_650)
    assert balances() == {"cash": 62_650, "customer_deposits": -62_650}
    assert history(made["id"]) == ["refund.requested", "refund.completed"]


def test_all_refunds_of_a_payment_are_never_more_than_was_paid() -> None:
    pay = paid(CENTS, charter_id=office.booked().id)
    asked(pay, 400)
    refused = ask("POST", "/payments/refund", {"payment_id": pay, "amount": 326.51, "reason": "Late"})
    assert (refused.status, refused.json()["title"]) == (409, "that is more than was paid")
    assert "326.50 USD is left" in refused.json()["detail"]
    assert asked(pay, None)["amount"] == 326.5
    refused = ask("POST", "/payments/refund", {"payment_id": pay, "amount": 0.01, "reason": "Late"})
    assert (refused.status, "nothing is left" in refused.json()["detail"]) == (409, True)


def test_what_was_not_paid_is_not_given_back() -> None:
    pay = paid(CENTS, charter_id=office.booked().id)
    before = payment(pay)
    store.commit(SYSTEM, Update(before, before.model_copy(update={"status": PaymentStatus.FAILED})))
    assert ask("POST", "/payments/refund", {"payment_id": pay, "reason": "Late"}).status == 409
    unknown = {"payment_id": "pay_01K3ZV8N6Y3T5G7H9J1M2P4R6S", "reason": "Late"}
    assert ask("POST", "/payments/refund", unknown).status == 422
    assert ask("POST", "/payments/refund", {"payment_id": pay, "amount": 0, "reason": "Late"}).status == 422


@pytest.mark.parametrize(("amount", "needed"), [(499.99, False), (500, True)])
def test_from_the_threshold_on_a_manager_has_to_agree(till: Till, amount: float, needed: bool) -> None:
    made = asked(paid(CENTS, charter_id=office.booked().id), amount)
    assert (made["needs_approval"], made["status"]) == (needed, "awaiting_approval" if needed else "pending")
    assert run(made["id"]) == ("ask" if needed else "over")
    assert till.total == (0 if needed else 49_999)


def test_nothing_is_cut_into_pieces_to_escape_the_manager() -> None:
    payment = paid(CENTS, charter_id=office.booked().id)
    assert asked(payment, 499.99)["status"] == "pending"
    assert asked(payment, 0.01)["status"] == "awaiting_approval"
    assert asked(paid(CENTS, charter_id=office.booked().id), 499.99)["status"] == "pending"


def test_a_manager_may_agree_to_what_they_asked_for_and_both_are_recorded() -> None:
    made = asked(paid(CENTS, charter_id=office.booked().id), 600)
    agreed = done("POST", f"/refunds/{made['id']}/approve", {"reason": "Fair"})
    assert made["status"] == "awaiting_approval"
    assert agreed["requested_by"] == agreed["decided_by"] != ""


def test_a_manager_agrees_and_wakes_the_flow(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    monkeypatch.setattr(executions, "send_task_success", lambda _, waiting: woken.append(waiting.token))
    made = asked(paid(CENTS, charter_id=office.booked().id), 600)
    assert run(made["id"]) == "ask"
    refund_workflow.request_approval(SYSTEM, made["id"], token="t1", escalated=False)
    assert (woken, history(made["id"])[-1]) == ([], "refund.approval_needed")
    assert ask("POST", f"/refunds/{made['id']}/approve", {}, rights="billing:read refunds:write").status == 403
    agreed = done("POST", f"/refunds/{made['id']}/approve", {"reason": "As agreed on the phone"})
    assert (agreed["status"], agreed["decision_reason"]) == ("pending", "As agreed on the phone")
    refunding.told(REFUND.key(org=ORG, id=made["id"]), "refund.approved", made["id"])
    assert woken == ["t1"]
    assert ask("POST", f"/refunds/{made['id']}/approve", {}).status == 409
    assert ask("POST", f"/refunds/{made['id']}/reject", {}).status == 409
    assert run(made["id"]) == "over"
    assert till.total == 60_000


def test_a_rejected_refund_frees_the_payment(till: Till) -> None:
    pay = paid(CENTS, charter_id=office.booked().id)
    made = asked(pay, 726.5)
    run(made["id"])
    assert done("POST", f"/refunds/{made['id']}/reject", {"reason": "It was on time"})["status"] == "rejected"
    assert run(made["id"]) == "over"
    assert (till.total, balances()) == (0, {"cash": CENTS, "customer_deposits": -CENTS})
    assert asked(pay, 726.5)["status"] == "awaiting_approval"


def test_a_decision_before_the_token_was_kept_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    monkeypatch.setattr(executions, "send_task_success", lambda _, waiting: woken.append(waiting.token))
    made = asked(paid(CENTS, charter_id=office.booked().id), 600)
    run(made["id"])
    done("POST", f"/refunds/{made['id']}/approve", {})
    refund_workflow.request_approval(SYSTEM, made["id"], token="late", escalated=False)
    assert woken == ["late"]


def test_when_nobody_decides_staff_are_told_and_it_can_be_taken_up_again() -> None:
    trip = office.booked()
    made = asked(paid(CENTS, charter_id=trip.id), 600)
    run(made["id"])
    refund_workflow.request_approval(SYSTEM, made["id"], token="t1", escalated=True)
    assert refund_workflow.expire_approval(SYSTEM, made["id"]).go == "failed"
    known = done("GET", f"/refunds/{made['id']}")
    assert (known["status"], known["failure"]["error"]) == ("failed", "Nobody decided in time")
    assert office.charter(trip.id).flow_failures["refund"].state == "AskManager"
    assert done("POST", f"/refunds/{made['id']}/retry")["status"] == "awaiting_approval"
    assert office.charter(trip.id).flow_failures == {}
    assert history(made["id"])[-2:] == ["refund.failed", "refund.requested"]


def test_an_answer_that_never_came_is_looked_for_and_nothing_is_given_back_twice(till: Till) -> None:
    pay = paid(CENTS, charter_id=office.booked().id)
    made = asked(pay, 100)
    run(made["id"], tries=0)
    till.by_key.clear()
    till.silent = 0

    def cut_off(**sent: Any) -> str:
        till.refund(**sent)
        raise errors.UpstreamUnavailable("the answer was lost")

    with pytest.MonkeyPatch.context() as lost:
        lost.setattr(refunds_and_disputes, "refund", cut_off)
        with pytest.raises(errors.UpstreamUnavailable):
            refund_workflow.execute_refund(SYSTEM, made["id"])
    assert till.total == 10_000
    till.by_key.clear()  # a day later Stripe has forgotten the key
    assert refund_workflow.execute_refund(SYSTEM, made["id"]).go == "over"
    assert (till.total, payment(pay).amount_refunded) == (10_000, 10_000)


def test_while_stripe_is_silent_it_is_tried_again_and_then_told(till: Till) -> None:
    trip = office.booked()
    made = asked(paid(CENTS, charter_id=trip.id), 100)
    till.silent = 100
    assert run(made["id"], tries=7) == "failed"
    known = done("GET", f"/refunds/{made['id']}")
    assert (known["status"], known["failure"]["error"], history(made["id"])[-1]) == (
        "failed",
        "Upstream",
        "refund.failed",
    )
    refused = ask("POST", f"/refunds/{made['id']}/reject", {})
    assert (refused.status, refused.json()["title"]) == (409, "it may be on its way")
    till.silent = 0
    assert run(made["id"]) == "over"  # redriven
    assert (till.total, done("GET", f"/refunds/{made['id']}")["status"]) == (10_000, "completed")
    assert "refund.resumed" in history(made["id"])
    assert office.charter(trip.id).flow_failures == {}


def test_what_stripe_refuses_is_told_and_asked_under_another_key(till: Till) -> None:
    pay = paid(CENTS, charter_id=office.booked().id)
    made = asked(pay, 100)
    till.refusal = "it answered 400: the charge is too old"
    assert run(made["id"]) == "failed"
    assert done("GET", f"/refunds/{made['id']}")["failure"]["error"] == "it answered 400: the charge is too old"
    till.refusal = ""
    assert done("POST", f"/refunds/{made['id']}/retry")["status"] == "pending"
    assert run(made["id"]) == "over"
    assert list(till.by_key) == [f"{made['id']}-2"]


def test_a_refund_that_stripe_refused_can_be_rejected(till: Till) -> None:
    pay = paid(CENTS, charter_id=office.booked().id)
    made = asked(pay, 100)
    till.refusal = "it answered 400: the charge is too old"
    run(made["id"])
    assert done("POST", f"/refunds/{made['id']}/reject", {"reason": "Paid by cheque"})["status"] == "rejected"
    assert asked(pay, 726.5)["amount"] == 726.5


def test_what_was_paid_on_an_invoice_lowers_what_was_earned(till: Till) -> None:
    trip = office.completed()
    draft = office.done("POST", "/invoices", {"charter_id": trip.id})
    invoice = office.done("POST", f"/invoices/{draft['id']}/issue")
    pay = paid(CENTS, invoice_id=invoice["id"])
    assert balance_of_client() == 0
    made = asked(pay, 100)
    assert run(made["id"]) == "over"
    assert balances() == {"cash": 62_650, "refunds": 10_000, "revenue": -CENTS}
    known = office.done("GET", f"/invoices/{invoice['id']}")
    assert (known["status"], known["amount_refunded"], known["balance_due"]) == ("paid", 100.0, 0)
    assert (balance_of_client(), office.charter(trip.id).amount_paid) == (0, 62_650)


def test_a_deposit_that_was_invoiced_since_is_given_back_of_the_invoice(till: Till) -> None:
    trip = office.completed()
    pay = paid(20_000, charter_id=trip.id)
    draft = office.done("POST", "/invoices", {"charter_id": trip.id})
    invoice = office.done("POST", f"/invoices/{draft['id']}/issue")
    assert run(asked(pay, 50)["id"]) == "over"
    assert office.done("GET", f"/invoices/{invoice['id']}")["amount_refunded"] == 50.0
    assert balances() == {"cash": 15_000, "refunds": 5_000, "revenue": -CENTS, "accounts_receivable": 52_650}


def test_of_what_was_paid_ahead_beyond_the_price_the_rest_is_a_deposit(till: Till) -> None:
    trip = office.completed()
    pay = paid(CENTS + 10_000, charter_id=trip.id)
    draft = office.done("POST", "/invoices", {"charter_id": trip.id})
    office.done("POST", f"/invoices/{draft['id']}/issue")
    made = asked(pay, None)
    done("POST", f"/refunds/{made['id']}/approve", {})
    assert run(made["id"]) == "over"
    assert (till.total, office.charter(trip.id).amount_paid) == (CENTS + 10_000, 0)
    assert balances() == {"refunds": CENTS, "revenue": -CENTS}


def test_cash_is_given_back_by_hand_and_booked(till: Till) -> None:
    trip = office.completed()
    draft = office.done("POST", "/invoices", {"charter_id": trip.id})
    invoice = office.done("POST", f"/invoices/{draft['id']}/issue")
    office.done("POST", f"/invoices/{invoice['id']}/record-payment", {"amount": 200, "method": "cash"})
    [pay] = [each.id for each in _payments(invoice["id"])]
    made = asked(pay, 20)
    assert run(made["id"]) == "over"
    assert (made["method"], till.total) == ("cash", 0)
    assert balances()["cash"] == 18_000


def _payments(invoice_id: str) -> list[Payment]:
    return query_all(Payment, OF_SUBJECT.partition(org=ORG, subject=invoice_id), index=OF_SUBJECT.index)


def test_only_the_first_execution_goes_on() -> None:
    made = asked(paid(CENTS, charter_id=office.booked().id), 600)

    def look(execution: str, *, redriven: bool = False, round_: int = 1) -> str:
        return refund_workflow.next_step(SYSTEM, made["id"], execution=execution, round_=round_, redriven=redriven).go

    assert [look("one"), look("two"), look("one")] == ["ask", "over", "ask"]
    assert look("three", redriven=True) == "ask"
    assert look("four", round_=2) == "ask"


def test_a_client_sees_its_own_refunds_only() -> None:
    made = asked(paid(CENTS, charter_id=office.booked().id), 100)
    other = "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6T"
    assert done("GET", f"/refunds/{made['id']}", rights="billing:read", client=CLIENT_ID)["amount"] == 100.0
    assert ask("GET", f"/refunds/{made['id']}", rights="billing:read", client=other).status == 404
    assert done("GET", "/refunds", rights="billing:read", client=other)["items"] == []
    mine = done("GET", "/refunds", rights="billing:read", client=CLIENT_ID)["items"]
    assert [each["id"] for each in mine] == [made["id"]]
    assert "client_email" not in mine[0]
    found = done("GET", "/refunds", query={"status": "pending", "payment_id": made["payment_id"]})["items"]
    assert [each["id"] for each in found] == [made["id"]]
    assert done("GET", "/refunds", query={"status": "failed"})["items"] == []
    assert ask("POST", "/payments/refund", {}, rights="billing:read", client=CLIENT_ID).status == 403


def test_it_stays_completed_however_it_is_failed_afterwards() -> None:
    made = asked(paid(CENTS, charter_id=office.booked().id), 100)
    run(made["id"])
    assert (
        refund_workflow.record_step_failure(SYSTEM, made["id"], state="GiveBack", failure={"Error": "Timeout"}).go
        == "over"
    )
    assert refunds.get(SYSTEM, made["id"]).status is RefundStatus.COMPLETED
