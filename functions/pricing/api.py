"""Routes of pricing: quotes, rules, promo codes, amenities, hours of service."""

from typing import Annotated

from pydantic import Field

from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.http.routing import ApiRouter
from coachway.core.persistence.domain_events import HistoryEntry
from coachway.core.schemas import Page, PageQuery, PartialUpdate
from coachway.core.types import ids
from coachway.pricing import extras_service, quote_service, rule_service
from coachway.pricing.errors import PriceTooLarge
from coachway.pricing.extras_model import (
    Amenity,
    AmenityInput,
    AmenityTerms,
    PromoCode,
    PromoInput,
    PromoTerms,
    StoredAmenityCode,
    StoredPromoCode,
)
from coachway.pricing.hours_checks import service as hours_checks
from coachway.pricing.hours_checks.schemas import HoursCheckReport, HoursCheckRequest
from coachway.pricing.quote_model import Quote, QuoteRequest
from coachway.pricing.quote_service import QuoteQuery
from coachway.pricing.rule_model import PricingRule, RuleInput
from coachway.pricing.rule_service import RuleQuery

api = ApiRouter("pricing", "Quotes, pricing rules, promo codes, amenities and hours-of-service checks.")
app = api.app

RuleId = Annotated[str, Field(pattern=ids.pattern("prl"))]
QuoteId = Annotated[str, Field(pattern=ids.pattern("quo"))]


@api.post("/pricing/calculate-quote", permission="charters:write", errors=(errors.NotFound, PriceTooLarge))
def calculate_quote(caller: Caller, body: QuoteRequest) -> Quote:
    """Calculate a quote.

    Prices a trip and stores the quote with the current values of the rules. `total` is the sum of the lines. A trip
    with a blocking warning cannot be booked.
    """
    return quote_service.calculate_quote(caller, body)


@api.get("/pricing/quotes", permission="pricing:read")
def list_quotes(caller: Caller, query: QuoteQuery) -> Page[Quote]:
    """List quotes.

    Returns the newest quotes first.
    """
    return quote_service.list_quotes(caller, query)


@api.get("/pricing/quotes/{quote_id}", permission="pricing:read")
def get_quote(caller: Caller, quote_id: QuoteId) -> Quote:
    """Get a quote.

    Returns the prices and rules at the time of the quote.
    """
    return quote_service.get_quote(caller, quote_id)


@api.get("/pricing/pricing-rules", permission="pricing:read")
def list_pricing_rules(caller: Caller, query: RuleQuery) -> Page[PricingRule]:
    """List pricing rules.

    Returns the newest rules first.
    """
    return rule_service.list_rules(caller, query)


@api.post("/pricing/pricing-rules", permission="pricing:write", status=201, errors=(errors.NotFound,))
def create_pricing_rule(caller: Caller, body: RuleInput) -> PricingRule:
    """Create a pricing rule.

    Of the matching rules of a type, the most specific one wins: route, client, vehicle, global; then the one with the
    higher priority; then the newest one. Dates and times are local to the trip.
    """
    return rule_service.create_rule(caller, body)


@api.get("/pricing/pricing-rules/{rule_id}", permission="pricing:read")
def get_pricing_rule(caller: Caller, rule_id: RuleId) -> PricingRule:
    """Get a pricing rule."""
    return rule_service.get_rule(caller, rule_id)


@api.put("/pricing/pricing-rules/{rule_id}", permission="pricing:write")
def update_pricing_rule(
    caller: Caller, rule_id: RuleId, body: PartialUpdate[RuleInput], if_match: int | None
) -> PricingRule:
    """Update a pricing rule.

    Omitted fields keep their values. Earlier quotes keep the rule's former values.
    """
    return rule_service.update_rule(caller, rule_id, body, if_match)


@api.delete("/pricing/pricing-rules/{rule_id}", permission="pricing:write")
def delete_pricing_rule(caller: Caller, rule_id: RuleId, if_match: int | None) -> None:
    """Delete a pricing rule.

    Its history remains available.
    """
    rule_service.delete_rule(caller, rule_id, if_match)


