"""Drivers, vehicles and assignments of a scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

Json = dict[str, Any]

ASSIGNMENT_STATUSES: Final = ("offered", "accepted", "checked_in", "in_progress", "completed")
"""The statuses of an assignment in order."""


@dataclass(frozen=True)
class AssignmentPlan:
    """The driver and vehicle of a trip, and the status that the assignment has by now.

    Without a driver's name, the best-scored driver is assigned. `assigned_by` also acts for the driver. `breakdown`
    describes what happened to the vehicle; a recovery then looks for another.
    """

    driver: str = ""
    vehicle: str = ""
    status: Literal["offered", "accepted", "checked_in", "in_progress", "completed"] = "offered"
    assigned_by: Literal["staff", "vendor"] = "staff"
    breakdown: str = ""


@dataclass(frozen=True)
class Driver:
    """A driver; `body` is the API's request body, but with a vendor's name instead of its id.

    All required documents are approved, except `missing_document`. `expiring_document` expires soon.
    """

    body: Json
    missing_document: str = ""
    expiring_document: str = ""

    @property
    def name(self) -> str:
        return f"{self.body['first_name']} {self.body['last_name']}"


def driver(
    name: str,
    phone: str,
    license_class: str,
    license_number: str,
    home: tuple[float, float],
    *,
    email: str | None = None,
    vendor: str | None = None,
    missing_document: str = "",
    expiring_document: str = "",
) -> Driver:
    """A driver with a passenger endorsement, of a vendor if one is named."""
    first, _, last = name.partition(" ")
    body: Json = {"first_name": first, "last_name": last, "phone": phone, "email": email}
    body |= {"vendor_id": vendor} if vendor else {}
    body |= {"license_class": license_class, "license_number": license_number, "endorsements": ["P"]}
    body["duty_statement"] = [0] * 7  # no work in the last seven days
    body |= {"home_latitude": home[0], "home_longitude": home[1]}
    return Driver(body, missing_document, expiring_document)


Vehicle = Json
"""The API's request body for a vehicle, but with a vendor's name instead of its id."""


def vehicle(
    name: str,
    vehicle_class: str,
    capacity: int,
    plate: str,
    garage: tuple[float, float],
    *amenities: str,
    pounds: int,
    ada: bool = False,
    status: str = "in_service",
    vendor: str | None = None,
) -> Vehicle:
    """A vehicle, of a vendor if one is named."""
    body: Json = {"name": name, "vehicle_class": vehicle_class, "capacity": capacity, "plate": plate, "status": status}
    body |= {"vendor_id": vendor} if vendor else {}
    body |= {"amenities": [*amenities], "is_ada_compliant": ada, "gross_weight_pounds": pounds}
    return {**body, "garage_latitude": garage[0], "garage_longitude": garage[1]}


@dataclass(frozen=True)
class Downtime:
    """A downtime of a vehicle; its days count from the day on which the scenario is loaded."""

    vehicle: str
    first_day: int
    last_day: int
    downtime_type: str = "maintenance"
    note: str = ""
