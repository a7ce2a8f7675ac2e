"""Requests for bids, invitations, and what a charter's vehicles were awarded, as they are kept and shown."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar, Final, Self

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from coachway.bids.model import Bid
from coachway.bids.rules import RequestStatus, is_sealed, valid_until
from coachway.bookings.charters.model import CHARTER, CharterId
from coachway.core.persistence.records import AccessPattern, Entity, Key, Record
from coachway.core.schemas import BaseSchema, Note, PageQuery, RequestSchema
from coachway.core.types import ids
from coachway.core.types.datetimes import Timestamp
from coachway.core.types.money import NonNegativeApiAmount, StoredAmount
from coachway.core.types.personal import Personal
from coachway.core.workflows.failure import WorkflowFailure
from coachway.vendors.model import VendorId

BID_REQUEST = AccessPattern("a request for bids", pk="ORG#{org}#BID_REQUEST#{id}", sk="HEAD")
REQUESTS_BY_MONTH = AccessPattern(
    "requests for bids, newest first, by the month they were opened",
    index="gsi1",
    pk="ORG#{org}#BID_REQUESTS#{month}",
    sk="{id}",
)
REQUESTS_OF_CHARTER = AccessPattern(
    "the requests for bids for a charter, newest first",
    index="gsi2",
    pk="ORG#{org}#BID_REQUESTS_FOR#{charter}",
    sk="{id}",
)
MATCHING = AccessPattern(
    "which vendors were looked at for a request, and what was in their way",
    pk="ORG#{org}#BID_REQUEST#{request}",
    sk="MATCHING",
)
INVITATION = AccessPattern(
    "a vendor's invitation to bid",
    pk="ORG#{org}#BID_INVITATION#{id}",
    sk="HEAD",
)
INVITATIONS_OF_VENDOR = AccessPattern(
    "a vendor's invitations to bid, newest first",
    index="gsi1",
    pk="ORG#{org}#BID_INVITATIONS_OF#{vendor}",
    sk="{request}",
)
INVITATIONS_FOR = AccessPattern(
    "the invitations to a request for bids",
    index="gsi2",
    pk="ORG#{org}#BID_INVITATIONS_FOR#{request}",
    sk="{vendor}",
)
UNDER_WAY = AccessPattern(
    "the request for bids under way for a charter",
    pk=CHARTER.pk.replace("{id}", "{charter}"),
    sk="BIDDING",
)


BIDDING: Final = "bidding"
"""The flow of a request, as its charter names it."""


class BidRequestInput(RequestSchema):
    """A request for bids: to vendors that are named, or to all that match."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "deadline": "2027-02-01T17:00:00-05:00",
                    "target_price": 1400,
                    "sealed": True,
                    "matching": True,
                    "message": "Four hours on site, return empty.",
                }
            ]
        }
    )

    deadline: Annotated[Timestamp, Field(description="at least two hours from now, at most 30 days")]
    target_price: Annotated[
        NonNegativeApiAmount | None, Field(description="for all vehicles that nobody runs yet; vendors do not see it")
    ] = None
    sealed: Annotated[bool, Field(description="prices and ranks stay hidden until it is closed")] = True
    vendor_ids: list[VendorId] = Field(default_factory=list, max_length=500)
    matching: Annotated[bool, Field(description="invite every active vendor that may bid")] = False
    requires_ada: Annotated[bool, Field(description="vehicles must take wheelchairs")] = False
    message: Note = ""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if bool(self.vendor_ids) == self.matching:
            raise ValueError("vendor_ids, matching: name vendors, or ask all that match")
        return self


