"""Events of quotes, pricing rules, promo codes and amenities."""

from typing import ClassVar

from coachway.core.persistence.domain_events import Event
from coachway.core.types.money import StoredAmount


class QuoteCalculated(Event):
    """A trip was priced."""

    TYPE: ClassVar[str] = "quote.calculated"

    quote_id: str
    client_id: str | None
    charter_id: str | None
    total: StoredAmount
    currency: str


class PricingRuleCreated(Event):
    """A pricing rule was created."""

    TYPE: ClassVar[str] = "pricing_rule.created"

    rule_id: str
    name: str
    rule_type: str


class PricingRuleChanged(Event):
    """A pricing rule was updated; earlier quotes keep its former values."""

    TYPE: ClassVar[str] = "pricing_rule.changed"

    rule_id: str
    name: str
    rule_type: str


class PricingRuleDeleted(Event):
    """A pricing rule was deleted."""

    TYPE: ClassVar[str] = "pricing_rule.deleted"

    rule_id: str
    name: str
    rule_type: str


class PromoCodeCreated(Event):
    """A promo code was created."""

    TYPE: ClassVar[str] = "promo_code.created"

    promo_id: str
    code: str


class PromoCodeChanged(Event):
    """A promo code was updated or retired; earlier quotes keep its discount."""

    TYPE: ClassVar[str] = "promo_code.changed"

    promo_id: str
    code: str


class AmenityAdded(Event):
    """An amenity was added to the price list."""

    TYPE: ClassVar[str] = "amenity.priced"

    amenity_id: str
    code: str
    amount: StoredAmount


class AmenityChanged(Event):
    """An amenity was updated or retired; earlier quotes keep its price."""

    TYPE: ClassVar[str] = "amenity.changed"

    amenity_id: str
    code: str
    amount: StoredAmount
