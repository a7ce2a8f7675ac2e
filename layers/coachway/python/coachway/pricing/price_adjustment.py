"""Applies the adjustments of staff to the price that the rules give. Pure: no clock, no I/O.

Order: the lines of the rules, with promo code and minimum charge; manual lines; a discount on their sum; tax. An all-in
price instead is the total: the manual lines are parts of it, and the tax is what it contains.
"""

from collections.abc import Sequence
from decimal import Decimal

from coachway.core.types.money import format_units, round_half_up
from coachway.pricing.adjustment_model import AllInPrice, ManualDiscount, ManualLine, PriceAdjustments
from coachway.pricing.driving_charges import build_line
from coachway.pricing.errors import PriceBelowZero
from coachway.pricing.notice_model import Notice
from coachway.pricing.quote_model import Line


def adjust_lines(rule_lines: Sequence[Line], adjustments: PriceAdjustments) -> list[Line]:
    """The lines before tax of a price without an all-in price. Raises PriceBelowZero."""
    lines = [*rule_lines, *map(_build_manual_line, adjustments.lines)]
    _require_price_above_zero(lines)
    if adjustments.discount is not None:
        lines.append(_build_discount_line(adjustments.discount, sum_amounts(lines)))
    _require_price_above_zero(lines)
    return lines


def split_all_in_price(
    adjustments: PriceAdjustments, price: AllInPrice, tax_percent: Decimal
) -> tuple[list[Line], int]:
    """The lines before tax of an all-in price, and the tax that it contains. Raises PriceBelowZero."""
    before_tax = round_half_up(price.amount / (1 + tax_percent / 100))
    manual_lines = [_build_manual_line(each) for each in adjustments.lines]
    rest = before_tax - sum_amounts(manual_lines)
    if rest < 0:
        raise PriceBelowZero("The manual lines are more than the all-in price without its tax.")
    return [build_line("all_in", price.label, None, 1, rest), *manual_lines], price.amount - before_tax


def sum_amounts(lines: Sequence[Line]) -> int:
    """The sum of lines, in cents."""
    return sum(line.amount for line in lines)


def _build_manual_line(line: ManualLine) -> Line:
    return build_line("manual", line.label, None, line.quantity, line.unit_amount)


def _build_discount_line(discount: ManualDiscount, price: int) -> Line:
    if discount.percent is None:
        return build_line("discount", discount.label, None, 1, -(discount.amount or 0))
    share = discount.percent / 100
    return build_line("discount", discount.label, None, share, -price, -round_half_up(price * share))


def _require_price_above_zero(lines: Sequence[Line]) -> None:
    total = sum_amounts(lines)
    if total < 0:
        raise PriceBelowZero(f"The price before tax would be {format_units(total)}. Reduce the discounts.")


def rules_price_notices(adjustments: PriceAdjustments, rules_total: int) -> list[Notice]:
    """The warning that the price of the rules has changed since an all-in price was agreed."""
    before = adjustments.rules_total
    if adjustments.all_in_price is None or before is None or before == rules_total:
        return []
    message = (
        f"The all-in price was agreed when the price of the rules was {format_units(before)}. It is now "
        f"{format_units(rules_total)}. Save the price adjustments again to keep the all-in price."
    )
    return [Notice(code="rules_price_changed", message=message)]


def accept_notices(notices: Sequence[Notice], adjustments: PriceAdjustments) -> list[Notice]:
    """The warnings of a price; those that staff accepted prevent nothing."""
    return [
        notice.model_copy(update={"accepted": True, "blocking": False})
        if adjustments.accepts(notice.code, notice.message)
        else notice
        for notice in notices
    ]
