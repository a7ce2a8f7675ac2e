"""The driver's paper: where, when, with whom, for how long, and no price."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from coachway.bookings.charters.model import StopType
from coachway.core.types import ids
from coachway.dispatch import trip_sheet_pdf
from coachway.dispatch.assignments.model import Assignment, AssignmentStop
from coachway.fleet.model import DRIVER_EXAMPLE, VEHICLE_EXAMPLE, Driver, Vehicle
from coachway.hours.model import Segment, Status
from tests.unit.bookings.builders import ORGANIZATION

START = datetime(2027, 3, 3, 13, 15, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def driver(name: str, phone: str) -> Driver:
    first, _, last = name.partition(" ")
    own = {"id": ids.new("drv"), "org_id": "org_1", "timezone": "America/New_York", "user_id": "usr_1"}
    return Driver.model_validate({**DRIVER_EXAMPLE, **own, "first_name": first, "last_name": last, "phone": phone})


def stop(kind: StopType, address: str, arrival: int | None, departure: int | None) -> AssignmentStop:
    return AssignmentStop(
        stop_type=kind,
        address=address,
        timezone="America/New_York",
        arrival=at(arrival) if arrival is not None else None,
        departure=at(departure) if departure is not None else None,
    )


def duty(*parts: tuple[int, int, Status]) -> list[Segment]:
    return [Segment(start=at(start), end=at(end), status=status) for start, end, status in parts]


ROSA, EMIL = driver("Rosa Delgado", "+12125550177"), driver("Emil Sand", "+12125550172")
COACH = Vehicle.model_validate(
    {**VEHICLE_EXAMPLE, "id": ids.new("veh"), "org_id": "org_1", "amenities": ["wi-fi", "pa-system"]}
)


def assignment(**fields: Any) -> Assignment:
    known: dict[str, Any] = {
        "id": ids.new("asg"),
        "org_id": "org_1",
        "charter_id": ids.new("chr"),
        "charter_number": "CH-2027-000042",
        "vehicle_number": 1,
        "client_id": ids.new("cli"),
        "driver_id": ROSA.id,
        "driver_name": ROSA.name,
        "vehicle_id": COACH.id,
        "vehicle_name": COACH.name,
        "vehicle_class": "coach",
        "timezone": "America/New_York",
        "passengers": 40,
        "starts_at": START,
        "ends_at": at(600),
        "pickup_at": at(45),
        "dropoff_at": at(570),
        "stops": [
            stop(StopType.PICKUP, "11 Wall St, New York, NY", None, 45),
            stop(StopType.WAYPOINT, "1901 Boardwalk, Atlantic City, NJ", 225, 390),
            stop(StopType.DROPOFF, "11 Wall St, New York, NY", 570, None),
        ],
        "duty": duty(
            (0, 15, Status.ON),
            (15, 35, Status.DRIVING),
            (35, 45, Status.ON),
            (45, 225, Status.DRIVING),
            (225, 390, Status.ON),
            (390, 570, Status.DRIVING),
            (570, 600, Status.ON),
        ),
        "contact_name": "Dana Lee, Acme Events",
        "contact_phone": "+12125550123",
        "notes": "Meet the group at the south entrance. Two wheelchairs.\nTolls are on the company's tag.",
        "offered_at": START,
    }
    return Assignment.model_validate({**known, **fields})


def test_a_days_trip_fits_on_one_page() -> None:
    pdf = trip_sheet_pdf.render_pdf(assignment(), [ROSA], COACH, ORGANIZATION)
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") == 1


def test_the_same_trip_makes_the_same_paper() -> None:
    made = assignment()
    assert trip_sheet_pdf.render_pdf(made, [ROSA], COACH, ORGANIZATION) == trip_sheet_pdf.render_pdf(
        made, [ROSA], COACH, ORGANIZATION
    )


def test_two_drivers_have_two_plans() -> None:
    shared = assignment(
        second_driver_id=EMIL.id,
        second_driver_name=EMIL.name,
        second_duty=duty((0, 390, Status.ON), (390, 570, Status.DRIVING), (570, 600, Status.ON)),
    )
    alone = trip_sheet_pdf.render_pdf(assignment(), [ROSA], COACH, ORGANIZATION)
    assert len(trip_sheet_pdf.render_pdf(shared, [ROSA, EMIL], COACH, ORGANIZATION)) > len(alone)


def test_what_is_not_known_is_left_out() -> None:
    bare = assignment(duty=[], contact_phone=None, notes=" ", stops=[])
    assert trip_sheet_pdf.render_pdf(bare, [], None, ORGANIZATION).count(b"/Type /Page\n") == 1


def test_the_longest_of_everything_breaks_over_pages() -> None:
    stops = [stop(StopType.WAYPOINT, "<b>W" * 50, n, n + 1) for n in range(50)]
    pdf = trip_sheet_pdf.render_pdf(assignment(stops=stops, notes="n\n" * 2000), [ROSA], COACH, ORGANIZATION)
    assert pdf.count(b"/Type /Page\n") > 5