class ExtendInput(RequestSchema):
    """The new deadline."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"deadline": "2027-02-03T17:00:00-05:00"}]})

    deadline: Timestamp


class BidRequest(Entity):
    """A request for bids, as it is kept."""

    KIND: ClassVar[str] = "bid_request"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"round"})

    charter_id: str
    charter_number: str
    vehicle_count: int
    currency: str
    deadline: AwareDatetime
    target_price: Annotated[StoredAmount, Field(ge=0)] | None = None
    sealed: bool = True
    vendor_ids: list[str] = Field(default_factory=list)
    matching: bool = False
    requires_ada: bool = False
    message: Annotated[str, Personal()] = ""
    status: RequestStatus = RequestStatus.OPEN
    status_reason: Annotated[str, Personal()] = ""
    opened_by: str = ""
    closed_at: AwareDatetime | None = None
    closed_by: str | None = None
    closed_early: bool = False
    """A manager closed it before its deadline."""
    invited_at: AwareDatetime | None = None
    invited_count: int = 0
    escalated_at: AwareDatetime | None = None
    failure: WorkflowFailure | None = None
    round: int = 1
    """How often it was opened: each time has a flow of its own."""

    def key(self) -> Key:
        return BID_REQUEST.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        month = f"{ids.created_at_of(self.id):%Y-%m}"
        return {
            "gsi1": REQUESTS_BY_MONTH.key(org=self.org_id, month=month, id=self.id),
            "gsi2": REQUESTS_OF_CHARTER.key(org=self.org_id, charter=self.charter_id, id=self.id),
        }

    def attributes(self) -> Mapping[str, str | int | bool]:
        return {"status": self.status.value, "charter_id": self.charter_id}

    @property
    def is_sealed(self) -> bool:
        """Whether prices and ranks of its bids are hidden now."""
        return is_sealed(self.status, self.sealed, was_closed=self.closed_at is not None)

    def holds(self, bid: Bid) -> datetime | None:
        """Until when a bid that answers it can be accepted: longer than it was told, if it was extended since."""
        if bid.bid_request_id != self.id or bid.submitted_at is None or bid.valid_until is None:
            return bid.valid_until
        return max(bid.valid_until, valid_until(bid.submitted_at, self.deadline))


class VendorMatch(BaseSchema):
    """Whether a vendor was invited, and if not, everything that was in its way."""

    vendor_id: str
    vendor_name: Annotated[str, Personal("vendor")]
    invited: bool
    reasons: list[str] = Field(default_factory=list)


class Matching(Record):
    """What looking for vendors came to."""

    KIND: ClassVar[str] = "bid_matching"

    org_id: str
    bid_request_id: str
    vendors: list[VendorMatch]

    def key(self) -> Key:
        return MATCHING.key(org=self.org_id, request=self.bid_request_id)


class Invitation(Entity):
    """A vendor's invitation to bid. Its id is made from the request and the vendor: there is one of each."""

    KIND: ClassVar[str] = "bid_invitation"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"nonce", "round"})

    bid_request_id: str
    charter_id: str
    vendor_id: str
    nonce: str = Field(repr=False)
    viewed_at: AwareDatetime | None = None
    responded_at: AwareDatetime | None = None
    is_accepted: bool | None = None
    """Whether the vendor bid or declined; None until it answers."""
    decline_reason: Annotated[str, Personal()] = ""
    bid_id: str | None = None
    round: int = 1
    """The last in which the vendor was asked."""

    def key(self) -> Key:
        return INVITATION.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        return {
            "gsi1": INVITATIONS_OF_VENDOR.key(org=self.org_id, vendor=self.vendor_id, request=self.bid_request_id),
            "gsi2": INVITATIONS_FOR.key(org=self.org_id, request=self.bid_request_id, vendor=self.vendor_id),
        }


def invitation_id(bid_request_id: str, vendor_id: str) -> str:
    """The one id of a vendor's invitation to a request; it sorts by the request's time."""
    payload = f"{bid_request_id}\0{vendor_id}".encode()
    return ids.from_bytes("ivt", ids.to_bytes(bid_request_id)[:6] + hashlib.sha256(payload).digest()[:10])


class CharterBidding(Record):
    """The request under way for a charter. Whoever awards, opens or ends one writes this: one at a time."""

    KIND: ClassVar[str] = "charter_bidding"

    org_id: str
    charter_id: str
    bid_request_id: str | None = None
    """None when there is none."""

    def key(self) -> Key:
        return UNDER_WAY.key(org=self.org_id, charter=self.charter_id)


class BidRequestQuery(PageQuery):
    """Which requests: for a charter, in a status."""

    charter_id: CharterId | None = None
    status: RequestStatus | None = None
