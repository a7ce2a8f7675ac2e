"""Makes charters of what is asked for: thought through, priced, ready to be written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coachway.bookings.charters import coverage, event_payloads, trip_times
from coachway.bookings.charters.model import Charter, CharterInput, CharterQuote
from coachway.clients.model import Client, ClientStatus
from coachway.contracts.bookings import CharterCreated
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import COUNTER, Op
from coachway.core.types import ids
from coachway.identity.model.organization import charter_sequence
from coachway.pricing import quote_service as pricing
from coachway.pricing.quote_model import Quote
from coachway.pricing.quote_service import PricingContext


@dataclass(frozen=True, slots=True)
class Draft:
    """A charter with its price; `quote_ops` keep the quote behind it."""

    charter: Charter
    quote_ops: Sequence[Op]


def require_active_client(client: Client) -> Client:
    """Raises Conflict when no new work is taken from a client."""
    if client.status is not ClientStatus.ACTIVE:
        raise errors.Conflict("this client is inactive: make it active before quoting", title="the client is inactive")
    return client


def load_pricing_context(caller: Caller, wanted: CharterInput) -> PricingContext:
    """What a price stands on, and the last number given out, in one read.

    Raises Missing for an unknown client, Conflict for an inactive one.
    """
    key = CLIENT.key(org=caller.org_id, id=wanted.client_id)
    years = {stop.time.year for stop in wanted.stops[:1] if stop.time}
    numbers = [COUNTER.key(org=caller.org_id, name=charter_sequence(year)) for year in years]
    found = store.batch_get([key, *PricingContext.keys(caller.org_id), *numbers])
    require_active_client(found.get(Client, key))
    return PricingContext.of(caller.org_id, found)


def build_charter(caller: Caller, house: PricingContext, wanted: CharterInput, **more: Any) -> Draft:
    """A new charter, not yet numbered. `more` sets fields that callers cannot. Raises Invalid for what does not fit."""
    charter_id = ids.new("chr")
    trip = trip_times.build_trip_schedule(wanted, house.organization.timezone, house.law)
    price = _price_charter(caller, house, wanted, trip, charter_id)
    charter = Charter(
        **wanted.model_dump(exclude={"stops", "miles"}),
        **_trip_fields(trip),
        **more,
        id=charter_id,
        org_id=caller.org_id,
        quote=quote_summary(price.quote),
    )
    return Draft(charter, price.ops)


def build_revision(caller: Caller, house: PricingContext, charter: Charter, *, estimate_miles: bool) -> Draft:
    """A charter whose wishes were changed, thought through and priced again as its next revision.

    Drivers were given the trip as it was, so they have it no more; dispatch tells them.
    """
    wanted = charter.model_copy(update={"miles": None}) if estimate_miles else charter
    trip = trip_times.build_trip_schedule(wanted, house.organization.timezone, house.law)
    price = _price_charter(caller, house, wanted, trip, charter.id)
    after = charter.model_copy(
        update={
            **_trip_fields(trip),
            **coverage.without_drivers(charter),
            "quote": quote_summary(price.quote),
            "revision_number": charter.revision_number + 1,
            "quote_sent_at": None,
            "quote_expires_at": None,
            "accepted_by": None,
            "accepted_at": None,
            "instalments": [],
        }
    )
    return Draft(after, price.ops)


def _price_charter(
    caller: Caller, house: PricingContext, wanted: CharterInput, trip: trip_times.TripSchedule, charter_id: str
) -> pricing.Price:
    return pricing.price_trip(
        caller,
        trip_times.build_quote_request(wanted, trip),
        charter_id=charter_id,
        warnings=trip.notices,
        house=house,
    )


def quote_summary(quote: Quote) -> CharterQuote:
    """The part of a quote that a charter shows."""
    return CharterQuote.model_validate(quote.model_dump(include=set(CharterQuote.model_fields)))


def charter_created_event(charter: Charter) -> CharterCreated:
    """That a charter was made."""
    return CharterCreated(
        **event_payloads.charter_event_fields(charter),
        series_id=charter.series_id,
        cloned_from_charter_id=charter.cloned_from_charter_id,
    )


def sequence_name(charter: Charter) -> str:
    """The gapless sequence that numbers a charter: one for each year of trips."""
    return charter_sequence(charter.trip_date.year)


def format_number(prefix: str, charter: Charter, n: int) -> str:
    """`CH-2027-000001`."""
    return f"{prefix}-{charter.trip_date.year}-{n:06d}"


def _trip_fields(trip: trip_times.TripSchedule) -> dict[str, Any]:
    return {
        "stops": trip.stops,
        "miles": trip.miles,
        "miles_estimated": trip.miles_estimated,
        "timezone": trip.zone.key,
        "trip_date": trip.starts_at.date(),
        "starts_at": trip.starts_at,
        "ends_at": trip.ends_at,
    }
