"""Events of charters and quotes."""

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from coachway.core.persistence.domain_events import Event
from coachway.core.schemas import BaseSchema
from coachway.core.trip_vehicles import VehicleGroup
from coachway.core.types.money import StoredAmount
from coachway.core.types.personal import ERASED, Personal


class TripStop(BaseSchema):
    """A stop, as emails show it."""

    model_config = ConfigDict(frozen=True)

    stop_type: str
    address: Annotated[str, Personal(blank=ERASED)]
    timezone: str
    arrival: datetime | None
    departure: datetime | None


class CharterEvent(Event):
    """Fields of every charter event."""

    number: str
    client_id: str
    trip_date: date
    timezone: str
    starts_at: datetime
    ends_at: datetime
    vehicle_class: str
    vehicle_count: int
    vehicle_groups: list[VehicleGroup] = Field(default_factory=list)
    passengers: int
    total: StoredAmount
    currency: str
    revision_number: int
    vendor_ids: list[str] = Field(default_factory=list)
    salesperson_id: str | None = None


class ClientMailEvent(CharterEvent):
    """A charter event that is emailed to the client."""

    client_name: Annotated[str, Personal()]
    client_email: Annotated[str, Personal()]
    contact_name: Annotated[str, Personal()] = ""
    """The contact of the client who receives the email instead. Empty if there is none with an email."""
    contact_email: Annotated[str, Personal()] = ""
    stops: list[TripStop]


class CharterCreated(CharterEvent):
    """A charter was created with its first quote."""

    TYPE: ClassVar[str] = "charter.created"

    series_id: str | None = None
    cloned_from_charter_id: str | None = None


class CharterModified(CharterEvent):
    """A charter was updated. `revised` is true if the quoted trip changed, `reworded` if only its words did."""

    TYPE: ClassVar[str] = "charter.modified"

    revised: bool
    reworded: Annotated[
        bool, Field(description="Whether notes, contacts, the purchase order or the wording of addresses changed.")
    ] = False


class CharterPriceAdjusted(CharterEvent):
    """The price adjustments of a charter were replaced. `total` is the new price, `rules_total` that of the rules."""

    TYPE: ClassVar[str] = "charter.price_adjusted"

    previous_total: StoredAmount
    rules_total: StoredAmount
    price_display: str = "lines"
    reasons: Annotated[list[str], Personal()] = Field(default_factory=list)


class CharterDeleted(CharterEvent):
    """A charter that was not booked was deleted."""

    TYPE: ClassVar[str] = "charter.deleted"


class QuoteSent(ClientMailEvent):
    """A link to a quote was sent to its client. The link is derived from `link_nonce`."""

    TYPE: ClassVar[str] = "quote.sent"

    quote_id: str
    link_nonce: str
    expires_at: datetime
    cc: Annotated[list[str], Field(description="Others who receive a copy."), Personal()] = Field(default_factory=list)
    message: Annotated[str, Field(description="What the salesperson writes to the client."), Personal()] = ""
    cancellation_terms: Annotated[list[str], Field(description="What the client gets back when cancelling.")] = Field(
        default_factory=list
    )


class QuoteReminderSent(ClientMailEvent):
    """The client is reminded of a quote that expires soon and has no answer."""

    TYPE: ClassVar[str] = "quote.reminder_sent"

    quote_id: str
    link_nonce: str
    expires_at: datetime


class QuoteOpened(CharterEvent):
    """A person opened the page of a quote for the first time."""

    TYPE: ClassVar[str] = "quote.opened"

    quote_id: str
    client_name: Annotated[str, Personal()]


class QuoteAccepted(CharterEvent):
    """A quote was accepted by the client, or by staff for the client."""

    TYPE: ClassVar[str] = "quote.accepted"

    quote_id: str
    accepted_by: Annotated[str, Personal(blank=ERASED)]
    client_name: Annotated[str, Personal()] = ""
    by_client: Annotated[bool, Field(description="Whether the client accepted it, not staff for the client.")] = False
    deposit_due: Annotated[StoredAmount, Field(description="What must be paid to book the trip.")] = 0
    proposal_number: Annotated[str, Field(description="The proposal with which it was accepted; empty if none.")] = ""
    terms_digest: Annotated[str, Field(description="SHA-256 of the accepted terms and conditions.")] = ""
    cancellation_terms: Annotated[list[str], Field(description="What the client gets back when cancelling.")] = Field(
        default_factory=list
    )


