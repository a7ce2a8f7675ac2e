"""The flow that collects what is due, run for real: its tries, and each of its ends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from coachway.core.types import ids
from tests.stack import Stack, eventually
from tests.workflows.till import Till


@pytest.fixture(scope="module")
def till(stack: Stack) -> Till:
    return Till.opened(stack)


def due_today(till: Till) -> dict[str, Any]:
    """A charter whose deposit is paid by card, and the rest due today."""
    trip = till.booked()
    till.paid(trip["id"], 200)
    today = till.today()
    parts = [
        {"kind": "deposit", "amount": 200, "due_on": f"{today}"},
        {"kind": "balance", "amount": 526.5, "due_on": f"{today}"},
    ]
    till.carrier.ask("PUT", f"/charters/{trip['id']}/payment-schedule", {"instalments": parts})
    return trip


def collection(till: Till, charter_id: str, status: str, seconds: float = 60) -> dict[str, Any]:
    """What is collected for a charter, once it is in a status."""
    path = f"/billing/collections/{ids.from_bytes('col', ids.to_bytes(charter_id))}"

    def look() -> dict[str, Any] | None:
        answer = till.carrier.send("GET", path)
        return answer.json() if answer.is_success and answer.json()["status"] == status else None

    def never_reason() -> str:
        answer = till.carrier.send("GET", path)
        if answer.is_success and answer.json()["status"] in {"paid", "failed"} - {status}:
            return f"it is {answer.json()['status']}"
        schedule = till.carrier.ask("GET", f"/charters/{charter_id}/payment-schedule")
        if schedule["due_now"] == 0 and schedule["amount_paid"] < schedule["total"]:
            days = [each["due_on"] for each in schedule["instalments"]]
            return f"on {till.today()} nothing is due, the instalments are due on {days}"
        return ""

    return eventually(look, seconds, f"the collection did not become {status}", unless=never_reason)


def with_card(till: Till, payment_method_id: str) -> None:
    """The client's card is another one from now on."""
    key = {
        "pk": {"S": f"ORG#{till.carrier.org_id}#CLIENT#{till.carrier.client_id}"},
        "sk": {"S": "STRIPE_CUSTOMER"},
    }
    dynamodb, table = till.stack.client("dynamodb"), till.stack.table
    kept = dynamodb.get_item(TableName=table, Key=key)["Item"]
    doc = {**json.loads(kept["doc"]["S"]), "payment_method_id": payment_method_id}
    dynamodb.put_item(TableName=table, Item={**kept, "doc": {"S": json.dumps(doc)}})


def test_collection_due_charges_saved_card(till: Till) -> None:
    trip = due_today(till)
    known = collection(till, trip["id"], "paid")
    assert [(each["amount"], each["failure"]) for each in known["tries"]] == [(526.5, "")]
    assert till.charter(trip["id"])["amount_paid"] == 726.5
    till.ended("payment-collection", known["id"], "SUCCEEDED")


def test_collection_declined_card_retries_three_times_then_notifies_staff(stack: Stack) -> None:
    till = Till.opened(stack)
    first = till.booked()
    till.paid(first["id"], 100)
    with_card(till, "pm_card_chargeCustomerFail")
    trip = till.booked()
    today = till.today()
    parts = [{"kind": "balance", "amount": 726.5, "due_on": f"{today}"}]
    till.carrier.ask("PUT", f"/charters/{trip['id']}/payment-schedule", {"instalments": parts})
    known = collection(till, trip["id"], "failed", 300)
    assert len(known["tries"]) == 4
    assert all(each["failure"] for each in known["tries"])
    failed = till.carrier.everything("/payments", charter_id=trip["id"])
    assert [each["status"] for each in failed] == ["failed"] * 4
    mail = stack.wait_for_mail(till.office, "could not be collected")
    assert "4 times" in mail["BodyText"]
    with_card(till, "pm_card_visa")
    till.carrier.ask("POST", f"/billing/collections/{known['id']}/retry")
    collection(till, trip["id"], "paid")
    assert till.charter(trip["id"])["amount_paid"] == 726.5
    till.ended("payment-collection", known["id"], "SUCCEEDED", "SUCCEEDED")
