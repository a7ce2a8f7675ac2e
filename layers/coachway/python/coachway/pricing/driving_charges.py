"""The price of driving: rates, multipliers of their sum, and adjustments.

A trip of several days is divided into equal shares, one for each started 24 hours. For example, a weekend percentage
applies to two thirds of a trip from Friday to Sunday. Reductions are rounded together, so that they never exceed the
price and an additional mile never makes a trip cheaper.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from coachway.core.types.money import round_half_up
from coachway.pricing.quote_model import Line, LineKind
from coachway.pricing.rule_matching import Trip, pick_winning_rules
from coachway.pricing.rule_model import PricingRule, Rate

RATES: Final[tuple[Rate, ...]] = ("base_rate", "mileage_rate", "deadhead_rate", "hourly_rate")
MULTIPLIERS: Final[tuple[LineKind, ...]] = ("time_multiplier", "seasonal")
ADJUSTMENTS: Final[tuple[LineKind, ...]] = ("vehicle_specific", "client_specific")


def build_line(
    kind: LineKind,
    label: str,
    rule_id: str | None,
    quantity: Decimal | int,
    unit: int,
    cents: int | None = None,
    *,
    public_label: str = "",
) -> Line:
    """A line of `quantity` times `unit` cents, rounded; or of `cents` if it was rounded together with other lines."""
    exact = Decimal(quantity)
    amount = round_half_up(exact * unit) if cents is None else cents
    return Line(
        kind=kind,
        label=label,
        public_label=public_label,
        rule_id=rule_id,
        quantity=exact,
        unit_amount=unit,
        amount=amount,
    )


def build_rule_line(
    kind: LineKind, rule: PricingRule, quantity: Decimal | int, unit: int, cents: int | None = None
) -> Line:
    """A line that a rule made; see `build_line`."""
    return build_line(kind, rule.name, rule.id, quantity, unit, cents, public_label=rule.public_label or "")


@dataclass(frozen=True, slots=True)
class MultiplierShare:
    """A multiplier and the part of the driving price that it adds: its percentage times its share of the days."""

    kind: LineKind
    rule: PricingRule
    part: Decimal


def multiplier_shares(rules: Sequence[PricingRule], trip: Trip) -> Iterator[MultiplierShare]:
    """The multipliers of a trip: time multipliers before seasonal ones. Reductions add up to at most 100 percent."""
    total_reduction = Decimal(0)
    winners_by_day = [pick_winning_rules(rules, trip, day) for day in trip.days]
    for kind in MULTIPLIERS:
        daily_winners = [winners[kind] for winners in winners_by_day if kind in winners]
        for rule in {rule.id: rule for rule in daily_winners}.values():
            days = sum(1 for winner in daily_winners if winner.id == rule.id)
            part = (rule.percent or Decimal(0)) / 100 * days / len(trip.days)
            part = max(part.quantize(Decimal("1e-10")), -1 - total_reduction)
            total_reduction += min(part, Decimal(0))
            yield MultiplierShare(kind, rule, part)


def multiplier_amounts(base: int, parts: Sequence[Decimal]) -> list[int]:
    """The cents of each part of `base`. Surcharges are rounded separately, reductions cumulatively."""
    amounts, reduction, previous_reduction = [], Decimal(0), 0
    for part in parts:
        if part >= 0:
            amounts.append(round_half_up(base * part))
        else:
            reduction += part
            rounded = round_half_up(base * reduction)
            amounts.append(rounded - previous_reduction)
            previous_reduction = rounded
    return amounts


@dataclass(slots=True)
class DrivingCharges:
    """Steps 1 to 3 of a price: rates, multipliers, adjustments."""

    trip: Trip
    winners: Mapping[str, PricingRule]
    shares: Sequence[MultiplierShare]
    rates: dict[Rate, int] = field(init=False)
    """Current rates in cents; a rule can replace them."""
    percents: list[Decimal] = field(init=False, default_factory=list)
    """Percentages of the adjustments that are already applied."""

    def __post_init__(self) -> None:
        self.rates = {name: self.winners[name].amount or 0 for name in RATES if name in self.winners}

    @property
    def is_priced(self) -> bool:
        """Whether a base, mileage or hourly rate applies. Deadhead miles alone do not price a trip."""
        return any(rate != "deadhead_rate" and self.rate_quantity(rate) for rate in self.rates)

    def rate_quantity(self, rate: Rate) -> Decimal:
        """The number of units of a rate, for all vehicles."""
        rule, units = self.winners.get(rate), Decimal(0)
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

    def build_lines(self) -> list[Line]:
        """Build the lines of rates, of multipliers of their sum, and of adjustments for vehicle class and client."""
        lines = []
        for rate in RATES:
            rule = self.winners.get(rate)
            if rule is not None and (quantity := self.rate_quantity(rate)):
                lines.append(build_rule_line(rate, rule, quantity, rule.amount or 0))
        base = sum(line.amount for line in lines)
        for share, cents in zip(self.shares, self._multiplier_amounts(base), strict=True):
            lines.append(build_rule_line(share.kind, share.rule, share.part, base, cents))
        for kind in ADJUSTMENTS:
            rule = self.winners.get(kind)
            if rule is not None:
                lines += self._adjustment_lines(kind, rule)
        return lines

    def _adjustment_lines(self, kind: LineKind, rule: PricingRule) -> Iterator[Line]:
        """A percentage changes the current price. A replacement recalculates the price with the new rate."""
        before = self._total_cents()
        if rule.percent is not None:
            self.percents.append(rule.percent)
            yield build_rule_line(kind, rule, rule.percent / 100, before, self._total_cents() - before)
        elif rule.replaces is not None and self.rate_quantity(rule.replaces):
            self.rates[rule.replaces] = rule.amount or 0
            yield build_rule_line(kind, rule, 1, self._total_cents() - before)

    def _total_cents(self) -> int:
        """The driving price with the current rates and adjustments."""
        total = sum(round_half_up(self.rate_quantity(rate) * cents) for rate, cents in self.rates.items())
        total += sum(self._multiplier_amounts(total))
        for percent in self.percents:
            total += round_half_up(total * percent / 100)
        return total

    def _multiplier_amounts(self, base: int) -> list[int]:
        return multiplier_amounts(base, [share.part for share in self.shares])
