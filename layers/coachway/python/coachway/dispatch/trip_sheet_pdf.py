"""The trip sheet: all that a driver needs on the road, on paper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, Spacer, Table

from coachway.bookings.charter_text import STOP_TYPE_NAMES, StopText, TimeText, brand_of, formatter_of
from coachway.bookings.itinerary_pdf import build_stops_table
from coachway.core.caller import Caller
from coachway.core.documents import pdf as document_pdf
from coachway.core.documents.branding import Brand
from coachway.core.documents.formatting import Formatter, humanized, telephone
from coachway.core.http.response_types import FileResponse
from coachway.core.store import batch_get
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.fleet.model import DRIVER, VEHICLE, Driver, Vehicle
from coachway.hours.model import Segment, Status
from coachway.identity.model.organization import ORGANIZATIONS, Organization

_DOING: Final = {
    Status.OFF: "Off duty",
    Status.SLEEPER: "Sleeper berth",
    Status.ON: "On duty",
    Status.DRIVING: "Driving",
}
_INK: Final = {Status.DRIVING: 1.0, Status.ON: 0.45, Status.SLEEPER: 0.12, Status.OFF: 0.12}
"""How dark a status is on the bar of the day, of the organization's colour."""
_WIDE: Final = 30 * mm
_ROOM: Final = 30 * mm
_ROW: Final = 6 * mm
_ROWS: Final = 20
"""What a plan takes besides its rows, and each row; up to so many of them are kept on one page."""


def get_trip_sheet(caller: Caller, assignment_id: str) -> FileResponse:
    """The trip sheet of an assignment. Raises Missing, also for people outside whose it is not. Two reads."""
    assignment = repository.get(caller, assignment_id)
    crew = [DRIVER.key(org=caller.org_id, id=each) for each in assignment.crew]
    what, terms = VEHICLE.key(org=caller.org_id, id=assignment.vehicle_id), ORGANIZATIONS.key(org=caller.org_id)
    found = batch_get([*crew, what, terms])
    people = [each for key in crew if (each := found.find(Driver, key)) is not None]
    paper = render_pdf(assignment, people, found.find(Vehicle, what), found.get(Organization, terms))
    name = f"trip-sheet-{assignment.charter_number}-{assignment.vehicle_number}.pdf"
    return FileResponse(paper, "application/pdf", name, inline=True)


def render_pdf(
    assignment: Assignment, people: Sequence[Driver], vehicle: Vehicle | None, organization: Organization
) -> bytes:
    """The paper. Prices are not on it."""
    brand, words = brand_of(organization), formatter_of(organization)
    sheet = document_pdf.PdfDocument(
        brand,
        title="Trip sheet",
        subtitle=f"{assignment.charter_number} · vehicle {assignment.vehicle_number}",
        reference=assignment.charter_number,
        currency=organization.currency,
    )
    sheet.heading(words.day(assignment.starts_at, assignment.timezone))
    sheet.facts(_facts(assignment, vehicle, words))
    numbers = _phone_numbers(assignment, people, brand)
    if numbers:
        sheet.heading("Phone numbers")
        sheet.facts(numbers)
    if assignment.stops:
        sheet.heading("Stops")
        sheet.add(build_stops_table(brand, sheet.width, _stops(assignment, words)))
    if assignment.notes.strip():
        sheet.heading("Notes")
        sheet.paragraph(assignment.notes)
    for name, duty in (
        (assignment.driver_name, assignment.duty),
        (assignment.second_driver_name or "", assignment.second_duty),
    ):
        if duty:
            sheet.heading(f"Hours of {name}", room=_ROOM + min(len(duty), _ROWS) * _ROW)
            sheet.paragraph(_duty_summary(duty))
            sheet.add(_duty_bar(brand, duty, sheet.width))
            sheet.add(Spacer(0, 4))
            sheet.add(_plan_table(assignment, duty, words, sheet.width))
    return sheet.pdf()


def _facts(assignment: Assignment, vehicle: Vehicle | None, words: Formatter) -> list[tuple[str, str]]:
    at, zone = assignment.starts_at, assignment.timezone
    begins = f"{words.clock(at, zone)} {words.zone(at, zone)}"
    drivers = [assignment.driver_name, *([assignment.second_driver_name] if assignment.second_driver_name else [])]
    seats = f", {vehicle.capacity} seats" if vehicle else ""
    plate = f", {vehicle.plate}" if vehicle else ""
    facts = [
        ("Drivers" if len(drivers) > 1 else "Driver", " and ".join(drivers)),
        ("Vehicle", f"{assignment.vehicle_name}{plate}{seats}"),
        ("Report for duty", begins),
        ("Off duty", _format_end(assignment, words)),
        ("Passengers", str(assignment.passengers)),
    ]
    if vehicle and (vehicle.amenities or vehicle.is_ada_compliant):
        has = [humanized(each) for each in vehicle.amenities]
        facts.append(("On board", ", ".join([*has, *(["Takes wheelchairs"] if vehicle.is_ada_compliant else [])])))
    return facts