class QuoteDeclined(ClientMailEvent):
    """A quote was declined."""

    TYPE: ClassVar[str] = "quote.declined"

    quote_id: str
    reason: Annotated[str, Personal()]
    proposal_number: str = ""
    """The number of the proposal whose answer declined the quote; empty if the quote itself was declined."""


class QuoteExpired(CharterEvent):
    """A quote expired without an answer."""

    TYPE: ClassVar[str] = "quote.expired"

    quote_id: str


class CharterBooked(ClientMailEvent):
    """A charter was booked."""

    TYPE: ClassVar[str] = "charter.booked"

    accepted_by: Annotated[str, Personal(blank=ERASED)]
    amount_paid: StoredAmount = 0
    balance_due_on: date | None = None
    deposit_paid: Annotated[
        StoredAmount, Field(description="The deposit whose payment booked the trip; 0 if it was booked without one.")
    ] = 0
    link_nonce: str = ""
    """The link to the trip's page is derived from it. Empty in events of an earlier release."""
    cancellation_terms: Annotated[list[str], Field(description="What the client gets back when cancelling.")] = Field(
        default_factory=list
    )


class BookingConfirmationSent(CharterBooked):
    """The confirmation of an upcoming charter is sent again, because the client's email changed. The link is new."""

    TYPE: ClassVar[str] = "charter.confirmation_sent"


class ReminderVehicle(BaseSchema):
    """A vehicle of a trip, numbered from 1, as the client's reminder shows it. Unknown names are missing."""

    model_config = ConfigDict(frozen=True)

    vehicle: int
    vehicle_name: str | None
    driver_names: Annotated[list[str], Personal("driver"), Field(description="First names.")]


class TripReminderSent(ClientMailEvent):
    """The client is reminded of a trip on the day before it, or told that a driver or vehicle has changed since."""

    TYPE: ClassVar[str] = "charter.reminder_sent"

    vehicles: list[ReminderVehicle]
    is_correction: bool


class CharterConfirmed(CharterEvent):
    """A charter was confirmed: every vehicle has a driver or a vendor, or a manager confirmed it anyway."""

    TYPE: ClassVar[str] = "charter.confirmed"

    reason: Annotated[str, Personal()]
    uncovered: list[int] = Field(default_factory=list)
    """Vehicles without a driver or a vendor, if a manager set the status anyway."""


class CharterStarted(CharterEvent):
    """A charter departed from its first stop."""

    TYPE: ClassVar[str] = "charter.started"

    reason: Annotated[str, Personal()]
    uncovered: list[int] = Field(default_factory=list)
    """Vehicles without a driver or a vendor, if a manager set the status anyway."""


class CharterCompleted(CharterEvent):
    """A charter reached its last stop."""

    TYPE: ClassVar[str] = "charter.completed"

    reason: Annotated[str, Personal()]


class CharterCancelled(ClientMailEvent):
    """A charter was cancelled."""

    TYPE: ClassVar[str] = "charter.cancelled"

    reason: Annotated[str, Personal()]
    initiated_by: str
    refund_percent: int
    refund: StoredAmount
    message_to_client: Annotated[str, Personal()] = ""
    was_booked: bool = True
    quote_was_sent: bool = True
    revision_was_sent: Annotated[
        bool, Field(description="Whether the client received or booked this revision, or only an earlier one.")
    ] = True


class CharterErased(Event):
    """The client's personal data was removed from a charter; consumers erase what they store about the trip."""

    TYPE: ClassVar[str] = "charter.erased"

    charter_id: str
    client_id: str


class CharterWorkflowFailed(CharterEvent):
    """A workflow of a charter stopped because a step failed; it can be resumed."""

    TYPE: ClassVar[str] = "charter.flow_failed"

    flow: str
    state: str
    error: str


class CharterWorkflowResumed(CharterEvent):
    """A stopped workflow was resumed, or is no longer needed."""

    TYPE: ClassVar[str] = "charter.flow_resumed"

    flow: str


class SeriesCreated(Event):
    """A recurring series was created with all its charters."""

    TYPE: ClassVar[str] = "series.created"

    series_id: str
    client_id: str
    recurrence_rule: str
    charter_ids: list[str]
