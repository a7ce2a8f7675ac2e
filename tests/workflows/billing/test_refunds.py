"""The refund workflow on the deployed stack with Stripe's sandbox: each of its outcomes."""

from __future__ import annotations

import pytest

from infra.local import aws_clients
from infra.local.operations import workflow_redrive
from tests.stack import Stack, eventually
from tests.workflows.billing_builders import BillingOrganization
from tests.workflows.organization_builders import count_statuses, run_concurrently


@pytest.fixture(scope="module")
def billing(stack: Stack) -> BillingOrganization:
    return BillingOrganization.create(stack)


def test_refund_below_threshold_is_sent(stack: Stack) -> None:
    billing = BillingOrganization.create(stack)
    trip = billing.create_booked_charter()
    payment = billing.create_card_payment(trip["id"], 726.5)
    refund = billing.request_refund(payment["id"], 100)
    completed = billing.wait_for_refund_status(refund["id"], "completed")
    assert completed["stripe_refund_id"].startswith("re_")
    assert billing.list_refunded_cents(payment) == [10_000]
    assert billing.get_charter(trip["id"])["amount_paid"] == 626.5
    mail = stack.wait_for_mail(billing.operator.client_email, "^Your refund of")
    assert "$100.00" in mail["BodyText"]
    billing.wait_for_executions("refund", refund["id"], "SUCCEEDED")
    balances = billing.get_account_balances()
    assert balances["customer_deposits"] == -62_650
    assert (
        billing.operator.send(
            "POST", "/payments/refund", {"payment_id": payment["id"], "amount": 626.51, "reason": "Late"}
        ).status_code
        == 409
    )


def test_approve_refund_resumes_workflow(billing: BillingOrganization) -> None:
    payment = billing.create_card_payment(billing.create_booked_charter()["id"], 726.5)
    refund = billing.request_refund(payment["id"], 500)
    assert refund["status"] == "awaiting_approval"
    billing.stack.wait_for_mail(billing.office_email, "A refund of .* needs approval")
    assert billing.list_refunded_cents(payment) == []
    billing.approve_refund(refund["id"])
    billing.wait_for_refund_status(refund["id"], "completed")
    assert billing.list_refunded_cents(payment) == [50_000]
    billing.wait_for_executions("refund", refund["id"], "SUCCEEDED")


def test_reject_refund_ends_workflow(billing: BillingOrganization) -> None:
    payment = billing.create_card_payment(billing.create_booked_charter()["id"], 726.5)
    refund = billing.request_refund(payment["id"], 600)
    eventually(lambda: billing.list_executions("refund", refund["id"]), 30, "no workflow started")
    billing.operator.call("POST", f"/refunds/{refund['id']}/reject", {"reason": "It was on time"})
    billing.wait_for_executions("refund", refund["id"], "SUCCEEDED")
    assert billing.list_refunded_cents(payment) == []
    assert billing.request_refund(payment["id"], 726.5)["status"] == "awaiting_approval"


def test_approval_unanswered_is_escalated(billing: BillingOrganization) -> None:
    payment = billing.create_card_payment(billing.create_booked_charter()["id"], 726.5)
    refund = billing.request_refund(payment["id"], 510)
    billing.stack.wait_for_mail(billing.office_email, r"^Reminder: a refund of \$510.00", 120)
    billing.approve_refund(refund["id"])
    billing.wait_for_refund_status(refund["id"], "completed")


def test_request_refund_many_at_once_never_exceed_payment(billing: BillingOrganization) -> None:
    payment = billing.create_card_payment(billing.create_booked_charter()["id"], 500)
    body = {"payment_id": payment["id"], "amount": 200, "reason": "The coach had no wifi"}
    answers = run_concurrently(8, lambda _: billing.operator.send("POST", "/payments/refund", body))
    assert count_statuses(answers) == {202: 2, 409: 6}
    for response in answers:
        if response.status_code == 202:
            billing.wait_for_refund_status(response.json()["id"], "completed")
    assert billing.list_refunded_cents(payment) == [20_000, 20_000]


def test_failed_refund_retry_refunds_once(billing: BillingOrganization) -> None:
    trip = billing.create_booked_charter()
    payment = billing.create_card_payment(trip["id"], 726.5)
    key = {"pk": {"S": f"ORG#{billing.operator.org_id}#PAYMENT#{payment['id']}"}, "sk": {"S": "HEAD"}}
    dynamodb, table = billing.stack.client("dynamodb"), billing.stack.table
    stored = dynamodb.get_item(TableName=table, Key=key)["Item"]
    refund = billing.request_refund(payment["id"], 120)
    dynamodb.put_item(TableName=table, Item={**stored, "doc": {"S": "{}"}})
    failed = billing.wait_for_refund_status(refund["id"], "failed", 120)
    assert failed["failure"]["state"] == "SendRefund"
    assert billing.get_charter(trip["id"])["workflow_failures"]["refund"] == failed["failure"]
    billing.stack.wait_for_mail(billing.office_email, r"A refund of \$120.00 failed")
    dynamodb.put_item(TableName=table, Item=stored)
    eventually(lambda: billing.list_executions("refund", refund["id"])[0]["status"] == "FAILED", 30)
    assert workflow_redrive.redrive_failed_executions(aws_clients.client, billing.stack.config) >= 1
    billing.wait_for_refund_status(refund["id"], "completed")
    assert billing.list_refunded_cents(payment) == [12_000]
    assert billing.get_charter(trip["id"])["workflow_failures"] == {}


