"""The trip sheet PDF: everything that a driver needs for a trip."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Final

from coachway.bookings.charter_text import STOP_TYPE_NAMES, StopText, TimeText, build_formatter, list_distinct_times
from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.documents import pdf as document_pdf
from coachway.core.documents.branding import Brand
from coachway.core.documents.formatting import Formatter, format_phone
from coachway.core.documents.pdf import Pdf
from coachway.core.http.response_types import FileResponse
from coachway.core.party_reference import DRIVER
from coachway.core.store import batch_get
from coachway.core.types.code_words import humanize
from coachway.core.types.durations import format_minutes
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.fleet.model import VEHICLE, Driver, Vehicle
from coachway.hours.model import DutyStatus, Segment
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.identity.organizations.branding import build_brand

_TEMPLATE: Final = Path(__file__).parent / "templates" / "trip_sheet.typ"
_STATUS_NAMES: Final = {
    DutyStatus.OFF: "Off duty",
    DutyStatus.SLEEPER: "Sleeper berth",
    DutyStatus.ON: "On duty",
    DutyStatus.DRIVING: "Driving",
}
_TINTS: Final = {DutyStatus.DRIVING: 1.0, DutyStatus.ON: 0.45, DutyStatus.SLEEPER: 0.12, DutyStatus.OFF: 0.12}
"""The share of the organization's accent color in the duty bar."""


def get_trip_sheet(caller: Caller, assignment_id: str) -> FileResponse:
    """Get the trip sheet of an assignment. Raises NotFound, also when an external user may not see it. Two reads.

    Drivers and vendors have no trip sheet of an assignment that was declined or released.
    """
    assignment = repository.get_assignment(caller, assignment_id)
    if caller.is_external and assignment.ended_at is not None:
        raise errors.NotFound("This assignment has ended. Its trip sheet is no longer available.")
    driver_keys = [DRIVER.key(org=caller.org_id, id=driver_id) for driver_id in assignment.crew]
    vehicle_key, organization_key = (
        VEHICLE.key(org=caller.org_id, id=assignment.vehicle_id),
        ORGANIZATIONS.key(org=caller.org_id),
    )
    batch = batch_get([*driver_keys, vehicle_key, organization_key])
    drivers = [driver for key in driver_keys if (driver := batch.find(Driver, key)) is not None]
    pdf = render_pdf(assignment, drivers, batch.find(Vehicle, vehicle_key), batch.get(Organization, organization_key))
    return pdf.build_response(f"trip-sheet-{assignment.charter_number}-{assignment.vehicle_number}.pdf")


def render_pdf(
    assignment: Assignment, drivers: Sequence[Driver], vehicle: Vehicle | None, organization: Organization
) -> Pdf:
    """Render the PDF. It has no prices."""
    brand, formatter = build_brand(organization), build_formatter(organization)
    crew = (
        (assignment.driver_name, assignment.duty),
        (assignment.second_driver_name or "", assignment.second_duty),
    )
    return document_pdf.render_template(
        _TEMPLATE,
        brand,
        title="Trip sheet",
        subtitle=f"{assignment.charter_number} · vehicle {assignment.vehicle_number}",
        reference=assignment.charter_number,
        currency=organization.currency,
        day=formatter.day(assignment.starts_at, assignment.timezone),
        facts=_facts(assignment, vehicle, formatter),
        phone_numbers=_phone_numbers(assignment, drivers, brand),
        stops=[asdict(stop) for stop in _stops(assignment, formatter)],
        notes=assignment.notes,
        duties=[
            {
                "driver": driver,
                "summary": _duty_summary(duty),
                "segments": _describe_segments(assignment, duty, formatter),
            }
            for driver, duty in crew
            if duty
        ],
    )


