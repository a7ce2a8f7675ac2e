"""The trip sheet PDF: everything that a driver needs for a trip."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, Spacer, Table

from coachway.bookings.charter_text import STOP_TYPE_NAMES, StopText, TimeText, build_formatter
from coachway.bookings.itinerary_pdf import build_stops_table
from coachway.core.caller import Caller
from coachway.core.documents import pdf as document_pdf
from coachway.core.documents.branding import Brand
from coachway.core.documents.formatting import Formatter, format_phone, humanize
from coachway.core.http.response_types import FileResponse
from coachway.core.party_reference import DRIVER
from coachway.core.store import batch_get
from coachway.core.types.durations import format_minutes
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.fleet.model import VEHICLE, Driver, Vehicle
from coachway.hours.model import DutyStatus, Segment
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.identity.organizations.branding import build_brand

_STATUS_NAMES: Final = {
    DutyStatus.OFF: "Off duty",
    DutyStatus.SLEEPER: "Sleeper berth",
    DutyStatus.ON: "On duty",
    DutyStatus.DRIVING: "Driving",
}
_TINTS: Final = {DutyStatus.DRIVING: 1.0, DutyStatus.ON: 0.45, DutyStatus.SLEEPER: 0.12, DutyStatus.OFF: 0.12}
"""The share of the organization's accent color in the duty bar."""
_COLUMN_WIDTH: Final = 30 * mm
_HEADING_HEIGHT: Final = 30 * mm
_ROW_HEIGHT: Final = 6 * mm
_MAX_UNBROKEN_ROWS: Final = 20
"""A duty plan with at most this many rows is kept on one page."""


def get_trip_sheet(caller: Caller, assignment_id: str) -> FileResponse:
    """Get the trip sheet of an assignment. Raises NotFound, also when an external user may not see it. Two reads."""
    assignment = repository.get_assignment(caller, assignment_id)
    driver_keys = [DRIVER.key(org=caller.org_id, id=driver_id) for driver_id in assignment.crew]
    vehicle_key, organization_key = (
        VEHICLE.key(org=caller.org_id, id=assignment.vehicle_id),
        ORGANIZATIONS.key(org=caller.org_id),
    )
    batch = batch_get([*driver_keys, vehicle_key, organization_key])
    drivers = [driver for key in driver_keys if (driver := batch.find(Driver, key)) is not None]
    pdf = render_pdf(assignment, drivers, batch.find(Vehicle, vehicle_key), batch.get(Organization, organization_key))
    name = f"trip-sheet-{assignment.charter_number}-{assignment.vehicle_number}.pdf"
    return FileResponse(pdf, "application/pdf", name, inline=True)


def render_pdf(
    assignment: Assignment, drivers: Sequence[Driver], vehicle: Vehicle | None, organization: Organization
) -> bytes:
    """Render the PDF. It has no prices."""
    brand, formatter = build_brand(organization), build_formatter(organization)
    document = document_pdf.PdfDocument(
        brand,
        title="Trip sheet",
        subtitle=f"{assignment.charter_number} · vehicle {assignment.vehicle_number}",
        reference=assignment.charter_number,
        currency=organization.currency,
    )
    document.add_heading(formatter.day(assignment.starts_at, assignment.timezone))
    document.add_facts(_facts(assignment, vehicle, formatter))
    numbers = _phone_numbers(assignment, drivers, brand)
    if numbers:
        document.add_heading("Phone numbers")
        document.add_facts(numbers)
    if assignment.stops:
        document.add_heading("Stops")
        document.add_flowable(build_stops_table(brand, document.width, _stops(assignment, formatter)))
    if assignment.notes.strip():
        document.add_heading("Notes")
        document.add_paragraph(assignment.notes)
    for name, duty in (
        (assignment.driver_name, assignment.duty),
        (assignment.second_driver_name or "", assignment.second_duty),
    ):
        if duty:
            document.add_heading(
                f"Hours of {name}", min_space=_HEADING_HEIGHT + min(len(duty), _MAX_UNBROKEN_ROWS) * _ROW_HEIGHT
            )
            document.add_paragraph(_duty_summary(duty))
            document.add_flowable(_duty_bar(brand, duty, document.width))
            document.add_flowable(Spacer(0, 4))
            document.add_flowable(_plan_table(assignment, duty, formatter, document.width))
    return document.render()


