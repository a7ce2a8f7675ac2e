"""What the stories of drivers and vehicles are made of, and of who drives which trip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

Json = dict[str, Any]

COURSE: Final = ("offered", "accepted", "checked_in", "in_progress", "completed")
"""What an assignment goes through."""


@dataclass(frozen=True)
class Given:
    """Who drives one vehicle of a trip, and how far that has come by now. Nobody named: whoever scores best.

    `by` gives it, and answers for the driver. `fallen`: what happened to the vehicle, for which another is looked for.
    """

    driver: str = ""
    vehicle: str = ""
    until: Literal["offered", "accepted", "checked_in", "in_progress", "completed"] = "offered"
    by: Literal["staff", "vendor"] = "staff"
    fallen: str = ""


@dataclass(frozen=True)
class Driver:
    """A driver, as the API takes one but for a vendor's name.

    Their papers are in order, but for one that is missing, or runs out soon.
    """

    body: Json
    missing: str = ""
    expiring: str = ""

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
    missing: str = "",
    expiring: str = "",
) -> Driver:
    """A driver who may carry passengers; of a vendor, where that is named."""
    first, _, last = name.partition(" ")
    body: Json = {"first_name": first, "last_name": last, "phone": phone, "email": email}
    body |= {"vendor_id": vendor} if vendor else {}
    body |= {"license_class": license_class, "license_number": license_number, "endorsements": ["P"]}
    body["duty_statement"] = [0] * 7  # back from a week off
    return Driver({**body, "home_latitude": home[0], "home_longitude": home[1]}, missing, expiring)


Vehicle = Json
"""As the API takes one, but for a vendor's name."""


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
    """A vehicle; of a vendor, where that is named."""
    body: Json = {"name": name, "vehicle_class": vehicle_class, "capacity": capacity, "plate": plate, "status": status}
    body |= {"vendor_id": vendor} if vendor else {}
    body |= {"amenities": [*amenities], "is_ada_compliant": ada, "gross_weight_pounds": pounds}
    return {**body, "garage_latitude": garage[0], "garage_longitude": garage[1]}
