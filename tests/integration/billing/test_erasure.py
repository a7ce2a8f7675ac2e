"""A client that was erased, gone through piece by piece: again, interrupted, with others beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import boto3
import pytest

from coachway.billing.invoices import lifecycle as invoice_lifecycle
from coachway.billing.invoices import pdf_storage
from coachway.billing.invoices.model import InvoiceInput
from coachway.billing.invoices.service import create_invoice as drafted
from coachway.billing.payments.model import Payment, PaymentStatus, StripeCustomer
from coachway.billing.privacy import erasure as bills
from coachway.billing.refunds.model import Refund
from coachway.billing.stripe import client as stripe_client
from coachway.bookings import erasure as trips
from coachway.bookings.charters.model import Charter
from coachway.clients import service as clients
from coachway.core import file_storage, store
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.domain_events import BY_DAY, Envelope
from coachway.core.persistence.operations import AlreadyConsumed, Create, Update
from coachway.core.persistence.queries import query_all
from coachway.core.types import ids
from coachway.erasure import service as erasure_service
from coachway.messaging import erasure as messages
from tests.integration.billing import builders
from tests.integration.billing.builders import MANAGER, SYSTEM
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import CLIENT_ID, ORG

BUCKET = "coachway-test-files"
OTHER = "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6T"
MARK = "quill"


@pytest.fixture(autouse=True)
def bucket(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket that keeps old versions, as the deployment's does; two things are erased in one go."""
    monkeypatch.setenv("BUCKET_NAME", BUCKET)
    monkeypatch.setattr(erasure_service, "PAGE_SIZE", 2)
    file_storage.clear_client_cache()
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    yield s3
    file_storage.clear_client_cache()


class Stripe:
    """The customers that Stripe has."""

    def __init__(self) -> None:
        self.customers = {"cus_quill", "cus_other"}

    def forget(self, customer_id: str) -> None:
        self.customers.discard(customer_id)


@pytest.fixture
def stripe(monkeypatch: pytest.MonkeyPatch) -> Stripe:
    made = Stripe()
    monkeypatch.setattr(stripe_client, "delete_customer", made.forget)
    return made


def told(consumers: Mapping[str, Consumer]) -> int:
    """Deliver the event of the erasure, and what follows from it, twice each; returns how many events there were."""
    seen: set[str] = set()
    while True:
        partition = BY_DAY.partition(org=ORG, day=ids.created_at_of(ids.new("evt")).date().isoformat())
        found = [
            event
            for event in query_all(Envelope, partition, index=BY_DAY.index)
            if event.type in consumers and event.event_id not in seen
        ]
        if not found:
            return len(seen)
        for event in found:
            seen.add(event.event_id)
            for _ in range(2):
                with suppress(AlreadyConsumed):
                    consumers[event.type](SYSTEM, Delivery(**event.model_dump(include=set(Delivery.model_fields))))


def travelled() -> Charter:
    """A trip of the client's that is over and paid for, from door to door."""
    stops = booking_builders.charter_request()["stops"]
    stops[0]["address"], stops[1]["address"] = f"7 {MARK} Close, New York, NY", f"9 {MARK} Road, Atlantic City, NJ"
    return builders.create_completed_charter(stops=stops, notes=f"ring at {MARK}")


def payment(client_id: str, **fields: Any) -> Payment:
    made = Payment(
        id=ids.new("pay"),
        org_id=ORG,
        client_id=client_id,
        charter_id=ids.new("chr"),
        amount=100,
        currency="USD",
        **{"status": PaymentStatus.SUCCEEDED, "notes": MARK, "card": f"Visa of {MARK}", **fields},
    )
    store.commit(SYSTEM, Create(made))
    return made


def refund(client_id: str) -> None:
    wanted = {"payment_id": ids.new("pay"), "amount": 100, "currency": "USD", "method": "card"}
    made = Refund(id=ids.new("rfd"), org_id=ORG, client_id=client_id, client_name=MARK, reason=MARK, **wanted)
    store.commit(SYSTEM, Create(made))


def all_told(dynamodb: Any) -> str:
    pages = dynamodb.get_paginator("scan").paginate(TableName="coachway-test")
    return str([item for page in pages for item in page["Items"]])


def invoiced(charter: Charter) -> str:
    invoice = invoice_lifecycle.issue_invoice(
        MANAGER, drafted(MANAGER, InvoiceInput(charter_id=charter.id, notes=MARK)).id
    )
    pdf_storage._store_pdf(SYSTEM, invoice.id)
    builders.send_ok(
        "POST", f"/invoices/{invoice.id}/record-payment", {"amount": invoice.total / 100, "method": "cash"}
    )
    return invoice.id


def test_erase_client_handles_pages(dynamodb: Any, bucket: Any, stripe: Stripe) -> None:
    builders.set_up_organization(terms="due_on_receipt")
    before = clients.get(MANAGER, CLIENT_ID)
    renamed = before.model_copy(update={"name": f"Zeb {MARK}", "email": f"{MARK}@x.example"})
    store.commit(MANAGER, Update(before, renamed))
    builders.create_client(OTHER, name="Somebody else")
    on = [invoiced(travelled()) for _ in range(3)]
    for _ in range(5):
        payment(CLIENT_ID)
    theirs = payment(OTHER, notes="theirs", card="Visa")
    for _ in range(3):
        refund(CLIENT_ID)
    store.commit(SYSTEM, Create(StripeCustomer(org_id=ORG, client_id=CLIENT_ID, customer_id="cus_quill")))
    papers = [each["Key"] for each in bucket.list_object_versions(Bucket=BUCKET)["Versions"]]
    assert len(papers) == 3
    file_storage.put(papers[0], b"an older one was drawn anew", "application/pdf")
    trips.erase_client(MANAGER, CLIENT_ID)
    assert told(bills.CONSUMERS) == 1 + 1 + 3 + 1, "two at a time: three invoices, eight payments, three refunds"
    assert stripe.customers == {"cus_other"}
    kept = bucket.list_object_versions(Bucket=BUCKET)
    assert not kept.get("Versions", []) + kept.get("DeleteMarkers", [])
    for invoice_id in on:
        paper = builders.send_request("GET", f"/invoices/{invoice_id}").json()
        assert (paper["client_name"], paper["client_email"], paper["total"]) == ("erased", "", 726.5)
    assert told(trips.CONSUMERS) == 1 + 5 + 1, "three trips in two goes; what is said to bills goes by"
    assert told({"client.erased": messages.on_client_erased}) == 1
    assert MARK not in all_told(dynamodb)
    assert store.get(Payment, theirs.key()).notes == "theirs"


@pytest.mark.parametrize("cursor", ["1:bm90IG1hZGUgaGVyZQ", "bm90IG1hZGUgaGVyZQ"])
def test_erase_client_continues_at_a_cursor_of_an_earlier_version(dynamodb: Any, stripe: Stripe, cursor: str) -> None:
    builders.set_up_organization(terms="due_on_receipt")
    stored = payment(CLIENT_ID)
    data = {"client_id": CLIENT_ID, "part": "billing", "cursor": cursor}
    ids_of_event: dict[str, Any] = {"event_id": "01M7WBE4M9A7C2D4F6H8J1K3M5", "correlation_id": "x"}
    event = Delivery(type="client.erasure_continued", org_id=ORG, aggregate_id=CLIENT_ID, data=data, **ids_of_event)
    bills.CONSUMERS[event.type](SYSTEM, event)
    assert store.get(Payment, stored.key()).notes == ""
    assert MARK not in all_told(dynamodb)
