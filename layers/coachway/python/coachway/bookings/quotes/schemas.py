"""The public view of a quote by its link. It contains no costs, no margin and no internal ids."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, Field

from coachway.bookings.charters import agreed_terms, public_price
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.trip_model import StopType, TripType
from coachway.bookings.quotes.links import LinkedQuote, open_link
from coachway.core.schemas import BaseSchema
from coachway.core.trip_vehicles import VehicleGroup
from coachway.core.types.datetimes import LocalTime
from coachway.core.types.money import ApiAmount
from coachway.identity import organization_queries
from coachway.identity.model.organization import Organization
from coachway.pricing.rule_model import json_number


class StopView(BaseSchema):
    """A stop of the trip."""

    stop_type: StopType
    address: str
    timezone: str
    estimated_arrival: LocalTime | None
    estimated_departure: LocalTime | None


class LineView(BaseSchema):
    """A line of the price."""

    kind: str
    label: str
    quantity: Annotated[Decimal, *json_number({})]
    unit_amount: ApiAmount
    amount: ApiAmount


class QuoteView(BaseSchema):
    """A quote as the client sees it. `status` is `quote` until answered; `bookable` is false if a warning blocks it."""

    organization_name: str
    number: str
    status: Annotated[str, Field(examples=["quote"])]
    revision_number: int
    expires_at: AwareDatetime
    bookable: bool
    trip_type: TripType
    trip_date: date
    timezone: str
    starts_at: LocalTime
    ends_at: LocalTime
    vehicle_class: str
    vehicle_count: int
    vehicle_groups: list[VehicleGroup]
    passengers: int
    amenities: list[str]
    stops: list[StopView]
    lines: list[LineView]
    subtotal: ApiAmount
    discount: ApiAmount
    tax: ApiAmount
    total: ApiAmount
    currency: str
    cancellation_terms: Annotated[list[str], Field(description="What the client gets back when cancelling.")]
    terms: Annotated[str, Field(description="Terms and conditions; accepting the quote accepts them.")]
    accepted_by: str | None
    accepted_at: AwareDatetime | None


def get_quote_view(token: str) -> QuoteView:
    """The quote of a link, answered or not. Raises NotFound, or QuoteLinkReplaced after a revision."""
    linked = open_link(token)
    return build_quote_view(linked, organization_queries.get_organization(linked.charter.org_id))


def build_quote_view(linked: LinkedQuote, organization: Organization) -> QuoteView:
    """Build the client's view of a quote."""
    view = build_charter_view(linked.charter, linked.link.expires, organization)
    return view.model_copy(update={"status": "expired"}) if linked.is_expired else view


def build_charter_view(charter: Charter, expires_at: datetime, organization: Organization) -> QuoteView:
    """Build the client's view of a charter, whose quote is valid until `expires_at`."""
    quote = charter.quote
    return QuoteView(
        organization_name=organization.display_name,
        number=charter.number,
        status=charter.status.value,
        revision_number=charter.revision_number,
        expires_at=expires_at,
        bookable=not quote.blocking,
        trip_type=charter.trip_type,
        trip_date=charter.trip_date,
        timezone=charter.timezone,
        starts_at=charter.starts_at,
        ends_at=charter.ends_at,
        vehicle_class=charter.vehicle_class,
        vehicle_count=charter.vehicle_count,
        vehicle_groups=charter.vehicle_groups,
        passengers=charter.passengers,
        amenities=list(charter.amenities),
        stops=[
            StopView(
                stop_type=stop.stop_type,
                address=stop.address,
                timezone=stop.timezone or charter.timezone,
                estimated_arrival=stop.estimated_arrival,
                estimated_departure=stop.estimated_departure,
            )
            for stop in charter.stops
        ],
        lines=[
            LineView(
                kind=line.kind,
                label=line.public_label,
                quantity=line.quantity,
                unit_amount=line.unit_amount,
                amount=line.amount,
            )
            for line in public_price.list_public_lines(charter)
        ],
        subtotal=quote.total - quote.tax + public_price.get_public_discount(charter),
        discount=public_price.get_public_discount(charter),
        tax=quote.tax,
        total=quote.total,
        currency=quote.currency,
        cancellation_terms=agreed_terms.describe_cancellation(charter),
        terms=organization_queries.get_terms_text(organization, charter.terms_digest),
        accepted_by=charter.accepted_by,
        accepted_at=charter.accepted_at,
    )
