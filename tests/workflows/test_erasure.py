"""Erase a client on the deployed stack, and search the table and the bucket for personal data."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from infra.local.deployment import stack_deployment
from tests.stack import Stack, eventually
from tests.workflows.bidding_builders import BiddingOrganization
from tests.workflows.billing_builders import KEY, BillingOrganization
from tests.workflows.dispatch_builders import DispatchOrganization

pytestmark = pytest.mark.xdist_group("erasing")

QUOTES = 30
"""The number of further charters: more than one step erases."""


class Traveler:
    """A client whose name, address, phone numbers and notes are stored by many capabilities."""

    def __init__(self, stack: Stack) -> None:
        self.dispatch = DispatchOrganization(stack)
        self.operator = self.dispatch.operator
        self.call = self.operator.call
        self.billing, self.bidding = BillingOrganization(self.operator), BiddingOrganization(self.operator)
        self.call("PUT", "/organization", {"branding": {"email": f"office@{self.operator.slug}.example"}})
        self.mark = f"quill{secrets.token_hex(4)}"
        self.phone, self.other_phone = (next(self.dispatch.phones) for _ in range(2))
        self.email = f"{self.mark}@{self.operator.slug}.example"
        person = {"name": f"Zebedee {self.mark}", "client_type": "personal", "email": self.email, "phone": self.phone}
        self.id = str(self.call("POST", "/clients", {**person, "notes": f"{self.mark} fears bridges"})["id"])
        self.call("POST", f"/clients/{self.id}/contacts", {"name": f"H. {self.mark}", "phone": self.other_phone})
        self.call("POST", f"/clients/{self.id}/addresses", {"line1": f"7 {self.mark} Close", "city": "Albany"})
        login = {"first_name": "Zeb", "last_name": self.mark, "role": "client", "party_id": self.id}
        self.call("POST", "/users", {**login, "email": f"zeb-{self.mark}@{self.operator.slug}.example"})

    def charter_body(self, **more: Any) -> dict[str, Any]:
        """The body of a charter in two months, with the client's addresses."""
        departure = datetime.now(UTC) + timedelta(days=60)
        stops = [
            {
                "stop_type": kind,
                "address": f"{number} {self.mark} Close, {town}",
                "geocoded_address": f"{number} {self.mark} Cl",
                "latitude": latitude,
                "longitude": -74.123456,
                when: (departure + timedelta(hours=hours)).isoformat(),
            }
            for kind, number, town, latitude, when, hours in (
                ("pickup", 7, "Albany, NY", 40.70745, "estimated_departure", 0),
                ("dropoff", 9, "Atlantic City, NJ", 39.35605, "estimated_arrival", 3),
            )
        ]
        return self.operator.charter_body(client_id=self.id, stops=stops, notes=f"Ring at {self.mark}", **more)

    def create_complete_charter(self) -> dict[str, Any]:
        """Create a charter that is accepted, paid, put out to bid, assigned, recovered and invoiced."""
        charter = dict(self.call("POST", "/charters", self.charter_body()))
        sent = self.call("POST", f"/charters/{charter['id']}/send-quote", {"expires_in_hours": 72})
        acceptance = {"revision_number": 1, "accepted_by": f"Zebedee {self.mark}"}
        assert self.operator.http.post(f"/quotes/{sent['token']}/accept", json=acceptance).is_success
        payment = self.billing.create_card_payment(charter["id"], charter["quote"]["total"])
        vendor = self.bidding.create_vendor("Bright Buses")
        self.bidding.create_bid_request(charter["id"], vendor, message=f"Ask for {self.mark}")
        driver, coach = self.dispatch.create_driver(), self.dispatch.create_vehicle("Coach 12")
        assignment_body = {
            "charter_id": charter["id"],
            "driver_id": driver["id"],
            "vehicle_id": coach,
            "notes": self.mark,
        }
        assignment = self.call("POST", "/dispatch/assignments", assignment_body)
        recovery_body = {"assignment_id": assignment["id"], "reason": "breakdown", "notes": f"{self.mark} waits"}
        recovery = self.call("POST", "/dispatch/recoveries", recovery_body)
        self.call("POST", f"/dispatch/recoveries/{recovery['id']}/cancel", {"reason": f"{self.mark} walks"})
        invoice_body = {"charter_id": charter["id"], "notes": f"For {self.mark}"}
        invoice = self.call("POST", f"/invoices/{self.call('POST', '/invoices', invoice_body)['id']}/issue")
        self.operator.stack.wait_for_mail(self.email, f"^Invoice {invoice['number']}")
        return {**charter, "payment": payment, "invoice": invoice}

    def cancel_and_refund(self, charter: dict[str, Any]) -> None:
        """Cancel a charter, and wait until its payment is refunded."""
        cancellation = {"reason": f"{self.mark} is ill", "initiated_by": "operator"}
        self.call("POST", f"/charters/{charter['id']}/cancel", cancellation)

        def list_completed_refunds() -> list[dict[str, Any]]:
            refunds: list[dict[str, Any]] = self.call("GET", f"/refunds?charter_id={charter['id']}")["items"]
            for each in refunds:
                if each["status"] == "awaiting_approval":
                    self.billing.approve_refund(each["id"], f"{self.mark} is right")
            return [each for each in refunds if each["status"] == "completed"]

        eventually(list_completed_refunds, 60, "nothing was refunded")
        self.operator.stack.wait_for_mail(self.email, "[Rr]efund")

    def find_remaining_items(self) -> list[str]:
        """The items of the table that contain personal data, except those that expire or are erased within a day."""
        words = (self.mark, self.phone.removeprefix("+"), self.other_phone.removeprefix("+"), "74.123456")
        dynamodb = self.operator.stack.client("dynamodb")
        remaining = []
        for page in dynamodb.get_paginator("scan").paginate(TableName=self.operator.stack.table):
            for item in page["Items"]:
                text = str(item)
                if item["kind"]["S"] not in {"idempotency", "erasure"} and any(word in text for word in words):
                    start = max(0, min(text.find(word) for word in words if word in text) - 200)
                    remaining.append(
                        f"{item['kind']['S']} {item['pk']['S']} {item['sk']['S']}: {text[start : start + 320]}"
                    )
        return remaining


