"""What happened to bookings, with what a mail about it needs; links are made again from nonces."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from pydantic import ConfigDict, Field

from coachway.core.persistence.domain_events import Event
from coachway.core.schemas import BaseSchema
from coachway.core.types.money import Amount


class TripStop(BaseSchema):
    """One stop of a trip, as a mail tells of it."""

    model_config = ConfigDict(frozen=True)

    stop_type: str
    address: str
    timezone: str
    arrival: datetime | None
    departure: datetime | None


class _Charter(Event):
    """Which charter, whose, when, for how much."""

    number: str
    client_id: str
    trip_date: date
    timezone: str
    starts_at: datetime
    ends_at: datetime
    vehicle_class: str
    vehicle_count: int
    passengers: int
    total: Amount
    currency: str
    revision_number: int
    vendor_ids: list[str] = Field(default_factory=list)


class _Told(_Charter):
    """With what a mail to the client needs besides."""

    client_name: str
    client_email: str
    stops: list[TripStop]


class CharterCreated(_Charter):
    """A charter was quoted for the first time."""

    TYPE: ClassVar[str] = "charter.created"

    series_id: str | None = None
    cloned_from_charter_id: str | None = None


class CharterModified(_Charter):
    """A charter was edited; `revised` when that changed what was quoted."""

    TYPE: ClassVar[str] = "charter.modified"

    revised: bool


class CharterDeleted(_Charter):
    """A charter that nobody had booked was taken off the lists."""

    TYPE: ClassVar[str] = "charter.deleted"


class QuoteSent(_Told):
    """A client was sent a link to its quote; `link_nonce` makes the link again."""

    TYPE: ClassVar[str] = "quote.sent"

    quote_id: str
    link_nonce: str
    expires_at: datetime


class QuoteAccepted(_Charter):
    """A client accepted a quote by its link, or staff did for it."""

    TYPE: ClassVar[str] = "quote.accepted"

    quote_id: str
    accepted_by: str


class QuoteDeclined(_Told):
    """A quote was declined."""

    TYPE: ClassVar[str] = "quote.declined"

    quote_id: str
    reason: str


class QuoteExpired(_Charter):
    """Nobody answered a quote in time."""

    TYPE: ClassVar[str] = "quote.expired"

    quote_id: str


class CharterBooked(_Told):
    """A charter was booked: it will take place."""

    TYPE: ClassVar[str] = "charter.booked"

    accepted_by: str


class CharterConfirmed(_Charter):
    """Every vehicle of a charter has its vehicle and driver, or its vendor."""

    TYPE: ClassVar[str] = "charter.confirmed"

    reason: str
    uncovered: list[int] = Field(default_factory=list)
    """The vehicles that nobody runs, if somebody who may said that it goes ahead all the same."""


class CharterStarted(_Charter):
    """A charter has left its first stop."""

    TYPE: ClassVar[str] = "charter.started"

    reason: str
    uncovered: list[int] = Field(default_factory=list)
    """The vehicles that nobody runs, if somebody who may said that it goes ahead all the same."""


class CharterCompleted(_Charter):
    """A charter has reached its last stop."""

    TYPE: ClassVar[str] = "charter.completed"

    reason: str


class CharterCancelled(_Told):
    """A charter was cancelled."""

    TYPE: ClassVar[str] = "charter.cancelled"

    reason: str
    initiated_by: str
    refund_percent: int
    refund: Amount


class CharterErased(Event):
    """What was personal about a charter's client was taken out of it; others erase what they keep of the trip."""

    TYPE: ClassVar[str] = "charter.erased"

    charter_id: str
    client_id: str


class CharterFlowFailed(_Charter):
    """A step of one of a charter's flows failed for good; it can be taken up again."""

    TYPE: ClassVar[str] = "charter.flow_failed"

    flow: str
    state: str
    error: str


class CharterFlowResumed(_Charter):
    """A flow that had failed goes on, or is needed no longer."""

    TYPE: ClassVar[str] = "charter.flow_resumed"

    flow: str


class SeriesCreated(Event):
    """All charters of a recurring series exist."""

    TYPE: ClassVar[str] = "series.created"

    series_id: str
    client_id: str
    recurrence_rule: str
    charter_ids: list[str]
