"""Exact amounts of money, in Python and in JSON."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from coachway.core.types.money import (
    LARGEST_CENTS,
    ApiAmount,
    NonNegativeApiAmount,
    StoredAmount,
    format_units,
    round_half_up,
)

cents = st.integers(-LARGEST_CENTS, LARGEST_CENTS)


class Price(BaseModel):
    value: ApiAmount
    fee: NonNegativeApiAmount = 0


class Entry(BaseModel):
    value: StoredAmount


@pytest.mark.parametrize(
    ("value", "expected"),
    [("0.5", 1), ("0.49", 0), ("-0.5", -1), ("1234.5", 1235), ("1234.4", 1234), ("72650", 72650)],
)
def test_round_half_up_half_a_cent_rounds_away_from_zero(value: str, expected: int) -> None:
    assert round_half_up(Decimal(value)) == expected


@given(st.integers(-(10**17), 10**17))
def test_formatted_units_read_back_are_the_same(value: int) -> None:
    text = format_units(value)
    assert text[-3] == "."
    assert Decimal(text) * 100 == value


@given(cents, st.integers(0, LARGEST_CENTS))
def test_api_amount_returns_unchanged_from_json_and_python(value: int, fee: int) -> None:
    price = Price(value=value, fee=fee)
    assert Price.model_validate_json(price.model_dump_json(), strict=True) == price
    assert Price.model_validate(price.model_dump()) == price


@given(st.integers(-(10**15), 10**15))
def test_stored_amount_returns_unchanged_from_json_and_python_however_large(value: int) -> None:
    entry = Entry(value=value)
    assert Entry.model_validate_json(entry.model_dump_json()) == entry
    assert Entry.model_validate(entry.model_dump()) == entry


@given(cents)
def test_stored_and_api_amounts_write_the_same_json_number(value: int) -> None:
    text = Entry(value=value).model_dump_json()
    assert text == Price(value=value).model_dump_json(exclude={"fee"})
    assert Decimal(str(json.loads(text)["value"])) == Decimal(value).scaleb(-2)
    assert Entry(value=value).model_dump() == {"value": value}


@pytest.mark.parametrize("model", [Price, Entry])
@pytest.mark.parametrize("value", [7.5, 7.0, Decimal("7.5"), "7", True, None])
def test_amount_in_python_refuses_anything_but_integer_cents(model: type[BaseModel], value: object) -> None:
    with pytest.raises(ValidationError):
        model.model_validate({"value": value})


@pytest.mark.parametrize("text", ["1.005", "true", '"1"', "null", "1e12", "[]", "1e400"])
def test_api_amount_refuses_anything_but_a_number_with_two_decimals(text: str) -> None:
    with pytest.raises(ValidationError):
        Price.model_validate_json(f'{{"value": {text}}}')


@pytest.mark.parametrize("text", ["1.005", "true", '"1"', "null", "[]", "1e400", "NaN"])
def test_stored_amount_refuses_anything_but_a_number_with_two_decimals(text: str) -> None:
    with pytest.raises(ValidationError):
        Entry.model_validate_json(f'{{"value": {text}}}')


def test_non_negative_amount_refuses_a_negative_number() -> None:
    with pytest.raises(ValidationError):
        Price.model_validate_json('{"value": 1, "fee": -0.01}')
    with pytest.raises(ValidationError):
        Price(value=1, fee=-1)