@pytest.mark.xdist_group("restart")
def test_lost_stripe_response_refunds_once(restart_stack: Stack) -> None:
    billing = BillingOrganization.create(restart_stack)
    trip = billing.create_booked_charter()
    payment = billing.create_card_payment(trip["id"], 726.5)
    # Stripe refunds, and answers too late to the request and to its retry.
    billing.set_stripe_mode("time_out_after", times=2)
    refund = billing.request_refund(payment["id"], 130)
    billing.wait_for_refund_status(refund["id"], "completed", 120)
    billing.set_stripe_mode("ok", times=0)
    assert billing.list_refunded_cents(payment) == [13_000]
    assert billing.get_charter(trip["id"])["amount_paid"] == 596.5
    billing.wait_for_executions("refund", refund["id"], "SUCCEEDED")


def test_cancellation_refunds_by_policy_and_keeps_fee(stack: Stack) -> None:
    billing = BillingOrganization.create(stack)
    trip = billing.create_booked_charter(departs_in_hours=36)
    payment = billing.create_card_payment(trip["id"], 726.5)
    preview = billing.operator.call("POST", f"/charters/{trip['id']}/cancel?preview=true", {"reason": "Off"})
    assert (preview["refund_percent"], preview["amount_paid"], preview["refund"]) == (50, 726.5, 363.25)
    billing.operator.call("POST", f"/charters/{trip['id']}/cancel", {"reason": "Off"})

    def list_refunds() -> list[dict[str, object]]:
        refunds: list[dict[str, object]] = billing.operator.list_all("/refunds", charter_id=trip["id"])
        return refunds

    [refund] = eventually(list_refunds, 60, "no refund was created")
    assert (refund["amount"], refund["cause"]) == (363.25, "cancellation")
    billing.wait_for_refund_status(str(refund["id"]), "completed")
    assert billing.list_refunded_cents(payment) == [36_325]
    balances = billing.get_account_balances()
    assert balances["revenue"] == -36_325
    assert "customer_deposits" not in balances


def test_returned_refund_is_reported_and_retried(stack: Stack) -> None:
    billing = BillingOrganization.create(stack)
    trip = billing.create_booked_charter()
    payment = billing.create_card_payment(trip["id"], 726.5)
    refund = billing.request_refund(payment["id"], 140)
    completed = billing.wait_for_refund_status(refund["id"], "completed")
    billing.simulate_bank(f"refunds/{completed['stripe_refund_id']}/fail")
    failed = billing.wait_for_refund_status(refund["id"], "failed")
    assert failed["failure"]["error"] == "Returned by the bank: expired_or_canceled_card"
    assert (billing.get_charter(trip["id"])["amount_paid"], billing.get_account_balances()["customer_deposits"]) == (
        726.5,
        -72_650,
    )
    stack.wait_for_mail(billing.office_email, r"A refund of \$140.00 failed")
    billing.operator.call("POST", f"/refunds/{refund['id']}/retry")
    assert (
        billing.wait_for_refund_status(refund["id"], "completed")["stripe_refund_id"] != completed["stripe_refund_id"]
    )
    assert billing.get_account_balances()["customer_deposits"] == -58_650


def test_dispute_is_reported_booked_and_decided(stack: Stack) -> None:
    billing = BillingOrganization.create(stack)
    trip = billing.create_booked_charter()
    payment = billing.create_card_payment(trip["id"], 726.5)
    dispute = billing.simulate_bank("disputes", payment_intent=payment["stripe_payment_intent_id"])
    eventually(lambda: billing.get_payment(payment["id"])["disputes"], 30, "the dispute was not stored")
    eventually(lambda: billing.get_account_balances().get("disputed_payments") == 72_650, 30, "it is not in the ledger")
    stack.wait_for_mail(billing.office_email, "A payment is disputed")
    body = {"payment_id": payment["id"], "amount": 10, "reason": "Late"}
    response = billing.operator.send("POST", "/payments/refund", body)
    assert (response.status_code, response.json()["code"]) == (409, "payment_disputed")
    billing.simulate_bank(f"disputes/{dispute['id']}", status="lost")
    eventually(
        lambda: billing.get_payment(payment["id"])["amount_refunded"] == 726.5, 30, "the lost dispute was not stored"
    )
    stack.wait_for_mail(billing.office_email, "A dispute was lost")
    assert billing.get_account_balances() == {"cash": -15_00, "fees": 15_00}
    assert billing.get_charter(trip["id"])["amount_paid"] == 0