def _format_end(assignment: Assignment, words: Formatter) -> str:
    zone = assignment.timezone
    said = f"{words.clock(assignment.ends_at, zone)} {words.zone(assignment.ends_at, zone)}"
    same_day = words.day(assignment.starts_at, zone) == words.day(assignment.ends_at, zone)
    return said if same_day else f"{said}, {words.short_day(assignment.ends_at, zone)}"


def _phone_numbers(assignment: Assignment, people: Sequence[Driver], brand: Brand) -> list[tuple[str, str]]:
    """Whom to call: the office, the client, and each other."""
    known = [("Dispatch", brand.phone), (assignment.contact_name or "Client", assignment.contact_phone or "")]
    known += [(each.name, each.phone) for each in people] if len(people) > 1 else []
    return [(name, telephone(number)) for name, number in known if number]


def _stops(assignment: Assignment, words: Formatter) -> list[StopText]:
    """Every stop on its own clock; a day is said once, until it changes."""
    found, said = [], ""
    for stop in assignment.stops:
        times = []
        for label, at in (("Arrive", stop.arrival), ("Depart", stop.departure)):
            if at is None:
                continue
            day = words.day(at, stop.timezone)
            clock = f"{words.clock(at, stop.timezone)} {words.zone(at, stop.timezone)}"
            times.append(TimeText(label, clock, day if day != said else ""))
            said = day
        found.append(StopText(STOP_TYPE_NAMES[stop.stop_type], stop.address, times))
    return found


def _duty_summary(duty: Sequence[Segment]) -> str:
    driving = sum((each.length for each in duty if each.status is Status.DRIVING), timedelta())
    working = sum((each.length for each in duty if not each.status.is_rest), timedelta())
    return f"{_format_length(driving)} of driving, {_format_length(working)} on duty in all, as planned."


def _format_length(length: timedelta) -> str:
    minutes = round(length / timedelta(minutes=1))
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def _duty_bar(brand: Brand, duty: Sequence[Segment], width: float) -> Flowable:
    """The duty at one glance: the darker, the more it counts."""
    whole = duty[-1].end - duty[0].start
    widths = [max(1.0, width * (each.length / whole)) for each in duty]
    scale = width / sum(widths)
    accent = HexColor(brand.accent)
    fills = [
        ("BACKGROUND", (column, 0), (column, 0), _tint(accent, _INK[each.status])) for column, each in enumerate(duty)
    ]
    return Table(
        [[""] * len(duty)], colWidths=[each * scale for each in widths], rowHeights=[5 * mm], style=fills, hAlign="LEFT"
    )


def _tint(color: Color, share: float) -> Color:
    mixed = [
        round(255 * (share * part + (1 - share) * base)) for part, base in zip(color.rgb(), white.rgb(), strict=True)
    ]
    return HexColor("#{:02x}{:02x}{:02x}".format(*mixed))


def _plan_table(assignment: Assignment, duty: Sequence[Segment], words: Formatter, width: float) -> Table:
    """Each stretch of the duty with its times and length."""
    zone, said, rows = assignment.timezone, "", []
    for each in duty:
        day = words.short_day(each.start, zone)
        shown = f"{words.clock(each.start, zone)} to {words.clock(each.end, zone)}"
        doing = "Riding along" if each.riding else _DOING[each.status]
        rows.append(
            [
                Paragraph(document_pdf.text(day if day != said else ""), document_pdf.style(9, quiet=True)),
                Paragraph(document_pdf.text(shown), document_pdf.style(9.5)),
                Paragraph(document_pdf.text(doing), document_pdf.style(9.5, bold=each.status is Status.DRIVING)),
                Paragraph(document_pdf.text(_format_length(each.length)), document_pdf.style(9.5)),
            ]
        )
        said = day
    return Table(
        rows,
        colWidths=[1.2 * _WIDE, 1.6 * _WIDE, 1.4 * _WIDE, width - 4.2 * _WIDE],
        style=[
            *document_pdf.FLUSH,
            ("TOPPADDING", (0, 0), (-1, -1), 1.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, document_pdf.RULE),
        ],
    )
