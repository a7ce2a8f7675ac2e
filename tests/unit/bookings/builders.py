"""Builders of charters, their client and their organization."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from coachway.bookings.charters.model import Charter, CharterQuote
from coachway.bookings.charters.trip_model import Stop, StopType, TripType
from coachway.clients.model import Client
from coachway.clients.rules import PaymentTerms
from coachway.identity.model.organization import Branding, Organization
from coachway.pricing.quote_model import Line

ORG_ID: Final = "org_01JQZZZZZZZZZZZZZZZZZZZZZZ"
SENT: Final = datetime(2027, 2, 24, 22, 0, tzinfo=UTC)
EXPIRES: Final = datetime(2027, 2, 27, 22, 0, tzinfo=UTC)
STARTS: Final = datetime(2027, 3, 3, 14, 0, tzinfo=UTC)

ORGANIZATION: Final = Organization(
    id=ORG_ID,
    org_id=ORG_ID,
    name="Harbor Coach",
    slug="harbor",
    timezone="America/New_York",
    currency="USD",
    fuel_surcharge_per_mile=Decimal("0.01"),
    branding=Branding(color="#00695c", email="hello@harbor.example", phone="+12125550100"),
)
CLIENT: Final = Client(
    id="cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
    org_id=ORG_ID,
    name="Acme Events",
    client_type="corporate",
    email="events@acme.example",
    phone="+12125550123",
    payment_terms=PaymentTerms.NET_30,
    credit_limit=10_000_00,
)


def build_line(kind: Any, label: str, quantity: str, unit: int, amount: int) -> Line:
    return Line(kind=kind, label=label, quantity=Decimal(quantity), unit_amount=unit, amount=amount)


def build_charter(**fields: Any) -> Charter:
    """A sent quote for a one-way trip from New York to Atlantic City; `fields` replaces fields."""
    stops = [
        Stop(stop_type=StopType.PICKUP, address="11 Wall St, New York, NY", estimated_departure=STARTS),
        Stop(
            stop_type=StopType.WAYPOINT,
            address="Cheesequake Service Area, Sayreville, NJ",
            estimated_arrival=datetime(2027, 3, 3, 15, 0, tzinfo=UTC),
            estimated_departure=datetime(2027, 3, 3, 15, 20, tzinfo=UTC),
        ),
        Stop(
            stop_type=StopType.DROPOFF,
            address="1901 Boardwalk, Atlantic City, NJ",
            estimated_arrival=datetime(2027, 3, 3, 17, 0, tzinfo=UTC),
        ),
    ]
    stops_with_zone = [stop.model_copy(update={"timezone": "America/New_York"}) for stop in stops]
    lines = [
        build_line("base_rate", "Coach base", "1", 35000, 35000),
        build_line("mileage_rate", "Per mile", "200", 250, 50000),
        build_line("time_multiplier", "Weekend", "0.25", 85000, 21250),
        build_line("amenity", "Wi-Fi", "1", 5000, 5000),
        build_line("fuel_surcharge", "Fuel surcharge", "200", 1, 200),
    ]
    default = Charter(
        id="chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
        org_id=ORG_ID,
        number="CH-2027-000001",
        client_id=CLIENT.id,
        trip_type=TripType.ONE_WAY,
        vehicle_class="coach",
        vehicle_count=1,
        passengers=40,
        amenities=["wifi"],
        stops=stops_with_zone,
        miles=Decimal(200),
        timezone="America/New_York",
        trip_date=date(2027, 3, 3),
        starts_at=STARTS,
        ends_at=datetime(2027, 3, 3, 17, 0, tzinfo=UTC),
        quote=CharterQuote(
            id="quo_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
            lines=lines,
            subtotal=111450,
            discount=0,
            tax=0,
            total=111450,
            currency="USD",
            warnings=[],
        ),
        quote_sent_at=SENT,
        quote_expires_at=EXPIRES,
    )
    return default.model_copy(update=fields)
