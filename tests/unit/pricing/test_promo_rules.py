"""Promo codes: when they can be used, and their effect."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from coachway.pricing.extras_model import PromoInput
from coachway.pricing.promo_rules import RequestedPromoCode
from tests.unit.pricing.builders import (
    TERMS,
    base_rate,
    calculate_trip_price,
    line_kinds,
    promo_code,
    requested_promo,
    warning_codes,
)


def test_promo_code_reduces_price_by_percentage_or_amount() -> None:
    by_percentage = requested_promo(percent=Decimal("12.5"))
    by_amount = requested_promo(amount=30_00)
    assert calculate_trip_price([base_rate(200_00)], miles=Decimal(0), promo=by_percentage).total == 175_00
    assert calculate_trip_price([base_rate(200_00)], miles=Decimal(0), promo=by_amount).total == 170_00


def test_promo_amount_never_exceeds_price() -> None:
    price = calculate_trip_price([base_rate(20_00)], miles=Decimal(0), promo=requested_promo(amount=30_00))
    assert (price.discount, price.total) == (20_00, 0)


@pytest.mark.parametrize(
    ("promo", "code"),
    [
        (RequestedPromoCode("NOPE", None), "promo_unknown"),
        (requested_promo(amount=1_00, active=False), "promo_retired"),
        (requested_promo(amount=1_00, valid_from=date(2026, 11, 21)), "promo_not_yet"),
        (requested_promo(amount=1_00, valid_until=date(2026, 11, 19)), "promo_expired"),
        (RequestedPromoCode("SPRING", promo_code(amount=1_00, max_uses=3), uses_left=0), "promo_used_up"),
        (requested_promo(amount=1_00, minimum_amount=350_01), "promo_minimum"),
    ],
)
def test_unusable_promo_code_adds_warning(promo: RequestedPromoCode, code: str) -> None:
    price = calculate_trip_price([base_rate(350_00)], miles=Decimal(0), promo=promo)
    assert "promo" not in line_kinds(price)
    assert warning_codes(price) == {code}
    assert price.total == 350_00


def test_promo_code_is_valid_on_first_and_last_day() -> None:
    today = TERMS.requested_on
    promo = RequestedPromoCode(
        "SPRING", promo_code(amount=1_00, valid_from=today, valid_until=today, max_uses=1), uses_left=1
    )
    assert "promo" in line_kinds(calculate_trip_price([base_rate()], promo=promo))


def test_promo_code_ignores_case() -> None:
    assert PromoInput(code=" spring-10 ", amount=1).code == "SPRING-10"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"percent": 10, "amount": 1},
        {"percent": 0},
        {"percent": 101},
        {"amount": 0},
        {"amount": 1, "valid_from": "2027-02-01", "valid_until": "2027-01-01"},
        {"amount": 1, "max_uses": 0},
    ],
)
def test_promo_input_rejects_inconsistent_fields(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PromoInput(**{"code": "SPRING", **fields})
