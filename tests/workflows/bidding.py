"""A carrier whose trips vendors bid for, on the deployed stack."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from coachway.compliance import rules as papers
from coachway.compliance.model import Subject
from coachway.compliance.rules import DocumentSummary, SubjectType
from coachway.core.auth import signed_links
from coachway.core.persistence.records import Record
from coachway.core.persistence.transaction import to_item
from coachway.core.types import ids
from coachway.vendors.model import Vendor
from coachway.vendors.rules import Status
from coachway.vendors.webhook_secrets import WebhookKeys
from tests import dates
from tests.stack import WAIT_SCALE, Stack, eventually
from tests.workflows.carrier import Carrier

HOURS = 3600 * float(WAIT_SCALE)
"""The seconds that an hour of a workflow's waits lasts."""


@dataclass
class Exchange:
    """A carrier, and what it and its vendors do."""

    carrier: Carrier

    @property
    def stack(self) -> Stack:
        return self.carrier.stack

    @classmethod
    def opened(cls, stack: Stack) -> Exchange:
        carrier = Carrier.opened(stack)
        carrier.ask("PUT", "/organization", {"branding": {"email": f"office@{carrier.slug}.example"}})
        return cls(carrier)

    def put(self, *records: Record) -> None:
        """Write records as they lie in the table: making a hundred vendors by their routes takes minutes."""
        dynamodb = self.stack.client("dynamodb")
        for record in records:
            record.version = 1
        puts = [{"PutRequest": {"Item": to_item(record)}} for record in records]
        for start in range(0, len(puts), 25):
            dynamodb.batch_write_item(RequestItems={self.stack.table: puts[start : start + 25]})

    def vendor(self, name: str, **fields: Any) -> str:
        """An approved vendor with all its papers, and a webhook secret."""
        vendor_id, org_id = ids.new("ven"), self.carrier.org_id
        email = f"{name.lower().replace(' ', '-')}@{self.carrier.slug}.example"
        vendor = Vendor(
            **{"max_passenger_capacity": 56, "service_states": ["NY"], **fields},
            id=vendor_id,
            org_id=org_id,
            business_name=name,
            vendor_type="fleet_operator",
            primary_email=email,
            status=Status.ACTIVE,
            is_verified=True,
        )
        approved = papers.Status.APPROVED
        kinds = papers.REQUIRED[SubjectType.VENDOR]
        known = [
            DocumentSummary(id=ids.new("cmp"), document_type=kind, status=approved, expiration_date=dates.EXPIRY_DAY)
            for kind in kinds
        ]
        subject = Subject(
            org_id=org_id, subject_type=SubjectType.VENDOR, subject_id=vendor_id, name=name, email=email, papers=known
        )
        self.put(vendor, subject, WebhookKeys(org_id=org_id, vendor_id=vendor_id, nonce=signed_links.new_nonce()))
        return vendor_id

    def booked(self, **fields: Any) -> dict[str, Any]:
        """A charter that its client wants."""
        charter = self.carrier.ask("POST", "/charters", self.carrier.trip(**fields))
        self.carrier.ask("POST", f"/charters/{charter['id']}/status", {"status": "booked", "accepted_by": "Dana Lee"})
        return dict(charter)

    def asked(self, charter_id: str, *vendor_ids: str, hours: float = 60, **fields: Any) -> dict[str, Any]:
        """An open request, its vendors invited."""
        whom = {"vendor_ids": list(vendor_ids)} if vendor_ids else {"matching": True}
        body = {"deadline": self.in_hours(hours), **whom, **fields}
        request = self.carrier.ask("POST", f"/charters/{charter_id}/bid-requests", body)
        assert request["status"] == "open"
        eventually(lambda: self.request(request["id"])["invited_count"], 60, "nobody was invited")
        return dict(request)

    @staticmethod
    def in_hours(hours: float) -> str:
        return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()

    def bid(self, charter_id: str, vendor_id: str, price: float, **fields: Any) -> str:
        """A submitted bid."""
        body = {
            "vendor_id": vendor_id,
            "charter_id": charter_id,
            "quoted_price": price,
            "vehicle_type": "coach",
            "passenger_capacity": 56,
            **fields,
        }
        made = self.carrier.ask("POST", "/bids", body)
        self.carrier.ask("POST", f"/bids/{made['id']}/submit")
        return str(made["id"])

    def bids(self, charter_id: str) -> list[dict[str, Any]]:
        """All bids for a charter, page by page."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.carrier.ask("GET", f"/bids?charter_id={charter_id}&limit=100{cursor}")
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    def request(self, request_id: str) -> dict[str, Any]:
        return dict(self.carrier.ask("GET", f"/bid-requests/{request_id}"))

    def charter(self, charter_id: str) -> dict[str, Any]:
        return dict(self.carrier.ask("GET", f"/charters/{charter_id}"))

    def status_of(self, bid_id: str) -> str:
        return str(self.carrier.ask("GET", f"/bids/{bid_id}")["status"])

    def becomes(self, request_id: str, status: str, seconds: float = 60, every: float = 0.1) -> dict[str, Any]:
        """The request, once it is in a status."""

        def look() -> dict[str, Any] | None:
            known = self.request(request_id)
            return known if known["status"] == status else None

        return eventually(look, seconds, f"the request was not {status}: {self.request(request_id)}", every)

    def under_review(self, bid_id: str) -> None:
        """Wait until a manager was asked."""
        eventually(lambda: self.status_of(bid_id) == "under_review", 60, "no manager was asked")

    def executions(self, request_id: str) -> list[dict[str, Any]]:
        """The executions of a request's flow, newest first."""
        states = self.stack.client("stepfunctions")
        [flow] = [
            each["stateMachineArn"]
            for each in states.list_state_machines()["stateMachines"]
            if each["name"].endswith("-bidding")
        ]
        listed = states.list_executions(stateMachineArn=flow, maxResults=1000)["executions"]
        known = [states.describe_execution(executionArn=each["executionArn"]) for each in listed]
        return [each for each in known if request_id in each["input"]]

    def ended_well(self, request_id: str) -> None:
        """Wait until the request's flow has succeeded."""

        def look() -> bool:
            return {each["status"] for each in self.executions(request_id)} == {"SUCCEEDED"}

        eventually(look, 60, f"the flow did not end: {self.executions(request_id)}")
