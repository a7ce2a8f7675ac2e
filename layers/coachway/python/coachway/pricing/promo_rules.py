"""Whether a promo code can be used for a trip."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from coachway.pricing.extras_model import PromoCode
from coachway.pricing.notice_model import Notice


@dataclass(frozen=True, slots=True)
class RequestedPromoCode:
    """The promo code of a request: its record, if it exists, and its remaining uses, None if unlimited."""

    code: str
    promo: PromoCode | None
    uses_left: int | None = None


def promo_rejection_reason(requested: RequestedPromoCode, subtotal: int, requested_on: date) -> Notice | None:
    """Why a code cannot be used (unknown, retired, wrong date, used up, price too low), or None."""
    promo = requested.promo
    if promo is None:
        return unknown_promo_code_notice(requested)
    if not promo.active:
        return Notice(code="promo_retired", message=f"The promo code {promo.code} is no longer offered.")
    if promo.valid_from is not None and requested_on < promo.valid_from:
        return Notice(code="promo_not_yet", message=f"The promo code {promo.code} is valid from {promo.valid_from}.")
    if promo.valid_until is not None and requested_on > promo.valid_until:
        return Notice(code="promo_expired", message=f"The promo code {promo.code} was valid until {promo.valid_until}.")
    if requested.uses_left is not None and requested.uses_left <= 0:
        return Notice(code="promo_used_up", message=f"The promo code {promo.code} has no uses left.")
    if subtotal < promo.minimum_amount:
        minimum = Decimal(promo.minimum_amount).scaleb(-2)
        return Notice(
            code="promo_minimum", message=f"The promo code {promo.code} is valid for trips of {minimum} or more."
        )
    return None


def unknown_promo_code_notice(requested: RequestedPromoCode) -> Notice:
    """The notice for a code that does not exist."""
    return Notice(code="promo_unknown", message=f"The promo code {requested.code} does not exist.")
