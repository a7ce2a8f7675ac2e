"""Manual lines, discounts, all-in prices and accepted warnings."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from coachway.pricing import price_adjustment, promo_rules, quote_calculation, quote_service
from coachway.pricing.adjustment_model import PriceAdjustments, PriceAdjustmentsInput
from coachway.pricing.errors import PriceBelowZero, PriceTooLarge
from coachway.pricing.notice_model import PRICE_NOTICE_CODES
from coachway.pricing.pricing_terms import PricingTerms
from coachway.pricing.quote_calculation import calculate_price
from coachway.pricing.quote_model import PriceBreakdown
from tests.unit.pricing.builders import (
    TERMS,
    base_rate,
    build_trip,
    flat_fee,
    get_line,
    line_kinds,
    requested_promo,
    warning_codes,
)

REASON = "Agreed on the phone"
TAXED = PricingTerms(currency="USD", requested_on=TERMS.requested_on, tax_percent=Decimal("8.875"))


def adjust(**fields: Any) -> PriceAdjustments:
    for part in (*fields.get("lines", ()), fields.get("discount"), fields.get("all_in_price")):
        if part is not None:
            part.setdefault("reason", REASON)
    return PriceAdjustments.model_validate(fields)


def calculate(
    adjustments: PriceAdjustments | None, rules: list[Any] | None = None, terms: PricingTerms = TAXED, **options: Any
) -> PriceBreakdown:
    arguments = {name: options.pop(name) for name in ("promo_code", "cost") if name in options}
    rules = [base_rate(1_000_00)] if rules is None else rules
    return calculate_price([build_trip(**options)], rules, terms, amenities={}, adjustments=adjustments, **arguments)


def parking(cents: int = 45_00, quantity: int = 2) -> dict[str, Any]:
    return {"label": "Parking", "quantity": quantity, "unit_amount": cents}


@pytest.mark.parametrize(
    ("fields", "subtotal", "discount", "tax", "total"),
    [
        ({"lines": [parking()]}, 1_090_00, 0, 96_74, 1_186_74),
        ({"discount": {"percent": Decimal(10)}}, 1_000_00, 100_00, 79_88, 979_88),
        ({"discount": {"amount": 250_00}}, 1_000_00, 250_00, 66_56, 816_56),
        ({"lines": [parking()], "discount": {"percent": Decimal(10)}}, 1_090_00, 109_00, 87_06, 1_068_06),
        ({"lines": [parking(-100_00, 1)]}, 900_00, 0, 79_88, 979_88),
        ({"all_in_price": {"amount": 900_00}}, 826_64, 0, 73_36, 900_00),
        ({"all_in_price": {"amount": 900_00}, "lines": [parking()]}, 826_64, 0, 73_36, 900_00),
        ({"all_in_price": {"amount": 0}}, 0, 0, 0, 0),
    ],
)
def test_adjusted_price_has_tax_on_new_amount(
    fields: dict[str, Any], subtotal: int, discount: int, tax: int, total: int
) -> None:
    price = calculate(adjust(**fields))
    assert (price.subtotal, price.discount, price.tax, price.total) == (subtotal, discount, tax, total)
    assert sum(line.amount for line in price.lines) == total == subtotal - discount + tax
    assert price.rules_price is not None
    assert (price.rules_price.total, price.rules_price.tax) == (1_088_75, 88_75)


def test_price_without_adjustments_has_no_rules_price() -> None:
    price = calculate(PriceAdjustments(price_display="total_only", cost=1_00))
    assert (price.rules_price, price.total) == (None, 1_088_75)


def test_all_in_price_shows_manual_lines_as_parts_and_hides_rule_lines() -> None:
    price = calculate(adjust(all_in_price={"amount": 900_00}, lines=[parking()]), vehicle_count=3)
    assert line_kinds(price) == ["all_in", "manual", "tax"]
    assert get_line(price, "all_in").amount == 826_64 - 90_00
    assert [rule.name for rule in price.rules] == ["base_rate"]


def test_all_in_price_needs_no_rate() -> None:
    assert "no_rate" in warning_codes(calculate(adjust(lines=[parking()]), rules=[]))
    assert "no_rate" not in warning_codes(calculate(adjust(all_in_price={"amount": 1}), rules=[]))


def test_all_in_price_does_not_use_promo_code() -> None:
    promo = requested_promo(percent=Decimal(10))
    price = calculate(adjust(all_in_price={"amount": 900_00}), promo_code=promo)
    assert ("promo" in line_kinds(price), "promo_not_applied" in warning_codes(price)) == (False, True)
    assert price.rules_price is not None
    assert price.rules_price.discount == 100_00


def test_discount_percent_is_of_price_after_promo_code() -> None:
    price = calculate(adjust(discount={"percent": Decimal(10)}), promo_code=requested_promo(percent=Decimal(50)))
    assert get_line(price, "discount").amount == -50_00
    assert price.discount == 550_00


def test_price_below_minimum_charge_is_a_warning() -> None:
    rules = [base_rate(100_00), flat_fee("minimum_charge", 400_00)]
    assert "below_minimum_charge" in warning_codes(calculate(adjust(discount={"amount": 1}), rules))
    assert "below_minimum_charge" not in warning_codes(calculate(adjust(lines=[parking()]), rules))


@pytest.mark.parametrize(
    "fields",
    [
        {"lines": [parking(-1_000_01, 1)]},
        {"discount": {"amount": 1_000_01}},
        {"lines": [parking(-1_000_01, 1), parking(1_000_00)], "discount": {"amount": 2_000_00}},
        {"all_in_price": {"amount": 100_00}, "lines": [parking(46_00)]},
    ],
)
def test_price_below_zero_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(PriceBelowZero):
        calculate(adjust(**fields))


def test_price_of_zero_is_possible() -> None:
    assert calculate(adjust(discount={"percent": Decimal(100)})).total == 0


@pytest.mark.parametrize(
    ("total", "cost", "code"),
    [(800_00, 800_01, "below_cost"), (1_000_00, 850_01, "below_minimum_margin"), (1_000_00, 850_00, None)],
)
def test_margin_below_minimum_is_a_warning(total: int, cost: int, code: str | None) -> None:
    terms = PricingTerms(currency="USD", requested_on=TERMS.requested_on, minimum_margin_percent=Decimal(15))
    price = calculate(adjust(all_in_price={"amount": total}), terms=terms, cost=cost)
    assert warning_codes(price) & {"below_cost", "below_minimum_margin"} == ({code} if code else set())


def test_change_of_rules_price_under_all_in_price_is_a_warning() -> None:
    agreed = adjust(all_in_price={"amount": 900_00}, rules_total=1_088_75)
    assert "rules_price_changed" not in warning_codes(calculate(agreed))
    assert "rules_price_changed" in warning_codes(calculate(agreed, vehicle_count=2))


def test_accepted_warning_does_not_prevent_sending_until_its_message_changes() -> None:
    accepted = PriceAdjustments.model_validate({"accepted_warnings": [{"code": "too_few_seats", "reason": REASON}]})
    (notice,) = calculate(accepted, passengers=60).warnings
    assert (notice.code, notice.accepted, notice.blocking, notice.prevents_sending) == (
        "too_few_seats",
        True,
        False,
        False,
    )
    stored = accepted.model_copy(update={"accepted_messages": {"too_few_seats": notice.message}})
    assert not calculate(stored, passengers=60).warnings[0].prevents_sending
    assert calculate(stored, passengers=61).warnings[0].prevents_sending


@pytest.mark.parametrize(
    "fields",
    [
        {"lines": [parking(0)]},
        {"lines": [{**parking(), "reason": ""}]},
        {"discount": {"amount": 1, "percent": 1}},
        {"discount": {}},
        {"discount": {"amount": 0}},
        {"all_in_price": {"amount": -1}},
        {"all_in_price": {"amount": 1}, "discount": {"amount": 1}},
        {"accepted_warnings": [{"code": "hours_illegal", "reason": REASON}]},
        {"accepted_warnings": [{"code": "no_rate", "reason": REASON}] * 2},
    ],
)
def test_contradictory_adjustments_are_refused(fields: dict[str, Any]) -> None:
    for part in (*fields.get("lines", ()), fields.get("discount"), fields.get("all_in_price")):
        if part is not None:
            part.setdefault("reason", REASON)
    with pytest.raises(ValidationError):
        PriceAdjustmentsInput.model_validate(fields)


@pytest.mark.parametrize("all_in", [None, 900_00])
def test_exempt_client_reads_why_there_is_no_tax(all_in: int | None) -> None:
    terms = replace(TAXED, tax_exemption_label="Tax exempt, certificate 1")
    price = calculate(adjust(all_in_price={"amount": all_in}) if all_in else None, terms=terms)
    line = get_line(price, "tax")
    assert (line.public_label, line.amount, price.tax) == ("Tax exempt, certificate 1", 0, 0)
    assert price.total == price.subtotal == (all_in or 1_000_00)


@given(
    total=st.integers(0, 10_000_000),
    tax=st.decimals(0, 100, places=4),
    parts=st.lists(st.integers(1, 1_000), max_size=3),
)
def test_all_in_price_is_the_total_to_the_cent(total: int, tax: Decimal, parts: list[int]) -> None:
    terms = PricingTerms(currency="USD", requested_on=TERMS.requested_on, tax_percent=tax)
    adjustments = adjust(all_in_price={"amount": total}, lines=[parking(cents, 1) for cents in parts])
    try:
        price = calculate(adjustments, terms=terms)
    except PriceBelowZero:
        assert sum(parts) > total / (1 + tax / 100) - 1
        return
    assert price.total == total == sum(line.amount for line in price.lines)
    assert abs(price.tax - (total - price.tax) * tax / 100) <= 1


@given(
    percent=st.decimals("0.0001", 100, places=4),
    tax=st.decimals(0, 100, places=4),
    parts=st.lists(st.integers(-500_00, 500_00).filter(bool), max_size=2),
)
def test_discounted_price_is_the_sum_of_its_lines(percent: Decimal, tax: Decimal, parts: list[int]) -> None:
    terms = PricingTerms(currency="USD", requested_on=TERMS.requested_on, tax_percent=tax)
    adjustments = adjust(discount={"percent": percent}, lines=[parking(cents, 1) for cents in parts])
    price = calculate(adjustments, terms=terms)
    assert 0 <= price.total == sum(line.amount for line in price.lines) == price.subtotal - price.discount + price.tax


_MODULES = (price_adjustment, promo_rules, quote_calculation, quote_service)


def test_codes_of_price_warnings_are_complete() -> None:
    sources = "".join(inspect.getsource(module) for module in _MODULES)
    codes = set(re.findall(r'(?:add_warning\(\s*|Notice\(\s*code=)"([a-z_]+)"', sources))
    assert len(codes) > 10
    assert codes == PRICE_NOTICE_CODES


@pytest.mark.parametrize(
    "fields",
    [
        {"lines": [parking(99_999_999_999, 1)], "discount": {"percent": Decimal(99)}},
        {"lines": [parking(60_000_000_000, 1), parking(60_000_000_000, 1), parking(-60_000_000_000, 1)]},
        {"lines": [parking(99_999_999_999, 1000), parking(-99_999_999_999, 1000)]},
    ],
    ids=["a discount", "a negative line", "a quantity"],
)
def test_amounts_before_discounts_are_limited_too(fields: dict[str, Any]) -> None:
    with pytest.raises(PriceTooLarge):
        calculate(adjust(**fields))


def test_largest_price_before_its_discount_is_possible() -> None:
    price = calculate(
        adjust(lines=[parking(99_999_999_999 - 1_000_00, 1)], discount={"percent": Decimal(99)}),
        terms=replace(TAXED, tax_percent=Decimal(0)),
    )
    assert price.subtotal == 99_999_999_999
