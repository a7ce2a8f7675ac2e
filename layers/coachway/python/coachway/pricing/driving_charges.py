"""What the driving itself costs: rates, the multipliers on them, and the adjustments of both.

A trip of several days is taken as equal shares, one for each 24 hours begun, each at the trip's starting hour on its
own date: of a trip from Friday to Sunday, two thirds bear the weekend's percentage. Reductions among the multipliers
are rounded together, so that they never take more than there is, and another mile never makes a trip cheaper.
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
    """`quantity` times `unit` cents, rounded; or `cents`, where rounding is not a matter of one line alone."""
    exact = Decimal(quantity)
    amount = round_half_up(exact * unit) if cents is None else cents
    return Line(kind=kind, label=label, rule_id=rule_id, quantity=exact, unit_amount=unit, amount=amount)


@dataclass(frozen=True, slots=True)
class Share:
    """A multiplier, and the part of the driving's price that it adds: its percentage, for its share of the days."""

    kind: LineKind
    rule: PricingRule
    part: Decimal


def multiplier_shares(rules: Sequence[PricingRule], trip: Trip) -> Iterator[Share]:
    """The multipliers of a trip, those of time before those of season."""
    by_day = [pick_winners(rules, trip, day) for day in trip.days]
    for kind in MULTIPLIERS:
        won = [winner[kind] for winner in by_day if kind in winner]
        for rule in {rule.id: rule for rule in won}.values():
            days = sum(1 for each in won if each.id == rule.id)
            part = (rule.percent or Decimal(0)) / 100 * days / len(trip.days)
            yield Share(kind, rule, part.quantize(Decimal("1e-10")))


def multiply(base: int, parts: Sequence[Decimal]) -> list[int]:
    """What each part of `base` comes to, in cents. Surcharges are rounded one by one; reductions as they add up."""
    result, reduced, taken = [], Decimal(0), 0
    for part in parts:
        if part >= 0:
            result.append(round_half_up(base * part))
        else:
            reduced = max(reduced + part, Decimal(-1))
            so_far = round_half_up(base * reduced)
            result.append(so_far - taken)
            taken = so_far
    return result


@dataclass(slots=True)
class DrivingCharges:
    """Lines 1 to 3 of a quote."""

    trip: Trip
    won: Mapping[str, PricingRule]
    shares: Sequence[Share]
    rates: dict[Rate, int] = field(init=False)
    """In cents, as far as replaced so far."""
    percents: list[Decimal] = field(init=False, default_factory=list)
    """The percentages of adjustments made so far."""

    def __post_init__(self) -> None:
        self.rates = {name: self.won[name].amount or 0 for name in RATES if name in self.won}

    def quantity(self, rate: Rate) -> Decimal:
        """How many of its units the trip has, over all vehicles."""
        rule, each = self.won.get(rate), Decimal(0)
        match rate:
            case "base_rate":
                each = Decimal(len(self.trip.days) if rule is not None and rule.per_day else 1)
            case "mileage_rate":
                each = self.trip.miles
            case "deadhead_rate":
                each = self.trip.deadhead_miles
            case "hourly_rate":
                each = self.trip.hours or each
        return each * self.trip.vehicles

    def lines(self) -> list[Line]:
        """The rates; the multipliers on their sum; the adjustments of the class of vehicle, then of the client."""
        made = []
        for rate in RATES:
            rule = self.won.get(rate)
            if rule is not None and (quantity := self.quantity(rate)):
                made.append(build_line(rate, rule.name, rule.id, quantity, rule.amount or 0))
        base = sum(each.amount for each in made)
        for share, cents in zip(self.shares, self._multiplied(base), strict=True):
            made.append(build_line(share.kind, share.rule.name, share.rule.id, share.part, base, cents))
        for kind in ADJUSTMENTS:
            rule = self.won.get(kind)
            if rule is not None:
                made += self._adjusted(kind, rule)
        return made

    def _adjusted(self, kind: LineKind, rule: PricingRule) -> Iterator[Line]:
        """A percentage changes what there is so far; a replacement, what there would be had the rate been this one."""
        before = self.cents()
        if rule.percent is not None:
            self.percents.append(rule.percent)
            yield build_line(kind, rule.name, rule.id, rule.percent / 100, before, self.cents() - before)
        elif rule.replaces is not None and self.quantity(rule.replaces):
            self.rates[rule.replaces] = rule.amount or 0
            yield build_line(kind, rule.name, rule.id, 1, self.cents() - before)

    def cents(self) -> int:
        """What the driving costs by the rates and adjustments as they now are."""
        total = sum(round_half_up(self.quantity(rate) * cents) for rate, cents in self.rates.items())
        total += sum(self._multiplied(total))
        for percent in self.percents:
            total += round_half_up(total * percent / 100)
        return total

    def _multiplied(self, base: int) -> list[int]:
        return multiply(base, [share.part for share in self.shares])
