"""The fields that events copy from a charter."""

from typing import Any

from coachway.bookings import instalments
from coachway.bookings.charters import agreed_terms
from coachway.bookings.charters.model import Charter
from coachway.clients.model import Client, Contact
from coachway.contracts.bookings import TripStop


def charter_event_fields(charter: Charter) -> dict[str, Any]:
    """The fields of every charter event."""
    return {
        "number": charter.number,
        "client_id": charter.client_id,
        "trip_date": charter.trip_date,
        "timezone": charter.timezone,
        "starts_at": charter.starts_at,
        "ends_at": charter.ends_at,
        "vehicle_class": charter.vehicle_class,
        "vehicle_count": charter.vehicle_count,
        "vehicle_groups": charter.vehicle_groups,
        "passengers": charter.passengers,
        "total": charter.quote.total,
        "currency": charter.quote.currency,
        "revision_number": charter.revision_number,
        "vendor_ids": charter.vendor_ids,
        "salesperson_id": charter.salesperson_id,
    }


def client_event_fields(charter: Charter, client: Client | None, contact: Contact | None) -> dict[str, Any]:
    """The fields of events that are emailed to the client; name and email are empty if the client was removed."""
    is_reachable = client is not None and contact is not None and contact.email is not None
    stops = [
        TripStop(
            stop_type=stop.stop_type.value,
            address=stop.address,
            timezone=stop.timezone or charter.timezone,
            arrival=stop.estimated_arrival,
            departure=stop.estimated_departure,
        )
        for stop in charter.stops
    ]
    return {
        **charter_event_fields(charter),
        "client_name": client.name if client else "",
        "client_email": client.email if client else "",
        "contact_name": contact.name if contact is not None and is_reachable else "",
        "contact_email": contact.email if contact is not None and is_reachable else "",
        "stops": stops,
    }


def booking_event_fields(charter: Charter, client: Client, contact: Contact | None, link_nonce: str) -> dict[str, Any]:
    """The fields of events that confirm a booking to the client. `link_nonce` is that of the trip's page."""
    return {
        **client_event_fields(charter, client, contact),
        "accepted_by": charter.accepted_by or "",
        "amount_paid": charter.amount_paid,
        "balance_due_on": instalments.find_next_due_date(charter.instalments, charter.amount_paid),
        "link_nonce": link_nonce,
        "cancellation_terms": agreed_terms.describe_cancellation(charter),
    }
