"""Events of proposals."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from coachway.core.persistence.domain_events import Event
from coachway.core.schemas import BaseSchema
from coachway.core.trip_vehicles import VehicleGroup
from coachway.core.types.money import StoredAmount
from coachway.core.types.personal import ERASED, Personal


class ProposalTrip(BaseSchema):
    """A quote of a proposal, as emails show it."""

    model_config = ConfigDict(frozen=True)

    item: int
    label: Annotated[str, Personal()] = ""
    charter_id: str
    number: str
    pickup: Annotated[str, Personal(blank=ERASED)]
    dropoff: Annotated[str, Personal(blank=ERASED)]
    starts_at: datetime
    timezone: str
    vehicle_class: str
    vehicle_count: int
    vehicle_groups: list[VehicleGroup] = Field(default_factory=list)
    passengers: int
    total: StoredAmount
    deposit_due: Annotated[StoredAmount, Field(description="The deposit that books the trip; 0 if it is booked.")] = 0
    link_nonce: str = ""
    """The link to the trip's page is derived from it; empty before the quote is accepted."""


class _ProposalEvent(Event):
    """Fields of every event of a proposal."""

    proposal_id: str
    number: str
    client_id: str
    status: str
    revision_number: int


class ProposalCreated(_ProposalEvent):
    """A proposal was created."""

    TYPE: ClassVar[str] = "proposal.created"


class ProposalUpdated(_ProposalEvent):
    """A proposal was updated. If it was sent before, its link is not valid until it is sent again."""

    TYPE: ClassVar[str] = "proposal.updated"


class ProposalDeleted(_ProposalEvent):
    """A proposal that was never sent was deleted."""

    TYPE: ClassVar[str] = "proposal.deleted"


class ProposalExpired(_ProposalEvent):
    """A proposal expired without an answer. Its quotes stay open."""

    TYPE: ClassVar[str] = "proposal.expired"


class ProposalWithdrawn(_ProposalEvent):
    """The organization withdrew a proposal. Its quotes stay open."""

    TYPE: ClassVar[str] = "proposal.withdrawn"


class _ProposalMailEvent(_ProposalEvent):
    """An event that is emailed to the client or the organization. `trips` are the quotes that it is about."""

    title: Annotated[str, Personal(blank=ERASED)]
    client_name: Annotated[str, Personal()]
    client_email: Annotated[str, Personal()]
    choice: Literal["one", "any", "all"]
    currency: str
    link_nonce: str
    """The link to the proposal is derived from it."""
    salesperson_id: str | None = None
    trips: list[ProposalTrip]


class ProposalSent(_ProposalMailEvent):
    """A link to a proposal was sent to its client."""

    TYPE: ClassVar[str] = "proposal.sent"

    text: Annotated[str, Personal()]
    valid_until: datetime


class ProposalAccepted(_ProposalMailEvent):
    """The client chose quotes of a proposal, `trips`, which were accepted with it. The others were declined."""

    TYPE: ClassVar[str] = "proposal.accepted"

    accepted_by: Annotated[str, Personal(blank=ERASED)]
    total: StoredAmount
    deposit_due: StoredAmount = 0
    declined_numbers: list[str] = Field(default_factory=list)


class ProposalDeclined(_ProposalMailEvent):
    """The client declined a proposal with all of its open quotes, `trips`."""

    TYPE: ClassVar[str] = "proposal.declined"

    reason: Annotated[str, Personal()]
