"""Records of bid requests, their invitations and the open request of a charter, and their access patterns."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar, Final

from pydantic import AwareDatetime, Field

from coachway.bids.model.bid import Bid
from coachway.bids.rules import RequestStatus, bid_expiry, is_sealed
from coachway.bookings.charters.model import CHARTER
from coachway.core.persistence.records import AccessPattern, Entity, Key, Record
from coachway.core.schemas import BaseSchema
from coachway.core.trip_vehicles import VehicleGroup
from coachway.core.types import contact, ids
from coachway.core.types.money import StoredAmount
from coachway.core.types.personal import Personal
from coachway.core.workflows.failure import WorkflowFailure

BID_REQUEST = AccessPattern("a bid request", pk="ORG#{org}#BID_REQUEST#{id}", sk="HEAD")
REQUESTS_BY_MONTH = AccessPattern(
    "bid requests, newest first, by the month they were opened",
    index="gsi1",
    pk="ORG#{org}#BID_REQUESTS#{month}",
    sk="{id}",
)
REQUESTS_BY_CHARTER = AccessPattern(
    "the bid requests for a charter, newest first",
    index="gsi2",
    pk="ORG#{org}#BID_REQUESTS_FOR#{charter}",
    sk="{id}",
)
MATCHING = AccessPattern(
    "the vendors that were considered for a bid request, and why some were not invited",
    pk="ORG#{org}#BID_REQUEST#{request}",
    sk="MATCHING",
)
INVITATION = AccessPattern(
    "a vendor's invitation to bid",
    pk="ORG#{org}#BID_INVITATION#{id}",
    sk="HEAD",
)
INVITATIONS_BY_VENDOR = AccessPattern(
    "a vendor's invitations to bid, newest first",
    index="gsi1",
    pk="ORG#{org}#BID_INVITATIONS_OF#{vendor}",
    sk="{request}",
)
INVITATIONS_BY_REQUEST = AccessPattern(
    "the invitations of a bid request",
    index="gsi2",
    pk="ORG#{org}#BID_INVITATIONS_FOR#{request}",
    sk="{vendor}",
)
CHARTER_BIDDING = AccessPattern(
    "the current bid request of a charter",
    pk=CHARTER.pk.replace("{id}", "{charter}"),
    sk="BIDDING",
)


BIDDING_WORKFLOW: Final = "bidding"
"""The name of the bidding workflow in a charter's failures."""


class BidRequest(Entity):
    """A bid request."""

    KIND: ClassVar[str] = "bid_request"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"round"})

    charter_id: str
    charter_number: str
    vehicle_count: int
    vehicle_groups: list[VehicleGroup] = Field(default_factory=list)
    """Those to bid for, if they are of several classes."""
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
    """Whether a manager closed it before its deadline."""
    invited_at: AwareDatetime | None = None
    invited_count: int = 0
    escalated_at: AwareDatetime | None = None
    failure: WorkflowFailure | None = None
    round: int = 1
    """How often it was opened. Each round has a workflow execution of its own."""

    def key(self) -> Key:
        return BID_REQUEST.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        month = f"{ids.get_created_at(self.id):%Y-%m}"
        return {
            "gsi1": REQUESTS_BY_MONTH.key(org=self.org_id, month=month, id=self.id),
            "gsi2": REQUESTS_BY_CHARTER.key(org=self.org_id, charter=self.charter_id, id=self.id),
        }

    def attributes(self) -> Mapping[str, str | int | bool]:
        return {"status": self.status.value, "charter_id": self.charter_id}

    @property
    def is_sealed(self) -> bool:
        """Whether prices and ranks of its bids are hidden now."""
        return is_sealed(self.status, self.sealed, was_closed=self.closed_at is not None)

    def bid_valid_until(self, bid: Bid) -> datetime | None:
        """When a bid expires: later than its own `valid_until` if the deadline was extended after it was submitted."""
        if bid.bid_request_id != self.id or bid.submitted_at is None or bid.valid_until is None:
            return bid.valid_until
        return max(bid.valid_until, bid_expiry(bid.submitted_at, self.deadline))


class VendorMatch(BaseSchema):
    """A vendor, whether it was invited, and every reason if it was not."""

    vendor_id: str
    vendor_name: Annotated[str, Personal("vendor")]
    invited: bool
    reasons: list[str] = Field(default_factory=list)


class Matching(Record):
    """The vendors that were considered for a bid request."""

    KIND: ClassVar[str] = "bid_matching"

    org_id: str
    bid_request_id: str
    vendors: list[VendorMatch]

    def key(self) -> Key:
        return MATCHING.key(org=self.org_id, request=self.bid_request_id)


class BidInvitation(Entity):
    """A vendor's invitation to bid. Its id is derived from the request and the vendor, so that there is only one."""

    KIND: ClassVar[str] = "bid_invitation"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"nonce", "round", "vendor_email"})

    bid_request_id: str
    charter_id: str
    vendor_id: str
    nonce: str = Field(repr=False)
    vendor_email: Annotated[str, Personal("vendor")] = Field(default="", repr=False)
    """The email that the link was sent to. Empty in invitations of previous releases."""
    viewed_at: AwareDatetime | None = None
    responded_at: AwareDatetime | None = None
    is_accepted: bool | None = None
    """True if the vendor has bid, False if it declined; None if it has not answered."""
    decline_reason: Annotated[str, Personal()] = ""
    bid_id: str | None = None
    round: int = 1
    """The last round of the request to which the vendor was invited."""

    def is_sent_to(self, email: str) -> bool:
        """Whether the link was sent to this email."""
        return contact.is_same_email(self.vendor_email, email)

    def key(self) -> Key:
        return INVITATION.key(org=self.org_id, id=self.id)

    def indexes(self) -> Mapping[str, Key]:
        return {
            "gsi1": INVITATIONS_BY_VENDOR.key(org=self.org_id, vendor=self.vendor_id, request=self.bid_request_id),
            "gsi2": INVITATIONS_BY_REQUEST.key(org=self.org_id, request=self.bid_request_id, vendor=self.vendor_id),
        }


def invitation_id(bid_request_id: str, vendor_id: str) -> str:
    """The id of a vendor's invitation to a request. It sorts by the time of the request."""
    payload = f"{bid_request_id}\0{vendor_id}".encode()
    return ids.from_bytes("ivt", ids.to_bytes(bid_request_id)[:6] + hashlib.sha256(payload).digest()[:10])


class CharterBidding(Record):
    """The current bid request of a charter.

    Every award, and every opening or ending of a request, updates this record, so that only one of them can succeed
    at a time.
    """

    KIND: ClassVar[str] = "charter_bidding"

    org_id: str
    charter_id: str
    bid_request_id: str | None = None
    """None if the charter has no current request."""

    def key(self) -> Key:
        return CHARTER_BIDDING.key(org=self.org_id, charter=self.charter_id)
