"""The erasure of a client's data in billing, bookings and messages, page by page, with repeated events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import boto3
import pytest

from coachway.billing import erasure as billing_erasure
from coachway.billing.invoices import lifecycle as invoice_lifecycle
from coachway.billing.invoices import pdf_storage
from coachway.billing.invoices.model import InvoiceInput
from coachway.billing.invoices.service import create_invoice
from coachway.billing.payments.model import Payment, PaymentStatus, StripeCustomer
from coachway.billing.refunds.model import Refund
from coachway.billing.stripe import client as stripe_client
from coachway.bookings import erasure as booking_erasure
from coachway.bookings.charters.model import Charter
from coachway.clients import service as clients
from coachway.core import file_storage, store
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.domain_events import BY_DAY, Envelope
from coachway.core.persistence.operations import AlreadyConsumed, Create, Update
from coachway.core.persistence.queries import query_all
from coachway.core.types import ids
from coachway.erasure import service as erasure_service
from coachway.erasure.model import ERASURE, REPEATED_AFTER, Erasure
from coachway.messaging import erasure as message_erasure
from tests.integration.billing import builders
from tests.integration.billing.builders import MANAGER, SYSTEM
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import CLIENT_ID, ORG

BUCKET = "coachway-test-files"
OTHER = "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6T"
MARKER = "quill"
"""A word in all personal data of the client."""


@pytest.fixture(autouse=True)
def bucket(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket with versions, as in the deployment. Two records are erased per page."""
    monkeypatch.setenv("BUCKET_NAME", BUCKET)
    monkeypatch.setattr(erasure_service, "PAGE_SIZE", 2)
    file_storage.clear_client_cache()
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    yield s3
    file_storage.clear_client_cache()


class FakeStripe:
    """The ids of the customers at Stripe."""

    def __init__(self) -> None:
        self.customers = {"cus_quill", "cus_other"}

    def delete_customer(self, customer_id: str) -> None:
        self.customers.discard(customer_id)


@pytest.fixture
def stripe(monkeypatch: pytest.MonkeyPatch) -> FakeStripe:
    fake = FakeStripe()
    monkeypatch.setattr(stripe_client, "delete_customer", fake.delete_customer)
    return fake


def deliver_events(consumers: Mapping[str, Consumer]) -> int:
    """Deliver the events of the erasure and those that follow from them, twice each. Return the number of events."""
    delivered_ids: set[str] = set()
    while True:
        partition = BY_DAY.partition(org=ORG, day=ids.get_created_at(ids.new("evt")).date().isoformat())
        events = [
            event
            for event in query_all(Envelope, partition, index=BY_DAY.index)
            if event.type in consumers and event.event_id not in delivered_ids
        ]
        if not events:
            return len(delivered_ids)
        for event in events:
            delivered_ids.add(event.event_id)
            for _ in range(2):
                with suppress(AlreadyConsumed):
                    consumers[event.type](SYSTEM, Delivery(**event.model_dump(include=set(Delivery.model_fields))))


def create_charter() -> Charter:
    """Create a completed charter with personal data in its stops and notes."""
    stops = booking_builders.charter_request()["stops"]
    stops[0]["address"], stops[1]["address"] = f"7 {MARKER} Close, New York, NY", f"9 {MARKER} Road, Atlantic City, NJ"
    return builders.create_completed_charter(stops=stops, notes=f"ring at {MARKER}")


def create_payment(client_id: str, **fields: Any) -> Payment:
    payment = Payment(
        id=ids.new("pay"),
        org_id=ORG,
        client_id=client_id,
        charter_id=ids.new("chr"),
        amount=100,
        currency="USD",
        **{"status": PaymentStatus.SUCCEEDED, "notes": MARKER, "card": f"Visa of {MARKER}", **fields},
    )
    store.commit(SYSTEM, Create(payment))
    return payment


def create_refund(client_id: str) -> None:
    fields = {"payment_id": ids.new("pay"), "amount": 100, "currency": "USD", "method": "card"}
    refund = Refund(id=ids.new("rfd"), org_id=ORG, client_id=client_id, client_name=MARKER, reason=MARKER, **fields)
    store.commit(SYSTEM, Create(refund))


