"""The itinerary tells where and when, and no price."""

from __future__ import annotations

from coachway.bookings import itinerary_pdf
from tests.unit.bookings.charters import CLIENT, ORGANIZATION, charter


def test_an_itinerary_is_one_page_for_a_trip_of_a_few_stops() -> None:
    pdf = itinerary_pdf.render_itinerary(charter(notes="Ring 30 minutes before."), CLIENT, ORGANIZATION)
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") == 1


def test_fifty_stops_and_the_longest_notes_break_over_pages() -> None:
    stops = [stop.model_copy(update={"address": "W" * 200}) for stop in charter().stops * 17][:50]
    pdf = itinerary_pdf.render_itinerary(charter(stops=stops, notes="n\n" * 2000), CLIENT, ORGANIZATION)
    assert pdf.count(b"/Type /Page\n") > 5
