"""The itinerary PDF."""

from __future__ import annotations

from coachway.bookings import itinerary_pdf
from tests.unit.bookings.builders import CLIENT, ORGANIZATION, build_charter
from tests.unit.pdf_text import read_pages


def test_render_itinerary_with_few_stops_fits_one_page() -> None:
    charter = build_charter(notes="Ring 30 minutes before.")
    [page] = read_pages(itinerary_pdf.render_itinerary(charter, CLIENT, ORGANIZATION))
    assert all(stop.address in page for stop in charter.stops)
    assert "Ring 30 minutes before." in page


def test_render_itinerary_with_twelve_stops_begins_them_on_the_first_page() -> None:
    stops = [
        stop.model_copy(update={"address": f"{number} Ocean Drive"})
        for number, stop in enumerate(build_charter().stops * 4, 1)
    ]
    pages = read_pages(itinerary_pdf.render_itinerary(build_charter(stops=stops), CLIENT, ORGANIZATION))
    assert len(pages) <= 2
    assert "8 Ocean Drive" in pages[0]


def test_render_itinerary_with_fifty_stops_and_long_notes_breaks_pages() -> None:
    stops = [stop.model_copy(update={"address": "W" * 200}) for stop in build_charter().stops * 17][:50]
    pdf = itinerary_pdf.render_itinerary(build_charter(stops=stops, notes="n\n" * 2000), CLIENT, ORGANIZATION)
    pages = read_pages(pdf)
    assert len(pages) > 5
    assert "".join(pages).count("W") >= 50 * 200