def dump_table(dynamodb: Any) -> str:
    """Return all items of the table as text."""
    pages = dynamodb.get_paginator("scan").paginate(TableName="coachway-test")
    return str([item for page in pages for item in page["Items"]])


def create_paid_invoice(charter: Charter) -> str:
    invoice = invoice_lifecycle.issue_invoice(
        MANAGER, create_invoice(MANAGER, InvoiceInput(charter_id=charter.id, notes=MARKER)).id
    )
    pdf_storage._store_pdf(SYSTEM, invoice.id)
    builders.send_ok(
        "POST", f"/invoices/{invoice.id}/record-payment", {"amount": invoice.total / 100, "method": "cash"}
    )
    return invoice.id


def test_erase_client_handles_pages(dynamodb: Any, bucket: Any, stripe: FakeStripe) -> None:
    builders.set_up_organization(terms="due_on_receipt")
    before = clients.get_client(MANAGER, CLIENT_ID)
    after = before.model_copy(update={"name": f"Zeb {MARKER}", "email": f"{MARKER}@x.example"})
    store.commit(MANAGER, Update(before, after))
    builders.create_client(OTHER, name="Another client")
    invoice_ids = [create_paid_invoice(create_charter()) for _ in range(3)]
    for _ in range(5):
        create_payment(CLIENT_ID)
    other_payment = create_payment(OTHER, notes="theirs", card="Visa")
    for _ in range(3):
        create_refund(CLIENT_ID)
    store.commit(SYSTEM, Create(StripeCustomer(org_id=ORG, client_id=CLIENT_ID, customer_id="cus_quill")))
    pdf_keys = [version["Key"] for version in bucket.list_object_versions(Bucket=BUCKET)["Versions"]]
    assert len(pdf_keys) == 3
    file_storage.put_file(pdf_keys[0], b"another version", "application/pdf")
    booking_erasure.erase_client(MANAGER, CLIENT_ID)
    assert deliver_events(billing_erasure.CONSUMERS) == 1 + 1 + 3 + 1, (
        "two records per page: three invoices, eight payments, three refunds"
    )
    assert stripe.customers == {"cus_other"}
    versions = bucket.list_object_versions(Bucket=BUCKET)
    assert not versions.get("Versions", []) + versions.get("DeleteMarkers", [])
    for invoice_id in invoice_ids:
        invoice = builders.send_request("GET", f"/invoices/{invoice_id}").json()
        assert (invoice["client_name"], invoice["client_email"], invoice["total"]) == ("erased", "", 726.5)
    assert deliver_events(booking_erasure.CONSUMERS) == 1 + 5 + 1, (
        "three charters in two pages, and the events of billing"
    )
    receipt = store.get(Erasure, ERASURE.key(org=ORG, client=CLIENT_ID))
    store.commit(SYSTEM, Update(receipt, receipt.model_copy(update={"repetitions": len(REPEATED_AFTER)})))
    assert deliver_events({"client.erased": message_erasure.on_client_erased}) == 1
    assert MARKER not in dump_table(dynamodb)
    assert store.get(Payment, other_payment.key()).notes == "theirs"


@pytest.mark.parametrize("cursor", ["1:bm90IG1hZGUgaGVyZQ", "bm90IG1hZGUgaGVyZQ"])
def test_erase_client_continues_at_a_cursor_of_an_earlier_version(
    dynamodb: Any, stripe: FakeStripe, cursor: str
) -> None:
    builders.set_up_organization(terms="due_on_receipt")
    payment = create_payment(CLIENT_ID)
    data = {"client_id": CLIENT_ID, "part": "billing", "cursor": cursor}
    event_ids: dict[str, Any] = {"event_id": "01M7WBE4M9A7C2D4F6H8J1K3M5", "correlation_id": "x"}
    event = Delivery(type="client.erasure_continued", org_id=ORG, aggregate_id=CLIENT_ID, data=data, **event_ids)
    billing_erasure.CONSUMERS[event.type](SYSTEM, event)
    assert store.get(Payment, payment.key()).notes == ""
    assert MARKER not in dump_table(dynamodb)
