"""The flow of refunds, run for real against Stripe's sandbox: each of its ends, and each way there."""

from __future__ import annotations

import pytest

from infra.local import aws_clients
from infra.local.operations import workflow_redrive
from tests.stack import Stack, eventually
from tests.workflows.carrier import at_once, statuses
from tests.workflows.till import Till


@pytest.fixture(scope="module")
def till(stack: Stack) -> Till:
    return Till.opened(stack)


def test_refund_below_threshold_is_sent(stack: Stack) -> None:
    till = Till.opened(stack)
    trip = till.booked()
    payment = till.paid(trip["id"], 726.5)
    made = till.refund(payment["id"], 100)
    known = till.becomes(made["id"], "completed")
    assert known["stripe_refund_id"].startswith("re_")
    assert till.given_back(payment) == [10_000]
    assert till.charter(trip["id"])["amount_paid"] == 626.5
    mail = stack.wait_for_mail(till.carrier.client_email, "We refunded")
    assert "$100.00" in mail["BodyText"]
    till.ended("refund", made["id"], "SUCCEEDED")
    books = till.ledger()
    assert books["customer_deposits"] == -62_650
    assert (
        till.carrier.send(
            "POST", "/payments/refund", {"payment_id": payment["id"], "amount": 626.51, "reason": "Late"}
        ).status_code
        == 409
    )


def test_approve_refund_resumes_workflow(till: Till) -> None:
    payment = till.paid(till.booked()["id"], 726.5)
    made = till.refund(payment["id"], 500)
    assert made["status"] == "awaiting_approval"
    till.stack.wait_for_mail(till.office, "A refund of .* needs a manager")
    assert till.given_back(payment) == []
    till.carrier.ask("POST", f"/refunds/{made['id']}/approve", {"reason": "Fair enough"})
    till.becomes(made["id"], "completed")
    assert till.given_back(payment) == [50_000]
    till.ended("refund", made["id"], "SUCCEEDED")


def test_reject_refund_ends_workflow(till: Till) -> None:
    payment = till.paid(till.booked()["id"], 726.5)
    made = till.refund(payment["id"], 600)
    eventually(lambda: till.executions("refund", made["id"]), 30, "no flow started")
    till.carrier.ask("POST", f"/refunds/{made['id']}/reject", {"reason": "It was on time"})
    till.ended("refund", made["id"], "SUCCEEDED")
    assert till.given_back(payment) == []
    assert till.refund(payment["id"], 726.5)["status"] == "awaiting_approval"


def test_approval_unanswered_is_escalated(till: Till) -> None:
    payment = till.paid(till.booked()["id"], 726.5)
    made = till.refund(payment["id"], 510)
    till.stack.wait_for_mail(till.office, r"^Still undecided: a refund of \$510.00", 120)
    till.carrier.ask("POST", f"/refunds/{made['id']}/approve", {})
    till.becomes(made["id"], "completed")


def test_request_refund_many_at_once_never_exceed_payment(till: Till) -> None:
    payment = till.paid(till.booked()["id"], 500)
    body = {"payment_id": payment["id"], "amount": 200, "reason": "The coach had no wifi"}
    answers = at_once(8, lambda _: till.carrier.send("POST", "/payments/refund", body))
    assert statuses(answers) == {202: 2, 409: 6}
    for answer in answers:
        if answer.status_code == 202:
            till.becomes(answer.json()["id"], "completed")
    assert till.given_back(payment) == [20_000, 20_000]


def test_failed_refund_retry_refunds_once(till: Till) -> None:
    trip = till.booked()
    payment = till.paid(trip["id"], 726.5)
    key = {"pk": {"S": f"ORG#{till.carrier.org_id}#PAYMENT#{payment['id']}"}, "sk": {"S": "HEAD"}}
    dynamodb, table = till.stack.client("dynamodb"), till.stack.table
    kept = dynamodb.get_item(TableName=table, Key=key)["Item"]
    made = till.refund(payment["id"], 120)
    dynamodb.put_item(TableName=table, Item={**kept, "doc": {"S": "{}"}})
    known = till.becomes(made["id"], "failed", 120)
    assert known["failure"]["state"] == "GiveBack"
    assert till.charter(trip["id"])["flow_failures"]["refund"] == known["failure"]
    till.stack.wait_for_mail(till.office, r"A refund of \$120.00 did not go out")
    dynamodb.put_item(TableName=table, Item=kept)
    eventually(lambda: till.executions("refund", made["id"])[0]["status"] == "FAILED", 30)
    assert workflow_redrive.redrive_failed_executions(aws_clients.client, till.stack.config) >= 1
    till.becomes(made["id"], "completed")
    assert till.given_back(payment) == [12_000]
    assert till.charter(trip["id"])["flow_failures"] == {}


