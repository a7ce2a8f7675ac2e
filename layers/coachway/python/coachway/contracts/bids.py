"""What happens to requests for bids and to bids. Only `bid.accepted` names a price."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import Field

from coachway.core.persistence.domain_events import Event
from coachway.core.types.money import StoredAmount
from coachway.core.types.personal import ERASED, Personal


class _Bidding(Event):
    """Which request, for which charter."""

    bid_request_id: str
    charter_id: str
    number: str
    deadline: datetime


class BiddingOpened(_Bidding):
    """Vendors are asked for bids, or asked again after a deadline that brought none: a flow starts."""

    TYPE: ClassVar[str] = "bidding.opened"

    sealed: bool
    round: int


class BiddingMatched(_Bidding):
    """It was decided who is invited."""

    TYPE: ClassVar[str] = "bidding.matched"

    invited: int
    passed_over: int


class BiddingInvited(_Bidding):
    """A vendor was invited to bid; `link_nonce` makes the link again."""

    TYPE: ClassVar[str] = "bidding.invited"

    invitation_id: str
    vendor_id: str
    vendor_name: Annotated[str, Personal("vendor")]
    vendor_email: Annotated[str, Personal("vendor")]
    link_nonce: str
    starts_at: datetime
    timezone: str
    pickup: Annotated[str, Personal(blank=ERASED)]
    dropoff: Annotated[str, Personal(blank=ERASED)]
    vehicle_class: str
    vehicle_count: int
    passengers: int
    message: Annotated[str, Personal()]


class BiddingDeclined(_Bidding):
    """A vendor does not want to bid."""

    TYPE: ClassVar[str] = "bidding.declined"

    vendor_id: str
    reason: Annotated[str, Personal()]


class BiddingExtended(_Bidding):
    """Vendors have longer to answer."""

    TYPE: ClassVar[str] = "bidding.extended"


class BiddingClosed(_Bidding):
    """No more bids are taken; `early` when a manager said so before the deadline."""

    TYPE: ClassVar[str] = "bidding.closed"

    early: bool
    reason: Annotated[str, Personal()]


class BiddingCancelled(_Bidding):
    """Vendors need not bid any more."""

    TYPE: ClassVar[str] = "bidding.cancelled"

    reason: Annotated[str, Personal()]


class BiddingAwarded(_Bidding):
    """Every vehicle has its vendor."""

    TYPE: ClassVar[str] = "bidding.awarded"

    bid_ids: list[str]
    by_itself: bool


class BiddingEmpty(_Bidding):
    """There was nothing to award, or nobody decided in time; staff may extend it."""

    TYPE: ClassVar[str] = "bidding.no_bids"

    reason: Annotated[str, Personal()]
    bids: int


class DecisionNeeded(_Bidding):
    """A manager has to choose among bids."""

    TYPE: ClassVar[str] = "bidding.decision_needed"

    bids: int
    escalated: bool = False


class BiddingFailed(_Bidding):
    """A step of the flow failed for good; it can be taken up again."""

    TYPE: ClassVar[str] = "bidding.failed"

    state: str
    error: str


class _Bid(Event):
    """Which bid, whose, for which charter."""

    bid_id: str
    bid_request_id: str | None
    vendor_id: str
    vendor_name: Annotated[str, Personal("vendor")]
    vendor_email: Annotated[str, Personal("vendor")]
    charter_id: str
    number: str
    vehicle_count: int


class BidCreated(_Bid):
    """A vendor began a bid."""

    TYPE: ClassVar[str] = "bid.created"


class BidUpdated(_Bid):
    """A vendor changed a bid that it had not submitted."""

    TYPE: ClassVar[str] = "bid.updated"


class BidSubmitted(_Bid):
    """A vendor bid."""

    TYPE: ClassVar[str] = "bid.submitted"

    submitted_at: datetime
    valid_until: datetime


class BidReviewed(_Bid):
    """A bid is among those that a manager chooses from."""

    TYPE: ClassVar[str] = "bid.under_review"


class BidWithdrawn(_Bid):
    """A vendor took its bid back."""

    TYPE: ClassVar[str] = "bid.withdrawn"


class BidAccepted(_Bid):
    """A bid won. What the vendor gets, and when, is fixed."""

    TYPE: ClassVar[str] = "bid.accepted"

    quoted_price: StoredAmount
    currency: str
    payout_date: date
    vehicles: list[int] = Field(default_factory=list)
    starts_at: datetime
    timezone: str
    reason: Annotated[str, Personal()]
    by_itself: bool


class BidCalledOff(_Bid):
    """A bid had won, and its vendor need not come: the trip does not take place, or was taken back."""

    TYPE: ClassVar[str] = "bid.called_off"

    reason: Annotated[str, Personal()]


class BidRejected(_Bid):
    """A bid did not win, and why."""

    TYPE: ClassVar[str] = "bid.rejected"

    reason: Annotated[str, Personal()]


class BidExpired(_Bid):
    """Nobody decided on a bid in time."""

    TYPE: ClassVar[str] = "bid.expired"
