"""Errors of pricing."""

from coachway.core import errors


class PriceBelowZero(errors.Conflict):
    """The discounts and manual lines reduce the price below zero. Change the price adjustments."""

    code = "price_below_zero"
    title = "The price is below zero"


class PriceTooLarge(errors.Conflict):
    """The price exceeds 999,999,999.99. Check the rates and the distance."""

    code = "price_too_large"
    title = "The price is too large"


class PromoCodeUsedUp(errors.Conflict):
    """The quote's promo code has no uses left. Quote the trip again without it."""

    code = "promo_code_used_up"
    title = "The promo code has no uses left"


class QuoteNotBookable(errors.Conflict):
    """A warning, such as illegal driving hours, blocks the quote. `errors` lists all of them.

    Change the trip and send the new revision.
    """

    code = "quote_not_bookable"
    title = "The quote cannot be booked"
