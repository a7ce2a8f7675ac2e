"""Rules, trips and prices, made briefly. Amounts are in cents."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from coachway.core.types import ids
from coachway.pricing.extras_model import Amenity, PromoCode
from coachway.pricing.promo_rules import Offer
from coachway.pricing.quote_calculation import PricingTerms, calculate_price
from coachway.pricing.quote_model import Line, Priced, QuoteRequest
from coachway.pricing.rule_matching import Trip, build_trip
from coachway.pricing.rule_model import PricingRule

NEW_YORK = ZoneInfo("America/New_York")
WEDNESDAY, FRIDAY, SATURDAY = date(2027, 3, 3), date(2027, 3, 5), date(2027, 3, 6)
ACME, OTHER = "cli_01K0000000000000000000000A", "cli_01K0000000000000000000000B"
TERMS = PricingTerms(currency="USD", requested_on=date(2026, 11, 20))
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def rule(rule_type: str, **values: Any) -> PricingRule:
    values = {"id": ids.new("prl"), "org_id": "org_1", "name": rule_type, "created_at": LONG_AGO, **values}
    return PricingRule(rule_type=rule_type, **values)


def base(cents: int = 350_00, **values: Any) -> PricingRule:
    return rule("base_rate", amount=cents, **values)


def mileage(cents: int = 2_50, **values: Any) -> PricingRule:
    return rule("mileage_rate", amount=cents, **values)


def weekend(percent: int = 25, **values: Any) -> PricingRule:
    return rule("time_multiplier", percent=Decimal(percent), weekdays=["saturday", "sunday"], **values)


def fee(kind: str, cents: int, **values: Any) -> PricingRule:
    return rule("flat_fee", fee=kind, amount=cents, **values)


def wifi(cents: int = 50_00) -> Amenity:
    return Amenity(id="ame_1", org_id="org_1", code="wifi", name="Wifi", amount=cents)


def promo(**values: Any) -> PromoCode:
    return PromoCode(**{"id": "pro_1", "org_id": "org_1", "code": "SPRING", **values})


def trip(**values: Any) -> Trip:
    return build_trip(QuoteRequest.model_validate(_asked(values)), NEW_YORK)


def _asked(values: dict[str, Any]) -> dict[str, Any]:
    start = {} if "departs_at" in values else {"trip_date": WEDNESDAY}
    return {"vehicle_class": "coach", "passengers": 40, "miles": Decimal(150), **start, **values}


def priced(
    rules: list[PricingRule],
    *,
    terms: PricingTerms = TERMS,
    amenity: Amenity | None = None,
    offer: Offer | None = None,
    cost: int | None = None,
    **values: Any,
) -> Priced:
    amenities = {amenity.code: amenity} if amenity else {}
    return calculate_price(trip(**values), rules, terms, amenities=amenities, offer=offer, cost=cost)


def line_of(answer: Priced, kind: str) -> Line:
    (found,) = [each for each in answer.lines if each.kind == kind]
    return found


def kinds(answer: Priced) -> list[str]:
    return [each.kind for each in answer.lines]


def warned(answer: Priced) -> set[str]:
    return {each.code for each in answer.warnings}
