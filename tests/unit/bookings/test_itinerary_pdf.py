"""The itinerary PDF."""

from __future__ import annotations

from coachway.bookings import itinerary_pdf
from tests.unit.bookings.builders import CLIENT, ORGANIZATION, build_charter


def test_render_itinerary_with_few_stops_fits_one_page() -> None:
    pdf = itinerary_pdf.render_itinerary(build_charter(notes="Ring 30 minutes before."), CLIENT, ORGANIZATION)
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") == 1


def test_render_itinerary_with_fifty_stops_and_long_notes_breaks_pages() -> None:
    stops = [stop.model_copy(update={"address": "W" * 200}) for stop in build_charter().stops * 17][:50]
    pdf = itinerary_pdf.render_itinerary(build_charter(stops=stops, notes="n\n" * 2000), CLIENT, ORGANIZATION)
    assert pdf.count(b"/Type /Page\n") > 5
