"""Existing records for the parameters of paths, and bodies that name only existing records.

A record without a seed here is created from the example of its collection's route.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from coachway.core.persistence.records import Record
from coachway.core.persistence.transaction import to_item
from tests.security import billing_seeds, booking_seeds, dispatch_seeds, identity_seeds, sales_seeds, vendor_seeds
from tests.security.operations import Operation, list_operations
from tests.security.tenants import Tenant
from tests.security.unique_values import in_days, new_phone, random_letters

Json = Any
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


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
        response = self.tenant.send(method, f"/api/v1{path}", body=body)
        assert response.is_success, f"{method} {path} was answered {response.status_code}: {response.text}"

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
        is_date = isinstance(value, str) and _DATE.fullmatch(value) is not None
        return FRESH[name](self) if name in FRESH and not is_date else value


SEEDS: dict[str, Callable[[Seeds], str]] = {
    "api_key_id": identity_seeds.create_api_key,
    "assignment_id": dispatch_seeds.create_assignment,
    "assignment_rule_id": sales_seeds.create_assignment_rule,
    "asset": lambda _: "start.js",
    "bid_id": vendor_seeds.store_bid,
    "bid_request_id": vendor_seeds.create_bid_request,
    "bid_token": vendor_seeds.store_invitation,
    "calendar_feed": dispatch_seeds.create_calendar_feed,
    "charter_id": booking_seeds.create_charter,
    "client_id": booking_seeds.create_client,
    "collection_id": billing_seeds.store_collection,
    "compliance_id": vendor_seeds.create_document,
    "contact_id": booking_seeds.create_contact,
    "downtime_id": dispatch_seeds.create_downtime,
    "driver_id": dispatch_seeds.create_driver,
    "hold_id": dispatch_seeds.create_hold,
    "invoice_id": billing_seeds.create_invoice,
    "invoice_token": billing_seeds.get_invoice_token,
    "key_id": identity_seeds.create_api_key,
    "lead_id": sales_seeds.capture_lead,
    "notification_id": identity_seeds.store_notification,
    "payable_id": billing_seeds.create_payable,
    "payment_id": billing_seeds.store_payment,
    "payout_id": billing_seeds.create_payout,
    "organization_slug": lambda seeds: seeds.tenant.marker,
    "proposal_id": sales_seeds.create_proposal,
    "proposal_token": sales_seeds.get_proposal_token,
    "quote_id": booking_seeds.create_quote,
    "rating_id": vendor_seeds.create_rating,
    "recovery_id": dispatch_seeds.create_recovery,
    "refund_id": billing_seeds.create_refund,
    "role_name": identity_seeds.create_role,
    "amenity_code": booking_seeds.create_amenity,
    "promo_code": booking_seeds.create_promo_code,
    "rule_id": booking_seeds.create_pricing_rule,
    "session_id": identity_seeds.get_session,
    "slug": lambda seeds: seeds.tenant.marker,
    "token": booking_seeds.create_quote_token,
    "track_token": booking_seeds.create_track_token,
    "user_id": identity_seeds.create_user,
    "vehicle_id": dispatch_seeds.create_vehicle,
    "vendor_id": vendor_seeds.create_vendor,
}


FRESH: dict[str, Callable[[Seeds], Any]] = {
    "agent_id": identity_seeds.create_user,
    "deadline": lambda _: in_days(5),
    "code": lambda _: random_letters(10),
    "email": lambda seeds: seeds.tenant.new_email("fresh"),
    "other_lead_id": sales_seeds.capture_lead,
    "phone": lambda _: new_phone(),
    "valid_until": lambda _: in_days(30),
    "slug": lambda _: f"s{secrets.token_hex(8)}",
}
"""Unique values for fields of bodies, by name."""

QUERY = {
    "instance_count": "3",
    "month": "2026-01",
    "new_status": "active",
    "q": "harbor",
    "reason": "checked",
    "recurrence_rule": "weekly",
}
"""Values of required query parameters, by name."""
