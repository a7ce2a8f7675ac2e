"""An organization on the deployed stack whose vendors bid for its trips."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from coachway.compliance import rules as compliance_rules
from coachway.compliance.model import Subject
from coachway.compliance.rules import DocumentSummary, SubjectType
from coachway.core.auth import signed_links
from coachway.core.persistence.records import Record
from coachway.core.persistence.transaction import to_item
from coachway.core.types import ids
from coachway.vendors.model import Vendor
from coachway.vendors.rules import VendorStatus
from coachway.vendors.webhook_secrets import WebhookKeys
from tests import dates
from tests.stack import WAIT_SCALE, Stack, eventually
from tests.workflows.organization_builders import Operator

SECONDS_PER_HOUR = 3600 * float(WAIT_SCALE)
"""How long one hour of a workflow's wait takes on the emulator, in seconds."""


@dataclass
class BiddingOrganization:
    """An operator, its vendors, and their bids."""

    operator: Operator

    @property
    def stack(self) -> Stack:
        return self.operator.stack

    @classmethod
    def create(cls, stack: Stack) -> BiddingOrganization:
        operator = Operator.create(stack)
        operator.call("PUT", "/organization", {"branding": {"email": f"office@{operator.slug}.example"}})
        return cls(operator)

    def store_records(self, *records: Record) -> None:
        """Write records into the table directly: creating a hundred vendors through the API takes minutes."""
        dynamodb = self.stack.client("dynamodb")
        for record in records:
            record.version = 1
        puts = [{"PutRequest": {"Item": to_item(record)}} for record in records]
        for start in range(0, len(puts), 25):
            dynamodb.batch_write_item(RequestItems={self.stack.table: puts[start : start + 25]})

    def create_vendor(self, name: str, **fields: Any) -> str:
        """Store an active vendor with approved documents and a webhook secret; returns its id."""
        vendor_id, org_id = ids.new("ven"), self.operator.org_id
        email = f"{name.lower().replace(' ', '-')}@{self.operator.slug}.example"
        vendor = Vendor(
            **{"max_passenger_capacity": 56, "service_states": ["NY"], **fields},
            id=vendor_id,
            org_id=org_id,
            business_name=name,
            vendor_type="fleet_operator",
            primary_email=email,
            status=VendorStatus.ACTIVE,
            is_verified=True,
        )
        approved = compliance_rules.DocumentStatus.APPROVED
        document_types = compliance_rules.REQUIRED[SubjectType.VENDOR]
        documents = [
            DocumentSummary(
                id=ids.new("cmp"), document_type=document_type, status=approved, expiration_date=dates.EXPIRY_DAY
            )
            for document_type in document_types
        ]
        subject = Subject(
            org_id=org_id,
            subject_type=SubjectType.VENDOR,
            subject_id=vendor_id,
            name=name,
            email=email,
            documents=documents,
        )
        self.store_records(
            vendor, subject, WebhookKeys(org_id=org_id, vendor_id=vendor_id, nonce=signed_links.new_nonce())
        )
        return vendor_id

    def create_booked_charter(self, **fields: Any) -> dict[str, Any]:
        """Create a booked charter."""
        charter = self.operator.call("POST", "/charters", self.operator.charter_body(**fields))
        self.operator.call("POST", f"/charters/{charter['id']}/status", {"status": "booked", "accepted_by": "Dana Lee"})
        return dict(charter)

    def create_bid_request(self, charter_id: str, *vendor_ids: str, hours: float = 60, **fields: Any) -> dict[str, Any]:
        """Create an open bid request, and wait until its vendors are invited."""
        invitation = {"vendor_ids": list(vendor_ids)} if vendor_ids else {"matching": True}
        body = {"deadline": self.time_in_hours(hours), **invitation, **fields}
        request = self.operator.call("POST", f"/charters/{charter_id}/bid-requests", body)
        assert request["status"] == "open"
        eventually(lambda: self.get_bid_request(request["id"])["invited_count"], 60, "nobody was invited")
        return dict(request)

    @staticmethod
    def time_in_hours(hours: float) -> str:
        return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()

    def create_submitted_bid(self, charter_id: str, vendor_id: str, price: float, **fields: Any) -> str:
        """Create and submit a bid; returns its id."""
        body = {
            "vendor_id": vendor_id,
            "charter_id": charter_id,
            "quoted_price": price,
            "vehicle_type": "coach",
            "passenger_capacity": 56,
            **fields,
        }
        bid = self.operator.call("POST", "/bids", body)
        self.operator.call("POST", f"/bids/{bid['id']}/submit")
        return str(bid["id"])

    def list_bids(self, charter_id: str) -> list[dict[str, Any]]:
        """All bids for a charter."""
        bids: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.operator.call("GET", f"/bids?charter_id={charter_id}&limit=100{cursor}")
            bids += page["items"]
            if page["next_cursor"] is None:
                return bids
            cursor = f"&cursor={page['next_cursor']}"

    def get_bid_request(self, request_id: str) -> dict[str, Any]:
        return dict(self.operator.call("GET", f"/bid-requests/{request_id}"))

    def get_charter(self, charter_id: str) -> dict[str, Any]:
        return dict(self.operator.call("GET", f"/charters/{charter_id}"))

    def get_bid_status(self, bid_id: str) -> str:
        return str(self.operator.call("GET", f"/bids/{bid_id}")["status"])

    def wait_for_request_status(
        self, request_id: str, status: str, seconds: float = 60, every: float = 0.1
    ) -> dict[str, Any]:
        """Wait until a bid request has a status; returns the request."""

        def find_request() -> dict[str, Any] | None:
            request = self.get_bid_request(request_id)
            return request if request["status"] == status else None

        return eventually(
            find_request, seconds, f"the request was not {status}: {self.get_bid_request(request_id)}", every
        )

    def wait_until_under_review(self, bid_id: str) -> None:
        """Wait until a bid waits for a manager's decision."""
        eventually(lambda: self.get_bid_status(bid_id) == "under_review", 60, "no manager was asked")

    def list_executions(self, request_id: str) -> list[dict[str, Any]]:
        """The workflow executions of a bid request, newest first."""
        states = self.stack.client("stepfunctions")
        [workflow] = [
            execution["stateMachineArn"]
            for execution in states.list_state_machines()["stateMachines"]
            if execution["name"].endswith("-bidding")
        ]
        executions = states.list_executions(stateMachineArn=workflow, maxResults=1000)["executions"]
        details = [states.describe_execution(executionArn=execution["executionArn"]) for execution in executions]
        return [execution for execution in details if request_id in execution["input"]]

    def wait_until_workflow_succeeded(self, request_id: str) -> None:
        """Wait until the workflow of a bid request has succeeded."""

        def has_succeeded() -> bool:
            return {each["status"] for each in self.list_executions(request_id)} == {"SUCCEEDED"}

        eventually(has_succeeded, 60, f"the workflow did not end: {self.list_executions(request_id)}")
