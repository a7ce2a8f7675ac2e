"""The itinerary: where a charter goes and when, for the people who drive it and the people who ride."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, Table

from coachway.bookings.wording import StopWords
from coachway.core import papers
from coachway.core.branding import Brand

_MARK: Final = 8 * mm
_TIMES: Final = 40 * mm


@dataclass(frozen=True, slots=True)
class Itinerary:
    """What goes onto the paper, worded already."""

    number: str
    status: str
    day: str
    facts: Sequence[tuple[str, str]]
    stops: Sequence[StopWords]
    notes: str
    territory: str = "US"


def pdf(brand: Brand, itinerary: Itinerary) -> bytes:
    """The paper."""
    sheet = papers.Sheet(
        brand,
        title="Itinerary",
        subtitle=f"{itinerary.number} · {itinerary.status}",
        reference=itinerary.number,
        territory=itinerary.territory,
    )
    sheet.heading(itinerary.day)
    sheet.facts(itinerary.facts)
    sheet.heading("Stops")
    sheet.parts.append(_stops(brand, sheet.width, itinerary.stops))
    if itinerary.notes.strip():
        sheet.heading("Notes")
        sheet.paragraph(itinerary.notes)
    return sheet.pdf()


def _stops(brand: Brand, width: float, stops: Sequence[StopWords]) -> Table:
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
            *([Paragraph(papers.text(stop.notes), papers.style(9.5))] if stop.notes else []),
        ]
        rows.append([Paragraph(f'<font color="#ffffff">{number}</font>', _number_style()), times, place])
    table = Table(
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
    return table
