"""Leads in messages."""

from coachway.contracts.sales import LeadAssigned, LeadUnassigned
from coachway.core.documents.formatting import Formatter, format_phone
from coachway.core.types.code_words import humanize


def lead_rows(event: LeadAssigned | LeadUnassigned, formatter: Formatter) -> list[tuple[str, str]]:
    """How to reach the person, and what they ask for; without what is not known."""
    rows = [
        ("Name", event.full_name),
        ("Company", event.company),
        ("Phone", format_phone(event.phone) if event.phone else ""),
        ("Email", event.email or ""),
        ("Source", humanize(event.source)),
        ("Date", formatter.day(event.estimated_trip_date) if event.estimated_trip_date else ""),
        ("Passengers", str(event.estimated_passengers or "")),
        ("From", event.pickup_location),
        ("To", event.dropoff_location),
        ("Request", event.trip_details),
    ]
    return [(label, value) for label, value in rows if value]
