"""The result of a cancellation, which its charter keeps."""

from typing import Annotated

from pydantic import Field

from coachway.core.schemas import BaseSchema
from coachway.core.types.money import StoredAmount
from coachway.core.types.personal import Personal


class Cancellation(BaseSchema):
    """What a cancellation refunds, or would refund if `preview` is true. Amounts are in `currency`."""

    preview: bool
    initiated_by: Annotated[str, Field(examples=["client"])]
    hours_left: Annotated[float, Field(description="Hours until the first departure; negative after it.")]
    refund_percent: int
    amount_paid: StoredAmount
    amount_on_hold: Annotated[
        StoredAmount,
        Field(description="The part of `amount_paid` that is being refunded already, or that the payer disputes."),
    ] = 0
    refund: Annotated[
        StoredAmount, Field(description="`refund_percent` of `amount_paid`, but at most what is not on hold.")
    ]
    currency: str
    reason: Annotated[str, Personal()] = ""
    message_to_client: Annotated[str, Personal()] = ""
