"""The price of the driving: rates, multipliers on their sum, and adjustments of both.

A trip of several days has equal shares, one per 24 hours begun, each at the trip's start time on its own date. For
example, a weekend percentage applies to two thirds of a trip from Friday to Sunday. Reductions are rounded together, so
that they never exceed the price and an additional mile never makes a trip cheaper.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from coachway.core.types.money import round_half_up
from coachway.pricing.quote_model import Line, LineKind
from coachway.pricing.rule_matching import Trip, pick_winners
from coachway.pricing.rule_model import PricingRule, Rate

RATES: Final[tuple[Rate, ...]] = ("base_rate", "mileage_rate", "deadhead_rate", "hourly_rate")
MULTIPLIERS: Final[tuple[LineKind, ...]] = ("time_multiplier", "seasonal")
ADJUSTMENTS: Final[tuple[LineKind, ...]] = ("vehicle_specific", "client_specific")


def build_line(
    kind: LineKind, label: str, rule_id: str | None, quantity: Decimal | int, unit: int, cents: int | None = None
) -> Line:
    """A line of `quantity` times `unit` cents, rounded; or of `cents` if it is rounded together with other lines."""
    exact = Decimal(quantity)
    amount = round_half_up(exact * unit) if cents is None else cents
    return Line(kind=kind, label=label, rule_id=rule_id, quantity=exact, unit_amount=unit, amount=amount)


@dataclass(frozen=True, slots=True)
class Share:
    """A multiplier, and the part of the driving price that it adds: its percentage times its share of the days."""

    kind: LineKind
    rule: PricingRule
    part: Decimal


def multiplier_shares(rules: Sequence[PricingRule], trip: Trip) -> Iterator[Share]:
    """The multipliers of a trip: time multipliers before seasonal ones. Reductions add up to 100 percent at most."""
    reduced = Decimal(0)
    by_day = [pick_winners(rules, trip, day) for day in trip.days]
    for kind in MULTIPLIERS:
        winning = [winner[kind] for winner in by_day if kind in winner]
        for rule in {rule.id: rule for rule in winning}.values():
            days = sum(1 for x in winning if x.id == rule.id)
            part = (rule.percent or Decimal(0)) / 100 * days / len(trip.days)
            part = max(part.quantize(Decimal("1e-10")), -1 - reduced)
            reduced += min(part, Decimal(0))
            yield Share(kind, rule, part)


def multiply(base: int, parts: Sequence[Decimal]) -> list[int]:
    """Each part of `base` in cents. Surcharges are rounded separately, reductions cumulatively."""
    result, reduced, rounded_so_far = [], Decimal(0), 0
    for part in parts:
        if part >= 0:
            result.append(round_half_up(base * part))
        else:
            reduced += part
            rounded = round_half_up(base * reduced)
            result.append(rounded - rounded_so_far)
            rounded_so_far = rounded
    return result


@dataclass(slots=True)
class DrivingCharges:
    """Steps 1 to 3 of a price: rates, multipliers, adjustments."""

    trip: Trip
    winning: Mapping[str, PricingRule]
    shares: Sequence[Share]
    rates: dict[Rate, int] = field(init=False)
    """In cents; replacements applied so far are included."""
    percents: list[Decimal] = field(init=False, default_factory=list)
    """The percentages of the adjustments applied so far."""

    def __post_init__(self) -> None:
        self.rates = {name: self.winning[name].amount or 0 for name in RATES if name in self.winning}

    def quantity(self, rate: Rate) -> Decimal:
        """The number of units of a rate, over all vehicles."""
        rule, units = self.winning.get(rate), Decimal(0)
        match rate:
            case "base_rate":
                units = Decimal(len(self.trip.days) if rule is not None and rule.per_day else 1)
            case "mileage_rate":
                units = self.trip.miles
            case "deadhead_rate":
                units = self.trip.deadhead_miles
            case "hourly_rate":
                units = self.trip.hours or units
        return units * self.trip.vehicles

    def lines(self) -> list[Line]:
        """Rates, then multipliers on their sum, then adjustments for the vehicle class and for the client."""
        lines = []
        for rate in RATES:
            rule = self.winning.get(rate)
            if rule is not None and (quantity := self.quantity(rate)):
                lines.append(build_line(rate, rule.name, rule.id, quantity, rule.amount or 0))
        base = sum(units.amount for units in lines)
        for share, cents in zip(self.shares, self._multiplied(base), strict=True):
            lines.append(build_line(share.kind, share.rule.name, share.rule.id, share.part, base, cents))
        for kind in ADJUSTMENTS:
            rule = self.winning.get(kind)
            if rule is not None:
                lines += self._adjusted(kind, rule)
        return lines

    def _adjusted(self, kind: LineKind, rule: PricingRule) -> Iterator[Line]:
        """A percentage changes the price so far. A replacement recalculates it with the new rate."""
        before = self.cents()
        if rule.percent is not None:
            self.percents.append(rule.percent)
            yield build_line(kind, rule.name, rule.id, rule.percent / 100, before, self.cents() - before)
        elif rule.replaces is not None and self.quantity(rule.replaces):
            self.rates[rule.replaces] = rule.amount or 0
            yield build_line(kind, rule.name, rule.id, 1, self.cents() - before)

    def cents(self) -> int:
        """The driving price with the current rates and adjustments."""
        total = sum(round_half_up(self.quantity(rate) * cents) for rate, cents in self.rates.items())
        total += sum(self._multiplied(total))
        for percent in self.percents:
            total += round_half_up(total * percent / 100)
        return total

    def _multiplied(self, base: int) -> list[int]:
        return multiply(base, [share.part for share in self.shares])
