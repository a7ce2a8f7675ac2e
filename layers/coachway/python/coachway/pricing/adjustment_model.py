"""Price adjustments of one trip that staff make by hand: lines, a discount, an all-in price, accepted warnings."""

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints, model_validator

from coachway.core.schemas import RequestSchema
from coachway.core.types.money import ApiAmount, NonNegativeApiAmount, StoredAmount
from coachway.core.types.personal import ERASED, Personal
from coachway.core.types.text import PARAGRAPH, Text
from coachway.pricing.extras_model import PercentOff

AdjustmentReason = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1000),
    PARAGRAPH,
    Field(description="Internal: the client does not see it.", examples=["Agreed with Dana on the phone"]),
    Personal(blank=ERASED),
]
"""Why a price was adjusted."""
AcceptableWarning = Literal["no_rate", "unknown_vehicle_class", "too_few_seats"]
"""A warning that prevents sending a quote until it is corrected or accepted. Illegal hours cannot be accepted."""
PriceDisplay = Literal["lines", "total_only"]


class ManualLine(RequestSchema):
    """A line for the whole trip, not per vehicle. A negative amount reduces the price."""

    label: Annotated[Text, Field(description="What the client reads.")]
    quantity: Annotated[int, Field(ge=1, le=1000)] = 1
    unit_amount: Annotated[ApiAmount, Field(description="Before tax.")]
    reason: AdjustmentReason

    @property
    def amount(self) -> int:
        """The amount of the line before tax, in cents."""
        return self.quantity * self.unit_amount

    @model_validator(mode="after")
    def _check_amount(self) -> Self:
        if self.unit_amount == 0:
            raise ValueError("unit_amount: must not be 0")
        return self


class ManualDiscount(RequestSchema):
    """A discount on the price before tax, after promo code, minimum charge and manual lines."""

    label: Annotated[Text, Field(description="What the client reads.")] = "Discount"
    amount: Annotated[NonNegativeApiAmount | None, Field(description="Before tax.")] = None
    percent: PercentOff | None = None
    reason: AdjustmentReason

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        if (self.amount is None) == (self.percent is None):
            raise ValueError("percent, amount: set exactly one of the two")
        if self.amount == 0:
            raise ValueError("amount: must be more than 0")
        return self


class AllInPrice(RequestSchema):
    """A price that was agreed for everything, tax included. It replaces the price of the rules."""

    label: Annotated[Text, Field(description="What the client reads.")] = "All-in price"
    amount: Annotated[NonNegativeApiAmount, Field(description="Total for all vehicles, tax included.")]
    reason: AdjustmentReason


class AcceptedWarning(RequestSchema):
    """A warning that would prevent sending the quote, and why it is sent anyway."""

    code: AcceptableWarning
    reason: AdjustmentReason


class PriceAdjustmentsInput(RequestSchema):
    """All adjustments of a trip's price. What is omitted is removed. An empty object restores the price of the rules.

    Adjustments stay when the trip is changed.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "lines": [
                        {
                            "label": "Parking at the stadium",
                            "quantity": 2,
                            "unit_amount": 45,
                            "reason": "Two coaches, by the venue's price list",
                        }
                    ],
                    "discount": {"percent": 5, "label": "Season opening", "reason": "Third booking this year"},
                    "price_display": "lines",
                }
            ]
        }
    )

    lines: Annotated[list[ManualLine], Field(max_length=20)] = Field(default_factory=list)
    discount: ManualDiscount | None = None
    all_in_price: Annotated[
        AllInPrice | None,
        Field(description="Not together with `discount`. Manual lines are shown as parts of it."),
    ] = None
    accepted_warnings: Annotated[
        list[AcceptedWarning],
        Field(
            max_length=3,
            description="Warnings with which the quote can be sent and booked anyway. One that the quote does not have "
            "is dropped. Accept a warning again if a change of the trip changes its message.",
        ),
    ] = Field(default_factory=list)
    price_display: Annotated[
        PriceDisplay, Field(description="Whether the client sees the lines, or only the price, its tax and the total.")
    ] = "lines"
    cost: Annotated[
        NonNegativeApiAmount | None,
        Field(description="Internal: what the trip costs, for the margin and its warnings."),
    ] = None

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        if self.all_in_price is not None and self.discount is not None:
            raise ValueError("discount: is not allowed with all_in_price, which already is the whole price")
        if len({each.code for each in self.accepted_warnings}) < len(self.accepted_warnings):
            raise ValueError("accepted_warnings: must have each code only once")
        return self

    @property
    def changes_price(self) -> bool:
        """Whether the price differs from that of the rules."""
        return bool(self.lines) or self.discount is not None or self.all_in_price is not None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is adjusted."""
        is_priced_by_rules = not self.changes_price and self.cost is None
        return is_priced_by_rules and not self.accepted_warnings and self.price_display == "lines"

    def list_reasons(self) -> list[str]:
        """The reasons of all adjustments."""
        parts = [*self.lines, self.discount, self.all_in_price, *self.accepted_warnings]
        return [each.reason for each in parts if each is not None]


class PriceAdjustments(PriceAdjustmentsInput):
    """The stored adjustments of a trip, and what they were decided on."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    rules_total: Annotated[
        StoredAmount | None, Field(description="The price of the rules, tax included, when this was saved.")
    ] = None
    accepted_messages: Annotated[
        dict[str, str], Field(description="The messages of the accepted warnings, by code.")
    ] = Field(default_factory=dict)
    adjusted_by: str = ""
    adjusted_at: AwareDatetime | None = None

    def accepts(self, code: str, message: str) -> bool:
        """Whether a warning is accepted. A different message is a different problem."""
        return any(each.code == code for each in self.accepted_warnings) and (
            self.accepted_messages.get(code, message) == message
        )
