"""Builds charters from requests, with schedule and price, for the transaction that stores them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from coachway.bookings.charters import (
    agreed_terms,
    coverage,
    detail_resolution,
    event_payloads,
    status_counts,
    trip_times,
)
from coachway.bookings.charters.booking_details import DETAILS
from coachway.bookings.charters.model import Charter, CharterQuote
from coachway.bookings.charters.trip_model import CharterInput
from coachway.bookings.charters.trip_places import TripPlaces
from coachway.bookings.errors import ClientInactive
from coachway.clients.model import Client, ClientStatus
from coachway.contracts.bookings import CharterCreated
from coachway.core import store
from coachway.core.auth.api_keys import get_person_id
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import COUNTER, Create, Op
from coachway.core.persistence.records import Key
from coachway.core.runtime import clock
from coachway.core.trip_vehicles import divide_passengers
from coachway.core.types import ids
from coachway.identity.model.organization import charter_sequence
from coachway.pricing import quote_service as pricing
from coachway.pricing.adjustment_model import PriceAdjustments, PriceAdjustmentsInput
from coachway.pricing.notice_model import PRICE_NOTICE_CODES, Notice
from coachway.pricing.quote_model import QUOTE, Quote
from coachway.pricing.quote_service import PricingContext


@dataclass(frozen=True, slots=True)
class CharterDraft:
    """A priced charter that is not stored yet, and the operations that store its quote."""

    charter: Charter
    quote_ops: Sequence[Op]


def require_active_client(client: Client) -> Client:
    """Return the client. Raises ClientInactive."""
    if client.status is not ClientStatus.ACTIVE:
        raise ClientInactive("Set the client to active before quoting.")
    return client


@dataclass(frozen=True, slots=True)
class DraftContext:
    """What new charters of a request need: the pricing data, and the details of the booking.

    `records` has everything that was read, also the caller's `other_keys`.
    """

    pricing: PricingContext
    details: Mapping[str, Any]
    records: store.BatchResult


def load_context(
    caller: Caller, request: CharterInput, *, is_new_client: bool = False, other_keys: Sequence[Key] = ()
) -> DraftContext:
    """Load the pricing data in one read, with the client, what the details refer to, and the charter counter.

    A new client is stored together with the charter, so it is not looked for. Raises NotFound if the client does not
    exist, ClientInactive if it is inactive, Invalid for wrong details.
    """
    key = CLIENT.key(org=caller.org_id, id=request.client_id)
    years = {stop.time.year for stop in request.stops[:1] if stop.time}
    counters = [COUNTER.key(org=caller.org_id, name=charter_sequence(year)) for year in years]
    keys = [key, *PricingContext.keys(caller.org_id), *counters, *detail_resolution.detail_keys(caller, request)]
    records = store.batch_get([*keys, *other_keys])
    client = None if is_new_client else require_active_client(records.get(Client, key))
    details = detail_resolution.resolve_details(caller, request, client, records)
    context = PricingContext.from_records(caller.org_id, records)
    return DraftContext(context.for_client(client) if client else context, details, records)


def load_revision_context(caller: Caller, charter: Charter) -> tuple[PricingContext, store.BatchResult, Key]:
    """Load the pricing data in one read, together with the charter's client and quote. Also returns the quote's key."""
    quote_key = QUOTE.key(org=caller.org_id, id=charter.quote.id)
    client_key = CLIENT.key(org=caller.org_id, id=charter.client_id)
    records = store.batch_get([quote_key, client_key, *PricingContext.keys(caller.org_id)])
    context = PricingContext.from_records(caller.org_id, records).for_client(records.find(Client, client_key))
    return context, records, quote_key


def build_charter(
    caller: Caller,
    context: DraftContext,
    request: CharterInput,
    places: TripPlaces,
    *,
    adjustments: PriceAdjustmentsInput | None = None,
    **fields: Any,
) -> CharterDraft:
    """Build a new charter without a number. `fields` sets fields that a request cannot set. Raises Invalid."""
    charter_id = ids.new("chr")
    trip = _build_schedule(context.pricing, request, places, context.pricing.organization.timezone)
    warnings = [*places.notices, *trip.notices]
    price = _price_charter(caller, context.pricing, request, trip, charter_id, warnings, _to_stored(adjustments))
    charter = Charter(
        **request.model_dump(exclude={"stops", "miles", *DETAILS}),
        **context.details,
        **_trip_fields(trip),
        **_seat_fields(context.pricing, request),
        **fields,
        id=charter_id,
        org_id=caller.org_id,
        quote=quote_summary(price.quote),
        price_adjustments=_complete_adjustments(caller, adjustments, price.quote),
    )
    return CharterDraft(charter, price.ops)


def create_charter_ops(caller: Caller, context: DraftContext, draft: CharterDraft, sequence_number: int) -> list[Op]:
    """Give the drafted charter its number; return the operations that store it with its quote and event."""
    charter = draft.charter
    prefix = context.pricing.organization.number_prefixes.charter
    charter.number = format_number(prefix, charter, sequence_number)
    return [
        Create(charter, [charter_created_event(charter)]),
        *draft.quote_ops,
        status_counts.count_changes_op(caller.org_id, [], [charter]),
    ]


def build_revision(caller: Caller, context: PricingContext, charter: Charter, places: TripPlaces) -> CharterDraft:
    """Build the next revision of an edited charter, with a new schedule and price.

    Assigned drivers are removed, since they were assigned to the previous revision; dispatch notifies them.
    """
    trip = _build_schedule(context, charter, places, charter.timezone)
    warnings = [*places.notices, *trip.notices]
    price = _price_charter(caller, context, charter, trip, charter.id, warnings, charter.price_adjustments)
    after = charter.model_copy(
        update={
            **_trip_fields(trip),
            **_seat_fields(context, charter),
            **coverage.fields_without_drivers(charter),
            **_next_revision_fields(charter, price.quote),
            "trip_revision_number": None,
        }
    )
    return CharterDraft(after, price.ops)


def build_price_revision(
    caller: Caller, context: PricingContext, charter: Charter, adjustments: PriceAdjustmentsInput
) -> CharterDraft:
    """Build the next revision of a charter with these price adjustments. The trip and its drivers stay the same."""
    trip = _stored_schedule(charter)
    price = _price_charter(caller, context, charter, trip, charter.id, trip.notices, _to_stored(adjustments))
    after = charter.model_copy(
        update={
            **_next_revision_fields(charter, price.quote),
            "price_adjustments": _complete_adjustments(caller, adjustments, price.quote),
            "trip_revision_number": charter.trip_revision,
        }
    )
    return CharterDraft(after, price.ops)


def _next_revision_fields(charter: Charter, quote: Quote) -> dict[str, Any]:
    return {
        "quote": quote_summary(quote),
        "revision_number": charter.revision_number + 1,
        "quote_sent_at": None,
        "quote_expires_at": None,
        **agreed_terms.NO_TERMS,
        "accepted_by": None,
        "accepted_at": None,
        "instalments": [],
    }


def _build_schedule(
    context: PricingContext, request: CharterInput, places: TripPlaces, default_zone: str
) -> trip_times.TripSchedule:
    return trip_times.build_trip_schedule(
        request, default_zone, context.hours_ruleset, places.road_legs, context.organization.report_times
    )


def _stored_schedule(charter: Charter) -> trip_times.TripSchedule:
    """The schedule of a trip that does not change, with the warnings that are about the trip."""
    return trip_times.TripSchedule(
        stops=charter.stops,
        zone=ZoneInfo(charter.timezone),
        miles=charter.miles,
        miles_estimated=charter.miles_estimated,
        starts_at=charter.starts_at,
        ends_at=charter.ends_at,
        road_legs=[],
        notices=[notice for notice in charter.quote.warnings if notice.code not in PRICE_NOTICE_CODES],
    )


def _price_charter(
    caller: Caller,
    context: PricingContext,
    request: CharterInput,
    trip: trip_times.TripSchedule,
    charter_id: str,
    warnings: Sequence[Notice],
    adjustments: PriceAdjustments | None,
) -> pricing.QuoteDraft:
    return pricing.price_trip(
        caller,
        trip_times.build_quote_request(request, trip),
        charter_id=charter_id,
        warnings=warnings,
        context=context,
        adjustments=adjustments,
    )


def _to_stored(adjustments: PriceAdjustmentsInput | None) -> PriceAdjustments | None:
    return None if adjustments is None else PriceAdjustments(**_input_fields(adjustments))


def _complete_adjustments(
    caller: Caller, adjustments: PriceAdjustmentsInput | None, quote: Quote
) -> PriceAdjustments | None:
    """The adjustments to store: with the price of the rules, and the messages of the warnings that were accepted."""
    if adjustments is None or adjustments.is_empty:
        return None
    messages = {notice.code: notice.message for notice in quote.warnings if notice.accepted}
    fields = _input_fields(adjustments)
    fields["accepted_warnings"] = [each for each in adjustments.accepted_warnings if each.code in messages]
    return PriceAdjustments(
        **fields,
        rules_total=quote.total if quote.rules_price is None else quote.rules_price.total,
        accepted_messages=messages,
        adjusted_by=get_person_id(caller),
        adjusted_at=clock.now(),
    )


def _input_fields(adjustments: PriceAdjustmentsInput) -> dict[str, Any]:
    return {name: getattr(adjustments, name) for name in PriceAdjustmentsInput.model_fields}


def quote_summary(quote: Quote) -> CharterQuote:
    """The part of a quote that is stored on its charter."""
    return CharterQuote.model_validate(quote.model_dump(include=set(CharterQuote.model_fields)))


def charter_created_event(charter: Charter) -> CharterCreated:
    """The event of a new charter."""
    return CharterCreated(
        **event_payloads.charter_event_fields(charter),
        series_id=charter.series_id,
        cloned_from_charter_id=charter.cloned_from_charter_id,
    )


def sequence_name(charter: Charter) -> str:
    """The name of the gapless sequence that numbers the charter: one per year of the trip date."""
    return charter_sequence(charter.trip_date.year)


def format_number(prefix: str, charter: Charter, sequence_number: int) -> str:
    """The number of a charter, such as `CH-2027-000001`."""
    return f"{prefix}-{charter.trip_date.year}-{sequence_number:06d}"


def _seat_fields(context: PricingContext, request: CharterInput) -> dict[str, Any]:
    groups, seats_by_class = request.vehicle_groups, context.organization.vehicle_classes
    return {"passengers_per_vehicle": divide_passengers(groups, request.passengers, seats_by_class) if groups else {}}


def _trip_fields(trip: trip_times.TripSchedule) -> dict[str, Any]:
    return {
        "stops": trip.stops,
        "miles": trip.miles,
        "miles_estimated": trip.miles_estimated,
        "road_legs": trip.road_legs,
        "timezone": trip.zone.key,
        "trip_date": trip.starts_at.date(),
        "starts_at": trip.starts_at,
        "ends_at": trip.ends_at,
    }
