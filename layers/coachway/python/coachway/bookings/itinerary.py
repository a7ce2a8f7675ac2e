"""The itinerary: where a charter goes and when, for the people who drive it and the people who ride."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, Table

from coachway.bookings import wording
from coachway.bookings.model import Charter
from coachway.bookings.wording import Fact, StopWords, brand_of, wording_of
from coachway.clients.model import Client
from coachway.core import papers
from coachway.core.branding import Brand
from coachway.core.wording import humanized, telephone
from coachway.identity.organization import Organization

_MARK: Final = 8 * mm
_TIMES: Final = 48 * mm


def pdf(charter: Charter, client: Client, organization: Organization) -> bytes:
    """The paper. Prices are not on it: drivers carry it."""
    brand, words = brand_of(organization), wording_of(organization)
    sheet = papers.Sheet(
        brand,
        title="Itinerary",
        subtitle=f"{charter.number} · {humanized(charter.status)}",
        reference=charter.number,
        currency=organization.currency,
    )
    sheet.heading(wording.days(charter, words))
    facts = [Fact("Client", client.name), Fact("Phone", telephone(client.phone or "")), *wording.facts(charter)]
    facts.append(Fact("Distance", f"{words.number(charter.miles)} miles"))
    sheet.facts([(fact.label, fact.value) for fact in facts])
    crews = wording.crews(charter)
    if crews:
        sheet.heading("Your drivers" if len(crews) > 1 else "Your driver")
        sheet.facts([(fact.label, fact.value) for fact in crews])
    sheet.heading("Stops")
    sheet.add(stops_table(brand, sheet.width, wording.stops(charter.stops, words)))
    if charter.notes.strip():
        sheet.heading("Notes")
        sheet.paragraph(charter.notes)
    return sheet.pdf()


def stops_table(brand: Brand, width: float, stops: Sequence[StopWords]) -> Table:
    """One row for each stop: its number, its times, where it is and what happens there."""
    rows = []
    for number, stop in enumerate(stops, 1):
        times = []
        for time in stop.times:
            if time.day:
                times.append(Paragraph(papers.text(time.day), papers.style(8.5, quiet=True)))
            times.append(Paragraph(f"{papers.text(time.label)} <b>{papers.text(time.value)}</b>", papers.style(10)))
        place = [
            Paragraph(papers.text(stop.kind), papers.style(8.5, quiet=True)),
            Paragraph(papers.text(stop.address), papers.style(10.5, bold=True)),
        ]
        mark = Paragraph(
            f'<para align="center"><font color="#ffffff">{number}</font></para>', papers.style(11, bold=True)
        )
        rows.append([mark, times, place])
    return Table(
        rows,
        colWidths=[_MARK, _TIMES, width - _MARK - _TIMES],
        style=[
            *papers.FLUSH,
            ("TOPPADDING", (0, 0), (-1, -1), 7),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 8),
            ("LINEBELOW", (1, 0), (-1, -1), 0.6, papers.RULE),
            ("LEFTPADDING", (1, 0), (-1, -1), 8),
            ("BACKGROUND", (0, 0), (0, -1), HexColor(brand.accent)),
            ("RIGHTPADDING", (0, 0), (0, -1), 0),
            ("LINEBELOW", (0, 0), (0, -2), 1.5, HexColor("#ffffff")),
        ],
    )
