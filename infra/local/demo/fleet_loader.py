"""Drivers and vehicles with their papers, and the organization's own: what a trip is given out by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from infra.local.demo.document_loader import GOOD_FOR, Papers
from infra.local.demo.scenario import Json, Story
from infra.local.demo.users import Staffing

_OF_DRIVER: Final = ("drivers_license", "medical_certificate", "background_check")
_OF_VEHICLE: Final = ("vehicle_registration", "insurance_certificate", "safety_inspection")
_OF_ORGANIZATION: Final = ("business_license", "liability_insurance", "workers_comp")


class Garage:
    """The fleet of a story, with its papers. Ids by name."""

    def __init__(self, staffing: Staffing, papers: Papers, vendor_ids: Mapping[str, str]) -> None:
        self.staff, self.admin, self.papers = staffing.desk("staff"), staffing.desk("admin"), papers
        self.vendor_ids = vendor_ids
        self.driver_ids: dict[str, str] = {}
        self.vehicle_ids: dict[str, str] = {}

    def furnish(self, story: Story) -> tuple[int, int]:
        """Everything that is not there yet; how many drivers and vehicles were added."""
        drivers, vehicles = self._drivers(story), self._vehicles(story)
        if story.drivers:
            self.papers.approved({"organization": True}, _OF_ORGANIZATION)
        return drivers, vehicles

    def _of_vendor(self, body: Json) -> Json:
        return {**body, "vendor_id": self.vendor_ids[body["vendor_id"]]} if "vendor_id" in body else body

    def _drivers(self, story: Story) -> int:
        """Drivers; the one who is a user already becomes that user's."""
        there = {each["phone"]: each["id"] for each in self.staff.everything("/drivers")}
        users = {each["phone"]: each["id"] for each in self.admin.everything("/users") if each["role"] == "driver"}
        added = 0
        for each in story.drivers:
            phone = each.body["phone"]
            if phone not in there:
                added += 1
                known = {"user_id": users[phone]} if phone in users else {}
                body = {
                    **self._of_vendor(each.body),
                    "license_expires": (self.papers.today + GOOD_FOR).isoformat(),
                    **known,
                }
                there[phone] = self.staff.post("/drivers", body, phone)["id"]
            self.driver_ids[each.name] = there[phone]
            kinds = tuple(kind for kind in _OF_DRIVER if kind != each.missing)
            licensed = {name: each.body[name] for name in ("license_class", "endorsements")}
            self.papers.approved({"driver_id": there[phone]}, kinds, expiring=each.expiring, drivers_license=licensed)
        return added

    def _vehicles(self, story: Story) -> int:
        """Vehicles."""
        there = {each["name"]: each["id"] for each in self.staff.everything("/vehicles")}
        added = 0
        for each in story.vehicles:
            name = each["name"]
            if name not in there:
                added += 1
                there[name] = self.staff.post("/vehicles", self._of_vendor(each), name)["id"]
            self.vehicle_ids[name] = there[name]
            self.papers.approved({"vehicle_id": there[name]}, _OF_VEHICLE)
        return added
