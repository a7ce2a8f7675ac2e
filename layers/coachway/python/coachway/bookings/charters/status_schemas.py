"""Requests that change the status of a charter."""

from typing import Annotated

from pydantic import ConfigDict, Field

from coachway.bookings.charters.rules import CharterStatus
from coachway.core.schemas import RequestSchema
from coachway.core.types.text import MessageToClient, Note, Text


class StatusInput(RequestSchema):
    """The new status and the reason. `accepted_by` is the person who accepted, when staff book a quote."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "booked", "reason": "By phone", "accepted_by": "Dana Lee"}]}
    )

    status: CharterStatus
    reason: Note = ""
    accepted_by: Text | None = None


class CancelInput(RequestSchema):
    """Why a charter is cancelled, for staff, and who cancels.

    With `operator`, which only staff can set, everything paid is refunded.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "The event is off", "initiated_by": "client"}]}
    )

    reason: Note = ""
    message_to_client: MessageToClient = ""
    initiated_by: Annotated[str, Field(pattern="^(client|operator)$")] = "client"
