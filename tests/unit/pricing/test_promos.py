"""When a promo code gives something, and what."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from coachway.pricing.extras_model import PromoInput
from coachway.pricing.promo_rules import Offer
from tests.unit.pricing.making import TERMS, base, kinds, priced, promo, warned


def test_a_percentage_and_an_amount_come_off() -> None:
    assert (
        priced([base(200_00)], miles=Decimal(0), offer=Offer("SPRING", promo(percent=Decimal("12.5")))).total == 175_00
    )
    assert priced([base(200_00)], miles=Decimal(0), offer=Offer("SPRING", promo(amount=30_00))).total == 170_00


def test_an_amount_takes_at_most_all_there_is() -> None:
    answer = priced([base(20_00)], miles=Decimal(0), offer=Offer("SPRING", promo(amount=30_00)))
    assert (answer.discount, answer.total) == (20_00, 0)


@pytest.mark.parametrize(
    ("offer", "code"),
    [
        (Offer("NOPE", None), "promo_unknown"),
        (Offer("SPRING", promo(amount=1_00, valid_from=date(2026, 11, 21))), "promo_not_yet"),
        (Offer("SPRING", promo(amount=1_00, valid_until=date(2026, 11, 19))), "promo_expired"),
        (Offer("SPRING", promo(amount=1_00, max_uses=3), uses_left=0), "promo_used_up"),
        (Offer("SPRING", promo(amount=1_00, minimum_amount=350_01)), "promo_minimum"),
    ],
)
def test_a_code_that_gives_nothing_says_why(offer: Offer, code: str) -> None:
    answer = priced([base(350_00)], miles=Decimal(0), offer=offer)
    assert "promo" not in kinds(answer)
    assert warned(answer) == {code}
    assert answer.total == 350_00


def test_a_code_is_good_on_its_first_and_its_last_day_of_asking() -> None:
    today = TERMS.requested_on
    offer = Offer("SPRING", promo(amount=1_00, valid_from=today, valid_until=today, max_uses=1), uses_left=1)
    assert "promo" in kinds(priced([base()], offer=offer))


def test_a_code_is_the_same_in_small_letters() -> None:
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
def test_a_senseless_promo_code_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PromoInput(**{"code": "SPRING", **wrong})
