"""Calculates the price of a trip, line by line.

Steps: 1. base, mileage, deadhead and hourly rates, per vehicle; 2. multipliers of the sum of step 1; 3. adjustments for
the vehicle class and the client; 4. flat fees; 5. fuel; 6. promo code; 7. minimum charge; 8. adjustments by staff (see
`price_adjustment`); 9. tax. Each line is rounded half up, and the total is the sum of the lines.

A trip with several vehicle classes has steps 1 to 3 for each class, with lines that name it. A fee per vehicle has one
line for all classes whose rule is the same.

An additional mile never makes a trip cheaper, with one exception: a trip that reaches the minimum amount of a promo
code can cost less than a shorter one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from coachway.core.types.code_words import format_vehicle_groups
from coachway.core.types.money import LARGEST_CENTS, round_half_up
from coachway.core.types.stored_values import STORED
from coachway.pricing.adjustment_model import PriceAdjustments
from coachway.pricing.driving_charges import DrivingCharges, build_line, build_rule_line, multiplier_shares
from coachway.pricing.errors import PriceTooLarge
from coachway.pricing.extras_model import Amenity
from coachway.pricing.notice_model import Notice
from coachway.pricing.price_adjustment import (
    accept_notices,
    adjust_lines,
    rules_price_notices,
    split_all_in_price,
    sum_amounts,
)
from coachway.pricing.pricing_terms import PricingTerms
from coachway.pricing.promo_rules import RequestedPromoCode, promo_rejection_reason, unknown_promo_code_notice
from coachway.pricing.quote_model import AppliedRule, Line, LineKind, Margin, PriceBreakdown, RulesPrice
from coachway.pricing.rule_matching import Trip, depends_on_start_time, pick_winning_rules
from coachway.pricing.rule_model import Fee, PricingRule


def calculate_price(
    trips: Sequence[Trip],
    rules: Sequence[PricingRule],
    terms: PricingTerms,
    *,
    amenities: Mapping[str, Amenity],
    promo_code: RequestedPromoCode | None = None,
    cost: int | None = None,
    adjustments: PriceAdjustments | None = None,
) -> PriceBreakdown:
    """Calculate the price of a trip; `trips` has it once for each vehicle class. `cost` is in cents.

    Raises PriceTooLarge or PriceBelowZero.
    """
    charges = [
        DrivingCharges(trip, pick_winning_rules(rules, trip, trip.days[0]), list(multiplier_shares(rules, trip)))
        for trip in trips
    ]
    builder = _PriceBuilder(charges, terms)
    builder.lines += builder.driving_lines()
    builder.lines += builder.fee_lines(amenities)
    builder.lines += builder.fuel_lines()
    builder.lines += builder.promo_lines(promo_code)
    builder.lines += builder.minimum_charge_lines()
    rule_lines = [*builder.lines, *terms.tax_lines(builder.total)]
    price_changes = adjustments if adjustments is not None and adjustments.changes_price else None
    lines = _adjust_price(builder.lines, price_changes, terms) if price_changes else rule_lines
    total = sum_amounts(lines)
    _require_possible_amounts(rule_lines)
    _require_possible_amounts(lines)
    builder.add_rate_warnings(rules, has_all_in_price=bool(price_changes and price_changes.all_in_price))
    builder.add_vehicle_warnings()
    tax = _sum_kinds(lines, "tax")
    margin = _calculate_margin(total - tax, cost)
    builder.add_margin_warnings(margin)
    if price_changes:
        builder.add_adjustment_warnings(total - tax, price_changes, sum_amounts(rule_lines))
    discount = -_sum_kinds(lines, "promo", "discount")
    return PriceBreakdown(
        lines=lines,
        subtotal=total - tax + discount,
        discount=discount,
        tax=tax,
        total=total,
        currency=terms.currency,
        margin=margin,
        warnings=accept_notices(builder.warnings, adjustments) if adjustments else builder.warnings,
        rules_price=_build_rules_price(rule_lines) if price_changes else None,
        rules=_applied_rules(rules, rule_lines),
    )


def _require_possible_amounts(lines: Sequence[Line]) -> None:
    """Raise PriceTooLarge unless the price is within the limit, also without its discounts."""
    if sum(line.amount for line in lines if line.amount > 0) > LARGEST_CENTS:
        raise PriceTooLarge("The price exceeds 999,999,999.99. Check the rates, the distance and the manual lines.")


def _adjust_price(rule_lines: Sequence[Line], adjustments: PriceAdjustments, terms: PricingTerms) -> list[Line]:
    """The lines of an adjusted price, with tax."""
    if adjustments.all_in_price is None:
        lines = adjust_lines(rule_lines, adjustments)
        return [*lines, *terms.tax_lines(sum_amounts(lines))]
    lines, tax = split_all_in_price(adjustments, adjustments.all_in_price, terms.applied_tax_percent)
    return [*lines, *terms.tax_lines(sum_amounts(lines), tax)]


def _build_rules_price(lines: list[Line]) -> RulesPrice:
    return RulesPrice(
        lines=lines, discount=-_sum_kinds(lines, "promo"), tax=_sum_kinds(lines, "tax"), total=sum_amounts(lines)
    )


def _sum_kinds(lines: Sequence[Line], *kinds: LineKind) -> int:
    return sum_amounts([line for line in lines if line.kind in kinds])


def _calculate_margin(price_cents: int, cost: int | None) -> Margin | None:
    if cost is None:
        return None
    profit = price_cents - cost
    percent = round(profit / price_cents * 100, 2) if price_cents else None
    return Margin(cost=cost, amount=profit, percent=percent)


def _applied_rules(rules: Sequence[PricingRule], lines: Sequence[Line]) -> list[AppliedRule]:
    """The rules of the lines, with their current values, in the order of the lines."""
    rules_by_id = {rule.id: rule for rule in rules}
    rule_ids = dict.fromkeys(each.rule_id for each in lines if each.rule_id in rules_by_id)
    return [
        AppliedRule.model_validate(rules_by_id[rule_id].model_dump(), context=STORED)
        for rule_id in rule_ids
        if rule_id is not None
    ]


@dataclass(slots=True)
class _PriceBuilder:
    """The lines and warnings of a price. Each step depends on the total of the previous lines."""

    charges: Sequence[DrivingCharges]
    """One for each vehicle class."""
    terms: PricingTerms
    lines: list[Line] = field(default_factory=list)
    warnings: list[Notice] = field(default_factory=list)

    @property
    def trip(self) -> Trip:
        """The trip with its first vehicle class, for what does not depend on the class."""
        return self.charges[0].trip

    @property
    def total(self) -> int:
        return sum_amounts(self.lines)

    def add_warning(self, code: str, message: str) -> None:
        warning = Notice(code=code, message=message)
        if warning not in self.warnings:
            self.warnings.append(warning)

    def driving_lines(self) -> Iterator[Line]:
        """Steps 1 to 3, for each vehicle class."""
        for each in self.charges:
            for line in each.build_lines():
                yield self._name_classes(line, [each.trip])

    def _name_classes(self, line: Line, trips: Sequence[Trip]) -> Line:
        """The line with the vehicle classes that it is for, unless these are all classes of the trip."""
        if len(trips) == len(self.charges):
            return line
        names = format_vehicle_groups((trip.vehicles, trip.vehicle_class) for trip in trips)
        labels = {"label": f"{line.label} ({names})", "public_label": f"{line.public_label} ({names})"}
        return line.model_copy(update={**labels, "vehicle_class": trips[0].vehicle_class if len(trips) == 1 else None})

    def _group_by_rule(self, slot: str) -> list[tuple[PricingRule | None, list[Trip]]]:
        """The rules that win a slot, each with the vehicle classes for which it does; None where no rule matches."""
        groups: dict[str | None, tuple[PricingRule | None, list[Trip]]] = {}
        for each in self.charges:
            rule = each.winners.get(slot)
            groups.setdefault(rule.id if rule else None, (rule, []))[1].append(each.trip)
        return list(groups.values())

    def fee_lines(self, amenities: Mapping[str, Amenity]) -> Iterator[Line]:
        """Step 4: flat fees, per booking or per vehicle; some rules also charge them per day."""
        trip = self.trip
        yield from self._booking_fee_lines("booking")
        for code in trip.amenities:
            yield from self._amenity_lines(code, amenities.get(code))
        yield from self._vehicle_fee_lines("extra_stop", trip.extra_stops)
        yield from self._vehicle_fee_lines("overnight", trip.overnights)
        yield from self._vehicle_fee_lines("second_driver", 1 if trip.second_driver else 0)
        if trip.coi:
            yield from self._booking_fee_lines("coi")

    def _booking_fee_lines(self, fee: Fee) -> Iterator[Line]:
        """A fee per booking: that of the first vehicle class that has one."""
        slot = f"flat_fee:{fee}"
        rule = next((each.winners[slot] for each in self.charges if slot in each.winners), None)
        if rule is not None:
            yield build_rule_line(fee, rule, self._charged_days(rule), rule.amount or 0)

    def _vehicle_fee_lines(self, fee: Fee, quantity: int) -> Iterator[Line]:
        for rule, trips in self._group_by_rule(f"flat_fee:{fee}"):
            if rule is not None and quantity:
                units = quantity * _count_vehicles(trips) * self._charged_days(rule)
                yield self._name_classes(build_rule_line(fee, rule, units, rule.amount or 0), trips)

    def _amenity_lines(self, code: str, amenity: Amenity | None) -> Iterator[Line]:
        """Price an amenity by a matching rule, or else by the price list.

        A retired amenity keeps its price, because an earlier quote may have promised it.
        """
        if amenity is not None and not amenity.active:
            self.add_warning(
                "amenity_retired",
                f"The amenity {amenity.name} is no longer offered. Remove it, or make sure that the vehicle has it.",
            )
        for rule, trips in self._group_by_rule(f"flat_fee:amenity:{code}"):
            vehicles = _count_vehicles(trips)
            if rule is not None:
                line = build_rule_line("amenity", rule, vehicles * self._charged_days(rule), rule.amount or 0)
                listed_name = amenity.name if amenity else code.replace("_", " ").replace("-", " ").capitalize()
                line = line.model_copy(update={"public_label": rule.public_label or listed_name})
                yield self._name_classes(line, trips)
            elif amenity is not None:
                line = build_line("amenity", amenity.name, amenity.id, vehicles, amenity.amount)
                yield self._name_classes(line, trips)
            else:
                self.add_warning("amenity_without_price", f"The amenity {code} has no price and is not charged.")

    def _charged_days(self, rule: PricingRule) -> int:
        return len(self.trip.days) if rule.per_day else 1

    def fuel_lines(self) -> Iterator[Line]:
        """Step 5: the fuel surcharge for all miles, including deadhead miles."""
        for rule, trips in self._group_by_rule("flat_fee:fuel_surcharge"):
            miles = (self.trip.miles + self.trip.deadhead_miles) * _count_vehicles(trips)
            for line in self._fuel_lines(rule, miles):
                yield self._name_classes(line, trips)

    def _fuel_lines(self, rule: PricingRule | None, miles: Decimal) -> Iterator[Line]:
        cents = self.terms.fuel_per_mile * 100 if rule is None else Decimal(rule.amount or 0)
        if rule is not None:
            if miles and cents:
                yield build_rule_line("fuel_surcharge", rule, miles, int(cents))
        elif cents == int(cents):
            if miles and cents:
                yield build_line("fuel_surcharge", "Fuel surcharge", None, miles, int(cents))
        elif total := round_half_up(miles * cents):
            label = f"Fuel surcharge, {self.terms.fuel_per_mile} per mile"
            yield build_line("fuel_surcharge", label, None, 1, total, public_label=label)

    def promo_lines(self, requested: RequestedPromoCode | None) -> Iterator[Line]:
        """Step 6: the discount, at most the total. A code that cannot be used adds a warning."""
        if requested is None:
            return
        subtotal, promo = self.total, requested.promo
        rejection = promo_rejection_reason(requested, subtotal, self.terms.requested_on)
        if promo is None or rejection is not None:
            self.warnings.append(rejection or unknown_promo_code_notice(requested))
        elif promo.percent is not None:
            discount = round_half_up(subtotal * promo.percent / 100)
            yield build_line("promo", f"Promo code {promo.code}", promo.id, promo.percent / 100, -subtotal, -discount)
        else:
            yield build_line("promo", f"Promo code {promo.code}", promo.id, 1, -min(promo.amount or 0, subtotal))

    def minimum_charge_lines(self) -> Iterator[Line]:
        """Step 7: the difference to the minimum charge, which is per vehicle."""
        groups = self._group_by_rule("flat_fee:minimum_charge")
        rule = groups[0][0] if len(groups) == 1 else None
        missing = self._minimum_charge() - self.total
        if missing > 0 and rule is not None:
            yield build_rule_line("minimum_charge", rule, 1, missing)
        elif missing > 0:
            yield build_line("minimum_charge", "Minimum charge", None, 1, missing)

    def _minimum_charge(self) -> int:
        return sum(
            (self.terms.minimum_cents if rule is None else rule.amount or 0) * _count_vehicles(trips)
            for rule, trips in self._group_by_rule("flat_fee:minimum_charge")
        )

    def add_rate_warnings(self, rules: Sequence[PricingRule], *, has_all_in_price: bool) -> None:
        """Add warnings about missing rates and times. An all-in price needs no rate."""
        unpriced = [each.trip.vehicle_class for each in self.charges if not each.is_priced]
        if unpriced and not has_all_in_price:
            what = "this trip" if len(self.charges) == 1 else f"the class {' and '.join(unpriced)}"
            self.add_warning("no_rate", f"No base, mileage or hourly rate prices {what}. Add a pricing rule.")
        if any("hourly_rate" in each.rates for each in self.charges) and self.trip.hours is None:
            self.add_warning("hours_unknown", "An hourly rate applies. Add departs_at and returns_at, or hours.")
        if self.trip.deadhead_miles and any("deadhead_rate" not in each.rates for each in self.charges):
            self.add_warning("no_deadhead_rate", "No rate matches deadhead miles. They are not charged.")
        if any(depends_on_start_time(rules, each.trip) for each in self.charges):
            self.add_warning("start_unknown", "Some rates depend on the start time. Add start_time.")

    def add_margin_warnings(self, margin: Margin | None) -> None:
        """Add a warning about a price below the cost, or below the organization's minimum margin."""
        minimum = self.terms.minimum_margin_percent
        if margin is None:
            return
        if margin.amount < 0:
            self.add_warning("below_cost", "The price before tax is less than the cost.")
        elif minimum and margin.amount * 100 < minimum * (margin.cost + margin.amount):
            self.add_warning(
                "below_minimum_margin", f"The margin is {margin.percent} %, less than the minimum of {minimum:f} %."
            )

    def add_adjustment_warnings(self, before_tax: int, adjustments: PriceAdjustments, rules_total: int) -> None:
        """Add warnings about what staff should know of a price that was adjusted by hand."""
        if before_tax < self._minimum_charge():
            self.add_warning("below_minimum_charge", "The price before tax is less than the minimum charge.")
        if adjustments.all_in_price is not None and any(line.kind == "promo" for line in self.lines):
            self.add_warning("promo_not_applied", "The promo code does not reduce an all-in price and is not used.")
        self.warnings += rules_price_notices(adjustments, rules_total)

    def add_vehicle_warnings(self) -> None:
        """Add warnings about an unknown vehicle class and too few seats."""
        seats_by_class = self.terms.seats_by_class
        trips = [each.trip for each in self.charges]
        unknown = [trip.vehicle_class for trip in trips if trip.vehicle_class not in seats_by_class]
        if unknown:
            self.add_warning(
                "unknown_vehicle_class",
                f"The organization has no vehicle class {' or '.join(unknown)}. Its classes are "
                f"{', '.join(sorted(seats_by_class))}.",
            )
        elif sum(seats_by_class[trip.vehicle_class] * trip.vehicles for trip in trips) < self.trip.passengers:
            vehicles = " and ".join(
                f"{trip.vehicles} × {trip.vehicle_class} with up to {seats_by_class[trip.vehicle_class]} seats"
                for trip in trips
            )
            self.add_warning("too_few_seats", f"{self.trip.passengers} passengers need more than {vehicles}.")


def _count_vehicles(trips: Sequence[Trip]) -> int:
    return sum(trip.vehicles for trip in trips)
