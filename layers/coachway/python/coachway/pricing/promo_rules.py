"""Whether a promo code gives anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from coachway.pricing.extras_model import PromoCode
from coachway.pricing.quote_model import Notice


@dataclass(frozen=True, slots=True)
class Offer:
    """A promo code that was named: what is known of it, if anything, and how many uses are left (None: no end)."""

    code: str
    promo: PromoCode | None
    uses_left: int | None = None


def refusal_notice(offer: Offer, subtotal: int, asked_on: date) -> Notice | None:
    """Why a code gives nothing: unknown, out of its dates, used up, or below its least amount; None if it gives."""
    promo = offer.promo
    if promo is None:
        return unknown_code_notice(offer)
    if promo.valid_from is not None and asked_on < promo.valid_from:
        return Notice(code="promo_not_yet", message=f"the promo code {promo.code} is good from {promo.valid_from} on")
    if promo.valid_until is not None and asked_on > promo.valid_until:
        return Notice(code="promo_expired", message=f"the promo code {promo.code} was good until {promo.valid_until}")
    if offer.uses_left is not None and offer.uses_left <= 0:
        return Notice(code="promo_used_up", message=f"the promo code {promo.code} has no uses left")
    if subtotal < promo.minimum_amount:
        least = Decimal(promo.minimum_amount).scaleb(-2)
        return Notice(code="promo_minimum", message=f"the promo code {promo.code} is for trips of {least} or more")
    return None


def unknown_code_notice(offer: Offer) -> Notice:
    """That nobody ever gave out this code."""
    return Notice(code="promo_unknown", message=f"there is no promo code {offer.code}")
