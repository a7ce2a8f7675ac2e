"""Existing records for the parameters of paths, and bodies that name only existing records.

A record without a seed here is created from the example of its collection's route.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from coachway.bids.model import Bid, BidTerms
from coachway.bids.request_model import Invitation
from coachway.billing.collections.model import Collection
from coachway.billing.collections.rules import CollectionStatus
from coachway.billing.invoices import links as invoice_links
from coachway.billing.invoices.model import INVOICE, Invoice
from coachway.billing.payments.model import Payment, PaymentMethod, PaymentStatus
from coachway.compliance.model import Subject
from coachway.compliance.rules import REQUIRED, DocumentSummary, SubjectType
from coachway.compliance.rules import Status as PaperStatus
from coachway.core.persistence.records import Record
from coachway.core.persistence.transaction import to_item
from coachway.core.types import ids
from coachway.messaging.model import Channel, Notification
from coachway.messaging.model import Status as MessageStatus
from tests import dates
from tests.security.operations import Operation, list_operations
from tests.security.tenants import Tenant

Json = Any


class Seeds:
    """Related records of one tenant, such as a client and its contact. Each is created at its first use."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.values: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        if name not in self.values:
            self.values[name] = SEEDS[name](self) if name in SEEDS else self._create_from_example(name)
        return self.values[name]

    def _create_from_example(self, name: str) -> str:
        """Create a record with the example of its collection's route, such as `POST /clients` for `client_id`."""
        candidates = [
            each
            for each in list_operations()
            if each.method == "POST"
            and any(member.path.startswith(f"{each.path}/{{{name}}}") for member in list_operations())
        ]
        assert candidates, (
            f"add a seed for {{{name}}} to tests/security/seeds.py: no route of its collection creates one"
        )
        return str(self.tenant.create(self.build_path(candidates[0]), self.build_body(candidates[0]))["id"])

    def create(self, path: str, body: Json) -> dict[str, Any]:
        return self.tenant.create(f"/api/v1{path}", body)

    def send(self, method: str, path: str, body: Json = None) -> None:
        """Send a request as the admin, which must succeed."""
        answer = self.tenant.send(method, f"/api/v1{path}", body=body)
        assert answer.is_success, f"{method} {path} was answered {answer.status_code}: {answer.text}"

    def store(self, record: Record) -> None:
        """Store a record that no route creates, or that needs many requests."""
        deployment = self.tenant.deployment
        deployment.client("dynamodb").put_item(TableName=deployment.table, Item=to_item(record))

    def build_path(self, operation: Operation) -> str:
        """The path of an operation with existing ids and its required query parameters."""
        unknown = {name for name, required in operation.query.items() if required} - QUERY.keys()
        assert not unknown, f"add {unknown} to QUERY in tests/security/seeds.py: {operation} asks for it"
        query = {name: QUERY[name] for name in operation.query if name in QUERY}
        path = operation.path.format_map({name: self[name] for name in operation.parameters})
        return f"{path}?{urlencode(query)}" if query else path

    def build_body(self, operation: Operation) -> Json:
        """The example of an operation with existing ids and with new unique values."""
        if not operation.media_type:
            return None
        assert operation.example is not None, f"give the body of {operation} an example (json_schema_extra)"
        return self._replace_values(operation.example, "")

    def _replace_values(self, value: Json, name: str) -> Json:
        if isinstance(value, dict):
            return {key: self._replace_values(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [self._replace_values(each, name.removesuffix("s")) for each in value]
        if value is None:
            return None
        if name in SEEDS and name.endswith("_id"):
            return self[name]
        return FRESH[name](self) if name in FRESH else value


def _client(seeds: Seeds) -> str:
    return str(seeds.create("/clients", seeds.tenant.client_body())["id"])


def _contact(seeds: Seeds) -> str:
    body = {"name": f"Dana {seeds.tenant.marker}", "role": "booking", "email": seeds.tenant.new_email("contact")}
    return str(seeds.create(f"/clients/{seeds['client_id']}/contacts", body)["id"])


def _rule(seeds: Seeds) -> str:
    body = {"name": f"Base {seeds.tenant.marker}", "rule_type": "base_rate", "scope": "global", "amount": 350}
    return str(seeds.create("/pricing/pricing-rules", body)["id"])


def _quote(seeds: Seeds) -> str:
    seeds["rule_id"]
    body = {
        "client_id": seeds["client_id"],
        "vehicle_class": "coach",
        "trip_date": f"{dates.TRIP_DAY}",
        "miles": 150,
        "passengers": 40,
    }
    return str(seeds.create("/pricing/calculate-quote", body)["id"])


def _user(seeds: Seeds) -> str:
    marker = seeds.tenant.marker
    body = {"email": seeds.tenant.new_email("user"), "first_name": "Sam", "last_name": marker, "role": "staff"}
    return str(seeds.create("/users", {**body, "password": "correct horse battery staple"})["id"])


def _role(seeds: Seeds) -> str:
    name = f"role-{secrets.token_hex(4)}"
    body = {"name": name, "description": seeds.tenant.marker, "permissions": ["charters:read"]}
    seeds.create("/roles", body)
    return name


def _session(seeds: Seeds) -> str:
    answer = seeds.tenant.send("GET", "/api/v1/auth/sessions")
    return str(answer.json()["items"][0]["id"])


def _api_key(seeds: Seeds) -> str:
    body = {"name": f"Key {seeds.tenant.marker}", "permissions": ["charters:read"]}
    return str(seeds.create("/api-keys", body)["id"])


def _notification(seeds: Seeds) -> str:
    """A notification by mail."""
    notification = Notification(
        id=ids.new("msg"),
        org_id=seeds.tenant.org_id,
        event_id=ids.ulid(),
        about=seeds["user_id"],
        template="invitation",
        channel=Channel.EMAIL,
        recipient=seeds.tenant.new_email("invited"),
        subject=seeds.tenant.marker,
        status=MessageStatus.SENT,
        lease_until=datetime.now(UTC),
        version=1,
    )
    seeds.store(notification)
    return notification.id


def _vendor(seeds: Seeds) -> str:
    marker = seeds.tenant.marker
    body = {
        "business_name": f"Premium {marker}",
        "legal_name": f"Premium {marker} LLC",
        "vendor_type": "fleet_operator",
        "primary_contact_name": f"John {marker}",
        "primary_email": seeds.tenant.new_email("vendor"),
        "primary_phone": "555-010-0000",
        "address_line1": "123 Transport Ave",
        "city": "San Diego",
        "state": "CA",
        "zip_code": "92101",
        "total_vehicles": 10,
        "max_passenger_capacity": 56,
        "service_radius_miles": 200,
        "service_states": ["CA", "NV", "AZ"],
    }
    return str(seeds.create("/vendors", body)["id"])


def _paper(seeds: Seeds) -> str:
    body = {
        "vendor_id": seeds["vendor_id"],
        "document_type": "business_license",
        "document_name": f"License {seeds.tenant.marker}",
        "document_number": "BL-2026-00123",
        "issue_date": "2026-01-01",
        "expiration_date": f"{dates.EXPIRY_DAY}",
    }
    return str(seeds.create("/compliance", body)["id"])


def _charter(seeds: Seeds) -> str:
    seeds["rule_id"]
    body = {
        "client_id": seeds["client_id"],
        "trip_type": "one_way",
        "vehicle_class": "coach",
        "vehicle_count": 1,
        "passengers": 40,
        "stops": [
            {
                "stop_type": "pickup",
                "address": f"11 Wall St, {seeds.tenant.marker}",
                "latitude": 40.7074,
                "longitude": -74.0113,
                "estimated_departure": dates.at("09:00"),
            },
            {
                "stop_type": "dropoff",
                "address": "1901 Boardwalk, Atlantic City, NJ",
                "latitude": 39.356,
                "longitude": -74.431,
                "estimated_arrival": dates.at("12:00"),
            },
        ],
        "miles": 130,
        "notes": seeds.tenant.marker,
    }
    return str(seeds.create("/charters", body)["id"])


def _token(seeds: Seeds) -> str:
    """The token of a quote's link."""
    return str(seeds.create(f"/charters/{seeds['charter_id']}/send-quote", {"expires_in_hours": 72})["token"])


def _driver(seeds: Seeds) -> str:
    body = {
        "first_name": "Rosa",
        "last_name": seeds.tenant.marker,
        "phone": FRESH["phone"](seeds),
        "license_number": "D1234567",
        "license_class": "B",
        "endorsements": ["P"],
        "license_expires": f"{dates.EXPIRY_DAY}",
        "home_latitude": 40.7282,
        "home_longitude": -74.0776,
        "duty_statement": [0] * 7,
    }
    return str(seeds.create("/drivers", body)["id"])


def _vehicle(seeds: Seeds) -> str:
    body = {"name": f"Coach {seeds.tenant.marker}", "vehicle_class": "coach", "capacity": 56, "plate": "NJ 12 345"}
    return str(seeds.create("/vehicles", body)["id"])


def _feed(seeds: Seeds) -> str:
    """The file name of a vehicle's calendar feed, whose link no other route renews."""
    link = seeds.create(f"/calendar/vehicles/{_vehicle(seeds)}/feed", None)
    return str(link["url"]).rpartition("/")[2]


def _assignment(seeds: Seeds) -> str:
    """An assignment with its own charter, driver and vehicle, whose documents are approved."""
    driver_id, vehicle_id = _driver(seeds), _vehicle(seeds)
    for subject_type, subject_id in ((SubjectType.DRIVER, driver_id), (SubjectType.VEHICLE, vehicle_id)):
        documents = [
            DocumentSummary(id=ids.new("cmp"), document_type=kind, status=PaperStatus.APPROVED)
            for kind in REQUIRED[subject_type]
        ]
        subject = Subject(
            org_id=seeds.tenant.org_id,
            subject_type=subject_type,
            subject_id=subject_id,
            name=seeds.tenant.marker,
            papers=documents,
            version=2,
        )
        seeds.store(subject)
    body = {"charter_id": _charter(seeds), "driver_id": driver_id, "vehicle_id": vehicle_id}
    return str(seeds.create("/dispatch/assignments", body)["id"])


def _track_token(seeds: Seeds) -> str:
    """The token of a charter's live link."""
    return str(seeds.create(f"/dispatch/charters/{seeds['charter_id']}/track-link", {"renew": False})["token"])


def _rating(seeds: Seeds) -> str:
    """A rating of a vendor whose bid won and whose trip is completed."""
    vendor_id, charter_id = _vendor_with_papers(seeds), _charter(seeds)
    seeds.send("POST", f"/charters/{charter_id}/status", {"status": "booked", "accepted_by": "Dana Lee"})
    offer = {"quoted_price": 1250, "vehicle_type": "coach", "passenger_capacity": 56}
    bid = seeds.create("/bids", {"vendor_id": vendor_id, "charter_id": charter_id, **offer})["id"]
    seeds.send("POST", f"/bids/{bid}/submit")
    seeds.send("POST", f"/bids/{bid}/accept", {"decision": "accept"})
    for status in ("in_progress", "completed"):
        seeds.send("POST", f"/charters/{charter_id}/status", {"status": status})
    rating = {"overall_rating": 4.5, "review_text": seeds.tenant.marker}
    return str(seeds.create("/ratings", {"vendor_id": vendor_id, "charter_id": charter_id, **rating})["id"])


def _vendor_with_papers(seeds: Seeds) -> str:
    """A vendor with approved documents, which may bid."""
    vendor_id = _vendor(seeds)
    seeds.send("PATCH", f"/vendors/{vendor_id}/status?new_status=active")
    for kind in REQUIRED[SubjectType.VENDOR]:
        body = {"vendor_id": vendor_id, "document_type": kind, "document_name": f"{kind} {seeds.tenant.marker}"}
        document = seeds.create("/compliance", {**body, "expiration_date": f"{dates.EXPIRY_DAY}"})
        seeds.send("PUT", f"/compliance/{document['id']}", {"status": "approved"})
    return vendor_id


def _bid_request(seeds: Seeds) -> str:
    body = {"deadline": _in_days(3), "matching": True, "message": seeds.tenant.marker}
    return str(seeds.create(f"/charters/{seeds['charter_id']}/bid-requests", body)["id"])


def _bid(seeds: Seeds) -> str:
    """A draft bid, stored directly: a vendor that may bid takes many requests."""
    bid = Bid(
        id=ids.new("bid"),
        org_id=seeds.tenant.org_id,
        vendor_id=seeds["vendor_id"],
        vendor_name=seeds.tenant.marker,
        charter_id=seeds["charter_id"],
        charter_number="CH-2027-000001",
        charter_revision=1,
        vehicle_type="coach",
        vehicle_count=1,
        passenger_capacity=56,
        terms=BidTerms(quoted_price=125_000, notes=seeds.tenant.marker),
        currency="USD",
        version=1,
    )
    seeds.store(bid)
    return bid.id


def _bid_token(seeds: Seeds) -> str:
    """The token of an invitation's link, which is only in its mail."""
    invitation = Invitation(
        id=ids.new("ivt"),
        org_id=seeds.tenant.org_id,
        bid_request_id=seeds["bid_request_id"],
        charter_id=seeds["charter_id"],
        vendor_id=seeds["vendor_id"],
        nonce=secrets.token_hex(12),
        version=1,
    )
    seeds.store(invitation)
    return _link(seeds, "bid", invitation.id, invitation.nonce)


def _link(seeds: Seeds, purpose: str, subject_id: str, nonce: str) -> str:
    """Derive the token of a link as the deployment does."""
    message = ids.to_bytes(seeds.tenant.org_id) + ids.to_bytes(subject_id) + bytes.fromhex(nonce)
    proof = hmac.digest(seeds.tenant.deployment.root_secret(), purpose.encode() + b"\0" + message, hashlib.sha256)[:20]
    return base64.urlsafe_b64encode(message + proof).decode().rstrip("=")


def _invoice(seeds: Seeds) -> str:
    """An issued invoice of its own charter, for more than the example pays."""
    charter_id = _charter(seeds)
    seeds.create(f"/charters/{charter_id}/status", {"status": "booked", "reason": "By phone"})
    extras = [{"description": seeds.tenant.marker, "amount": 400}]
    draft = seeds.create("/invoices", {"charter_id": charter_id, "extras": extras})
    seeds.create(f"/invoices/{draft['id']}/issue", {})
    return str(draft["id"])


def _invoice_token(seeds: Seeds) -> str:
    """The token of the invoice's link, which is only in its mail."""
    deployment, key = seeds.tenant.deployment, INVOICE.key(org=seeds.tenant.org_id, id=seeds["invoice_id"])
    item_key = {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
    stored = deployment.client("dynamodb").get_item(TableName=deployment.table, Key=item_key)["Item"]
    invoice = Invoice.model_validate_json(stored["doc"]["S"])
    return _link(seeds, invoice_links.PURPOSE, invoice.id, invoice.link_nonce)


def _payable(seeds: Seeds) -> str:
    body = {"vendor_id": seeds["vendor_id"], "amount": 85.5, "due_date": f"{dates.trip_day(30)}"}
    return str(seeds.create("/billing/payables", {**body, "description": seeds.tenant.marker})["id"])


def _payout(seeds: Seeds) -> str:
    body = {"payable_ids": [_payable(seeds)], "method": "ach", "reference": seeds.tenant.marker}
    return str(seeds.create("/billing/payouts", body)["items"][0]["id"])


def _payment(seeds: Seeds) -> str:
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


def _collection(seeds: Seeds) -> str:
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


def _refund(seeds: Seeds) -> str:
    """A refund that waits for a manager."""
    body = {"payment_id": _payment(seeds), "amount": 2000, "reason": seeds.tenant.marker}
    return str(seeds.create("/payments/refund", body)["id"])


def _in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")


def _recovery(seeds: Seeds) -> str:
    body = {"assignment_id": _assignment(seeds), "reason": "other", "notes": seeds.tenant.marker}
    return str(seeds.create("/dispatch/recoveries", body)["id"])


SEEDS: dict[str, Callable[[Seeds], str]] = {
    "api_key_id": _api_key,
    "assignment_id": _assignment,
    "asset": lambda _: "start.js",
    "bid_id": _bid,
    "bid_request_id": _bid_request,
    "bid_token": _bid_token,
    "calendar_feed": _feed,
    "charter_id": _charter,
    "client_id": _client,
    "collection_id": _collection,
    "compliance_id": _paper,
    "contact_id": _contact,
    "driver_id": _driver,
    "invoice_id": _invoice,
    "invoice_token": _invoice_token,
    "key_id": _api_key,
    "notification_id": _notification,
    "payable_id": _payable,
    "payment_id": _payment,
    "payout_id": _payout,
    "quote_id": _quote,
    "rating_id": _rating,
    "recovery_id": _recovery,
    "refund_id": _refund,
    "role_name": _role,
    "rule_id": _rule,
    "session_id": _session,
    "token": _token,
    "track_token": _track_token,
    "user_id": _user,
    "vehicle_id": _vehicle,
    "vendor_id": _vendor,
}


def _letters(count: int) -> str:
    return "".join(secrets.choice(string.ascii_uppercase) for _ in range(count))


FRESH: dict[str, Callable[[Seeds], Any]] = {
    "deadline": lambda _: _in_days(5),
    "code": lambda _: _letters(10),
    "email": lambda seeds: seeds.tenant.new_email("fresh"),
    "phone": lambda _: f"+1212{2_000_000 + secrets.randbelow(7_000_000)}",
    "slug": lambda _: f"s{secrets.token_hex(8)}",
}
"""Unique values for fields of bodies, by name."""

QUERY = {
    "instance_count": "3",
    "month": "2026-01",
    "new_status": "active",
    "reason": "checked",
    "recurrence_rule": "weekly",
}
"""Values of required query parameters, by name."""
