"""Drivers and vehicles with their papers, and the organization's own: what a trip is given out by."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from infra.local.demo.people import Staffing
from infra.local.demo.story import Json, Story

_ISSUED: Final = timedelta(days=200)
_GOOD_FOR: Final = timedelta(days=400)
_SOON: Final = timedelta(days=9)
_OF_DRIVER: Final = ("drivers_license", "medical_certificate", "background_check")
_OF_VEHICLE: Final = ("vehicle_registration", "insurance_certificate", "safety_inspection")
_OF_ORGANIZATION: Final = ("business_license", "liability_insurance", "workers_comp")


def furnished(story: Story, staffing: Staffing, today: date) -> tuple[int, int]:
    """The fleet of a story, each with its papers; how many drivers and vehicles were added."""
    garage = _Garage(staffing, today)
    drivers, vehicles = garage.drivers(story), garage.vehicles(story)
    if story.drivers:
        garage.papers({"organization": True}, _OF_ORGANIZATION)
    return drivers, vehicles


class _Garage:
    def __init__(self, staffing: Staffing, today: date) -> None:
        self.staff, self.manager = staffing.desk("staff"), staffing.desk("manager")
        self.admin, self.today = staffing.desk("admin"), today
        self.known = {(_subject(each), each["document_type"]): each for each in self.staff.everything("/compliance")}

    def drivers(self, story: Story) -> int:
        """Drivers; the one who is a user already becomes that user's."""
        there = {each["phone"]: each["id"] for each in self.staff.everything("/drivers")}
        users = {each["phone"]: each["id"] for each in self.admin.everything("/users") if each["role"] == "driver"}
        added = 0
        for each in story.drivers:
            phone = each.body["phone"]
            if phone not in there:
                added += 1
                known = {"user_id": users[phone]} if phone in users else {}
                body = {**each.body, "license_expires": (self.today + _GOOD_FOR).isoformat(), **known}
                there[phone] = self.staff.post("/drivers", body, phone)["id"]
            kinds = tuple(kind for kind in _OF_DRIVER if kind != each.missing)
            licensed = {name: each.body[name] for name in ("license_class", "endorsements")}
            self.papers({"driver_id": there[phone]}, kinds, expiring=each.expiring, drivers_license=licensed)
        return added

    def vehicles(self, story: Story) -> int:
        """Vehicles."""
        there = {each["name"]: each["id"] for each in self.staff.everything("/vehicles")}
        added = 0
        for each in story.vehicles:
            name = each["name"]
            if name not in there:
                added += 1
                there[name] = self.staff.post("/vehicles", each, name)["id"]
            self.papers({"vehicle_id": there[name]}, _OF_VEHICLE)
        return added

    def papers(self, about: Json, kinds: tuple[str, ...], *, expiring: str = "", **more: Json) -> None:
        """The papers of one, approved, unless they are."""
        for kind in kinds:
            paper = self.known.get((_subject(about), kind)) or self._handed_in(about, kind, expiring == kind, more)
            if paper["status"] == "pending":
                self.manager.put(f"/compliance/{paper['id']}", {"status": "approved", "review_notes": "Seen"})

    def _handed_in(self, about: Json, kind: str, soon: bool, more: dict[str, Json]) -> Json:
        body = {
            **about,
            "document_type": kind,
            "document_name": kind.replace("_", " ").capitalize(),
            "issue_date": (self.today - _ISSUED).isoformat(),
            "expiration_date": (self.today + (_SOON if soon else _GOOD_FOR)).isoformat(),
            **more.get(kind, {}),
        }
        made: Json = self.staff.post("/compliance", body, f"{_subject(about)}/{kind}")
        return made


def _subject(about: Json) -> str:
    return str(about.get("driver_id") or about.get("vehicle_id") or about.get("vendor_id") or "organization")
