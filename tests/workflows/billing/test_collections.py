"""The payment collection workflow on the deployed stack: its attempts and outcomes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from coachway.core.types import ids
from tests.stack import Stack, eventually
from tests.workflows.billing_builders import BillingOrganization


@pytest.fixture(scope="module")
def billing(stack: Stack) -> BillingOrganization:
    return BillingOrganization.create(stack)


def create_charter_due_today(billing: BillingOrganization) -> dict[str, Any]:
    """Create a charter whose deposit is paid by card and whose balance is due today."""
    trip = billing.create_booked_charter()
    billing.create_card_payment(trip["id"], 200)
    today = billing.today()
    parts = [
        {"kind": "deposit", "amount": 200, "due_on": f"{today}"},
        {"kind": "balance", "amount": 526.5, "due_on": f"{today}"},
    ]
    billing.operator.call("PUT", f"/charters/{trip['id']}/payment-schedule", {"instalments": parts})
    return trip


def wait_for_collection(
    billing: BillingOrganization, charter_id: str, status: str, seconds: float = 60
) -> dict[str, Any]:
    """Wait until the collection of a charter has a status; returns the collection."""
    path = f"/billing/collections/{ids.from_bytes('col', ids.to_bytes(charter_id))}"

    def find_collection() -> dict[str, Any] | None:
        response = billing.operator.send("GET", path)
        return response.json() if response.is_success and response.json()["status"] == status else None

    def final_reason() -> str:
        response = billing.operator.send("GET", path)
        if response.is_success and response.json()["status"] in {"paid", "failed"} - {status}:
            return f"it is {response.json()['status']}"
        schedule = billing.operator.call("GET", f"/charters/{charter_id}/payment-schedule")
        if schedule["due_now"] == 0 and schedule["amount_paid"] < schedule["total"]:
            days = [each["due_on"] for each in schedule["instalments"]]
            return f"on {billing.today()} nothing is due, the instalments are due on {days}"
        return ""

    return eventually(find_collection, seconds, f"the collection did not become {status}", unless=final_reason)


def set_saved_card(billing: BillingOrganization, payment_method_id: str) -> None:
    """Replace the client's saved card."""
    key = {
        "pk": {"S": f"ORG#{billing.operator.org_id}#CLIENT#{billing.operator.client_id}"},
        "sk": {"S": "STRIPE_CUSTOMER"},
    }
    dynamodb, table = billing.stack.client("dynamodb"), billing.stack.table
    stored = dynamodb.get_item(TableName=table, Key=key)["Item"]
    doc = {**json.loads(stored["doc"]["S"]), "payment_method_id": payment_method_id}
    dynamodb.put_item(TableName=table, Item={**stored, "doc": {"S": json.dumps(doc)}})


def test_collection_due_charges_saved_card(billing: BillingOrganization) -> None:
    trip = create_charter_due_today(billing)
    collected = wait_for_collection(billing, trip["id"], "paid")
    assert [(each["amount"], each["failure"]) for each in collected["attempts"]] == [(526.5, "")]
    assert billing.get_charter(trip["id"])["amount_paid"] == 726.5
    billing.wait_for_executions("payment-collection", collected["id"], "SUCCEEDED")


def test_collection_declined_card_retries_three_times_then_notifies_staff(stack: Stack) -> None:
    billing = BillingOrganization.create(stack)
    first = billing.create_booked_charter()
    billing.create_card_payment(first["id"], 100)
    set_saved_card(billing, "pm_card_chargeCustomerFail")
    trip = billing.create_booked_charter()
    today = billing.today()
    parts = [{"kind": "balance", "amount": 726.5, "due_on": f"{today}"}]
    billing.operator.call("PUT", f"/charters/{trip['id']}/payment-schedule", {"instalments": parts})
    failed_collection = wait_for_collection(billing, trip["id"], "failed", 300)
    assert len(failed_collection["attempts"]) == 4
    assert all(each["failure"] for each in failed_collection["attempts"])
    payments = billing.operator.list_all("/payments", charter_id=trip["id"])
    assert [each["status"] for each in payments] == ["failed"] * 4
    mail = stack.wait_for_mail(billing.office_email, "could not be collected")
    assert "4 times" in mail["BodyText"]
    set_saved_card(billing, "pm_card_visa")
    billing.operator.call("POST", f"/billing/collections/{failed_collection['id']}/retry")
    wait_for_collection(billing, trip["id"], "paid")
    assert billing.get_charter(trip["id"])["amount_paid"] == 726.5
    billing.wait_for_executions("payment-collection", failed_collection["id"], "SUCCEEDED", "SUCCEEDED")
