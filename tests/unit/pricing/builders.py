"""Builders of rules, trips and prices. Amounts are in cents."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from coachway.core.types import ids
from coachway.pricing import rule_matching
from coachway.pricing.extras_model import Amenity, PromoCode
from coachway.pricing.pricing_terms import PricingTerms
from coachway.pricing.promo_rules import RequestedPromoCode
from coachway.pricing.quote_calculation import calculate_price
from coachway.pricing.quote_model import Line, PriceBreakdown, QuoteRequest
from coachway.pricing.rule_matching import Trip
from coachway.pricing.rule_model import PricingRule

NEW_YORK = ZoneInfo("America/New_York")
WEDNESDAY, FRIDAY, SATURDAY = date(2027, 3, 3), date(2027, 3, 5), date(2027, 3, 6)
ACME, OTHER = "cli_01K0000000000000000000000A", "cli_01K0000000000000000000000B"
TERMS = PricingTerms(currency="USD", requested_on=date(2026, 11, 20), fuel_per_mile=Decimal("0.01"))
CREATED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def build_rule(rule_type: str, **values: Any) -> PricingRule:
    values = {"id": ids.new("prl"), "org_id": "org_1", "name": rule_type, "created_at": CREATED_AT, **values}
    return PricingRule(rule_type=rule_type, **values)


def base_rate(cents: int = 350_00, **values: Any) -> PricingRule:
    return build_rule("base_rate", amount=cents, **values)


def mileage_rate(cents: int = 2_50, **values: Any) -> PricingRule:
    return build_rule("mileage_rate", amount=cents, **values)


def weekend_multiplier(percent: int = 25, **values: Any) -> PricingRule:
    return build_rule("time_multiplier", percent=Decimal(percent), weekdays=["saturday", "sunday"], **values)


def flat_fee(kind: str, cents: int, **values: Any) -> PricingRule:
    return build_rule("flat_fee", fee=kind, amount=cents, **values)


def wifi_amenity(cents: int = 50_00) -> Amenity:
    return Amenity(id="ame_1", org_id="org_1", code="wifi", name="Wifi", amount=cents)


def promo_code(**values: Any) -> PromoCode:
    return PromoCode(**{"id": "pro_1", "org_id": "org_1", "code": "SPRING", **values})


def requested_promo(**values: Any) -> RequestedPromoCode:
    return RequestedPromoCode("SPRING", promo_code(**values))


def build_trip(**values: Any) -> Trip:
    return rule_matching.build_trip(QuoteRequest.model_validate(_request_fields(values)), NEW_YORK)


def _request_fields(values: dict[str, Any]) -> dict[str, Any]:
    start = {} if "departs_at" in values else {"trip_date": WEDNESDAY}
    return {"vehicle_class": "coach", "passengers": 40, "miles": Decimal(150), **start, **values}


def calculate_trip_price(
    rules: list[PricingRule],
    *,
    terms: PricingTerms = TERMS,
    amenity: Amenity | None = None,
    promo: RequestedPromoCode | None = None,
    cost: int | None = None,
    **values: Any,
) -> PriceBreakdown:
    amenities = {amenity.code: amenity} if amenity else {}
    return calculate_price([build_trip(**values)], rules, terms, amenities=amenities, promo_code=promo, cost=cost)


def get_line(price: PriceBreakdown, kind: str) -> Line:
    (line,) = [line for line in price.lines if line.kind == kind]
    return line


def line_kinds(price: PriceBreakdown) -> list[str]:
    return [each.kind for each in price.lines]


def warning_codes(price: PriceBreakdown) -> set[str]:
    return {each.code for each in price.warnings}
