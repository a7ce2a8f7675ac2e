"""Quotes: pricing a trip, keeping the price that was given, finding it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from coachway.contracts.pricing import QuoteCalculated
from coachway.core import client_reference, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Op
from coachway.core.persistence.queries import months_between, query_page
from coachway.core.persistence.records import Key
from coachway.core.runtime import clock
from coachway.core.schemas import Page, PageQuery
from coachway.core.types import ids
from coachway.hours import rulesets
from coachway.hours.model import Law
from coachway.identity import organization_queries
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.pricing import extras_service, rule_cache
from coachway.pricing.hours_check_schemas import compliance_from_miles
from coachway.pricing.promo_rules import Offer
from coachway.pricing.quote_calculation import PricingTerms, calculate_price
from coachway.pricing.quote_model import (
    QUOTE,
    QUOTES,
    QUOTES_OF_CHARTER,
    QUOTES_OF_CLIENT,
    Notice,
    Priced,
    Quote,
    QuoteRequest,
    QuoteStatus,
)
from coachway.pricing.rule_matching import Trip, build_trip
from coachway.pricing.rule_model import EDITION


class QuoteQuery(PageQuery):
    """Which quotes to list; newest first."""

    client_id: Annotated[str | None, Field(pattern=ids.pattern("cli"))] = None
    charter_id: Annotated[str | None, Field(pattern=ids.pattern("chr"))] = None
    status: QuoteStatus | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """A price, and what keeps it: `ops` go into the transaction of whatever was priced."""

    quote: Quote
    ops: Sequence[Op]


@dataclass(frozen=True, slots=True)
class PricingContext:
    """What every price of an organization stands on: its terms, and the edition of its rules."""

    organization: Organization
    edition: int

    @classmethod
    def keys(cls, org_id: str) -> list[Key]:
        """Where it lies, to be gathered with whatever else a booking needs."""
        return [ORGANIZATIONS.key(org=org_id), EDITION.key(org=org_id)]

    @classmethod
    def of(cls, org_id: str, found: store.BatchResult) -> PricingContext:
        """What was found there. Raises Missing."""
        organization, edition = cls.keys(org_id)
        return cls(found.get(Organization, organization), rule_cache.parse_edition(found.numbers(edition)))

    @property
    def law(self) -> Law:
        """Which hours rules hold for its drivers."""
        policy = self.organization.hours_policy
        return rulesets.get_ruleset(policy.ruleset, policy.daily_carrier)


def calculate_quote(caller: Caller, request: QuoteRequest) -> Quote:
    """Price a trip and keep the quote. Raises Missing for a client that the organization does not have."""
    client = [client_reference.CLIENT.key(org=caller.org_id, id=request.client_id)] if request.client_id else []
    found = store.batch_get([*client, *PricingContext.keys(caller.org_id)])
    client_reference.require_found(found, *client)
    house = PricingContext.of(caller.org_id, found)
    asked = _resolve_request(caller, request, house)
    made = _build_quote(caller, asked, compliance_from_miles(request, asked.trip, asked.zone, house.law))
    store.commit(caller, *made.ops)
    return made.quote


def price_trip(
    caller: Caller,
    request: QuoteRequest,
    *,
    charter_id: str | None = None,
    warnings: Sequence[Notice] = (),
    house: PricingContext | None = None,
) -> Price:
    """Price a trip for a booking, which commits `ops` with itself. Writes nothing.

    `warnings` are what the booking knows besides; `house` spares two reads where it is at hand.
    """
    return _build_quote(caller, _resolve_request(caller, request, house), warnings, charter_id)


def estimate_price(caller: Caller, request: QuoteRequest) -> Priced:
    """What a trip costs, without keeping it."""
    return _resolve_request(caller, request).priced()


@dataclass(frozen=True, slots=True)
class _ResolvedRequest:
    """A request in the light of the organization's terms, time zone and offers."""

    request: QuoteRequest
    org_id: str
    trip: Trip
    zone: ZoneInfo
    terms: PricingTerms
    offer: Offer | None
    edition: int | None

    def priced(self) -> Priced:
        return calculate_price(
            self.trip,
            rule_cache.find_candidates(self.org_id, self.trip, self.edition),
            self.terms,
            amenities=extras_service.find_amenities(self.org_id, self.trip.amenities),
            offer=self.offer,
            cost=self.request.cost,
        )


def _resolve_request(caller: Caller, request: QuoteRequest, house: PricingContext | None = None) -> _ResolvedRequest:
    organization = house.organization if house else organization_queries.get(caller.org_id)
    own = ZoneInfo(organization.timezone)
    zone = ZoneInfo(request.timezone) if request.timezone else own
    terms = PricingTerms(
        currency=organization.currency,
        asked_on=clock.now().astimezone(own).date(),
        tax_percent=organization.tax_rate_percent,
        fuel_per_mile=organization.fuel_surcharge_per_mile,
        minimum_cents=organization.minimum_charge,
    )
    offer = extras_service.load_offer(caller.org_id, request.promo_code) if request.promo_code else None
    edition = house.edition if house else None
    return _ResolvedRequest(request, caller.org_id, build_trip(request, zone), zone, terms, offer, edition)


def _build_quote(
    caller: Caller, asked: _ResolvedRequest, warnings: Sequence[Notice], charter_id: str | None = None
) -> Price:
    answer, offer = asked.priced(), asked.offer
    used = offer.promo if offer is not None and any(line.kind == "promo" for line in answer.lines) else None
    answer.warnings += warnings
    quote = Quote(
        **dict(answer),
        id=ids.new("quo"),
        org_id=caller.org_id,
        client_id=asked.request.client_id,
        charter_id=charter_id,
        promo_code=used.code if used else None,
        promo_max_uses=used.max_uses if used else None,
        request=asked.request,
    )
    told = QuoteCalculated(
        quote_id=quote.id,
        client_id=quote.client_id,
        charter_id=charter_id,
        total=quote.total,
        currency=quote.currency,
    )
    return Price(quote, [Create(quote, [told])])


def get_quote(caller: Caller, quote_id: str) -> Quote:
    """One quote. Raises Missing."""
    return store.get(Quote, QUOTE.key(org=caller.org_id, id=quote_id))


def list_quotes(caller: Caller, query: QuoteQuery) -> Page[Quote]:
    """Quotes, newest first."""
    where = {} if query.status is None else {"status": str(query.status)}
    pattern, partitions = QUOTES, []
    if query.charter_id is not None:
        pattern = QUOTES_OF_CHARTER
        partitions = [pattern.partition(org=caller.org_id, charter=query.charter_id)]
        if query.client_id is not None:
            where["client_id"] = query.client_id
    elif query.client_id is not None:
        pattern = QUOTES_OF_CLIENT
        partitions = [pattern.partition(org=caller.org_id, client=query.client_id)]
    else:
        since = months_between(ids.created_at_of(caller.org_id), clock.now())
        partitions = [pattern.partition(org=caller.org_id, month=month) for month in reversed(since)]
    return query_page(Quote, pattern, partitions, query, where=where, descending=True)
