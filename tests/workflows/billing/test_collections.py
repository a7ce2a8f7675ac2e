"""The payment collection workflow on the deployed stack: its attempts and outcomes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from coachway.billing.collections.model import COLLECTION, Collection
from coachway.billing.payments.model import STRIPE_CUSTOMER, CardConsent, StripeCustomer
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.instalments import Instalment
from coachway.core.documents import card_consent
from coachway.core.persistence.transaction import to_item
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.core.types.stored_values import STORED
from tests.stack import Stack, eventually
from tests.workflows.billing_builders import BillingOrganization
from tests.workflows.organization_builders import count_statuses, run_concurrently


@pytest.fixture(scope="module")
def billing(stack: Stack) -> BillingOrganization:
    return BillingOrganization.create(stack)


def set_schedule_due_today(billing: BillingOrganization, charter_id: str, **amounts: float) -> None:
    """Make all instalments of a charter due today, as if its client had agreed to that."""
    parts = [{"kind": kind, "amount": amount, "due_on": f"{billing.today()}"} for kind, amount in amounts.items()]
    dynamodb, table = billing.stack.client("dynamodb"), billing.stack.table
    key = CHARTER.key(org=billing.operator.org_id, id=charter_id)
    stored = dynamodb.get_item(TableName=table, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})["Item"]
    charter = Charter.model_validate_json(stored["doc"]["S"], context=STORED)
    agreed = charter.model_copy(
        update={"instalments": [Instalment.model_validate_json(json.dumps(part)) for part in parts]}
    )
    dynamodb.put_item(TableName=table, Item=to_item(agreed))
    billing.operator.call("PUT", f"/charters/{charter_id}/payment-schedule", {"instalments": parts})


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


def reach_charge_time(billing: BillingOrganization, charter_id: str) -> None:
    """Move the announced charge of a collection to now, and run the timer."""
    announced = wait_for_collection(billing, charter_id, "announced")
    dynamodb, table = billing.stack.client("dynamodb"), billing.stack.table
    key = COLLECTION.key(org=billing.operator.org_id, id=announced["id"])
    stored = dynamodb.get_item(TableName=table, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})["Item"]
    collection = Collection.model_validate_json(stored["doc"]["S"])
    assert collection.charge_at is not None
    assert collection.charge_at > clock.now() + card_consent.NOTICE - timedelta(hours=1)
    dynamodb.put_item(TableName=table, Item=to_item(collection.model_copy(update={"charge_at": clock.now()})))
    function = billing.stack.function("billing-schedule")
    response = billing.stack.client("lambda").invoke(FunctionName=function, Payload=b"{}")
    assert "FunctionError" not in response, response["Payload"].read()


def get_stripe_customer(billing: BillingOrganization) -> StripeCustomer:
    """The client's stored customer at Stripe."""
    dynamodb, table = billing.stack.client("dynamodb"), billing.stack.table
    key = STRIPE_CUSTOMER.key(org=billing.operator.org_id, client=billing.operator.client_id)
    stored = dynamodb.get_item(TableName=table, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}}, ConsistentRead=True)
    return StripeCustomer.model_validate_json(stored["Item"]["doc"]["S"])


def set_saved_card(billing: BillingOrganization, payment_method_id: str) -> None:
    """Replace the client's saved card."""
    dynamodb, table = billing.stack.client("dynamodb"), billing.stack.table
    customer = get_stripe_customer(billing)
    consent = CardConsent(version=card_consent.VERSION, text="I agree.", given_at=clock.now(), page="/pages/quotes")
    changes = {"payment_method_id": payment_method_id, "card": "Visa", "consent": consent}
    dynamodb.put_item(TableName=table, Item=to_item(customer.model_copy(update=changes)))


def pay_deposit_on_page(billing: BillingOrganization) -> dict[str, Any]:
    """Create a charter whose client accepts the quote, pays the deposit by card, and agrees to later charges."""
    charter = billing.operator.call("POST", "/charters", billing.operator.charter_body())
    sent = billing.operator.call("POST", f"/charters/{charter['id']}/send-quote", {})
    accepted = httpx.post(
        f"{sent['url']}/accept", data={"revision_number": "1", "accepted_by": "Dana Lee", "agreed": "true"}, timeout=60
    )
    assert accepted.status_code == 303, accepted.text
    schedule = billing.operator.call("GET", f"/charters/{charter['id']}/payment-schedule")
    form = {
        "payment_method_id": "pm_card_visa",
        "amount": f"{schedule['due_now']:.2f}",
        "paid": "0.00",
        "card_consent": card_consent.VERSION,
    }
    paid = httpx.post(f"{sent['url']}/pay", data=form, timeout=60)
    assert paid.status_code == 303, paid.text
    return dict(charter)


def test_collection_due_charges_saved_card_after_it_was_announced(billing: BillingOrganization) -> None:
    trip = pay_deposit_on_page(billing)
    before = billing.get_charter(trip["id"])
    assert (before["status"], len(billing.operator.list_all("/payments", charter_id=trip["id"]))) == ("booked", 1)
    rest = round(before["quote"]["total"] - before["amount_paid"], 2)
    set_schedule_due_today(billing, trip["id"], deposit=before["amount_paid"], balance=rest)
    reach_charge_time(billing, trip["id"])
    mail = billing.stack.wait_for_mail(f"events@{billing.operator.slug}.example", "^We will charge")
    assert "Visa ending in 4242" in mail["BodyText"]
    collected = wait_for_collection(billing, trip["id"], "paid")
    assert [(each["amount"], each["failure"]) for each in collected["attempts"]] == [(rest, "")]
    assert billing.get_charter(trip["id"])["amount_paid"] == before["quote"]["total"]
    billing.wait_for_executions("payment-collection", collected["id"], "SUCCEEDED")

    path = f"/clients/{billing.operator.client_id}/saved-card"
    answers = run_concurrently(8, lambda _: billing.operator.send("DELETE", path))
    assert count_statuses(answers) == {204: 8}, [each.text for each in answers if each.status_code != 204]
    customer = get_stripe_customer(billing)
    assert (customer.consent, customer.payment_method_id, customer.card) == (None, None, None)


def test_collection_declined_card_retries_three_times_then_notifies_staff(stack: Stack) -> None:
    billing = BillingOrganization.create(stack)
    first = billing.create_booked_charter()
    billing.create_card_payment(first["id"], 100)
    set_saved_card(billing, "pm_card_chargeCustomerFail")
    trip = billing.create_booked_charter()
    set_schedule_due_today(billing, trip["id"], balance=726.5)
    reach_charge_time(billing, trip["id"])
    failed_collection = wait_for_collection(billing, trip["id"], "failed", 300)
    assert len(failed_collection["attempts"]) == 4
    assert all(each["failure"] for each in failed_collection["attempts"])
    payments = billing.operator.list_all("/payments", charter_id=trip["id"])
    assert [each["status"] for each in payments] == ["failed"] * 4
    mail = stack.wait_for_mail(billing.office_email, "could not be collected")
    assert "4 times" in mail["BodyText"]
    set_saved_card(billing, "pm_card_visa")
    billing.operator.call("POST", f"/billing/collections/{failed_collection['id']}/retry")
    reach_charge_time(billing, trip["id"])
    wait_for_collection(billing, trip["id"], "paid")
    assert billing.get_charter(trip["id"])["amount_paid"] == 726.5
    billing.wait_for_executions("payment-collection", failed_collection["id"], "SUCCEEDED", "SUCCEEDED")
