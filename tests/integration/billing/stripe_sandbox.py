"""Stripe's sandbox, in a process of its own for the tests of this worker, and an organization that takes cards."""

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
from tests.entries import load
from tests.integration.bookings import builders as booking_builders
from tests.integration.client import Reply, call, token_for

payments = load("billing", "payments_api").api
webhook = load("billing", "stripe_webhook").api
SECRET = "a-secret-of-the-tests"
RIGHTS = "billing:read billing:write payments:write charters:read charters:write"


@dataclass(frozen=True)
class Sandbox:
    """localstripe, as we host it."""

    url: str

    def behave(self, mode: str, times: int = 1) -> None:
        httpx.post(f"{self.url}/_config/behave", json={"mode": mode, "times": times}).raise_for_status()

    def get(self, path: str, **query: Any) -> list[dict[str, Any]]:
        headers = {"authorization": "Bearer sk_test_coachway"}
        answer = httpx.get(f"{self.url}/v1/{path}", params={"limit": 100, **query}, headers=headers)
        found: list[dict[str, Any]] = answer.raise_for_status().json()["data"]
        return found

    def told(self, path: str, **wish: Any) -> dict[str, Any]:
        """What the sandbox answers when a bank does something."""
        answer = httpx.post(f"{self.url}/_config/{path}", json=wish)
        done: dict[str, Any] = answer.raise_for_status().json()
        return done

    def card(self, number: str) -> str:
        """The token of a card, as a page makes it."""
        card = {"number": number, "exp_month": 12, "exp_year": 2030, "cvc": "123"}
        wish = {"key": "pk_test_coachway", "type": "card", "card": card}
        answer = httpx.post(f"{self.url}/v1/payment_methods", json=wish)
        return str(answer.raise_for_status().json()["id"])

    def events_about(self, object_id: str) -> list[dict[str, Any]]:
        """The events that Stripe has about a thing, the oldest first."""
        known = [event for event in self.get("events") if event["data"]["object"]["id"] == object_id]
        return sorted(known, key=lambda event: event["created"])

    def charges_of(self, payment_id: str) -> list[dict[str, Any]]:
        """The payment intents of a payment of ours that went well."""
        known = self.get("payment_intents")
        return [
            each for each in known if each["metadata"].get("payment_id") == payment_id and each["status"] == "succeeded"
        ]

    def told_of(self, payment_id: str) -> list[dict[str, Any]]:
        """The events that Stripe has about a payment of ours."""
        about = "payment_intent."
        return [
            event
            for event in self.get("events")
            if event["type"].startswith(about) and event["data"]["object"]["metadata"].get("payment_id") == payment_id
        ]


@pytest.fixture(scope="session")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    python = python_environments.ensure_environment("sandboxes") / "python"
    data: Path = tmp_path_factory.mktemp("stripe") / "stripe.pickle"
    command = [
        str(python),
        str(ROOT / "infra/local/sandboxes/stripe_sandbox.py"),
        "--port",
        str(port),
        "--file",
        str(data),
    ]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            httpx.get(url, timeout=2)
            break
        except httpx.TransportError:
            time.sleep(0.1)
    yield Sandbox(url)
    running.kill()  # it may wait for half a minute, as some tests make it
    running.wait(20)


@pytest.fixture
def sandbox(process: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Behaves well, and is given up on after a second."""
    monkeypatch.setenv("STRIPE_API_BASE", process.url)
    monkeypatch.setattr(
        stripe_client, "load_credentials", lambda: {"api_key": "sk_test_coachway", "webhook_secret": SECRET}
    )
    monkeypatch.setattr(webhook_events, "load_credentials", stripe_client.load_credentials)
    monkeypatch.setattr(stripe_client, "_TIMEOUT_SECONDS", 1.5)
    stripe_client.get_client.cache_clear()
    process.behave("ok", 0)
    yield process
    process.behave("ok", 0)
    stripe_client.get_client.cache_clear()


@dataclass
class Desk:
    """An organization with a client that pays before its trips, for which a trip of 676.30 is quoted."""

    client: Client

    @classmethod
    def opened(cls) -> Desk:
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

    def quoted(self, **fields: Any) -> dict[str, Any]:
        """A charter that is ahead for Stripe's sandbox, too, which has the real clock."""
        return booking_builders.create_charter(
            **{"client_id": self.client.id, "stops": booking_builders.future_stops(), **fields}
        )

    def accepted(self, **fields: Any) -> dict[str, Any]:
        """A charter whose quote the client has accepted by its link, and what that answered."""
        charter = self.quoted(**fields)
        token = booking_builders.send_quote(charter["id"])
        reply = booking_builders.answer_quote(token)
        assert reply.status == 200, reply.text
        return {**charter, "token": token, "answer": reply.json()}

    def pay(self, *, card: str | None = "pm_card_visa", key: str = "", **fields: Any) -> Reply:
        body = {**({"payment_method_id": card} if card else {}), **fields}
        headers = {"idempotency-key": key} if key else {}
        return self.ask("POST", "/payments/process", body, headers=headers)

    def ask(self, method: str, path: str, body: Any = None, *, permissions: str = RIGHTS, **more: Any) -> Reply:
        known = {name: more.pop(name) for name in ("role", "party_id", "org_id") if name in more}
        token = (
            token_for(permissions, **{"org_id": booking_builders.ORG, "role": "staff", **known}) if permissions else ""
        )
        return call(payments, method, f"/api/v1{path}", body, token=token, **more)

    def charter(self, charter_id: str) -> Charter:
        return store.get(Charter, CHARTER.key(org=booking_builders.ORG, id=charter_id))

    def invoice(self, invoice_id: str) -> Invoice:
        return store.get(Invoice, INVOICE.key(org=booking_builders.ORG, id=invoice_id))

    def payments(self) -> list[Payment]:
        reply = self.ask("GET", "/payments")
        return [
            Payment.model_validate_json(json.dumps({**each, "org_id": booking_builders.ORG}))
            for each in reply.json()["items"]
        ]

    def events(self, kind: str) -> list[Envelope]:
        """Of yesterday, today and tomorrow: a test may move the clock."""
        days = [clock.now().date() + timedelta(days=shift) for shift in (-1, 0, 1)]
        partitions = [BY_DAY.partition(org=booking_builders.ORG, day=str(day)) for day in days]
        found = [each for partition in partitions for each in query_all(Envelope, partition, index="gsi1")]
        return [each for each in found if each.type == kind]

    def journal(self) -> list[JournalEntry]:
        return query_all(
            JournalEntry, OF_CLIENT.partition(org=booking_builders.ORG, client=self.client.id), index=OF_CLIENT.index
        )


def notice(event: dict[str, Any], *, secret: str = SECRET, **headers: str) -> Reply:
    """Have Stripe tell us of an event, signed as the library signs."""
    text = json.dumps(event)
    signed = stripe.WebhookSignature.generate_signature_header(text, secret)
    return call(
        webhook, "POST", "/api/v1/webhooks/stripe", raw=text.encode(), headers={"stripe-signature": signed, **headers}
    )