def _facts(assignment: Assignment, vehicle: Vehicle | None, formatter: Formatter) -> list[tuple[str, str]]:
    start, zone = assignment.starts_at, assignment.timezone
    report_time = f"{formatter.clock(start, zone)} {formatter.zone(start, zone)}"
    # Each name is a text of its own, because it may be written from right to left.
    facts = [
        ("Driver", assignment.driver_name),
        *([("Second driver", assignment.second_driver_name)] if assignment.second_driver_name else []),
        ("Vehicle", assignment.vehicle_name),
        *([("Plate", vehicle.plate), ("Seats", str(vehicle.capacity))] if vehicle else []),
        ("Report for duty", report_time),
        *_spot_facts(assignment, formatter),
        ("Off duty", _format_end(assignment, formatter)),
        ("Passengers", str(assignment.passengers)),
    ]
    if vehicle and (vehicle.amenities or vehicle.is_ada_compliant):
        amenities = [humanize(amenity) for amenity in vehicle.amenities]
        facts.append(
            ("On board", ", ".join([*amenities, *(["Wheelchair access"] if vehicle.is_ada_compliant else [])]))
        )
    return facts


def _spot_facts(assignment: Assignment, formatter: Formatter) -> list[tuple[str, str]]:
    """When to leave the garage and to stand at the first stop, if that is not when the duty or the trip begins."""
    times = [("Leave the garage", assignment.leaves_at), ("At the first stop", assignment.spot_at)]
    zone = assignment.timezone
    return [(name, f"{formatter.clock(at, zone)} {formatter.zone(at, zone)}") for name, at in times if at is not None]


def _format_end(assignment: Assignment, formatter: Formatter) -> str:
    zone = assignment.timezone
    clock_time = f"{formatter.clock(assignment.ends_at, zone)} {formatter.zone(assignment.ends_at, zone)}"
    same_day = formatter.day(assignment.starts_at, zone) == formatter.day(assignment.ends_at, zone)
    return clock_time if same_day else f"{clock_time}, {formatter.short_day(assignment.ends_at, zone)}"


def _phone_numbers(assignment: Assignment, drivers: Sequence[Driver], brand: Brand) -> list[tuple[str, str]]:
    """The phone numbers of the office, the client, and of the drivers in a crew of two."""
    numbers = [("Dispatch", brand.phone), (assignment.contact_name or "Client", assignment.contact_phone or "")]
    numbers += [(driver.name, driver.phone) for driver in drivers] if len(drivers) > 1 else []
    return [(name, format_phone(number)) for name, number in numbers if number]


def _stops(assignment: Assignment, formatter: Formatter) -> list[StopText]:
    """List the stops in their own time zones. A day is shown only when it changes."""
    rows, last_day = [], ""
    for stop in assignment.stops:
        times = []
        for label, moment in list_distinct_times(stop.stop_type, stop.arrival, stop.departure):
            day = formatter.day(moment, stop.timezone)
            clock = f"{formatter.clock(moment, stop.timezone)} {formatter.zone(moment, stop.timezone)}"
            times.append(TimeText(label, clock, day if day != last_day else ""))
            last_day = day
        rows.append(StopText(STOP_TYPE_NAMES[stop.stop_type], stop.address, times))
    return rows


def _duty_summary(duty: Sequence[Segment]) -> str:
    driving = sum((segment.length for segment in duty if segment.status is DutyStatus.DRIVING), timedelta())
    working = sum((segment.length for segment in duty if not segment.status.is_rest), timedelta())
    return f"Planned: {_format_length(driving)} of driving, {_format_length(working)} on duty in total."


def _format_length(length: timedelta) -> str:
    return format_minutes(round(length / timedelta(minutes=1)))


def _describe_segments(
    assignment: Assignment, duty: Sequence[Segment], formatter: Formatter
) -> list[dict[str, object]]:
    """Describe the segments of the duty with times and lengths. A day is shown only when it changes."""
    zone, shown_day, segments = assignment.timezone, "", []
    for segment in duty:
        day = formatter.short_day(segment.start, zone)
        segments.append(
            {
                "day": day if day != shown_day else "",
                "times": f"{formatter.clock(segment.start, zone)} to {formatter.clock(segment.end, zone)}",
                "activity": "Riding along" if segment.riding else _STATUS_NAMES[segment.status],
                "is-driving": segment.status is DutyStatus.DRIVING,
                "length": _format_length(segment.length),
                "minutes": segment.length / timedelta(minutes=1),
                "tint": _TINTS[segment.status],
            }
        )
        shown_day = day
    return segments