def _facts(assignment: Assignment, vehicle: Vehicle | None, formatter: Formatter) -> list[tuple[str, str]]:
    start, zone = assignment.starts_at, assignment.timezone
    report_time = f"{formatter.clock(start, zone)} {formatter.zone(start, zone)}"
    drivers = [assignment.driver_name, *([assignment.second_driver_name] if assignment.second_driver_name else [])]
    seats = f", {vehicle.capacity} seats" if vehicle else ""
    plate = f", {vehicle.plate}" if vehicle else ""
    facts = [
        ("Drivers" if len(drivers) > 1 else "Driver", " and ".join(drivers)),
        ("Vehicle", f"{assignment.vehicle_name}{plate}{seats}"),
        ("Report for duty", report_time),
        ("Off duty", _format_end(assignment, formatter)),
        ("Passengers", str(assignment.passengers)),
    ]
    if vehicle and (vehicle.amenities or vehicle.is_ada_compliant):
        amenities = [humanize(amenity) for amenity in vehicle.amenities]
        facts.append(
            ("On board", ", ".join([*amenities, *(["Wheelchair access"] if vehicle.is_ada_compliant else [])]))
        )
    return facts


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
        for label, moment in (("Arrive", stop.arrival), ("Depart", stop.departure)):
            if moment is None:
                continue
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


def _duty_bar(brand: Brand, duty: Sequence[Segment], width: float) -> Flowable:
    """Draw the duty as a bar: the darker a segment, the more it counts for the hours of service."""
    length = duty[-1].end - duty[0].start
    widths = [max(1.0, width * (segment.length / length)) for segment in duty]
    scale = width / sum(widths)
    accent = HexColor(brand.accent)
    fills = [
        ("BACKGROUND", (column, 0), (column, 0), _tint(accent, _TINTS[segment.status]))
        for column, segment in enumerate(duty)
    ]
    return Table(
        [[""] * len(duty)],
        colWidths=[segment_width * scale for segment_width in widths],
        rowHeights=[5 * mm],
        style=fills,
        hAlign="LEFT",
    )


def _tint(color: Color, share: float) -> Color:
    mixed = [
        round(255 * (share * part + (1 - share) * base)) for part, base in zip(color.rgb(), white.rgb(), strict=True)
    ]
    return HexColor("#{:02x}{:02x}{:02x}".format(*mixed))


def _plan_table(assignment: Assignment, duty: Sequence[Segment], formatter: Formatter, width: float) -> Table:
    """List the segments of the duty with times and lengths."""
    zone, last_day, rows = assignment.timezone, "", []
    for segment in duty:
        day = formatter.short_day(segment.start, zone)
        times = f"{formatter.clock(segment.start, zone)} to {formatter.clock(segment.end, zone)}"
        activity = "Riding along" if segment.riding else _STATUS_NAMES[segment.status]
        rows.append(
            [
                Paragraph(
                    document_pdf.escape_text(day if day != last_day else ""),
                    document_pdf.paragraph_style(9, quiet=True),
                ),
                Paragraph(document_pdf.escape_text(times), document_pdf.paragraph_style(9.5)),
                Paragraph(
                    document_pdf.escape_text(activity),
                    document_pdf.paragraph_style(9.5, bold=segment.status is DutyStatus.DRIVING),
                ),
                Paragraph(document_pdf.escape_text(_format_length(segment.length)), document_pdf.paragraph_style(9.5)),
            ]
        )
        last_day = day
    return Table(
        rows,
        colWidths=[1.2 * _COLUMN_WIDTH, 1.6 * _COLUMN_WIDTH, 1.4 * _COLUMN_WIDTH, width - 4.2 * _COLUMN_WIDTH],
        style=[
            *document_pdf.FLUSH_STYLE,
            ("TOPPADDING", (0, 0), (-1, -1), 1.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, document_pdf.LINE_COLOR),
        ],
    )
