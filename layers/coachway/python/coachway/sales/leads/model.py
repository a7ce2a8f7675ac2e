"""Leads: requests, records and access patterns."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints, ValidationInfo, model_validator

from coachway.clients.model import ClientId
from coachway.core.persistence.records import AccessPattern, Entity, Key, Record, slim_copy_key
from coachway.core.schemas import BaseSchema, PageQuery, RequestSchema
from coachway.core.types import ids
from coachway.core.types.contact import Email, Phone, normalize_email
from coachway.core.types.datetimes import Day, LocalTime, Timestamp, sortable
from coachway.core.types.geo import Latitude, Longitude, require_place
from coachway.core.types.personal import ERASED, Personal
from coachway.core.types.search_text import SearchText
from coachway.core.types.stored_values import is_stored
from coachway.core.types.text import LINE, Note, OptionalText, ShortNote, Text
from coachway.sales.leads.rules import (
    OPEN_STATUSES,
    AssignmentMethod,
    LeadKind,
    LeadSource,
    LeadStatus,
    LostReason,
    matching_email,
)

LeadId = Annotated[str, Field(pattern=ids.pattern("lead"))]
UserId = Annotated[str, Field(pattern=ids.pattern("usr"), examples=["usr_01K3ZV8N6Y3T5G7H9J1M2P4R6S"])]
LocalClock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$"), Field(examples=["08:30"])]
"""A time of day, `HH:MM`, at the place of the trip."""

LEAD = AccessPattern("a lead", pk="ORG#{org}#LEAD#{id}", sk="HEAD")
BY_MONTH = AccessPattern(
    "leads, newest first, by the month they were captured", index="gsi1", pk="ORG#{org}#LEADS#{month}", sk="{id}"
)
BY_AGENT = AccessPattern(
    "the leads of an agent, newest first, by the month they were captured",
    index="gsi2",
    pk="ORG#{org}#LEADS-OF-AGENT#{agent}#{month}",
    sk="{id}",
)
UNASSIGNED = AccessPattern(
    "open leads without an agent, oldest first", index="gsi2", pk="ORG#{org}#LEADS-UNASSIGNED", sk="{id}"
)
BY_STATUS = AccessPattern(
    "leads of a status, newest first, by the month they were captured",
    index="gsi3",
    pk="ORG#{org}#LEADS-BY-STATUS#{status}#{month}",
    sk="{id}",
)
FOLLOW_UPS = AccessPattern(
    "open leads of an agent with a follow-up, by its time",
    index="gsi4",
    pk="ORG#{org}#LEAD-FOLLOW-UPS#{agent}",
    sk="{at}#{id}",
)
LEADS_OF_CLIENT = AccessPattern(
    "the leads of a client, by their slim copies", index="gsi3", pk="ORG#{org}#LEADS-OF-CLIENT#{client}", sk="{id}"
)
OPEN_LEAD_CONTACTS = AccessPattern(
    "the open lead of an email address or phone number, by the digest of its normal form",
    pk="ORG#{org}#LEAD-CONTACT#{fingerprint}",
    sk="HEAD",
)


class LeadFields(RequestSchema):
    """A person who asks for a trip or a move. An email address or a phone number is needed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "first_name": "Bob",
                    "last_name": "Wilson",
                    "email": "bob@wilson.example",
                    "phone": "+12125550199",
                    "company": "Wilson School",
                    "source": "phone",
                    "trip_details": "Class trip to Boston and back",
                    "estimated_passengers": 48,
                    "estimated_trip_date": "2027-05-14",
                    "pickup_location": "11 Wall St, New York, NY",
                    "dropoff_location": "1 Franklin Park Rd, Boston, MA",
                }
            ]
        }
    )

    first_name: Annotated[Text, Personal(blank=ERASED)]
    last_name: Annotated[OptionalText, Personal()] = ""
    email: Annotated[Email | None, Personal()] = None
    phone: Annotated[Phone | None, Personal()] = None
    company: Annotated[OptionalText, Personal()] = ""
    kind: LeadKind = LeadKind.CHARTER
    source: LeadSource = LeadSource.PHONE
    source_detail: Annotated[
        OptionalText, Personal(), Field(description="The campaign, the page, or who recommended the organization.")
    ] = ""
    trip_details: Annotated[Note, Personal()] = ""
    estimated_passengers: Annotated[int, Field(ge=1, le=10_000)] | None = None
    estimated_trip_date: Day | None = None
    estimated_trip_time: Annotated[
        LocalClock | None, Field(description="Local time of the pickup, such as `08:30`.")
    ] = None
    estimated_return_date: Day | None = None
    pickup_location: Annotated[OptionalText, Personal()] = ""
    dropoff_location: Annotated[OptionalText, Personal()] = ""
    pickup_latitude: Annotated[Latitude | None, Personal()] = None
    pickup_longitude: Annotated[Longitude | None, Personal()] = None
    consent_text: Annotated[
        ShortNote, Personal(), Field(description="The text to which the person agreed, as they saw it.")
    ] = ""

    @model_validator(mode="after")
    def _check_consistency(self, info: ValidationInfo) -> Self:
        require_place(self, "pickup_latitude", "pickup_longitude", info)
        if self.email is None and self.phone is None and not is_stored(info, "email", "phone"):
            raise ValueError("email, phone: set at least one of them")
        first, last = self.estimated_trip_date, self.estimated_return_date
        is_input = not is_stored(info, "estimated_trip_date", "estimated_return_date")
        if is_input and last is not None and (first is None or last < first):
            raise ValueError("estimated_return_date: must not be before estimated_trip_date")
        return self


