"""An organization with charters, drivers and vehicles that may be given to them, on the table in memory."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from coachway.bookings.charters import coverage
from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.model import Cover
from coachway.compliance import reminder_times
from coachway.compliance import rules as papers_rules
from coachway.compliance.model import Subject
from coachway.compliance.rules import DocumentSummary, SubjectType
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create
from coachway.core.types import ids
from coachway.fleet.model import DRIVER_EXAMPLE, VEHICLE_EXAMPLE, Driver, Vehicle
from tests.entries import load
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG
from tests.integration.client import Reply, call, token_for

api = load("dispatch", "api").api
SYSTEM: Final = Caller.system("dispatch", ORG)
STAFF: Final = "dispatch:read dispatch:write charters:read charters:write"
NYC: Final = (40.7074, -74.0113)
ATLANTIC_CITY: Final = (39.3560, -74.4310)


def found() -> None:
    """The organization, a client, prices."""
    reminder_times.clear_timezone_cache()
    booking_builders.create_organizations()


def ask(method: str, path: str, body: Any = None, *, by: str = "", rights: str = STAFF, **more: Any) -> Reply:
    """A request to dispatch as staff, or as the driver or vendor of this id."""
    real = datetime.now(UTC)
    times: dict[str, Any] = {"iat": real, "exp": real + timedelta(minutes=5)}
    token = token_for(rights, role="staff", **times)
    if by:
        role = {"drv": "driver", "ven": "vendor", "cli": "client"}[by[:3]]
        token = token_for(rights, role=role, party_id=by, user_id=f"usr_{by[4:]}", **times)
    return call(api, method, f"/api/v1{path}", body, token=token, **more)


def done(method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    """A request that must succeed."""
    reply = ask(method, path, body, **more)
    assert reply.status < 300, f"{method} {path}: {reply.status} {reply.text}"
    return dict(reply.json())


def papers(subject_type: SubjectType, subject_id: str, expires: date = date(2029, 1, 1)) -> Subject:
    """Everything that it must have, approved."""
    return Subject(
        org_id=ORG,
        subject_type=subject_type,
        subject_id=subject_id,
        name=subject_id,
        papers=[
            DocumentSummary(
                id=ids.new("cmp"), document_type=kind, status=papers_rules.Status.APPROVED, expiration_date=expires
            )
            for kind in papers_rules.REQUIRED[subject_type]
        ],
    )


_phones = iter(range(2_000_000, 9_999_999))


def driver(name: str = "Rosa Delgado", *, expires: date = date(2029, 1, 1), **fields: Any) -> str:
    """A driver who may drive a coach, added long ago unless `created_at` says otherwise."""
    first, _, last = name.partition(" ")
    known = {"first_name": first, "last_name": last, "phone": f"+1212{next(_phones)}", "timezone": "America/New_York"}
    made = Driver(
        **{
            **DRIVER_EXAMPLE,
            **known,
            "id": ids.new("drv"),
            "org_id": ORG,
            "user_id": "usr_1",
            "created_at": datetime(2026, 1, 1, tzinfo=UTC),
            **fields,
        }
    )
    store.commit(SYSTEM, Create(made), Create(papers(SubjectType.DRIVER, made.id, expires)))
    return made.id


def vehicle(name: str = "Coach 12", *, expires: date = date(2029, 1, 1), **fields: Any) -> str:
    """A coach of 56 seats."""
    made = Vehicle(**{**VEHICLE_EXAMPLE, "name": name, "id": ids.new("veh"), "org_id": ORG, **fields})
    store.commit(SYSTEM, Create(made), Create(papers(SubjectType.VEHICLE, made.id, expires)))
    return made.id


def trip(day: str = "2027-03-03", leaves: str = "09:00", hours: float = 3, *, back: bool = False, **fields: Any) -> str:
    """A booked charter from New York to Atlantic City, or back; its id."""
    ends = [("11 Wall St, New York, NY", NYC), ("1901 Boardwalk, Atlantic City, NJ", ATLANTIC_CITY)]
    if back:
        ends.reverse()
    starts = datetime.fromisoformat(f"{day}T{leaves}:00-05:00")
    times = ({"estimated_departure": starts}, {"estimated_arrival": starts + timedelta(hours=hours)})
    stops = [
        {
            "stop_type": kind,
            "address": address,
            "latitude": at[0],
            "longitude": at[1],
            **{name: moment.isoformat() for name, moment in when.items()},
        }
        for kind, (address, at), when in zip(("pickup", "dropoff"), ends, times, strict=True)
    ]
    charter = booking_builders.create_charter(stops=stops, **fields)
    reply = booking_builders.set_status(charter["id"], "booked")
    assert reply.status == 200, reply.text
    return str(charter["id"])


def given(charter_id: str, driver_id: str, vehicle_id: str, **more: Any) -> Reply:
    """What assigning a charter to them by hand is answered."""
    body = {"charter_id": charter_id, "driver_id": driver_id, "vehicle_id": vehicle_id, **more}
    return ask("POST", "/dispatch/assignments", body)


def assigned(charter_id: str, driver_id: str, vehicle_id: str, **more: Any) -> dict[str, Any]:
    """The assignment of a charter to them."""
    reply = given(charter_id, driver_id, vehicle_id, **more)
    assert reply.status == 201, reply.text
    return dict(reply.json())


def charter(charter_id: str) -> dict[str, Any]:
    return dict(booking_builders.ask("GET", f"/charters/{charter_id}").json())


def awarded(charter_id: str, *, papers_until: date = date(2029, 1, 1)) -> str:
    """A charter's first vehicle, awarded to a vendor that has its papers; the vendor's id."""
    vendor_id = ids.new("ven")
    cover = Cover(vehicle=1, vendor_id=vendor_id, bid_id=ids.new("bid"))
    store.commit(SYSTEM, Create(papers(SubjectType.VENDOR, vendor_id, papers_until)))
    store.commit(
        SYSTEM, *coverage.cover_ops(SYSTEM, charter_queries.get_charter(SYSTEM, charter_id), [cover], "awarded")
    )
    return vendor_id
