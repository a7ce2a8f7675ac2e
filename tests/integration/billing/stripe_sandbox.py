"""Stripe's sandbox, in a process of its own, and an organization that accepts card payments."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from coachway.billing.invoices.model import INVOICE, Invoice
from coachway.billing.ledger.journal import OF_CLIENT, JournalEntry
from coachway.billing.payments.model import Payment
from coachway.billing.stripe import client as stripe_client
from coachway.billing.stripe import webhook_events
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.clients.model import Client
from coachway.core import store
from coachway.core.persistence.domain_events import BY_DAY, Envelope
from coachway.core.persistence.operations import Create
from coachway.core.persistence.queries import query_all
from coachway.core.runtime import clock
from coachway.core.types import ids
from infra.local import python_environments
from infra.local.stack_config import ROOT
from tests.integration.bookings import builders as booking_builders
from tests.integration.client import Reply, call, token_for
from tools.function_modules import load

payments = load("billing", "payments_api").api
webhook = load("billing", "stripe_webhook").api
SECRET = "a-secret-of-the-tests"
PERMISSIONS = "billing:read billing:write payments:write charters:read charters:write"


@dataclass(frozen=True)
class Sandbox:
    """The sandbox (localstripe) that the local stack also uses."""

    url: str

    def set_mode(self, mode: str, times: int = 1) -> None:
        """Set how the sandbox answers the next calls that move money, such as `time_out_before`."""
        httpx.post(f"{self.url}/_config/behave", json={"mode": mode, "times": times}).raise_for_status()

    def list_objects(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """List all objects of a kind of the Stripe API, such as `refunds`."""
        headers = {"authorization": "Bearer sk_test_coachway"}
        objects: list[dict[str, Any]] = []
        while True:
            after = {"starting_after": objects[-1]["id"]} if objects else {}
            response = httpx.get(f"{self.url}/v1/{path}", params={"limit": 100, **query, **after}, headers=headers)
            page = response.raise_for_status().json()
            objects += page["data"]
            if not page["has_more"]:
                return objects

    def simulate_bank(self, path: str, **fields: Any) -> dict[str, Any]:
        """Simulate an action of a bank, such as a dispute. Return the changed object."""
        response = httpx.post(f"{self.url}/_config/{path}", json=fields)
        return dict(response.raise_for_status().json())

    def create_card(self, number: str) -> str:
        """Create the payment method of a card, as a page does. Return its id."""
        card = {"number": number, "exp_month": 12, "exp_year": 2030, "cvc": "123"}
        body = {"key": "pk_test_coachway", "type": "card", "card": card}
        response = httpx.post(f"{self.url}/v1/payment_methods", json=body)
        return str(response.raise_for_status().json()["id"])

    def list_events_about(self, object_id: str) -> list[dict[str, Any]]:
        """List the events about an object, oldest first."""
        events = [event for event in self.list_objects("events") if event["data"]["object"]["id"] == object_id]
        return sorted(events, key=lambda event: event["created"])

    def list_charges(self, payment_id: str) -> list[dict[str, Any]]:
        """List the successful payment intents of one of our payments."""
        return [
            intent
            for intent in self.list_objects("payment_intents")
            if intent["metadata"].get("payment_id") == payment_id and intent["status"] == "succeeded"
        ]

    def list_payment_events(self, payment_id: str) -> list[dict[str, Any]]:
        """List the events about the payment intents of one of our payments."""
        return [
            event
            for event in self.list_objects("events")
            if event["type"].startswith("payment_intent.")
            and event["data"]["object"]["metadata"].get("payment_id") == payment_id
        ]


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Start the sandbox once per run of the tests."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    python = python_environments.ensure_environment("sandboxes") / "python"
    data_file: Path = tmp_path_factory.mktemp("stripe") / "stripe.pickle"
    command = [
        str(python),
        "-m",
        "infra.local.sandboxes.stripe_sandbox",
        "--port",
        str(port),
        "--file",
        str(data_file),
    ]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            httpx.get(url, timeout=2)
            break
        except httpx.TransportError:
            time.sleep(0.1)
    yield Sandbox(url)
    child.kill()  # not terminate: it may still be in a simulated timeout
    child.wait(20)


@pytest.fixture
def sandbox(sandbox_process: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The sandbox in its usual mode."""
    monkeypatch.setenv("STRIPE_API_BASE", sandbox_process.url)
    monkeypatch.setattr(
        stripe_client, "load_credentials", lambda: {"api_key": "sk_test_coachway", "webhook_secret": SECRET}
    )
    monkeypatch.setattr(webhook_events, "load_credentials", stripe_client.load_credentials)
    stripe_client.get_client.cache_clear()
    sandbox_process.set_mode("ok", 0)
    yield sandbox_process
    sandbox_process.set_mode("ok", 0)
    stripe_client.get_client.cache_clear()