class NewLead(LeadFields):
    """A lead to capture. Without an agent it is assigned automatically."""

    assigned_to_agent_id: UserId | None = None
    client_id: ClientId | None = None


class LeadInput(LeadFields):
    """The fields of a lead that can change."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "contacted", "estimated_passengers": 52}]})

    status: LeadStatus
    lost_reason: LostReason | None = None
    assigned_to_agent_id: UserId | None = None
    next_follow_up_at: Timestamp | None = None


class ScoreReason(BaseSchema):
    """A part of a lead's score: what it is about, its points, and why."""

    topic: str
    points: int
    reason: str


class EmptyLeg(BaseSchema):
    """The empty leg of a booked trip that starts near the pickup of a lead, up to 30 miles and 4 hours before it."""

    charter_id: str
    charter_number: str
    starts_at: LocalTime
    timezone: str
    miles_to_pickup: float
    saved_miles: Annotated[float, Field(description="Empty miles that the organization does not drive.")]


class Lead(Entity, LeadFields):
    """A lead. `assignment_explanation` says which agents were skipped and who got it.

    The score of a new lead is complete a few seconds later, when bookings and the fleet are checked.
    """

    KIND: ClassVar[str] = "lead"
    ETAG_IS_VERSION: ClassVar[bool] = False
    REFRESHED_ATTRIBUTES: ClassVar[tuple[str, ...]] = ("score", "empty_leg")
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    email: Annotated[str | None, Personal()] = None
    phone: Annotated[str | None, Personal()] = None
    status: LeadStatus = LeadStatus.NEW
    status_since: Annotated[
        AwareDatetime | None, Field(description="When the lead got its status. Null: since it was captured.")
    ] = None
    lost_reason: LostReason | None = None
    assigned_to_agent_id: str | None = None
    assignment_method: AssignmentMethod | None = None
    assigned_at: AwareDatetime | None = None
    assignment_explanation: Annotated[list[str], Personal("user")] = Field(default_factory=list)
    client_id: str | None = None
    charter_id: Annotated[str | None, Field(description="The charter that the lead was converted to.")] = None
    charter_number: str = ""
    previous_charter_id: Annotated[
        str | None, Field(description="The trip of last year that the client may want again.")
    ] = None
    conversion_date: AwareDatetime | None = None
    first_contacted_at: AwareDatetime | None = None
    next_follow_up_at: AwareDatetime | None = None
    score: Annotated[int | None, Field(ge=0, le=100)] = None
    score_reasons: list[ScoreReason] = Field(default_factory=list)
    empty_leg: EmptyLeg | None = None
    consented_at: AwareDatetime | None = None
    merged_into_id: Annotated[
        str | None, Field(description="The lead into which this one was merged. Use it instead.")
    ] = None

    erased_at: AwareDatetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether somebody should work on the lead."""
        return self.status in OPEN_STATUSES and self.merged_into_id is None

    @property
    def full_name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()

    def key(self) -> Key:
        return LEAD.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        if self.merged_into_id is not None:
            return {}
        parts = {"org": self.org_id, "month": f"{ids.get_created_at(self.id):%Y-%m}", "id": self.id}
        keys: dict[str, Key] = {"gsi1": BY_MONTH.key(**parts), "gsi3": BY_STATUS.key(status=self.status.value, **parts)}
        if self.assigned_to_agent_id is not None:
            keys["gsi2"] = BY_AGENT.key(agent=self.assigned_to_agent_id, **parts)
        elif self.is_open:
            keys["gsi2"] = UNASSIGNED.key(**parts)
        if self.is_open and self.assigned_to_agent_id is not None and self.next_follow_up_at is not None:
            at = sortable(self.next_follow_up_at)
            keys["gsi4"] = FOLLOW_UPS.key(org=self.org_id, agent=self.assigned_to_agent_id, at=at, id=self.id)
        return keys

    def attributes(self) -> Mapping[str, str | int | bool]:
        agent = {"agent": self.assigned_to_agent_id} if self.assigned_to_agent_id else {}
        score: dict[str, str | int | bool] = {"score": self.score} if self.score is not None else {}
        if self.empty_leg is not None:
            score["empty_leg"] = self.empty_leg.charter_id
        return {
            "status": self.status.value,
            "source": self.source.value,
            "lead_kind": self.kind.value,
            **agent,
            **score,
        }

    def search_text(self) -> SearchText | None:
        if self.merged_into_id is not None or self.erased_at is not None:
            return None
        return SearchText(
            self.full_name,
            self.company,
            names=(self.first_name, self.last_name, self.company),
            emails=(self.email,),
            phones=(self.phone,),
            addresses=(self.pickup_location, self.dropoff_location),
            client_id=self.client_id,
        )

    def slim_copy(self) -> "LeadOfClient | None":
        if self.client_id is None:
            return None
        return LeadOfClient(org_id=self.org_id, lead_id=self.id, client_id=self.client_id)


class LeadOfClient(Record):
    """The slim copy of a lead that belongs to a client."""

    KIND: ClassVar[str] = "lead_of_client"

    org_id: str
    lead_id: str
    client_id: str

    def key(self) -> Key:
        return slim_copy_key(LEAD.key(org=self.org_id, id=self.lead_id))

    def indexes(self) -> Mapping[str, Key]:
        return {"gsi3": LEADS_OF_CLIENT.key(org=self.org_id, client=self.client_id, id=self.lead_id)}


class LeadContact(Record):
    """The open lead of an email address or phone number."""

    KIND: ClassVar[str] = "lead_contact"

    org_id: str
    fingerprint: str
    lead_id: str

    def key(self) -> Key:
        return OPEN_LEAD_CONTACTS.key(org=self.org_id, fingerprint=self.fingerprint)


def contact_fingerprints(email: str | None, phone: str | None) -> list[str]:
    """Return the digests of the contact data by which a person is recognized: those of the email address first."""
    forms = [f"email:{matching_email(email)}"] if email else []
    forms += [f"phone:{phone}"] if phone else []
    return [hashlib.sha256(form.encode()).hexdigest() for form in forms]


def client_email_spellings(email: str) -> list[str]:
    """Return the forms under which a client can have this email address: as it is, and without a `+tag`."""
    return list(dict.fromkeys([normalize_email(email), matching_email(email)]))


class LeadQuery(PageQuery):
    """Filters of a list of leads. `q` finds words of names, email, phone and places, and changes the order."""

    q: Annotated[str, Field(min_length=1, max_length=100), LINE] | None = None
    status: LeadStatus | None = None
    source: LeadSource | None = None
    agent_id: UserId | None = None
    unassigned: Annotated[bool, Field(description="Only open leads without an agent, oldest first.")] = False


class OwnLeadQuery(PageQuery):
    """Filters of the list of the caller's own leads."""

    status: LeadStatus | None = None


class MergeInput(RequestSchema):
    """The lead that is merged into the one of the path."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"other_lead_id": "lead_01K3ZV8N6Y3T5G7H9J1M2P4R6S"}]})

    other_lead_id: LeadId