@pytest.fixture(scope="module")
def traveler(stack: Stack) -> Traveler:
    return Traveler(stack)


def test_erase_client_keeps_only_dates_and_amounts(stack: Stack, traveler: Traveler) -> None:
    call, path = traveler.call, f"/clients/{traveler.id}"
    charter = traveler.create_complete_charter()
    for n in range(QUOTES):
        other_charter = call("POST", "/charters", traveler.charter_body())
        if n == 0:
            call("DELETE", f"/charters/{other_charter['id']}")
        if n == 1:
            call("PUT", f"/charters/{other_charter['id']}", {"passengers": 12, "notes": f"{traveler.mark} and friends"})
            call("POST", f"/charters/{other_charter['id']}/send-quote", {"expires_in_hours": 72})
    refused = traveler.operator.send("POST", f"{path}/erase")
    assert (refused.status_code, refused.json()["code"]) == (409, "client_has_upcoming_trips")
    traveler.cancel_and_refund(charter)

    exported = call("GET", f"{path}/export")
    assert len(exported["charters"]) == QUOTES
    assert exported["file"]["client"]["email"] == traveler.email
    assert [each["id"] for each in exported["invoices"]] == [charter["invoice"]["id"]]
    assert [each["id"] for each in exported["payments"]] == [charter["payment"]["id"]]
    assert len(exported["refunds"]) == 1
    assert exported["messages"]
    balances = traveler.billing.get_account_balances()
    customers = _list_stripe_customers(stack, traveler.email)
    assert len(customers) == 1

    assert len(traveler.find_remaining_items()) > 20
    assert "addresses" not in call("POST", f"{path}/erase")
    eventually(lambda: not traveler.find_remaining_items(), 90, "personal data was not erased", every=1)
    assert traveler.operator.send("POST", f"{path}/erase").status_code == 404
    assert traveler.billing.get_account_balances() == balances
    eventually(lambda: not _list_stripe_customers(stack, traveler.email), 30, "Stripe still has the customer")
    _assert_no_stored_pdf(stack, traveler, charter["invoice"]["id"])
    erased_charter = call("GET", f"/charters/{charter['id']}")
    assert (erased_charter["status"], erased_charter["quote"]["total"]) == ("cancelled", charter["quote"]["total"])
    assert erased_charter["stops"][0]["address"] == "erased"
    assert {each["type"] for each in traveler.operator.list_history(charter["id"])} >= {
        "quote.sent",
        "charter.cancelled",
    }
    for other in call("GET", f"/charters?client_id={traveler.id}")["items"]:
        assert other["status"] in {"cancelled", "expired"}


def _list_stripe_customers(stack: Stack, email: str) -> list[str]:
    """The ids of Stripe's customers with an email address."""
    headers = {"authorization": f"Bearer {KEY}"}
    response = httpx.get(f"{stack.config.stripe_url}/v1/customers", params={"limit": 100}, headers=headers, timeout=30)
    response.raise_for_status()
    return [each["id"] for each in response.json()["data"] if each.get("email") == email]


def _assert_no_stored_pdf(stack: Stack, traveler: Traveler, invoice_id: str) -> None:
    """Require that the bucket has no version of the PDF, and that the API still returns one."""
    bucket = stack_deployment.read_outputs(stack.config)["BucketName"]
    prefix = f"invoices/{traveler.operator.org_id}/{invoice_id}/"
    versions = stack.client("s3").list_object_versions(Bucket=bucket, Prefix=prefix)
    assert not versions.get("Versions", []) + versions.get("DeleteMarkers", [])
    response = traveler.operator.send("GET", f"/invoices/{invoice_id}/pdf")
    assert response.status_code == 200
    assert response.content.startswith(b"%PDF-")
