"""The price of a trip, line by line, in the order that makes it.

1. base, mileage, deadhead and hours, for each vehicle; 2. multipliers on the sum of 1; 3. the adjustments for the
class of vehicle and for the client; 4. flat fees; 5. fuel; 6. promo code; 7. minimum charge; 8. tax. Each amount is
rounded half up once, at its line, and the total is the sum of the lines.

Another mile never makes a trip cheaper, with one deliberate exception: a trip that just reaches the least amount of a
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
    """The organization's own terms, and the day of asking in its time zone."""

    currency: str
    asked_on: date
    tax_percent: Decimal = Decimal(0)
    fuel_per_mile: Decimal = FUEL_PER_MILE
    """In units of the currency; it may have parts of a cent."""
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
    """The priced trip. `cost` is in cents. Raises PriceTooLarge."""
    won = pick_winners(rules, trip, trip.days[0])
    driving = DrivingCharges(trip, won, list(multiplier_shares(rules, trip)))
    quote = _QuoteBuilder(trip, won, terms)
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
        quote.warn("below_cost", "the price before tax is less than the cost")
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
    left = price_cents - cost
    percent = round(left / price_cents * 100, 2) if price_cents else None
    return Margin(cost=cost, amount=left, percent=percent)


def _applied_rules(rules: Sequence[PricingRule], lines: Sequence[Line]) -> list[AppliedRule]:
    """The rules that made a line, as they were, in the order of the lines."""
    known = {rule.id: rule for rule in rules}
    named = dict.fromkeys(each.rule_id for each in lines if each.rule_id in known)
    return [AppliedRule.model_validate(known[rule_id].model_dump()) for rule_id in named if rule_id is not None]


@dataclass(slots=True)
class _QuoteBuilder:
    """A quote in the making: what `lines` has so far is what the next step starts from."""

    trip: Trip
    won: Mapping[str, PricingRule]
    terms: PricingTerms
    lines: list[Line] = field(default_factory=list)
    warnings: list[Notice] = field(default_factory=list)

    @property
    def sum(self) -> int:
        return sum(each.amount for each in self.lines)

    def warn(self, code: str, message: str) -> None:
        self.warnings.append(Notice(code=code, message=message))

    def fees(self, amenities: Mapping[str, Amenity]) -> Iterator[Line]:
        """4. Once for the booking, or for each vehicle; some for each day too, if their rule says so."""
        trip = self.trip
        yield from self._fee("booking", 1)
        for code in trip.amenities:
            yield from self._amenity(code, amenities.get(code))
        yield from self._fee("extra_stop", trip.extra_stops * trip.vehicles)
        yield from self._fee("overnight", trip.overnights * trip.vehicles)
        yield from self._fee("second_driver", trip.vehicles if trip.second_driver else 0)
        yield from self._fee("coi", 1 if trip.coi else 0)

    def _fee(self, fee: Fee, quantity: int) -> Iterator[Line]:
        rule = self.won.get(f"flat_fee:{fee}")
        if rule is not None and quantity:
            yield build_line(fee, rule.name, rule.id, quantity * self._days(rule), rule.amount or 0)

    def _amenity(self, code: str, listed: Amenity | None) -> Iterator[Line]:
        """By a rule for this trip, else by the price list."""
        rule = self.won.get(f"flat_fee:amenity:{code}")
        if rule is not None:
            yield build_line("amenity", rule.name, rule.id, self.trip.vehicles * self._days(rule), rule.amount or 0)
        elif listed is not None:
            yield build_line("amenity", listed.name, listed.id, self.trip.vehicles, listed.amount)
        else:
            self.warn("amenity_without_price", f"the amenity {code} has no price and is not charged")

    def _days(self, rule: PricingRule) -> int:
        return len(self.trip.days) if rule.per_day else 1

    def fuel(self) -> Iterator[Line]:
        """5. For every mile driven, deadhead too."""
        rule = self.won.get("flat_fee:fuel_surcharge")
        cents = self.terms.fuel_per_mile * 100 if rule is None else Decimal(rule.amount or 0)
        miles = (self.trip.miles + self.trip.deadhead_miles) * self.trip.vehicles
        label, rule_id = _label_and_id(rule, "Fuel surcharge")
        if cents == int(cents):
            if miles and cents:
                yield build_line("fuel_surcharge", label, rule_id, miles, int(cents))
        elif total := round_half_up(miles * cents):
            yield build_line("fuel_surcharge", f"{label}, {self.terms.fuel_per_mile} a mile", rule_id, 1, total)

    def promo(self, offer: Offer | None) -> Iterator[Line]:
        """6. What the code gives, at most all there is. A code that gives nothing leaves a warning."""
        if offer is None:
            return
        subtotal, promo = self.sum, offer.promo
        refused = refusal_notice(offer, subtotal, self.terms.asked_on)
        if promo is None or refused is not None:
            self.warnings.append(refused or unknown_code_notice(offer))
        elif promo.percent is not None:
            off = round_half_up(subtotal * promo.percent / 100)
            yield build_line("promo", f"Promo code {promo.code}", promo.id, promo.percent / 100, -subtotal, -off)
        else:
            yield build_line("promo", f"Promo code {promo.code}", promo.id, 1, -min(promo.amount or 0, subtotal))

    def minimum(self) -> Iterator[Line]:
        """7. What is missing to the least that a trip costs, for each vehicle."""
        rule = self.won.get("flat_fee:minimum_charge")
        least = self.terms.minimum_cents if rule is None else rule.amount or 0
        missing = least * self.trip.vehicles - self.sum
        if missing > 0:
            yield build_line("minimum_charge", *_label_and_id(rule, "Minimum charge"), 1, missing)

    def tax(self) -> Iterator[Line]:
        """8. On all of it."""
        base, share = self.sum, self.terms.tax_percent / 100
        if base and share:
            yield build_line("tax", "Tax", None, share, base)

    def warn_of_rates(self, driving: DrivingCharges, rules: Sequence[PricingRule]) -> None:
        """What somebody should know of how the driving was priced."""
        if not driving.rates:
            self.warn("no_rate", "no base, mileage or hourly rate is for this trip")
        if "hourly_rate" in driving.rates and self.trip.hours is None:
            self.warn("hours_unknown", "there is an hourly rate: say departs_at and returns_at, or hours")
        if self.trip.deadhead_miles and "deadhead_rate" not in driving.rates:
            self.warn("no_deadhead_rate", "no rate is for deadhead miles: they are not charged")
        if depends_on_start_time(rules, self.trip):
            self.warn("start_unknown", "some rates depend on the hour of the start: say start_time")


def _label_and_id(rule: PricingRule | None, otherwise: str) -> tuple[str, str | None]:
    """Label and id of the rule, or of the organization's own terms."""
    return (otherwise, None) if rule is None else (rule.name, rule.id)
