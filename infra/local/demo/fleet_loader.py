"""Drivers and vehicles with their compliance documents, and the organization's own documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from infra.local.demo.document_loader import VALIDITY, DocumentLoader
from infra.local.demo.scenario import Json, Scenario
from infra.local.demo.users import UserClients

_DRIVER_DOCUMENTS: Final = ("drivers_license", "medical_certificate", "background_check")
_VEHICLE_DOCUMENTS: Final = ("vehicle_registration", "insurance_certificate", "safety_inspection")
_ORGANIZATION_DOCUMENTS: Final = ("business_license", "liability_insurance", "workers_comp")


class FleetLoader:
    """Loads the fleet of a scenario; keeps the ids of drivers and vehicles by name."""

    def __init__(self, clients: UserClients, documents: DocumentLoader, vendor_ids: Mapping[str, str]) -> None:
        self.staff, self.admin, self.documents = clients.client("staff"), clients.client("admin"), documents
        self.vendor_ids = vendor_ids
        self.driver_ids: dict[str, str] = {}
        self.vehicle_ids: dict[str, str] = {}

    def load_fleet(self, scenario: Scenario) -> tuple[int, int]:
        """Add what is missing; returns how many drivers and vehicles were added."""
        drivers, vehicles = self._load_drivers(scenario), self._load_vehicles(scenario)
        if scenario.drivers:
            self.documents.ensure_approved({"organization": True}, _ORGANIZATION_DOCUMENTS)
        return drivers, vehicles

    def _with_vendor_id(self, body: Json) -> Json:
        return {**body, "vendor_id": self.vendor_ids[body["vendor_id"]]} if "vendor_id" in body else body

    def _load_drivers(self, scenario: Scenario) -> int:
        """Add drivers; a driver whose phone number is a user's is linked to that user."""
        existing = {driver["phone"]: driver["id"] for driver in self.staff.list_all("/drivers")}
        users = {user["phone"]: user["id"] for user in self.admin.list_all("/users") if user["role"] == "driver"}
        added = 0
        for driver in scenario.drivers:
            phone = driver.body["phone"]
            if phone not in existing:
                added += 1
                body = {
                    **self._with_vendor_id(driver.body),
                    "license_expires": (self.documents.today + VALIDITY).isoformat(),
                    **({"user_id": users[phone]} if phone in users else {}),
                }
                existing[phone] = self.staff.post("/drivers", body, phone)["id"]
            self.driver_ids[driver.name] = existing[phone]
            self.documents.ensure_approved(
                {"driver_id": existing[phone]},
                tuple(name for name in _DRIVER_DOCUMENTS if name != driver.missing_document),
                expiring=driver.expiring_document,
                drivers_license={name: driver.body[name] for name in ("license_class", "endorsements")},
            )
        return added

    def _load_vehicles(self, scenario: Scenario) -> int:
        existing = {vehicle["name"]: vehicle["id"] for vehicle in self.staff.list_all("/vehicles")}
        added = 0
        for vehicle in scenario.vehicles:
            name = vehicle["name"]
            if name not in existing:
                added += 1
                existing[name] = self.staff.post("/vehicles", self._with_vendor_id(vehicle), name)["id"]
            self.vehicle_ids[name] = existing[name]
            self.documents.ensure_approved({"vehicle_id": existing[name]}, _VEHICLE_DOCUMENTS)
        self._load_downtimes(scenario)
        return added

    def _load_downtimes(self, scenario: Scenario) -> None:
        """Add the downtimes of vehicles that have none."""
        for downtime in scenario.downtimes:
            path = f"/vehicles/{self.vehicle_ids[downtime.vehicle]}/downtimes"
            if not self.staff.list_all(path):
                today = self.documents.today
                body = {"downtime_type": downtime.downtime_type, "note": downtime.note}
                days = {"first_day": downtime.first_day, "last_day": downtime.last_day}
                body |= {name: str(today + timedelta(days=count)) for name, count in days.items()}
                self.staff.post(path, body, downtime.vehicle)