@dataclass
class BillingOrganization:
    """An organization with a client that pays in advance. A charter costs 676.30, its deposit is 169.08."""

    client: Client

    @classmethod
    def create(cls) -> BillingOrganization:
        booking_builders.create_organizations()
        client = Client(
            id=ids.new("cli"),
            org_id=booking_builders.ORG,
            name="Dana Lee",
            client_type="personal",
            email="dana@lee.example",
        )
        store.commit(booking_builders.STAFF, Create(client))
        return cls(client)

    def create_quoted_charter(self, **fields: Any) -> dict[str, Any]:
        """Create a charter. Its trip is in the future by the real clock too, which Stripe's sandbox uses."""
        return booking_builders.create_charter(
            **{"client_id": self.client.id, "stops": booking_builders.future_stops(), **fields}
        )

    def create_accepted_charter(self, **fields: Any) -> dict[str, Any]:
        """Create a charter whose client accepts the quote by its link.

        Return the charter with the `token` of the link and the `response` to the acceptance.
        """
        charter = self.create_quoted_charter(**fields)
        token = booking_builders.send_quote(charter["id"])
        reply = booking_builders.answer_quote(token)
        assert reply.status == 200, reply.text
        return {**charter, "token": token, "response": reply.json()}

    def pay(self, *, card: str | None = "pm_card_visa", key: str = "", **fields: Any) -> Reply:
        """Pay by card. Without `card`, the saved card is charged; `key` is the Idempotency-Key."""
        body = {**({"payment_method_id": card} if card else {}), **fields}
        headers = {"idempotency-key": key} if key else {}
        return self.send_request("POST", "/payments/process", body, headers=headers)

    def send_request(
        self, method: str, path: str, body: Any = None, *, permissions: str = PERMISSIONS, **options: Any
    ) -> Reply:
        """Send a request to the payments API, as staff unless `options` give another role."""
        claims = {name: options.pop(name) for name in ("role", "party_id", "org_id") if name in options}
        claims = {"org_id": booking_builders.ORG, "role": "staff", **claims}
        token = token_for(permissions, **claims) if permissions else ""
        return call(payments, method, f"/api/v1{path}", body, token=token, **options)

    def get_charter(self, charter_id: str) -> Charter:
        return store.get(Charter, CHARTER.key(org=booking_builders.ORG, id=charter_id))

    def get_invoice(self, invoice_id: str) -> Invoice:
        return store.get(Invoice, INVOICE.key(org=booking_builders.ORG, id=invoice_id))

    def list_payments(self) -> list[Payment]:
        """List all payments, newest first."""
        reply = self.send_request("GET", "/payments")
        return [
            Payment.model_validate_json(json.dumps({**payment, "org_id": booking_builders.ORG}))
            for payment in reply.json()["items"]
        ]

    def list_events(self, event_type: str) -> list[Envelope]:
        """List the events of a type of yesterday, today and tomorrow: a test may move the clock."""
        days = [clock.now().date() + timedelta(days=shift) for shift in (-1, 0, 1)]
        partitions = [BY_DAY.partition(org=booking_builders.ORG, day=str(day)) for day in days]
        events = [event for partition in partitions for event in query_all(Envelope, partition, index="gsi1")]
        return [event for event in events if event.type == event_type]

    def list_journal_entries(self) -> list[JournalEntry]:
        """List the journal entries of the client."""
        return query_all(
            JournalEntry, OF_CLIENT.partition(org=booking_builders.ORG, client=self.client.id), index=OF_CLIENT.index
        )


def deliver_webhook(event: dict[str, Any], *, secret: str = SECRET, **headers: str) -> Reply:
    """Deliver a Stripe event to our webhook, with a signature as Stripe makes it."""
    text = json.dumps(event)
    signature = stripe.WebhookSignature.generate_signature_header(text, secret)
    return call(
        webhook,
        "POST",
        "/api/v1/webhooks/stripe",
        raw=text.encode(),
        headers={"stripe-signature": signature, **headers},
    )
