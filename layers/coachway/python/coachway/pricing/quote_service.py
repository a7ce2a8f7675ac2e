"""Quotes: calculate, get and list."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Protocol
from zoneinfo import ZoneInfo

from pydantic import Field

from coachway.contracts.pricing import QuoteCalculated
from coachway.core import client_reference, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Op
from coachway.core.persistence.queries import query_by_month, query_page
from coachway.core.persistence.records import Entity, Key
from coachway.core.runtime import clock
from coachway.core.schemas import Page, PageQuery
from coachway.core.types import ids
from coachway.hours import rulesets
from coachway.hours.model import CarrierRuleset
from coachway.identity import organization_queries
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.identity.model.tax_exemption import TaxExemption
from coachway.pricing import extras_service, rule_cache
from coachway.pricing.adjustment_model import PriceAdjustments
from coachway.pricing.hours_notices import notices_from_miles
from coachway.pricing.notice_model import Notice
from coachway.pricing.pricing_terms import PricingTerms
from coachway.pricing.promo_rules import RequestedPromoCode
from coachway.pricing.quote_calculation import calculate_price
from coachway.pricing.quote_model import (
    QUOTE,
    QUOTES,
    QUOTES_OF_CHARTER,
    QUOTES_OF_CLIENT,
    PriceBreakdown,
    Quote,
    QuoteRequest,
    QuoteStatus,
)
from coachway.pricing.rule_matching import Trip, build_trips, get_last_day
from coachway.pricing.rule_model import EDITION


class QuoteQuery(PageQuery):
    """Filters of quotes."""

    client_id: Annotated[str | None, Field(pattern=ids.pattern("cli"))] = None
    charter_id: Annotated[str | None, Field(pattern=ids.pattern("chr"))] = None
    status: QuoteStatus | None = None


@dataclass(frozen=True, slots=True)
class QuoteDraft:
    """A quote that is not stored yet, and the operations that store it."""

    quote: Quote
    ops: Sequence[Op]


class TaxedClient(Protocol):
    """A client with or without a tax exemption. Pricing does not import the record."""

    @property
    def tax_exemption(self) -> TaxExemption | None: ...


class ClientTaxStatus(Entity):
    """The field of a client that pricing needs; the full record is `clients.model.Client`."""

    KIND: ClassVar[str] = "client"

    tax_exemption: TaxExemption | None = None


@dataclass(frozen=True, slots=True)
class PricingContext:
    """The data for all prices of an organization: its terms, and the edition of its rules."""

    organization: Organization
    edition: int
    tax_exemption: TaxExemption | None = None
    """That of the client."""

    @classmethod
    def keys(cls, org_id: str) -> list[Key]:
        """The keys of the context's records, so that a request can load them with its own."""
        return [ORGANIZATIONS.key(org=org_id), EDITION.key(org=org_id)]

    @classmethod
    def from_records(cls, org_id: str, records: store.BatchResult) -> "PricingContext":
        """Build the context from loaded records. Raises NotFound."""
        organization, edition = cls.keys(org_id)
        return cls(records.get(Organization, organization), rule_cache.parse_edition(records.numbers(edition)))

    def for_client(self, client: TaxedClient | None = None) -> "PricingContext":
        """The same context for trips of a client, None if it is not known."""
        return replace(self, tax_exemption=client.tax_exemption if client else None)

    @property
    def hours_ruleset(self) -> CarrierRuleset:
        """The hours-of-service ruleset of the organization."""
        policy = self.organization.hours_policy
        return rulesets.get_carrier_ruleset(policy.ruleset, policy.daily_carrier)


def calculate_quote(caller: Caller, request: QuoteRequest) -> Quote:
    """Price a trip and store the quote. Raises NotFound if the client does not exist."""
    client = [client_reference.CLIENT.key(org=caller.org_id, id=request.client_id)] if request.client_id else []
    records = store.batch_get([*client, *PricingContext.keys(caller.org_id)])
    client_reference.require_clients_in(records, *client)
    context = PricingContext.from_records(caller.org_id, records).for_client(
        *(records.get(ClientTaxStatus, key) for key in client)
    )
    resolved = _resolve_request(caller, request, context)
    price = _build_quote(
        caller, resolved, notices_from_miles(request, resolved.trips[0], resolved.zone, context.hours_ruleset)
    )
    store.commit(caller, *price.ops)
    return price.quote


def price_trip(
    caller: Caller,
    request: QuoteRequest,
    *,
    charter_id: str | None = None,
    warnings: Sequence[Notice] = (),
    context: PricingContext | None = None,
    adjustments: PriceAdjustments | None = None,
) -> QuoteDraft:
    """Price a trip without storing the quote; the caller commits the returned operations.

    `warnings` are added to the quote. A `context` that is already loaded saves two reads. Raises PriceTooLarge or
    PriceBelowZero.
    """
    return _build_quote(caller, _resolve_request(caller, request, context, adjustments), warnings, charter_id)


