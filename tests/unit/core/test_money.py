"""Money is exact."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from coachway.core.types.money import LARGEST_CENTS, Amount, Money, PositiveAmount

cents = st.integers(-LARGEST_CENTS, LARGEST_CENTS)


class Price(BaseModel):
    value: Amount
    fee: PositiveAmount = 0


@pytest.mark.parametrize(
    ("units", "expected"),
    [("0.005", 1), ("0.0049", 0), ("-0.005", -1), ("12.345", 1235), ("12.344", 1234), ("726.5", 72650)],
)
def test_half_a_cent_goes_away_from_zero(units: str, expected: int) -> None:
    assert Money.of(units).cents == expected


def test_a_percentage_is_rounded_once() -> None:
    assert Money(85000).percent(Decimal("25")) == Money(21250)
    assert Money(1).percent(Decimal("50")) == Money(1)


def test_two_currencies_do_not_mix() -> None:
    with pytest.raises(ValueError, match="USD and EUR"):
        Money(1, "USD") + Money(1, "EUR")


@given(cents)
def test_every_amount_survives_the_way_out_and_back(value: int) -> None:
    price = Price(value=value)
    assert Price.model_validate_json(price.model_dump_json()) == price


@given(st.lists(cents, max_size=8))
def test_a_total_is_the_sum_in_any_order(values: list[int]) -> None:
    amounts = [Money(value) for value in values]
    assert Money.total(amounts) == Money.total(reversed(amounts)) == Money(sum(values))


@pytest.mark.parametrize("text", ["1.005", "true", '"1"', "null", "1e12", "[]", "1e400"])
def test_anything_but_a_number_with_two_decimals_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Price.model_validate_json(f'{{"value": {text}}}')


def test_a_negative_fee_is_refused() -> None:
    with pytest.raises(ValidationError):
        Price.model_validate_json('{"value": 1, "fee": -0.01}')
