"""Card payments on the deployed stack: deposits book trips, and no payment is lost when a function is killed."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from coachway.billing.payments.model import PAYMENT, Payment
from coachway.core.persistence.transaction import to_item
from infra.local.sandboxes import sandbox_processes
from tests.stack import Stack, eventually
from tests.workflows.faults import kill_workers, list_worker_pids
from tests.workflows.organization_builders import Operator, run_concurrently

pytestmark = pytest.mark.xdist_group("restart")


@pytest.fixture(scope="module")
def operator(restart_stack: Stack) -> Operator:
    return Operator.create(restart_stack)


@pytest.fixture
def no_stripe_webhooks(restart_stack: Stack) -> Iterator[None]:
    """Remove Stripe's webhook during a test."""
    httpx.delete(f"{restart_stack.config.stripe_url}/_config/webhooks/coachway", timeout=10).raise_for_status()
    yield
    set_stripe_mode(restart_stack, "ok", 0)
    sandbox_processes.register_stripe_webhook(restart_stack.config)


def set_stripe_mode(stack: Stack, mode: str, times: int = 1) -> None:
    body = {"mode": mode, "times": times}
    httpx.post(f"{stack.config.stripe_url}/_config/behave", json=body, timeout=10).raise_for_status()


def list_charges(stack: Stack, payment_id: str) -> list[dict[str, Any]]:
    """Stripe's payment intents for a payment."""
    headers = {"authorization": "Bearer sk_test_coachway"}
    response = httpx.get(
        f"{stack.config.stripe_url}/v1/payment_intents", params={"limit": 100}, headers=headers, timeout=30
    )
    return [each for each in response.json()["data"] if each["metadata"].get("payment_id") == payment_id]


def create_accepted_quote(operator: Operator, mailbox: str) -> dict[str, Any]:
    """Create a charter of a client without payment terms, and accept its quote."""
    person = {"name": "Dana Lee", "client_type": "personal", "email": f"{mailbox}@{operator.slug}.example"}
    client = operator.call("POST", "/clients", person)
    charter = operator.create_quoted_charter(client_id=client["id"])
    response = operator.accept_quote(charter["token"])
    assert (response.status_code, response.json()["status"]) == (200, "quote"), response.text
    return {**charter, "client_id": client["id"], "deposit": response.json()["deposit_due"], "mailbox": person["email"]}