@api.get("/pricing/pricing-rules/{rule_id}/history", permission="pricing:read")
def get_pricing_rule_history(caller: Caller, rule_id: RuleId) -> Page[HistoryEntry]:
    """List the changes to a pricing rule.

    Each entry shows who changed which fields, and when. Returns the oldest entry first.
    """
    return Page(items=rule_service.get_rule_history(caller, rule_id))


@api.get("/pricing/promo-codes", permission="pricing:read")
def list_promo_codes(caller: Caller, query: PageQuery) -> Page[PromoCode]:
    """List promo codes with their remaining uses.

    Returns the newest codes first.
    """
    return extras_service.list_promo_codes(caller, query)


@api.post("/pricing/promo-codes", permission="pricing:write", status=201)
def create_promo_code(caller: Caller, body: PromoInput) -> PromoCode:
    """Create a promo code.

    Accepting a quote with the code counts as a use.
    """
    return extras_service.create_promo_code(caller, body)


@api.get("/pricing/promo-codes/{promo_code}", permission="pricing:read")
def get_promo_code(caller: Caller, promo_code: StoredPromoCode) -> PromoCode:
    """Get a promo code with its remaining uses."""
    return extras_service.get_promo_code(caller, promo_code)


@api.put("/pricing/promo-codes/{promo_code}", permission="pricing:write")
def update_promo_code(
    caller: Caller, promo_code: StoredPromoCode, body: PartialUpdate[PromoTerms], if_match: int | None
) -> PromoCode:
    """Update or retire a promo code.

    Omitted fields keep their values. `"active": false` retires the code. Quotes keep
    the discount and the limit of uses with which they were calculated.
    """
    return extras_service.update_promo_code(caller, promo_code, body, if_match)


@api.get("/pricing/promo-codes/{promo_code}/history", permission="pricing:read")
def list_promo_code_history(caller: Caller, promo_code: StoredPromoCode) -> Page[HistoryEntry]:
    """List the changes of a promo code.

    Each entry shows who changed which fields, and when. Returns the oldest entry first.
    """
    return Page(items=extras_service.list_promo_code_history(caller, promo_code))


@api.get("/pricing/amenities", permission="pricing:read")
def list_amenities(caller: Caller, query: PageQuery) -> Page[Amenity]:
    """List amenities with their prices."""
    return extras_service.list_amenities(caller, query)


@api.post("/pricing/amenities", permission="pricing:write", status=201)
def create_amenity(caller: Caller, body: AmenityInput) -> Amenity:
    """Create an amenity.

    Adds it to the price list. The price is per vehicle.
    """
    return extras_service.create_amenity(caller, body)


@api.get("/pricing/amenities/{amenity_code}", permission="pricing:read")
def get_amenity(caller: Caller, amenity_code: StoredAmenityCode) -> Amenity:
    """Get an amenity."""
    return extras_service.get_amenity(caller, amenity_code)


@api.put("/pricing/amenities/{amenity_code}", permission="pricing:write")
def update_amenity(
    caller: Caller, amenity_code: StoredAmenityCode, body: PartialUpdate[AmenityTerms], if_match: int | None
) -> Amenity:
    """Update or retire an amenity.

    Omitted fields keep their values. `"active": false` retires the amenity. Quotes
    keep its name and price until they are calculated again.
    """
    return extras_service.update_amenity(caller, amenity_code, body, if_match)


@api.get("/pricing/amenities/{amenity_code}/history", permission="pricing:read")
def list_amenity_history(caller: Caller, amenity_code: StoredAmenityCode) -> Page[HistoryEntry]:
    """List the changes of an amenity.

    Each entry shows who changed which fields, and when. Returns the oldest entry first.
    """
    return Page(items=extras_service.list_amenity_history(caller, amenity_code))


@api.post("/pricing/dot-compliance", permission="pricing:read", errors=(errors.NotFound, PriceTooLarge))
def check_hours_of_service(caller: Caller, body: HoursCheckRequest) -> HoursCheckReport:
    """Check an itinerary's hours of service (49 CFR 395.5).

    Returns whether the itinerary is legal for its drivers, where a relief driver must take over, and the price of
    additional drivers. Assumes that drivers are fully rested at the start.
    """
    return hours_checks.check_itinerary(caller, body)
