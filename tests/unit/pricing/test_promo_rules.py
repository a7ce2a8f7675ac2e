"""Promo codes: when they can be used, and their effect."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from coachway.pricing.extras_model import PromoInput
from coachway.pricing.promo_rules import Offer
from tests.unit.pricing.builders import TERMS, base_rate, line_kinds, price_of, promo_code, warning_codes


def test_promo_code_reduces_price_by_percentage_or_amount() -> None:
    assert (
        price_of(
            [base_rate(200_00)], miles=Decimal(0), offer=Offer("SPRING", promo_code(percent=Decimal("12.5")))
        ).total
        == 175_00
    )
    assert (
        price_of([base_rate(200_00)], miles=Decimal(0), offer=Offer("SPRING", promo_code(amount=30_00))).total == 170_00
    )


def test_promo_amount_never_exceeds_price() -> None:
    answer = price_of([base_rate(20_00)], miles=Decimal(0), offer=Offer("SPRING", promo_code(amount=30_00)))
    assert (answer.discount, answer.total) == (20_00, 0)


@pytest.mark.parametrize(
    ("offer", "code"),
    [
        (Offer("NOPE", None), "promo_unknown"),
        (Offer("SPRING", promo_code(amount=1_00, valid_from=date(2026, 11, 21))), "promo_not_yet"),
        (Offer("SPRING", promo_code(amount=1_00, valid_until=date(2026, 11, 19))), "promo_expired"),
        (Offer("SPRING", promo_code(amount=1_00, max_uses=3), uses_left=0), "promo_used_up"),
        (Offer("SPRING", promo_code(amount=1_00, minimum_amount=350_01)), "promo_minimum"),
    ],
)
def test_unusable_promo_code_adds_warning(offer: Offer, code: str) -> None:
    answer = price_of([base_rate(350_00)], miles=Decimal(0), offer=offer)
    assert "promo" not in line_kinds(answer)
    assert warning_codes(answer) == {code}
    assert answer.total == 350_00


def test_promo_code_is_valid_on_first_and_last_day() -> None:
    today = TERMS.requested_on
    offer = Offer("SPRING", promo_code(amount=1_00, valid_from=today, valid_until=today, max_uses=1), uses_left=1)
    assert "promo" in line_kinds(price_of([base_rate()], offer=offer))


def test_promo_code_ignores_case() -> None:
    assert PromoInput(code=" spring-10 ", amount=1).code == "SPRING-10"


@pytest.mark.parametrize(
    "wrong",
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
def test_promo_input_rejects_inconsistent_fields(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PromoInput(**{"code": "SPRING", **wrong})
