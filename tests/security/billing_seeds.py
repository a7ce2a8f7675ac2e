"""Seeds of invoices, payables, payments, collections and refunds."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from coachway.billing.collections.model import Collection
from coachway.billing.collections.rules import CollectionStatus
from coachway.billing.invoices import links as invoice_links
from coachway.billing.invoices.model import INVOICE, Invoice
from coachway.billing.payments.model import Payment, PaymentMethod, PaymentStatus
from coachway.core.types import ids
from tests import dates
from tests.security import booking_seeds
from tests.security.link_tokens import derive_link_token

if TYPE_CHECKING:
    from tests.security.seeds import Seeds


def create_invoice(seeds: Seeds) -> str:
    """An issued invoice of its own charter, for more than the example pays."""
    charter_id = booking_seeds.create_charter(seeds)
    seeds.create(f"/charters/{charter_id}/status", {"status": "booked", "reason": "By phone"})
    extras = [{"description": seeds.tenant.marker, "amount": 400}]
    draft = seeds.create("/invoices", {"charter_id": charter_id, "extras": extras})
    seeds.create(f"/invoices/{draft['id']}/issue", {})
    return str(draft["id"])


def get_invoice_token(seeds: Seeds) -> str:
    """The token of the invoice's link, which is only in its mail."""
    deployment, key = seeds.tenant.deployment, INVOICE.key(org=seeds.tenant.org_id, id=seeds["invoice_id"])
    item_key = {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
    stored = deployment.client("dynamodb").get_item(TableName=deployment.table, Key=item_key)["Item"]
    invoice = Invoice.model_validate_json(stored["doc"]["S"])
    return derive_link_token(seeds, invoice_links.PURPOSE, invoice.id, invoice.link_nonce)


def create_payable(seeds: Seeds) -> str:
    body = {"vendor_id": seeds["vendor_id"], "amount": 85.5, "due_date": f"{dates.trip_day(30)}"}
    return str(seeds.create("/billing/payables", {**body, "description": seeds.tenant.marker})["id"])


def create_payout(seeds: Seeds) -> str:
    body = {"payable_ids": [create_payable(seeds)], "method": "ach", "reference": seeds.tenant.marker}
    return str(seeds.create("/billing/payouts", body)["items"][0]["id"])


def store_payment(seeds: Seeds) -> str:
    """A cash payment in advance, whose refund needs no approval."""
    payment = Payment(
        id=ids.new("pay"),
        org_id=seeds.tenant.org_id,
        client_id=seeds["client_id"],
        charter_id=seeds["charter_id"],
        number=seeds.tenant.marker,
        amount=5_000_00,
        currency="USD",
        method=PaymentMethod.CASH,
        status=PaymentStatus.SUCCEEDED,
        version=1,
    )
    seeds.store(payment)
    return payment.id


def store_collection(seeds: Seeds) -> str:
    """A failed collection."""
    collection = Collection(
        id=ids.new("col"),
        org_id=seeds.tenant.org_id,
        client_id=seeds["client_id"],
        number=seeds.tenant.marker,
        due_on=dates.trip_day(-14),
        due_at=datetime.fromisoformat(dates.at("00:00", dates.trip_day(-14))),
        status=CollectionStatus.FAILED,
        version=1,
    )
    seeds.store(collection)
    return collection.id


def create_refund(seeds: Seeds) -> str:
    """A refund that waits for a manager."""
    body = {"payment_id": store_payment(seeds), "amount": 2000, "reason": seeds.tenant.marker}
    return str(seeds.create("/payments/refund", body)["id"])
