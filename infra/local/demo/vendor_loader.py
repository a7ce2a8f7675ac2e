"""Vendors with their papers, and what they bid for trips."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from infra.local.demo.bid_scenario import Bidding, Offer
from infra.local.demo.document_loader import Papers
from infra.local.demo.scenario import Json, Story
from infra.local.demo.users import Staffing

_PAPERS: Final = (
    "business_license",
    "insurance_certificate",
    "vehicle_registration",
    "driver_background_check",
    "safety_inspection",
)


@dataclass
class Market:
    """An organization's vendors."""

    story: Story
    staffing: Staffing
    papers: Papers
    vendor_ids: dict[str, str] = field(default_factory=dict)

    def vendors(self) -> int:
        """Vendors with their papers; how many were added."""
        staff, manager = self.staffing.desk("staff"), self.staffing.desk("manager")
        there = {each["business_name"]: each for each in staff.everything("/vendors")} if self.story.vendors else {}
        for vendor in self.story.vendors:
            known = there.get(vendor.name) or staff.post("/vendors", vendor.body, vendor.name)
            self.vendor_ids[vendor.name] = known["id"]
            about = {"vendor_id": known["id"]}
            if vendor.applies:
                self.papers.handed_in(about, _PAPERS)
                continue
            self.papers.approved(about, _PAPERS, expiring=vendor.expiring)
            if known["status"] == "pending":
                manager.patch(f"/vendors/{known['id']}/status", new_status="active", reason="Visited")
        return len(self.story.vendors) - len(there)

    def bid(self, charter: Json, bidding: Bidding) -> None:
        """Ask for bids, get them, and end it as the story says. What the flow does by itself is not waited for."""
        manager = self.staffing.desk("manager")
        requests = manager.get(f"/bid-requests?charter_id={charter['id']}")["items"]
        request = requests[0] if requests else self._opened(charter, bidding)
        there = {each["vendor_id"]: each for each in manager.get(f"/bids?charter_id={charter['id']}")["items"]}
        if request["status"] == "open":
            for offer in bidding.offers:
                vendor_id = self.vendor_ids[offer.vendor]
                there[vendor_id] = self._offered(charter, offer, there.get(vendor_id))
            if bidding.closed:
                manager.post(f"/bid-requests/{request['id']}/close", {"reason": bidding.closed}, request["id"])
        if bidding.chosen and charter["vendor_id"] is None:
            best = there[self.vendor_ids[bidding.offers[0].vendor]]["id"]
            manager.post(f"/bids/{best}/accept", {"decision": "accept", "reason": bidding.chosen}, best)

    def _opened(self, charter: Json, bidding: Bidding) -> Json:
        body: dict[str, Any] = {"matching": True, "message": bidding.message, "target_price": bidding.target_price}
        body["deadline"] = (datetime.now(UTC) + timedelta(hours=bidding.hours)).isoformat(timespec="seconds")
        made: Json = self.staffing.desk("manager").post(
            f"/charters/{charter['id']}/bid-requests", body, f"{charter['id']}/{body['deadline']}"
        )
        return made

    def _offered(self, charter: Json, offer: Offer, known: Json | None) -> Json:
        """A submitted bid: by the vendor's own user, or else by a manager who was called."""
        desk = self.staffing.desk("vendor" if offer.vendor == self.story.carrier else "manager")
        body = {"vendor_id": self.vendor_ids[offer.vendor], "charter_id": charter["id"], **offer.body}
        bid: Json = known or desk.post("/bids", body, f"{charter['id']}/{offer.vendor}")
        if bid["status"] == "draft":
            bid = desk.post(f"/bids/{bid['id']}/submit", {}, bid["id"])
        return bid
