"""Warnings about a quote, and which of them keep it from being sent."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field, model_validator

from coachway.core import errors
from coachway.core.schemas import BaseSchema

FIELDS_OF_UNSENDABLE_QUOTES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "no_rate": "quote.lines",
        "unknown_vehicle_class": "vehicle_class",
        "too_few_seats": "passengers",
        "miles_unknown": "miles",
    }
)
"""The codes of warnings that also prevent sending the quote to the client, each with the field that is wrong."""

PRICE_NOTICE_CODES: Final = frozenset(
    {
        "amenity_retired",
        "amenity_without_price",
        "below_cost",
        "below_minimum_charge",
        "below_minimum_margin",
        "hours_unknown",
        "no_deadhead_rate",
        "no_rate",
        "promo_expired",
        "promo_minimum",
        "promo_not_applied",
        "promo_not_yet",
        "promo_retired",
        "promo_unknown",
        "promo_used_up",
        "rules_price_changed",
        "start_unknown",
        "tax_exemption_expired",
        "too_few_seats",
        "unknown_vehicle_class",
    }
)
"""The codes of warnings about the price. The others are about the trip: they stay when it is only priced again."""


class Notice(BaseSchema):
    """A warning about the quote. A trip with a blocking warning cannot be booked.

    A quote without a rate or miles, of an unknown vehicle class, or with too few seats cannot be sent either.
    """

    model_config = ConfigDict(defer_build=True)

    code: str
    message: str
    blocking: bool = False
    accepted: Annotated[bool, Field(description="Whether the quote can be sent and booked with this warning.")] = False

    @model_validator(mode="after")
    def _block_unsendable_quote(self) -> Self:
        """Also for quotes that an earlier release stored with a harmless warning."""
        self.blocking = self.blocking or self.prevents_sending
        return self

    @property
    def prevents_sending(self) -> bool:
        """Whether a quote with this warning cannot be sent."""
        return self.code in FIELDS_OF_UNSENDABLE_QUOTES and not self.accepted

    @property
    def field_error(self) -> errors.FieldError:
        """The warning as part of an error response."""
        return errors.FieldError(FIELDS_OF_UNSENDABLE_QUOTES.get(self.code, "quote"), self.message, self.code)
