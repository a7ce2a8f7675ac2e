"""Calculates the price of a trip, line by line.

Steps: 1. base, mileage, deadhead and hourly rates, per vehicle; 2. multipliers on the sum of 1; 3. adjustments for the
vehicle class and the client; 4. flat fees; 5. fuel; 6. promo code; 7. minimum charge; 8. tax. Each amount is rounded
half up once, at its line, and the total is the sum of the lines.

An additional mile never makes a trip cheaper, with one exception: a trip that just reaches the minimum amount of a
promo code costs less than one just below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from coachway.core.types.money import LARGEST_CENTS, round_half_up
from coachway.pricing.driving_charges import DrivingCharges, build_line, multiplier_shares
from coachway.pricing.errors import PriceTooLarge
from coachway.pricing.extras_model import Amenity
from coachway.pricing.promo_rules import Offer, refusal_notice, unknown_code_notice
from coachway.pricing.quote_model import AppliedRule, Line, Margin, Notice, Priced
from coachway.pricing.rule_matching import Trip, depends_on_start_time, pick_winners
from coachway.pricing.rule_model import Fee, PricingRule

FUEL_PER_MILE: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class PricingTerms:
    """The organization's own terms, and the date of the request in its time zone."""

    currency: str
    requested_on: date
    tax_percent: Decimal = Decimal(0)
    fuel_per_mile: Decimal = FUEL_PER_MILE
    """In units of the currency; may have fractions of a cent."""
    minimum_cents: int = 0


def calculate_price(
    trip: Trip,
    rules: Sequence[PricingRule],
    terms: PricingTerms,
    *,
    amenities: Mapping[str, Amenity],
    offer: Offer | None = None,
    cost: int | None = None,
) -> Priced:
    """Calculate the price of a trip. `cost` is in cents. Raises PriceTooLarge."""
    winning = pick_winners(rules, trip, trip.days[0])
    driving = DrivingCharges(trip, winning, list(multiplier_shares(rules, trip)))
    quote = _QuoteBuilder(trip, winning, terms)
    quote.lines += driving.lines()
    quote.lines += quote.fees(amenities)
    quote.lines += quote.fuel()
    subtotal = quote.sum
    quote.lines += quote.promo(offer)
    discount = subtotal - quote.sum
    quote.lines += quote.minimum()
    before_tax = quote.sum
    quote.lines += quote.tax()
    if quote.sum > LARGEST_CENTS:
        raise PriceTooLarge("The price exceeds 999,999,999.99. Check the rates and the distance.")
    quote.warn_of_rates(driving, rules)
    if cost is not None and before_tax < cost:
        quote.warn("below_cost", "The price before tax is less than the cost.")
    return Priced(
        lines=quote.lines,
        subtotal=before_tax + discount,
        discount=discount,
        tax=quote.sum - before_tax,
        total=quote.sum,
        currency=terms.currency,
        margin=_margin(before_tax, cost),
        warnings=quote.warnings,
        rules=_applied_rules(rules, quote.lines),
    )


def _margin(price_cents: int, cost: int | None) -> Margin | None:
    if cost is None:
        return None
    profit = price_cents - cost
    percent = round(profit / price_cents * 100, 2) if price_cents else None
    return Margin(cost=cost, amount=profit, percent=percent)


def _applied_rules(rules: Sequence[PricingRule], lines: Sequence[Line]) -> list[AppliedRule]:
    """The rules behind the lines, with their current values, in the order of the lines."""
    rules_by_id = {rule.id: rule for rule in rules}
    rule_ids = dict.fromkeys(each.rule_id for each in lines if each.rule_id in rules_by_id)
    return [
        AppliedRule.model_validate(rules_by_id[rule_id].model_dump()) for rule_id in rule_ids if rule_id is not None
    ]


