"""Vendors with their compliance documents, and their bids for trips."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from infra.local.demo.bid_scenario import BidPlan, BidRequestPlan
from infra.local.demo.document_loader import DocumentLoader
from infra.local.demo.scenario import Json, Scenario
from infra.local.demo.users import UserClients

_DOCUMENTS: Final = (
    "business_license",
    "insurance_certificate",
    "vehicle_registration",
    "driver_background_check",
    "safety_inspection",
)


@dataclass
class VendorLoader:
    """Loads the vendors of a scenario and their bids; keeps the ids of vendors by name."""

    scenario: Scenario
    clients: UserClients
    documents: DocumentLoader
    vendor_ids: dict[str, str] = field(default_factory=dict)

    def load_vendors(self) -> int:
        """Add the vendors that are missing, with their documents; returns how many were added."""
        staff, manager = self.clients.client("staff"), self.clients.client("manager")
        vendors = staff.list_all("/vendors") if self.scenario.vendors else []
        existing = {vendor["business_name"]: vendor for vendor in vendors}
        for plan in self.scenario.vendors:
            vendor = existing.get(plan.name) or staff.post("/vendors", plan.body, plan.name)
            self.vendor_ids[plan.name] = vendor["id"]
            subject = {"vendor_id": vendor["id"]}
            if plan.is_applicant:
                self.documents.ensure_submitted(subject, _DOCUMENTS)
                continue
            self.documents.ensure_approved(subject, _DOCUMENTS, expiring=plan.expiring_document)
            if vendor["status"] == "pending":
                manager.patch(f"/vendors/{vendor['id']}/status", new_status="active", reason="Visited")
        return len(self.scenario.vendors) - len(existing)

    def load_bids(self, charter: Json, plan: BidRequestPlan) -> None:
        """Open the bid request, submit the bids, then close and award as planned. Does not wait for the workflow."""
        manager = self.clients.client("manager")
        requests = manager.get(f"/bid-requests?charter_id={charter['id']}")["items"]
        request = requests[0] if requests else self._open_bid_request(charter, plan)
        bids = {bid["vendor_id"]: bid for bid in manager.get(f"/bids?charter_id={charter['id']}")["items"]}
        if request["status"] == "open":
            for bid in plan.bids:
                vendor_id = self.vendor_ids[bid.vendor]
                bids[vendor_id] = self._submit_bid(charter, bid, bids.get(vendor_id))
            if plan.close_reason:
                manager.post(f"/bid-requests/{request['id']}/close", {"reason": plan.close_reason}, request["id"])
        if plan.award_reason and charter["vendor_id"] is None:
            bid_id = bids[self.vendor_ids[plan.bids[0].vendor]]["id"]
            manager.post(f"/bids/{bid_id}/accept", {"decision": "accept", "reason": plan.award_reason}, bid_id)

    def _open_bid_request(self, charter: Json, plan: BidRequestPlan) -> Json:
        body: dict[str, Any] = {"matching": True, "message": plan.message, "target_price": plan.target_price}
        body["deadline"] = (datetime.now(UTC) + timedelta(hours=plan.hours)).isoformat(timespec="seconds")
        path, subject = f"/charters/{charter['id']}/bid-requests", f"{charter['id']}/{body['deadline']}"
        request: Json = self.clients.client("manager").post(path, body, subject)
        return request

    def _submit_bid(self, charter: Json, plan: BidPlan, existing: Json | None) -> Json:
        """Submit a bid as the vendor's own user, or as a manager for vendors without one."""
        client = self.clients.client("vendor" if plan.vendor == self.scenario.vendor_of_user else "manager")
        body = {"vendor_id": self.vendor_ids[plan.vendor], "charter_id": charter["id"], **plan.body}
        bid: Json = existing or client.post("/bids", body, f"{charter['id']}/{plan.vendor}")
        if bid["status"] == "draft":
            bid = client.post(f"/bids/{bid['id']}/submit", {}, bid["id"])
        return bid
