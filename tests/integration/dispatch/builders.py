"""An organization with charters, drivers and vehicles that can be assigned, on the table in memory."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from coachway.bookings.charters import coverage
from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.model import VehicleCoverage
from coachway.compliance import reminder_times
from coachway.compliance import rules as compliance_rules
from coachway.compliance.model import Subject
from coachway.compliance.rules import DocumentSummary, SubjectType
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.operations import Create, Update
from coachway.core.types import ids
from coachway.dispatch.assignments.model import ASSIGNMENT, Assignment
from coachway.fleet.model import DRIVER_EXAMPLE, VEHICLE_EXAMPLE, Driver, Vehicle
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG
from tests.integration.client import Reply, call, token_for
from tools.function_modules import load

api = load("dispatch", "api").api
SYSTEM: Final = Caller.system("dispatch", ORG)
STAFF: Final = "dispatch:read dispatch:write charters:read charters:write"
NYC: Final = (40.7074, -74.0113)
ATLANTIC_CITY: Final = (39.3560, -74.4310)
NEAR_NYC: Final[dict[str, Any]] = {"home_latitude": 40.71, "home_longitude": -74.0}
NEAR_BOSTON: Final[dict[str, Any]] = {"home_latitude": 42.36, "home_longitude": -71.06}


def create_organization() -> None:
    """Create the organization, a client and prices."""
    reminder_times.clear_timezone_cache()
    booking_builders.create_organizations()


def send_request(
    method: str, path: str, body: Any = None, *, party_id: str = "", rights: str = STAFF, **options: Any
) -> Reply:
    """Send a request to dispatch as staff, or as the driver, vendor or client with this id."""
    real_time = datetime.now(UTC)
    times: dict[str, Any] = {"iat": real_time, "exp": real_time + timedelta(minutes=5)}
    token = token_for(rights, role="staff", **times)
    if party_id:
        role = {"drv": "driver", "ven": "vendor", "cli": "client"}[party_id[:3]]
        token = token_for(rights, role=role, party_id=party_id, user_id=f"usr_{party_id[4:]}", **times)
    return call(api, method, f"/api/v1{path}", body, token=token, **options)


def send_ok(method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
    """Send a request that must succeed."""
    reply = send_request(method, path, body, **options)
    assert reply.status < 300, f"{method} {path}: {reply.status} {reply.text}"
    return dict(reply.json())


def create_subject(subject_type: SubjectType, subject_id: str, expires: date = date(2029, 1, 1)) -> Subject:
    """Create a subject with all required documents, approved."""
    return Subject(
        org_id=ORG,
        subject_type=subject_type,
        subject_id=subject_id,
        name=subject_id,
        documents=[
            DocumentSummary(
                id=ids.new("cmp"),
                document_type=kind,
                status=compliance_rules.DocumentStatus.APPROVED,
                expiration_date=expires,
            )
            for kind in compliance_rules.REQUIRED[subject_type]
        ],
    )


_phone_numbers = iter(range(2_000_000, 9_999_999))


def create_driver(name: str = "Rosa Delgado", *, expires: date = date(2029, 1, 1), **fields: Any) -> str:
    """Create a driver who may drive a coach, added long ago; returns the id."""
    first_name, _, last_name = name.partition(" ")
    driver = Driver(
        **{
            **DRIVER_EXAMPLE,
            "first_name": first_name,
            "last_name": last_name,
            "phone": f"+1212{next(_phone_numbers)}",
            "timezone": "America/New_York",
            "id": ids.new("drv"),
            "org_id": ORG,
            "user_id": "usr_1",
            "created_at": datetime(2026, 1, 1, tzinfo=UTC),
            **fields,
        }
    )
    store.commit(SYSTEM, Create(driver), Create(create_subject(SubjectType.DRIVER, driver.id, expires)))
    return driver.id


def create_vehicle(name: str = "Coach 12", *, expires: date = date(2029, 1, 1), **fields: Any) -> str:
    """Create a coach with 56 seats; returns the id."""
    vehicle = Vehicle(**{**VEHICLE_EXAMPLE, "name": name, "id": ids.new("veh"), "org_id": ORG, **fields})
    store.commit(SYSTEM, Create(vehicle), Create(create_subject(SubjectType.VEHICLE, vehicle.id, expires)))
    return vehicle.id


def create_trip(
    day: str = "2027-03-03", departure: str = "09:00", hours: float = 3, *, is_return: bool = False, **fields: Any
) -> str:
    """Create a booked charter from New York to Atlantic City, or back; returns its id."""
    places = [("11 Wall St, New York, NY", NYC), ("1901 Boardwalk, Atlantic City, NJ", ATLANTIC_CITY)]
    if is_return:
        places.reverse()
    starts_at = datetime.fromisoformat(f"{day}T{departure}:00-05:00")
    times = ({"estimated_departure": starts_at}, {"estimated_arrival": starts_at + timedelta(hours=hours)})
    stops = [
        {
            "stop_type": kind,
            "address": address,
            "latitude": latitude,
            "longitude": longitude,
            **{name: moment.isoformat() for name, moment in stop_times.items()},
        }
        for kind, (address, (latitude, longitude)), stop_times in zip(("pickup", "dropoff"), places, times, strict=True)
    ]
    charter = booking_builders.create_charter(stops=stops, **fields)
    reply = booking_builders.set_status(charter["id"], "booked")
    assert reply.status == 200, reply.text
    return str(charter["id"])


def post_assignment(charter_id: str, driver_id: str, vehicle_id: str, **fields: Any) -> Reply:
    """Request an assignment; returns the reply, also if it is refused."""
    body = {"charter_id": charter_id, "driver_id": driver_id, "vehicle_id": vehicle_id, **fields}
    return send_request("POST", "/dispatch/assignments", body)


def create_assignment(charter_id: str, driver_id: str, vehicle_id: str, **fields: Any) -> dict[str, Any]:
    """Assign a driver and a vehicle to a charter."""
    reply = post_assignment(charter_id, driver_id, vehicle_id, **fields)
    assert reply.status == 201, reply.text
    return dict(reply.json())


def get_charter(charter_id: str) -> dict[str, Any]:
    return dict(booking_builders.send_request("GET", f"/charters/{charter_id}").json())


def get_assignment(assignment_id: str) -> Assignment:
    """Load an assignment from the table."""
    return store.get(Assignment, ASSIGNMENT.key(org=ORG, id=assignment_id))


def update_assignment(assignment_id: str, **fields: Any) -> Assignment:
    """Store changed fields of an assignment; returns it as it was before."""
    before = get_assignment(assignment_id)
    store.commit(SYSTEM, Update(before, before.model_copy(update=fields)))
    return before


def award_to_vendor(charter_id: str, *, documents_expire: date = date(2029, 1, 1)) -> str:
    """Award a charter's first vehicle to a new vendor with approved documents; returns the vendor's id."""
    vendor_id = ids.new("ven")
    vehicle_coverage = VehicleCoverage(vehicle=1, vendor_id=vendor_id, bid_id=ids.new("bid"))
    store.commit(SYSTEM, Create(create_subject(SubjectType.VENDOR, vendor_id, documents_expire)))
    charter = charter_queries.get_charter(SYSTEM, charter_id)
    store.commit(SYSTEM, *coverage.set_coverage_ops(SYSTEM, charter, [vehicle_coverage], "awarded"))
    return vendor_id


def create_delivery(event_type: str, aggregate_id: str = "x", **data: Any) -> Delivery:
    """Create an event as a consumer receives it."""
    return Delivery(
        event_id=ids.ulid(), type=event_type, org_id=ORG, aggregate_id=aggregate_id, correlation_id="c", data=data
    )