def list_payments(operator: Operator, charter: dict[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = operator.call("GET", f"/payments?charter_id={charter['id']}")["items"]
    return items


def list_ledger_entries(operator: Operator, charter: dict[str, Any]) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = operator.call("GET", f"/billing/ledger?client_id={charter['client_id']}")["items"]
    return entries


def wait_until_booked_once(operator: Operator, charter: dict[str, Any]) -> None:
    """Require that one payment booked the charter and is in the ledger once; wait for its receipt."""
    [paid] = [each for each in list_payments(operator, charter) if each["status"] == "succeeded"]
    assert paid["amount"] == charter["deposit"]
    assert len(list_charges(operator.stack, paid["id"])) == 1
    current = operator.call("GET", f"/charters/{charter['id']}")
    assert (current["status"], current["amount_paid"]) == ("booked", charter["deposit"])
    assert [each["kind"] for each in list_ledger_entries(operator, charter)] == ["deposit_received"]
    assert Counter(each["type"] for each in operator.list_history(charter["id"]))["charter.booked"] == 1
    operator.stack.wait_for_mail(charter["mailbox"], "^Receipt: ")


def wait_for_processed_webhook(stack: Stack, payment_intent_id: str) -> None:
    """Wait until the webhook function has logged that it processed an event of a payment intent."""
    logs, group = stack.client("logs"), f"/aws/lambda/{stack.function('billing-webhook')}"

    def is_processed() -> bool:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        messages = [line["message"] for page in pages for line in page["events"]]
        return any("stripe event processed" in message and payment_intent_id in message for message in messages)

    eventually(is_processed, 30, f"no webhook of {payment_intent_id} was processed")


def test_deposit_paid_webhook_changes_nothing(restart_stack: Stack, operator: Operator) -> None:
    charter = create_accepted_quote(operator, "deposit")
    body = {"charter_id": charter["id"], "payment_method_id": "pm_card_visa"}
    paid = operator.call("POST", "/payments/process", body)
    assert (paid["status"], paid["amount"]) == ("succeeded", charter["deposit"])
    wait_until_booked_once(operator, charter)
    wait_for_processed_webhook(restart_stack, paid["stripe_payment_intent_id"])
    wait_until_booked_once(operator, charter)


def test_pay_page_many_at_once_pay_once(restart_stack: Stack, operator: Operator) -> None:
    charter = create_accepted_quote(operator, "race")
    form = {"payment_method_id": "pm_card_visa", "amount": f"{charter['deposit']:.2f}", "paid": "0.00"}
    answers = run_concurrently(12, lambda _: httpx.post(f"{charter['url']}/pay", data=form, timeout=120))
    assert set(Counter(each.status_code for each in answers)) <= {303, 409}
    wait_until_booked_once(operator, charter)


def test_killed_after_charge_daily_reconciliation_settles(
    restart_stack: Stack, operator: Operator, no_stripe_webhooks: None
) -> None:
    charter = create_accepted_quote(operator, "killed")
    set_stripe_mode(restart_stack, "time_out_after")  # Stripe charges the card, and the function waits for the answer
    body = {"charter_id": charter["id"], "payment_method_id": "pm_card_visa"}
    request_thread = threading.Thread(target=lambda: operator.send("POST", "/payments/process", body))
    request_thread.start()
    [pending] = eventually(lambda: list_payments(operator, charter), 20, "the payment was not stored")
    eventually(lambda: list_charges(restart_stack, pending["id"]), 20, "nothing was charged")
    assert list_worker_pids(restart_stack, "billing-payments")
    assert kill_workers(restart_stack, "billing-payments") > 0
    request_thread.join(60)
    set_stripe_mode(restart_stack, "ok", 0)
    [unsettled] = list_payments(operator, charter)
    assert unsettled["status"] == "pending"
    assert operator.call("GET", f"/charters/{charter['id']}")["status"] == "quote"
    assert list_ledger_entries(operator, charter) == []

    _age_payment(restart_stack, operator, pending["id"])
    result = _run_daily_reconciliation(restart_stack)
    assert (result["pending"], result["corrected"], result["failed"]) == (1, 1, 0)
    wait_until_booked_once(operator, charter)
    assert _run_daily_reconciliation(restart_stack)["corrected"] == 0
    wait_until_booked_once(operator, charter)


def test_killed_after_charge_webhook_settles(restart_stack: Stack, operator: Operator) -> None:
    charter = create_accepted_quote(operator, "told")
    set_stripe_mode(restart_stack, "time_out_after")
    body = {"charter_id": charter["id"], "payment_method_id": "pm_card_visa"}
    request_thread = threading.Thread(target=lambda: operator.send("POST", "/payments/process", body))
    request_thread.start()
    [pending] = eventually(lambda: list_payments(operator, charter), 20, "the payment was not stored")
    eventually(lambda: list_charges(restart_stack, pending["id"]), 20, "nothing was charged")
    kill_workers(restart_stack, "billing-payments")
    request_thread.join(60)
    set_stripe_mode(restart_stack, "ok", 0)
    eventually(
        lambda: operator.call("GET", f"/charters/{charter['id']}")["status"] == "booked",
        30,
        "the charter was not booked",
    )
    wait_until_booked_once(operator, charter)


def test_declined_card_sends_email(restart_stack: Stack, operator: Operator) -> None:
    charter = create_accepted_quote(operator, "declined")
    body = {"charter_id": charter["id"], "payment_method_id": "pm_card_chargeCustomerFail"}
    response = operator.send("POST", "/payments/process", body)
    assert (response.status_code, response.json()["code"]) == (409, "card_declined")
    mail = restart_stack.wait_for_mail(charter["mailbox"], "did not go through$")
    assert "Your card was declined." in mail["BodyText"]
    assert operator.call("GET", f"/charters/{charter['id']}")["status"] == "quote"


def _age_payment(stack: Stack, operator: Operator, payment_id: str) -> None:
    """Make a payment so old that no request can still be processing it."""
    dynamodb = stack.client("dynamodb")
    org_id = operator.call("GET", "/organization")["id"]
    key = PAYMENT.key(org=org_id, id=payment_id)
    stored = dynamodb.get_item(TableName=stack.table, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})["Item"]
    payment = Payment.model_validate_json(stored["doc"]["S"])
    older = payment.model_copy(update={"created_at": datetime.now(UTC) - timedelta(minutes=40)})
    dynamodb.put_item(TableName=stack.table, Item=to_item(older))


def _run_daily_reconciliation(stack: Stack) -> dict[str, int]:
    response = stack.client("lambda").invoke(FunctionName=stack.function("billing-daily"), Payload=b"{}")
    results: dict[str, dict[str, int]] = json.loads(response["Payload"].read())
    assert "FunctionError" not in response, results
    return results["payments"]
