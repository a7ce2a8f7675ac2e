"""Erasing a client on the deployed stack: what any capability kept of it is looked for in the table and the bucket."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from infra.local.deployment import stack_deployment
from tests.stack import Stack, eventually
from tests.workflows.bidding import Exchange
from tests.workflows.till import KEY, Till
from tests.workflows.yard import Yard

pytestmark = pytest.mark.xdist_group("erasing")

AWAY = 30
"""Quotes beside the trip that is told of: more than are erased in one go."""


class Quill:
    """A person who travels, and whose name, address, telephone and words get everywhere."""

    def __init__(self, stack: Stack) -> None:
        self.yard = Yard(stack)
        self.carrier = self.yard.carrier
        self.ask = self.carrier.ask
        self.till, self.exchange = Till(self.carrier), Exchange(self.carrier)
        self.ask("PUT", "/organization", {"branding": {"email": f"office@{self.carrier.slug}.example"}})
        self.mark = f"quill{secrets.token_hex(4)}"
        self.phone, self.other_phone = (next(self.yard.phones) for _ in range(2))
        self.email = f"{self.mark}@{self.carrier.slug}.example"
        person = {"name": f"Zebedee {self.mark}", "client_type": "personal", "email": self.email, "phone": self.phone}
        self.id = str(self.ask("POST", "/clients", {**person, "notes": f"{self.mark} fears bridges"})["id"])
        self.ask("POST", f"/clients/{self.id}/contacts", {"name": f"H. {self.mark}", "phone": self.other_phone})
        self.ask("POST", f"/clients/{self.id}/addresses", {"line1": f"7 {self.mark} Close", "city": "Albany"})
        login = {"first_name": "Zeb", "last_name": self.mark, "role": "client", "party_id": self.id}
        self.ask("POST", "/users", {**login, "email": f"zeb-{self.mark}@{self.carrier.slug}.example"})

    def trip(self, **more: Any) -> dict[str, Any]:
        """The body of a charter from door to door, in two months."""
        leaves = datetime.now(UTC) + timedelta(days=60)
        stops = [
            {
                "stop_type": kind,
                "address": f"{number} {self.mark} Close, {town}",
                "geocoded_address": f"{number} {self.mark} Cl",
                "latitude": latitude,
                "longitude": -74.123456,
                when: (leaves + timedelta(hours=hours)).isoformat(),
            }
            for kind, number, town, latitude, when, hours in (
                ("pickup", 7, "Albany, NY", 40.70745, "estimated_departure", 0),
                ("dropoff", 9, "Atlantic City, NJ", 39.35605, "estimated_arrival", 3),
            )
        ]
        return self.carrier.trip(client_id=self.id, stops=stops, notes=f"Ring at {self.mark}", **more)

    def travels(self) -> dict[str, Any]:
        """A trip that is quoted, accepted, paid, given out, put out to bid, broken off, invoiced and cancelled."""
        charter = dict(self.ask("POST", "/charters", self.trip()))
        sent = self.ask("POST", f"/charters/{charter['id']}/send-quote", {"expires_in_hours": 72})
        yes = {"revision_number": 1, "accepted_by": f"Zebedee {self.mark}"}
        assert self.carrier.http.post(f"/quotes/{sent['token']}/accept", json=yes).is_success
        paid = self.till.paid(charter["id"], charter["quote"]["total"])
        vendor = self.exchange.vendor("Bright Buses")
        self.exchange.asked(charter["id"], vendor, message=f"Ask for {self.mark}")
        driver, coach = self.yard.driver(), self.yard.vehicle("Coach 12")
        given = {"charter_id": charter["id"], "driver_id": driver["id"], "vehicle_id": coach, "notes": self.mark}
        assignment = self.ask("POST", "/dispatch/assignments", given)
        fell_out = {"assignment_id": assignment["id"], "reason": "breakdown", "notes": f"{self.mark} waits"}
        recovery = self.ask("POST", "/dispatch/recoveries", fell_out)
        self.ask("POST", f"/dispatch/recoveries/{recovery['id']}/cancel", {"reason": f"{self.mark} walks"})
        wanted = {"charter_id": charter["id"], "notes": f"For {self.mark}"}
        invoice = self.ask("POST", f"/invoices/{self.ask('POST', '/invoices', wanted)['id']}/issue")
        self.carrier.stack.wait_for_mail(self.email, f"^Invoice {invoice['number']}")
        return {**charter, "payment": paid, "invoice": invoice}

    def cancelled(self, charter: dict[str, Any]) -> None:
        """Everything is given back."""
        why = {"reason": f"{self.mark} is ill", "initiated_by": "operator"}
        self.ask("POST", f"/charters/{charter['id']}/cancel", why)

        def refunded() -> list[dict[str, Any]]:
            listed: list[dict[str, Any]] = self.ask("GET", f"/refunds?charter_id={charter['id']}")["items"]
            for each in listed:
                if each["status"] == "awaiting_approval":
                    self.ask("POST", f"/refunds/{each['id']}/approve", {"reason": f"{self.mark} is right"})
            return [each for each in listed if each["status"] == "completed"]

        eventually(refunded, 60, "nothing was given back")
        self.carrier.stack.wait_for_mail(self.email, "[Rr]efund")

    def left(self) -> list[str]:
        """What of it still lies in the table, in items that are not gone by themselves within a day."""
        words = (self.mark, self.phone.removeprefix("+"), self.other_phone.removeprefix("+"), "74.123456")
        dynamodb = self.carrier.stack.client("dynamodb")
        found = []
        for page in dynamodb.get_paginator("scan").paginate(TableName=self.carrier.stack.table):
            for item in page["Items"]:
                told = str(item)
                if item["kind"]["S"] != "idempotency" and any(word in told for word in words):
                    at = max(0, min(told.find(word) for word in words if word in told) - 200)
                    found.append(f"{item['kind']['S']} {item['pk']['S']} {item['sk']['S']}: {told[at : at + 320]}")
        return found


@pytest.fixture(scope="module")
def quill(stack: Stack) -> Quill:
    return Quill(stack)


def test_nothing_of_an_erased_client_is_left_but_dates_and_amounts(stack: Stack, quill: Quill) -> None:
    ask, path = quill.ask, f"/clients/{quill.id}"
    charter = quill.travels()
    for n in range(AWAY):
        away = ask("POST", "/charters", quill.trip())
        if n == 0:
            ask("DELETE", f"/charters/{away['id']}")
        if n == 1:
            ask("PUT", f"/charters/{away['id']}", {"passengers": 12, "notes": f"{quill.mark} and friends"})
            ask("POST", f"/charters/{away['id']}/send-quote", {"expires_in_hours": 72})
    refused = quill.carrier.send("POST", f"{path}/erase")
    assert (refused.status_code, refused.json()["code"]) == (409, "client_has_upcoming_trips")
    quill.cancelled(charter)

    exported = ask("GET", f"{path}/export")
    assert len(exported["charters"]) == AWAY
    assert exported["file"]["client"]["email"] == quill.email
    assert [each["id"] for each in exported["invoices"]] == [charter["invoice"]["id"]]
    assert [each["id"] for each in exported["payments"]] == [charter["payment"]["id"]]
    assert len(exported["refunds"]) == 1
    assert exported["messages"]
    books = quill.till.ledger()
    customer = _customers(stack, quill.email)
    assert len(customer) == 1

    assert len(quill.left()) > 20
    assert "addresses" not in ask("POST", f"{path}/erase")
    eventually(lambda: not quill.left(), 90, "it is not all gone", every=1)
    assert quill.carrier.send("POST", f"{path}/erase").status_code == 404
    assert quill.till.ledger() == books
    eventually(lambda: not _customers(stack, quill.email), 30, "Stripe still knows it")
    _has_no_papers(stack, quill, charter["invoice"]["id"])
    kept = ask("GET", f"/charters/{charter['id']}")
    assert (kept["status"], kept["quote"]["total"]) == ("cancelled", charter["quote"]["total"])
    assert kept["stops"][0]["address"] == "erased"
    assert {each["type"] for each in quill.carrier.history(charter["id"])} >= {"quote.sent", "charter.cancelled"}
    for one in ask("GET", f"/charters?client_id={quill.id}")["items"]:
        assert one["status"] in {"cancelled", "expired"}


def _customers(stack: Stack, email: str) -> list[str]:
    """Stripe's ids of those with an address."""
    headers = {"authorization": f"Bearer {KEY}"}
    listed = httpx.get(f"{stack.config.stripe_url}/v1/customers", params={"limit": 100}, headers=headers, timeout=30)
    listed.raise_for_status()
    return [each["id"] for each in listed.json()["data"] if each.get("email") == email]


def _has_no_papers(stack: Stack, quill: Quill, invoice_id: str) -> None:
    """No version of its PDF is in the bucket; asked for, it is drawn without the name."""
    bucket = stack_deployment.read_outputs(stack.config)["BucketName"]
    prefix = f"invoices/{quill.carrier.org_id}/{invoice_id}/"
    versions = stack.client("s3").list_object_versions(Bucket=bucket, Prefix=prefix)
    assert not versions.get("Versions", []) + versions.get("DeleteMarkers", [])
    paper = quill.carrier.send("GET", f"/invoices/{invoice_id}/pdf")
    assert paper.status_code == 200
    assert paper.content.startswith(b"%PDF-")