@dataclass(slots=True)
class _QuoteBuilder:
    """Collects lines and warnings; each step starts from the sum of the lines so far."""

    trip: Trip
    winning: Mapping[str, PricingRule]
    terms: PricingTerms
    lines: list[Line] = field(default_factory=list)
    warnings: list[Notice] = field(default_factory=list)

    @property
    def sum(self) -> int:
        return sum(each.amount for each in self.lines)

    def warn(self, code: str, message: str) -> None:
        self.warnings.append(Notice(code=code, message=message))

    def fees(self, amenities: Mapping[str, Amenity]) -> Iterator[Line]:
        """Step 4: per booking or per vehicle; some also per day, if the rule says so."""
        trip = self.trip
        yield from self._fee("booking", 1)
        for code in trip.amenities:
            yield from self._amenity(code, amenities.get(code))
        yield from self._fee("extra_stop", trip.extra_stops * trip.vehicles)
        yield from self._fee("overnight", trip.overnights * trip.vehicles)
        yield from self._fee("second_driver", trip.vehicles if trip.second_driver else 0)
        yield from self._fee("coi", 1 if trip.coi else 0)

    def _fee(self, fee: Fee, quantity: int) -> Iterator[Line]:
        rule = self.winning.get(f"flat_fee:{fee}")
        if rule is not None and quantity:
            yield build_line(fee, rule.name, rule.id, quantity * self._days(rule), rule.amount or 0)

    def _amenity(self, code: str, priced: Amenity | None) -> Iterator[Line]:
        """Priced by a rule that matches the trip, else by the price list."""
        rule = self.winning.get(f"flat_fee:amenity:{code}")
        if rule is not None:
            yield build_line("amenity", rule.name, rule.id, self.trip.vehicles * self._days(rule), rule.amount or 0)
        elif priced is not None:
            yield build_line("amenity", priced.name, priced.id, self.trip.vehicles, priced.amount)
        else:
            self.warn("amenity_without_price", f"The amenity {code} has no price and is not charged.")

    def _days(self, rule: PricingRule) -> int:
        return len(self.trip.days) if rule.per_day else 1

    def fuel(self) -> Iterator[Line]:
        """Step 5: for every mile, including deadhead miles."""
        rule = self.winning.get("flat_fee:fuel_surcharge")
        cents = self.terms.fuel_per_mile * 100 if rule is None else Decimal(rule.amount or 0)
        miles = (self.trip.miles + self.trip.deadhead_miles) * self.trip.vehicles
        label, rule_id = _label_and_id(rule, "Fuel surcharge")
        if cents == int(cents):
            if miles and cents:
                yield build_line("fuel_surcharge", label, rule_id, miles, int(cents))
        elif total := round_half_up(miles * cents):
            yield build_line("fuel_surcharge", f"{label}, {self.terms.fuel_per_mile} a mile", rule_id, 1, total)

    def promo(self, offer: Offer | None) -> Iterator[Line]:
        """Step 6: at most the sum so far. A code that cannot be used adds a warning."""
        if offer is None:
            return
        subtotal, promo = self.sum, offer.promo
        refusal = refusal_notice(offer, subtotal, self.terms.requested_on)
        if promo is None or refusal is not None:
            self.warnings.append(refusal or unknown_code_notice(offer))
        elif promo.percent is not None:
            discount = round_half_up(subtotal * promo.percent / 100)
            yield build_line("promo", f"Promo code {promo.code}", promo.id, promo.percent / 100, -subtotal, -discount)
        else:
            yield build_line("promo", f"Promo code {promo.code}", promo.id, 1, -min(promo.amount or 0, subtotal))

    def minimum(self) -> Iterator[Line]:
        """Step 7: the difference to the minimum charge, per vehicle."""
        rule = self.winning.get("flat_fee:minimum_charge")
        minimum = self.terms.minimum_cents if rule is None else rule.amount or 0
        missing = minimum * self.trip.vehicles - self.sum
        if missing > 0:
            yield build_line("minimum_charge", *_label_and_id(rule, "Minimum charge"), 1, missing)

    def tax(self) -> Iterator[Line]:
        """Step 8: on the sum of all lines."""
        base, share = self.sum, self.terms.tax_percent / 100
        if base and share:
            yield build_line("tax", "Tax", None, share, base)

    def warn_of_rates(self, driving: DrivingCharges, rules: Sequence[PricingRule]) -> None:
        """Add warnings about missing rates and times."""
        if not driving.rates:
            self.warn("no_rate", "No base, mileage or hourly rate matches this trip.")
        if "hourly_rate" in driving.rates and self.trip.hours is None:
            self.warn("hours_unknown", "An hourly rate applies. Add departs_at and returns_at, or hours.")
        if self.trip.deadhead_miles and "deadhead_rate" not in driving.rates:
            self.warn("no_deadhead_rate", "No rate matches deadhead miles. They are not charged.")
        if depends_on_start_time(rules, self.trip):
            self.warn("start_unknown", "Some rates depend on the start time. Add start_time.")


def _label_and_id(rule: PricingRule | None, default_label: str) -> tuple[str, str | None]:
    """The label and id of a rule, or the default label without an id."""
    return (default_label, None) if rule is None else (rule.name, rule.id)
