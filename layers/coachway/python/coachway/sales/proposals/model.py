"""Proposals: requests, the stored record and its access patterns."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field

from coachway.bookings.charters.model import CharterId
from coachway.bookings.charters.trip_model import ClientId
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.schemas import BaseSchema, PageQuery, RequestSchema
from coachway.core.types import ids
from coachway.core.types.datetimes import Timestamp, sortable, sortable_hour
from coachway.core.types.money import StoredAmount
from coachway.core.types.personal import ERASED, Personal
from coachway.core.types.text import Note, OptionalText, Text
from coachway.identity.secrets import hashing
from coachway.sales.proposals.rules import Choice, ProposalStatus

ProposalId = Annotated[str, Field(pattern=ids.pattern("prop"))]

MAX_ITEMS: Final = 10
"""The most quotes of a proposal. Their acceptance is one transaction of at most 100 items."""

PROPOSAL = AccessPattern("a proposal", pk="ORG#{org}#PROPOSAL#{id}", sk="HEAD")
BY_MONTH = AccessPattern(
    "proposals by month of creation, newest first", index="gsi1", pk="ORG#{org}#PROPOSALS#{month}", sk="{id}"
)
BY_STATUS = AccessPattern(
    "proposals in a status, by month of creation, newest first",
    index="gsi2",
    pk="ORG#{org}#PROPOSALS-BY-STATUS#{status}#{month}",
    sk="{id}",
)
OF_CLIENT = AccessPattern(
    "the proposals of a client, newest first", index="gsi3", pk="ORG#{org}#PROPOSALS-OF-CLIENT#{client}", sk="{id}"
)
DUE = AccessPattern(
    "sent proposals of all organizations by the hour in which they expire, for the timer",
    index="gsi4",
    pk="PROPOSALS-EXPIRING#{hour}",
    sk="{expires}#{id}",
)


class ProposalItemInput(RequestSchema):
    """A quote of a proposal: a charter in the status `quote`."""

    charter_id: CharterId
    label: Annotated[
        OptionalText, Personal(), Field(description="A name that tells it from the others, such as `With two coaches`.")
    ] = ""


def _require_distinct(items: list[ProposalItemInput]) -> list[ProposalItemInput]:
    if len({item.charter_id for item in items}) != len(items):
        raise ValueError("must not contain a charter twice")
    return items


class ProposalTexts(RequestSchema):
    """The text of a proposal, and how the client chooses among its quotes."""

    title: Annotated[Text, Personal(blank=ERASED)]
    text: Annotated[Note, Personal(), Field(description="What the client reads above the quotes.")] = ""
    terms: Annotated[
        Note, Personal(), Field(description="Terms of this proposal, besides those of the organization.")
    ] = ""
    choice: Choice = Choice.ONE
    valid_until: Annotated[Timestamp, Field(description="At most a year ahead. A quote also ends at its departure.")]


class ProposalFields(ProposalTexts):
    """The fields of a proposal that can change."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Your trip to Boston", "choice": "any"}]})

    items: Annotated[
        list[ProposalItemInput],
        Field(min_length=1, max_length=MAX_ITEMS, description="In the order in which the client sees them."),
        AfterValidator(_require_distinct),
    ]


class NewProposal(ProposalFields):
    """A proposal to create."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "client_id": "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S",
                    "title": "Your trip to Boston",
                    "text": "Thank you for your request. Please choose the coach that suits you.",
                    "terms": "",
                    "choice": "one",
                    "valid_until": "2027-02-20T22:00:00Z",
                    "items": [{"charter_id": "chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S", "label": "One coach"}],
                }
            ]
        }
    )

    client_id: ClientId


class ProposalItem(ProposalItemInput):
    """A quote of a proposal, as it was when the proposal was saved or sent last. Items are numbered from 1."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    charter_number: str
    revision_number: Annotated[int, Field(description="The revision of the charter that the client sees.")]
    quote_id: str
    total: StoredAmount
    outcome: Annotated[
        Literal["accepted", "declined"] | None, Field(description="What the client's answer did to the quote.")
    ] = None
    deposit_due: Annotated[
        StoredAmount, Field(description="The deposit that was due when it was accepted; paying it books the trip.")
    ] = 0


class Proposal(Entity, ProposalTexts):
    """A proposal. `revision_number` counts how often it was sent."""

    KIND: ClassVar[str] = "proposal"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"nonce", "address_digest"})
    model_config = ConfigDict(extra="ignore", json_schema_extra={})

    client_id: str
    number: str = ""
    status: ProposalStatus = ProposalStatus.DRAFT
    items: list[ProposalItem]
    currency: str
    salesperson_id: Annotated[
        str | None, Field(description="The salesperson of the charters, who is told what the client answers.")
    ] = None
    revision_number: int = 0
    sent_at: AwareDatetime | None = None
    accepted_by: Annotated[str | None, Personal()] = None
    answered_at: AwareDatetime | None = None
    decline_reason: Annotated[str, Personal()] = ""
    nonce: str = ""
    """The link is derived from it; empty until the proposal is sent."""
    address_digest: str = ""
    """The digest of the email that the link was sent to."""

    @property
    def chosen(self) -> list[int]:
        """The numbers of the accepted items."""
        return [number for number, item in self.numbered_items if item.outcome == "accepted"]

    @property
    def numbered_items(self) -> list[tuple[int, ProposalItem]]:
        """The items with their numbers, from 1."""
        return list(enumerate(self.items, start=1))

    def is_sent_to(self, email: str) -> bool:
        """Whether the link was sent to this email."""
        return self.address_digest == hashing.address_digest(email)

    def is_expired(self, now: datetime) -> bool:
        """Whether it has expired, even if the timer has not yet changed its status."""
        return self.status is ProposalStatus.EXPIRED or (self.status is ProposalStatus.SENT and self.valid_until <= now)

    def key(self) -> Key:
        return PROPOSAL.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        parts = {"org": self.org_id, "month": f"{ids.get_created_at(self.id):%Y-%m}", "id": self.id}
        keys = {
            "gsi1": BY_MONTH.key(**parts),
            "gsi2": BY_STATUS.key(status=self.status.value, **parts),
            "gsi3": OF_CLIENT.key(org=self.org_id, client=self.client_id, id=self.id),
        }
        if self.status is ProposalStatus.SENT:
            hour, expires = sortable_hour(self.valid_until), sortable(self.valid_until)
            keys["gsi4"] = DUE.key(hour=hour, expires=expires, id=self.id)
        return keys

    def attributes(self) -> Mapping[str, str | int | bool]:
        return {"status": self.status.value}


class ProposalQuery(PageQuery):
    """Filters of a list of proposals."""

    status: ProposalStatus | None = None
    client_id: ClientId | None = None


class SentProposal(BaseSchema):
    """The link that was sent to the client. `url` is its web page."""

    token: str
    url: str
    valid_until: AwareDatetime
    revision_number: int
