"""The trip sheet PDF."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from coachway.bookings.charters.trip_model import StopType
from coachway.core.types import ids
from coachway.dispatch import trip_sheet_pdf
from coachway.dispatch.assignments.model import Assignment, AssignmentStop
from coachway.fleet.model import DRIVER_EXAMPLE, VEHICLE_EXAMPLE, Driver, Vehicle
from coachway.hours.model import DutyStatus, Segment
from tests.unit.bookings.builders import ORGANIZATION
from tests.unit.pdf_text import read_pages

START = datetime(2027, 3, 3, 13, 15, tzinfo=UTC)


def minutes_after_start(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def create_driver(name: str, phone: str) -> Driver:
    first, _, last = name.partition(" ")
    defaults = {"id": ids.new("drv"), "org_id": "org_1", "timezone": "America/New_York", "user_id": "usr_1"}
    return Driver.model_validate({**DRIVER_EXAMPLE, **defaults, "first_name": first, "last_name": last, "phone": phone})


def create_stop(kind: StopType, address: str, arrival: int | None, departure: int | None) -> AssignmentStop:
    return AssignmentStop(
        stop_type=kind,
        address=address,
        timezone="America/New_York",
        arrival=minutes_after_start(arrival) if arrival is not None else None,
        departure=minutes_after_start(departure) if departure is not None else None,
    )


def create_duty(*parts: tuple[int, int, DutyStatus]) -> list[Segment]:
    return [
        Segment(start=minutes_after_start(start), end=minutes_after_start(end), status=status)
        for start, end, status in parts
    ]


ROSA, EMIL = create_driver("Rosa Delgado", "+12125550177"), create_driver("Emil Sand", "+12125550172")
COACH = Vehicle.model_validate(
    {**VEHICLE_EXAMPLE, "id": ids.new("veh"), "org_id": "org_1", "amenities": ["wi-fi", "pa-system"]}
)


def create_assignment(**fields: Any) -> Assignment:
    defaults: dict[str, Any] = {
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
        "ends_at": minutes_after_start(600),
        "pickup_at": minutes_after_start(45),
        "dropoff_at": minutes_after_start(570),
        "stops": [
            create_stop(StopType.PICKUP, "11 Wall St, New York, NY", None, 45),
            create_stop(StopType.WAYPOINT, "1901 Boardwalk, Atlantic City, NJ", 225, 390),
            create_stop(StopType.DROPOFF, "11 Wall St, New York, NY", 570, None),
        ],
        "duty": create_duty(
            (0, 15, DutyStatus.ON),
            (15, 35, DutyStatus.DRIVING),
            (35, 45, DutyStatus.ON),
            (45, 225, DutyStatus.DRIVING),
            (225, 390, DutyStatus.ON),
            (390, 570, DutyStatus.DRIVING),
            (570, 600, DutyStatus.ON),
        ),
        "contact_name": "Dana Lee, Acme Events",
        "contact_phone": "+12125550123",
        "notes": "Meet the group at the south entrance. Two wheelchairs.\nTolls are on the company's tag.",
        "offered_at": START,
    }
    return Assignment.model_validate({**defaults, **fields})


def test_render_pdf_of_a_day_trip_has_one_page() -> None:
    [page] = read_pages(trip_sheet_pdf.render_pdf(create_assignment(), [ROSA], COACH, ORGANIZATION))
    assert "1901 Boardwalk, Atlantic City, NJ" in page
    assert "Planned: 6 h 20 min of driving, 10 h 00 min on duty in total." in page


def test_render_pdf_is_deterministic() -> None:
    assignment = create_assignment()
    assert trip_sheet_pdf.render_pdf(assignment, [ROSA], COACH, ORGANIZATION) == trip_sheet_pdf.render_pdf(
        assignment, [ROSA], COACH, ORGANIZATION
    )


def test_render_pdf_with_addresses_in_other_scripts_loses_no_letter() -> None:
    addresses = ["東京都港区芝公園4-2-8", "شارع الملك فيصل", "क्षेत्र मार्ग", "𓀀 Museum"]
    stops = [create_stop(StopType.WAYPOINT, address, n, n + 1) for n, address in enumerate(addresses)]
    pdf = trip_sheet_pdf.render_pdf(create_assignment(stops=stops), [ROSA], COACH, ORGANIZATION)
    text = " ".join(read_pages(pdf))
    assert all(address in text for address in [*addresses[:3], "U+13000 Museum"])
    assert pdf.missing_characters == ["U+13000"]


def test_render_pdf_with_two_drivers_has_two_duty_plans() -> None:
    two_drivers = create_assignment(
        second_driver_id=EMIL.id,
        second_driver_name=EMIL.name,
        second_duty=create_duty((0, 390, DutyStatus.ON), (390, 570, DutyStatus.DRIVING), (570, 600, DutyStatus.ON)),
    )
    pages = read_pages(trip_sheet_pdf.render_pdf(two_drivers, [ROSA, EMIL], COACH, ORGANIZATION))
    for name, summary in ((ROSA.name, "6 h 20 min of driving"), (EMIL.name, "3 h 00 min of driving")):
        assert any(f"Hours of {name} Planned: {summary}" in page for page in pages)


def test_render_pdf_separates_names_in_other_scripts_from_other_texts() -> None:
    names = {"driver_name": "محمد الأحمد", "second_driver_name": "יעל כהן", "vehicle_name": "אוטובוס 12"}
    [page] = read_pages(trip_sheet_pdf.render_pdf(create_assignment(**names), [ROSA], COACH, ORGANIZATION))
    labels = ("Driver", "Second driver", "Vehicle", "Plate", "Seats")
    positions = [page.index(f"{label} ") for label in labels]
    assert positions == sorted(positions)
    assert all(name in page for name in names.values())


def test_render_pdf_without_optional_data_has_one_page() -> None:
    minimal = create_assignment(duty=[], contact_phone=None, notes=" ", stops=[])
    assert len(read_pages(trip_sheet_pdf.render_pdf(minimal, [], None, ORGANIZATION))) == 1


def test_render_pdf_with_long_content_has_several_pages() -> None:
    stops = [create_stop(StopType.WAYPOINT, "<b>W" * 50, n, n + 1) for n in range(20)]
    pdf = trip_sheet_pdf.render_pdf(create_assignment(stops=stops, notes="n\n" * 300), [ROSA], COACH, ORGANIZATION)
    assert len(read_pages(pdf)) > 5


def test_trip_sheet_shows_when_to_leave_the_garage_and_to_stand_at_the_first_stop() -> None:
    times = {"leaves_at": minutes_after_start(15), "spot_at": minutes_after_start(35)}
    (with_times, *_), (without, *_) = (
        read_pages(trip_sheet_pdf.render_pdf(assignment, [ROSA], COACH, ORGANIZATION))
        for assignment in (create_assignment(**times), create_assignment())
    )
    assert "Leave the garage" in with_times
    assert "8:30 AM EST" in with_times
    assert "At the first stop" in with_times
    assert "8:50 AM EST" in with_times
    assert "At the first stop" not in without
