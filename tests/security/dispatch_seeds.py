"""Seeds of drivers, vehicles, assignments and recoveries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coachway.compliance.model import Subject
from coachway.compliance.rules import REQUIRED, DocumentStatus, DocumentSummary, SubjectType
from coachway.core.types import ids
from tests import dates
from tests.security import booking_seeds
from tests.security.unique_values import new_phone

if TYPE_CHECKING:
    from tests.security.seeds import Seeds


def create_driver(seeds: Seeds) -> str:
    body = {
        "first_name": "Rosa",
        "last_name": seeds.tenant.marker,
        "phone": new_phone(),
        "license_number": "D1234567",
        "license_class": "B",
        "endorsements": ["P"],
        "license_expires": f"{dates.EXPIRY_DAY}",
        "home_latitude": 40.7282,
        "home_longitude": -74.0776,
        "duty_statement": [0] * 7,
    }
    return str(seeds.create("/drivers", body)["id"])


def create_vehicle(seeds: Seeds) -> str:
    body = {"name": f"Coach {seeds.tenant.marker}", "vehicle_class": "coach", "capacity": 56, "plate": "NJ 12 345"}
    return str(seeds.create("/vehicles", body)["id"])


def create_calendar_feed(seeds: Seeds) -> str:
    """The file name of a vehicle's calendar feed, whose link no other route renews."""
    link = seeds.create(f"/calendar/vehicles/{create_vehicle(seeds)}/feed", None)
    return str(link["url"]).rpartition("/")[2]


def create_assignment(seeds: Seeds) -> str:
    """An assignment with its own charter, driver and vehicle, whose documents are approved."""
    driver_id, vehicle_id = create_driver(seeds), create_vehicle(seeds)
    for subject_type, subject_id in ((SubjectType.DRIVER, driver_id), (SubjectType.VEHICLE, vehicle_id)):
        documents = [
            DocumentSummary(id=ids.new("cmp"), document_type=kind, status=DocumentStatus.APPROVED)
            for kind in REQUIRED[subject_type]
        ]
        subject = Subject(
            org_id=seeds.tenant.org_id,
            subject_type=subject_type,
            subject_id=subject_id,
            name=seeds.tenant.marker,
            documents=documents,
            version=2,
        )
        seeds.store(subject)
    body = {"charter_id": booking_seeds.create_charter(seeds), "driver_id": driver_id, "vehicle_id": vehicle_id}
    return str(seeds.create("/dispatch/assignments", body)["id"])


def create_recovery(seeds: Seeds) -> str:
    body = {"assignment_id": create_assignment(seeds), "reason": "other", "notes": seeds.tenant.marker}
    return str(seeds.create("/dispatch/recoveries", body)["id"])


def create_downtime(seeds: Seeds) -> str:
    """A downtime of the vehicle in `vehicle_id`."""
    days = {"first_day": f"{dates.EXPIRY_DAY}", "last_day": f"{dates.EXPIRY_DAY}", "note": seeds.tenant.marker}
    return str(seeds.create(f"/vehicles/{seeds['vehicle_id']}/downtimes", days)["id"])


def create_hold(seeds: Seeds) -> str:
    """A hold for the charter in `charter_id`."""
    body = {"vehicle_ids": [create_vehicle(seeds)]}
    return str(seeds.create(f"/charters/{seeds['charter_id']}/holds", body)["id"])
