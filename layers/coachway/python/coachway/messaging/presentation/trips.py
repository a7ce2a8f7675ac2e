"""Trips, bids and documents in messages."""

from __future__ import annotations

from typing import Final

from coachway.contracts.bids import BiddingInvited
from coachway.contracts.bookings import CharterBooked, CharterCancelled, QuoteDeclined, QuoteSent
from coachway.contracts.compliance import DocumentExpired, DocumentExpiring
from coachway.core.documents.formatting import Formatter, format_vehicles, humanize

CharterEvent = QuoteSent | QuoteDeclined | CharterBooked | CharterCancelled

_STOP_LABELS: Final = {"pickup": "Pickup", "dropoff": "Drop-off", "waypoint": "Stop"}


def trip_start(event: CharterEvent | BiddingInvited, words: Formatter) -> str:
    """`Wednesday, March 3, 2027, 9:00 AM EST`, in the time zone of the first stop."""
    return words.moment(event.starts_at, event.timezone)


def trip_vehicles(event: CharterEvent | BiddingInvited) -> str:
    """`Coach`, or `2 × Minibus`."""
    return format_vehicles(event.vehicle_count, event.vehicle_class)


def trip_price(event: CharterEvent, words: Formatter) -> str:
    """The total: `$726.50`."""
    return words.money(event.total, event.currency)


def trip_stops(event: CharterEvent, words: Formatter) -> list[tuple[str, str]]:
    """Label and address of each stop: `Pickup, 9:00 AM EST`; with the day if it is not that of the stop before."""
    rows = []
    previous_day = words.local(event.starts_at, event.timezone).date()
    for stop in event.stops:
        label = _STOP_LABELS.get(stop.stop_type, "Stop")
        time = stop.departure or stop.arrival
        if time is not None:
            day = words.local(time, stop.timezone).date()
            label += f", {words.short_day(time, stop.timezone)}" if day != previous_day else ""
            label += f", {words.clock(time, stop.timezone)} {words.zone(time, stop.timezone)}"
            previous_day = day
        rows.append((label, stop.address))
    return rows


def document_kind(event: DocumentExpiring | DocumentExpired) -> str:
    """`Business license`."""
    return humanize(event.document_type)


def expiration_day(event: DocumentExpiring | DocumentExpired) -> str:
    """`March 3, 2027`."""
    return f"{event.expiration_date:%B} {event.expiration_date.day}, {event.expiration_date.year}"


def days_left(event: DocumentExpiring) -> str:
    """`in 7 days`."""
    if event.days_left < 1:
        return "today"
    return "in 1 day" if event.days_left == 1 else f"in {event.days_left} days"