def estimate_price(caller: Caller, request: QuoteRequest) -> PriceBreakdown:
    """Price a trip without storing a quote."""
    return _resolve_request(caller, request).calculate_price()


@dataclass(frozen=True, slots=True)
class _ResolvedRequest:
    """A request with the organization's terms, its time zone and its promo code."""

    request: QuoteRequest
    org_id: str
    trips: Sequence[Trip]
    """One for each vehicle class."""
    zone: ZoneInfo
    terms: PricingTerms
    promo_code: RequestedPromoCode | None
    edition: int | None
    adjustments: PriceAdjustments | None = None
    notices: Sequence[Notice] = ()

    def calculate_price(self) -> PriceBreakdown:
        adjusted_cost = self.adjustments.cost if self.adjustments is not None else None
        return calculate_price(
            self.trips,
            rule_cache.find_candidates(self.org_id, self.trips, self.edition),
            self.terms,
            amenities=extras_service.find_amenities(self.org_id, self.trips[0].amenities),
            promo_code=self.promo_code,
            cost=self.request.cost if adjusted_cost is None else adjusted_cost,
            adjustments=self.adjustments,
        )


def _resolve_request(
    caller: Caller,
    request: QuoteRequest,
    context: PricingContext | None = None,
    adjustments: PriceAdjustments | None = None,
) -> _ResolvedRequest:
    organization = context.organization if context else organization_queries.get_organization(caller.org_id)
    organization_zone = ZoneInfo(organization.timezone)
    zone = ZoneInfo(request.timezone) if request.timezone else organization_zone
    terms = PricingTerms(
        currency=organization.currency,
        requested_on=clock.now().astimezone(organization_zone).date(),
        tax_percent=organization.tax_rate_percent,
        fuel_per_mile=organization.fuel_surcharge_per_mile,
        minimum_cents=organization.minimum_charge,
        seats_by_class=organization.vehicle_classes,
        minimum_margin_percent=organization.minimum_margin_percent,
    )
    promo_code = (
        extras_service.load_requested_promo_code(caller.org_id, request.promo_code) if request.promo_code else None
    )
    edition = context.edition if context else None
    trips = build_trips(request, zone)
    exemption, last_day = context.tax_exemption if context else None, get_last_day(request, trips[0], zone)
    notices = []
    if exemption is not None and exemption.is_valid_on(last_day):
        terms = replace(terms, tax_exemption_label=exemption.label)
    elif exemption is not None:
        message = f"The client's tax exemption expires on {exemption.expires_on}, before the end of the trip."
        notices.append(Notice(code="tax_exemption_expired", message=message))
    return _ResolvedRequest(request, caller.org_id, trips, zone, terms, promo_code, edition, adjustments, notices)


def _build_quote(
    caller: Caller, resolved: _ResolvedRequest, warnings: Sequence[Notice], charter_id: str | None = None
) -> QuoteDraft:
    price = resolved.calculate_price()
    has_discount = any(line.kind == "promo" for line in price.lines)
    promo = resolved.promo_code.promo if resolved.promo_code is not None and has_discount else None
    price.warnings += [*resolved.notices, *warnings]
    quote = Quote(
        **dict(price),
        id=ids.new("quo"),
        org_id=caller.org_id,
        client_id=resolved.request.client_id,
        charter_id=charter_id,
        promo_code=promo.code if promo else None,
        promo_max_uses=promo.max_uses if promo else None,
        request=resolved.request.model_copy(update={"timezone": resolved.zone.key}),
    )
    event = QuoteCalculated(
        quote_id=quote.id,
        client_id=quote.client_id,
        charter_id=charter_id,
        total=quote.total,
        currency=quote.currency,
    )
    return QuoteDraft(quote, [Create(quote, [event])])


def get_quote(caller: Caller, quote_id: str) -> Quote:
    """Get a quote. Raises NotFound."""
    return store.get(Quote, QUOTE.key(org=caller.org_id, id=quote_id))


def list_quotes(caller: Caller, query: QuoteQuery) -> Page[Quote]:
    """List quotes, newest first."""
    where = {} if query.status is None else {"status": str(query.status)}
    if query.charter_id is not None:
        pattern = QUOTES_OF_CHARTER
        partitions = [pattern.partition(org=caller.org_id, charter=query.charter_id)]
        if query.client_id is not None:
            where["client_id"] = query.client_id
    elif query.client_id is not None:
        pattern = QUOTES_OF_CLIENT
        partitions = [pattern.partition(org=caller.org_id, client=query.client_id)]
    else:
        return query_by_month(Quote, QUOTES, caller, query, where=where)
    return query_page(Quote, pattern, partitions, query, where=where, descending=True)
