"""Money on the deployed stack: deposits book trips, Stripe tells by itself, and who dies in between loses nothing."""

from __future__ import annotations

import json
import threading
import time
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
from tests.workflows.carrier import Carrier, at_once
from tests.workflows.faults import kill, workers

pytestmark = pytest.mark.xdist_group("restart")


@pytest.fixture(scope="module")
def carrier(own: Stack) -> Carrier:
    return Carrier.opened(own)


@pytest.fixture
def silent(own: Stack) -> Iterator[None]:
    """Meanwhile Stripe tells nobody of anything."""
    httpx.delete(f"{own.config.stripe_url}/_config/webhooks/coachway", timeout=10).raise_for_status()
    yield
    behave(own, "ok", 0)
    sandbox_processes.register_stripe_webhook(own.config)


def behave(stack: Stack, mode: str, times: int = 1) -> None:
    wish = {"mode": mode, "times": times}
    httpx.post(f"{stack.config.stripe_url}/_config/behave", json=wish, timeout=10).raise_for_status()


def charged(stack: Stack, payment_id: str) -> list[dict[str, Any]]:
    """The charges at Stripe for a payment of ours."""
    headers = {"authorization": "Bearer sk_test_coachway"}
    found = httpx.get(
        f"{stack.config.stripe_url}/v1/payment_intents", params={"limit": 100}, headers=headers, timeout=30
    )
    return [each for each in found.json()["data"] if each["metadata"].get("payment_id") == payment_id]


def accepted(carrier: Carrier, mailbox: str) -> dict[str, Any]:
    """A charter of a client without terms, whose quote was accepted."""
    person = {"name": "Dana Lee", "client_type": "personal", "email": f"{mailbox}@{carrier.slug}.example"}
    client = carrier.ask("POST", "/clients", person)
    charter = carrier.quoted(client_id=client["id"])
    answer = carrier.accept(charter["token"])
    assert (answer.status_code, answer.json()["status"]) == (200, "quote"), answer.text
    return {**charter, "client_id": client["id"], "deposit": answer.json()["deposit_due"], "mailbox": person["email"]}


def payments(carrier: Carrier, charter: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = carrier.ask("GET", f"/payments?charter_id={charter['id']}")["items"]
    return found


def journal(carrier: Carrier, charter: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = carrier.ask("GET", f"/billing/ledger?client_id={charter['client_id']}")["items"]
    return found


def must_be_booked_once(carrier: Carrier, charter: dict[str, Any]) -> None:
    """The trip is booked by one payment, which the journal has once, and the client was written to."""
    [paid] = [each for each in payments(carrier, charter) if each["status"] == "succeeded"]
    assert paid["amount"] == charter["deposit"]
    assert len(charged(carrier.stack, paid["id"])) == 1
    known = carrier.ask("GET", f"/charters/{charter['id']}")
    assert (known["status"], known["amount_paid"]) == ("booked", charter["deposit"])
    assert [each["kind"] for each in journal(carrier, charter)] == ["deposit_received"]
    assert Counter(each["type"] for each in carrier.history(charter["id"]))["charter.booked"] == 1
    carrier.stack.wait_for_mail(charter["mailbox"], "^Receipt: ")


def test_deposit_paid_webhook_changes_nothing(own: Stack, carrier: Carrier) -> None:
    charter = accepted(carrier, "deposit")
    body = {"charter_id": charter["id"], "payment_method_id": "pm_card_visa"}
    paid = carrier.ask("POST", "/payments/process", body)
    assert (paid["status"], paid["amount"]) == ("succeeded", charter["deposit"])
    time.sleep(3)  # Stripe tells a second later
    must_be_booked_once(carrier, charter)


def test_pay_page_many_at_once_pay_once(own: Stack, carrier: Carrier) -> None:
    charter = accepted(carrier, "race")
    form = {"payment_method_id": "pm_card_visa", "amount": f"{charter['deposit']:.2f}", "paid": "0.00"}
    answers = at_once(12, lambda _: httpx.post(f"{charter['url']}/pay", data=form, timeout=120))
    assert set(Counter(each.status_code for each in answers)) <= {303, 409}
    must_be_booked_once(carrier, charter)


def test_killed_after_charge_daily_reconciliation_settles(own: Stack, carrier: Carrier, silent: None) -> None:
    charter = accepted(carrier, "killed")
    behave(own, "time_out_after")  # Stripe has the money, and our process waits for the answer
    body = {"charter_id": charter["id"], "payment_method_id": "pm_card_visa"}
    asking = threading.Thread(target=lambda: carrier.send("POST", "/payments/process", body))
    asking.start()
    [pending] = eventually(lambda: payments(carrier, charter), 20, "the payment was not written down")
    eventually(lambda: charged(own, pending["id"]), 20, "nothing was charged")
    assert workers(own, "billing-payments")
    assert kill(own, "billing-payments") > 0
    asking.join(60)
    behave(own, "ok", 0)
    [left] = payments(carrier, charter)
    assert left["status"] == "pending"
    assert carrier.ask("GET", f"/charters/{charter['id']}")["status"] == "quote"
    assert journal(carrier, charter) == []

    _age(own, carrier, pending["id"])
    done = _compare(own)
    assert (done["pending"], done["mended"], done["failed"]) == (1, 1, 0)
    must_be_booked_once(carrier, charter)
    assert _compare(own)["mended"] == 0
    must_be_booked_once(carrier, charter)


def test_killed_after_charge_webhook_settles(own: Stack, carrier: Carrier) -> None:
    charter = accepted(carrier, "told")
    behave(own, "time_out_after")
    body = {"charter_id": charter["id"], "payment_method_id": "pm_card_visa"}
    asking = threading.Thread(target=lambda: carrier.send("POST", "/payments/process", body))
    asking.start()
    [pending] = eventually(lambda: payments(carrier, charter), 20, "the payment was not written down")
    eventually(lambda: charged(own, pending["id"]), 20, "nothing was charged")
    kill(own, "billing-payments")
    asking.join(60)
    behave(own, "ok", 0)
    eventually(lambda: carrier.ask("GET", f"/charters/{charter['id']}")["status"] == "booked", 30, "nobody told")
    must_be_booked_once(carrier, charter)


def test_declined_card_sends_email(own: Stack, carrier: Carrier) -> None:
    charter = accepted(carrier, "declined")
    body = {"charter_id": charter["id"], "payment_method_id": "pm_card_chargeCustomerFail"}
    refused = carrier.send("POST", "/payments/process", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "card_declined")
    mail = own.wait_for_mail(charter["mailbox"], "did not go through$")
    assert "Your card was declined." in mail["BodyText"]
    assert carrier.ask("GET", f"/charters/{charter['id']}")["status"] == "quote"


def _age(stack: Stack, carrier: Carrier, payment_id: str) -> None:
    """Make a payment older than anything that may still be under way."""
    dynamodb = stack.client("dynamodb")
    org_id = carrier.ask("GET", "/organization")["id"]
    key = PAYMENT.key(org=org_id, id=payment_id)
    kept = dynamodb.get_item(TableName=stack.table, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})["Item"]
    payment = Payment.model_validate_json(kept["doc"]["S"])
    older = payment.model_copy(update={"created_at": datetime.now(UTC) - timedelta(minutes=40)})
    dynamodb.put_item(TableName=stack.table, Item=to_item(older))


def _compare(stack: Stack) -> dict[str, int]:
    answer = stack.client("lambda").invoke(FunctionName=stack.function("billing-daily"), Payload=b"{}")
    results: dict[str, dict[str, int]] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, results
    return results["payments"]