@pytest.mark.xdist_group("restart")
def test_lost_stripe_response_refunds_once(own: Stack) -> None:
    till = Till.opened(own)
    trip = till.booked()
    payment = till.paid(trip["id"], 726.5)
    # It does what it is asked, and answers too late, to the call and to its repetition.
    till.behave("time_out_after", times=2)
    made = till.refund(payment["id"], 130)
    till.becomes(made["id"], "completed", 120)
    till.behave("ok", times=0)
    assert till.given_back(payment) == [13_000]
    assert till.charter(trip["id"])["amount_paid"] == 596.5
    till.ended("refund", made["id"], "SUCCEEDED")


def test_cancellation_refunds_by_policy_and_keeps_fee(stack: Stack) -> None:
    till = Till.opened(stack)
    trip = till.booked(in_hours=36)
    payment = till.paid(trip["id"], 726.5)
    shown = till.carrier.ask("POST", f"/charters/{trip['id']}/cancel?preview=true", {"reason": "Off"})
    assert (shown["refund_percent"], shown["amount_paid"], shown["refund"]) == (50, 726.5, 363.25)
    till.carrier.ask("POST", f"/charters/{trip['id']}/cancel", {"reason": "Off"})

    def made() -> list[dict[str, object]]:
        found: list[dict[str, object]] = till.carrier.everything("/refunds", charter_id=trip["id"])
        return found

    [refund] = eventually(made, 60, "nothing is given back")
    assert (refund["amount"], refund["cause"]) == (363.25, "cancellation")
    till.becomes(str(refund["id"]), "completed")
    assert till.given_back(payment) == [36_325]
    books = till.ledger()
    assert books["revenue"] == -36_325
    assert "customer_deposits" not in books


def test_returned_refund_is_reported_and_retried(stack: Stack) -> None:
    till = Till.opened(stack)
    trip = till.booked()
    payment = till.paid(trip["id"], 726.5)
    made = till.refund(payment["id"], 140)
    known = till.becomes(made["id"], "completed")
    till.bank(f"refunds/{known['stripe_refund_id']}/fail")
    failed = till.becomes(made["id"], "failed")
    assert failed["failure"]["error"] == "Returned by the bank: expired_or_canceled_card"
    assert (till.charter(trip["id"])["amount_paid"], till.ledger()["customer_deposits"]) == (726.5, -72_650)
    stack.wait_for_mail(till.office, r"A refund of \$140.00 did not go out")
    till.carrier.ask("POST", f"/refunds/{made['id']}/retry")
    assert till.becomes(made["id"], "completed")["stripe_refund_id"] != known["stripe_refund_id"]
    assert till.ledger()["customer_deposits"] == -58_650


def test_dispute_is_reported_booked_and_decided(stack: Stack) -> None:
    till = Till.opened(stack)
    trip = till.booked()
    payment = till.paid(trip["id"], 726.5)
    dispute = till.bank("disputes", payment_intent=payment["stripe_payment_intent_id"])
    eventually(lambda: till.payment(payment["id"])["disputes"], 30, "nobody told of the dispute")
    eventually(lambda: till.ledger().get("disputed_payments") == 72_650, 30, "it is not in the books")
    stack.wait_for_mail(till.office, "A payment is disputed")
    body = {"payment_id": payment["id"], "amount": 10, "reason": "Late"}
    refused = till.carrier.send("POST", "/payments/refund", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "payment_disputed")
    till.bank(f"disputes/{dispute['id']}", status="lost")
    eventually(lambda: till.payment(payment["id"])["amount_refunded"] == 726.5, 30, "nobody told that it was lost")
    stack.wait_for_mail(till.office, "A dispute was lost")
    assert till.ledger() == {"cash": -15_00, "fees": 15_00}
    assert till.charter(trip["id"])["amount_paid"] == 0
