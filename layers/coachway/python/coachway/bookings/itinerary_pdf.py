"""The itinerary as a PDF: stops and times, for drivers and passengers."""

from collections.abc import Sequence
from typing import Final

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, Table

from coachway.bookings import charter_text
from coachway.bookings.charter_text import LabeledValue, StopText, build_formatter
from coachway.bookings.charters.model import Charter
from coachway.clients.model import Client
from coachway.core.documents import pdf as document_pdf
from coachway.core.documents.branding import Brand
from coachway.core.documents.formatting import format_phone, humanize
from coachway.identity.model.organization import Organization
from coachway.identity.organizations.branding import build_brand

_NUMBER_WIDTH: Final = 8 * mm
_TIMES_WIDTH: Final = 48 * mm


def render_itinerary(charter: Charter, client: Client, organization: Organization) -> bytes:
    """Render the itinerary. It shows no prices, because drivers use it too."""
    brand, formatter = build_brand(organization), build_formatter(organization)
    document = document_pdf.PdfDocument(
        brand,
        title="Itinerary",
        subtitle=f"{charter.number} · {humanize(charter.status)}",
        reference=charter.number,
        currency=organization.currency,
    )
    document.add_heading(charter_text.describe_days(charter, formatter))
    facts = [
        LabeledValue("Client", client.name),
        LabeledValue("Phone", format_phone(client.phone or "")),
        *charter_text.describe_trip(charter),
    ]
    facts.append(LabeledValue("Distance", f"{formatter.number(charter.miles)} miles"))
    document.add_facts([(fact.label, fact.value) for fact in facts])
    crews = charter_text.describe_crews(charter)
    if crews:
        document.add_heading("Your drivers" if len(crews) > 1 else "Your driver")
        document.add_facts([(fact.label, fact.value) for fact in crews])
    document.add_heading("Stops")
    document.add_flowable(
        build_stops_table(brand, document.width, charter_text.describe_stops(charter.stops, formatter))
    )
    if charter.notes.strip():
        document.add_heading("Notes")
        document.add_paragraph(charter.notes)
    return document.render()


def build_stops_table(brand: Brand, width: float, stops: Sequence[StopText]) -> Table:
    """A table with one row per stop: number, times, type and address."""
    rows = []
    for number, stop in enumerate(stops, 1):
        times_cell = []
        for time in stop.times:
            if time.day:
                times_cell.append(
                    Paragraph(document_pdf.escape_text(time.day), document_pdf.paragraph_style(8.5, quiet=True))
                )
            times_cell.append(
                Paragraph(
                    f"{document_pdf.escape_text(time.label)} <b>{document_pdf.escape_text(time.value)}</b>",
                    document_pdf.paragraph_style(10),
                )
            )
        place_cell = [
            Paragraph(document_pdf.escape_text(stop.kind), document_pdf.paragraph_style(8.5, quiet=True)),
            Paragraph(document_pdf.escape_text(stop.address), document_pdf.paragraph_style(10.5, bold=True)),
        ]
        number_cell = Paragraph(
            f'<para align="center"><font color="#ffffff">{number}</font></para>',
            document_pdf.paragraph_style(11, bold=True),
        )
        rows.append([number_cell, times_cell, place_cell])
    return Table(
        rows,
        colWidths=[_NUMBER_WIDTH, _TIMES_WIDTH, width - _NUMBER_WIDTH - _TIMES_WIDTH],
        style=[
            *document_pdf.FLUSH_STYLE,
            ("TOPPADDING", (0, 0), (-1, -1), 7),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 8),
            ("LINEBELOW", (1, 0), (-1, -1), 0.6, document_pdf.LINE_COLOR),
            ("LEFTPADDING", (1, 0), (-1, -1), 8),
            ("BACKGROUND", (0, 0), (0, -1), HexColor(brand.accent)),
            ("RIGHTPADDING", (0, 0), (0, -1), 0),
            ("LINEBELOW", (0, 0), (0, -2), 1.5, HexColor("#ffffff")),
        ],
    )
