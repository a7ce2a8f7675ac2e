"""Events of bid requests and bids. Only `bid.accepted` contains a price."""

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import Field

from coachway.core.persistence.domain_events import Event
from coachway.core.trip_vehicles import VehicleGroup
from coachway.core.types.money import StoredAmount
from coachway.core.types.personal import ERASED, Personal


class _Bidding(Event):
    """Fields common to all events of a bid request."""

    bid_request_id: str
    charter_id: str
    number: str
    deadline: datetime


class BiddingOpened(_Bidding):
    """A bid request was opened, or opened again after it ended without an award. Its workflow starts."""

    TYPE: ClassVar[str] = "bidding.opened"

    sealed: bool
    round: int


class BiddingMatched(_Bidding):
    """The vendors to invite were chosen. `passed_over` is the number of vendors that were not invited."""

    TYPE: ClassVar[str] = "bidding.matched"

    invited: int
    passed_over: int


class BiddingInvited(_Bidding):
    """A vendor was invited to bid. `link_nonce` recreates the link."""

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
    vehicle_groups: Annotated[
        list[VehicleGroup], Field(description="The vehicles to bid for, if they are of several classes.")
    ] = Field(default_factory=list)
    passengers: int
    message: Annotated[str, Personal()]


class BiddingDeclined(_Bidding):
    """A vendor declined an invitation."""

    TYPE: ClassVar[str] = "bidding.declined"

    vendor_id: str
    reason: Annotated[str, Personal()]


class BiddingExtended(_Bidding):
    """The deadline of a bid request was extended."""

    TYPE: ClassVar[str] = "bidding.extended"


class BiddingClosed(_Bidding):
    """A bid request was closed for bids. `early` is true if a manager closed it before the deadline."""

    TYPE: ClassVar[str] = "bidding.closed"

    early: bool
    reason: Annotated[str, Personal()]


class BiddingCancelled(_Bidding):
    """A bid request was cancelled."""

    TYPE: ClassVar[str] = "bidding.cancelled"

    reason: Annotated[str, Personal()]


class BiddingAwarded(_Bidding):
    """Every vehicle of the request was awarded to a vendor."""

    TYPE: ClassVar[str] = "bidding.awarded"

    bid_ids: list[str]
    by_itself: bool


class BiddingEndedWithoutAward(_Bidding):
    """A bid request ended without an award: there were no bids, or nobody decided in time. Staff can extend it."""

    TYPE: ClassVar[str] = "bidding.no_bids"

    reason: Annotated[str, Personal()]
    bids: int


class BiddingDecisionNeeded(_Bidding):
    """A manager must decide about the bids."""

    TYPE: ClassVar[str] = "bidding.decision_needed"

    bids: int
    escalated: bool = False


class BiddingFailed(_Bidding):
    """A step of the workflow failed permanently. The workflow can be resumed."""

    TYPE: ClassVar[str] = "bidding.failed"

    state: str
    error: str


class _Bid(Event):
    """Fields common to all events of a bid."""

    bid_id: str
    bid_request_id: str | None
    vendor_id: str
    vendor_name: Annotated[str, Personal("vendor")]
    vendor_email: Annotated[str, Personal("vendor")]
    charter_id: str
    number: str
    vehicle_count: int


class BidCreated(_Bid):
    """A bid was created as a draft."""

    TYPE: ClassVar[str] = "bid.created"


class BidUpdated(_Bid):
    """A draft of a bid was updated."""

    TYPE: ClassVar[str] = "bid.updated"


class BidSubmitted(_Bid):
    """A bid was submitted."""

    TYPE: ClassVar[str] = "bid.submitted"

    submitted_at: datetime
    valid_until: datetime


class BidReviewed(_Bid):
    """A bid is under review by a manager."""

    TYPE: ClassVar[str] = "bid.under_review"


class BidWithdrawn(_Bid):
    """A vendor withdrew its bid."""

    TYPE: ClassVar[str] = "bid.withdrawn"


class BidAccepted(_Bid):
    """A bid was accepted. The price and the payout date are final."""

    TYPE: ClassVar[str] = "bid.accepted"

    quoted_price: StoredAmount
    currency: str
    payout_date: date
    vehicles: list[int] = Field(default_factory=list)
    starts_at: datetime
    timezone: str
    reason: Annotated[str, Personal()]
    by_itself: bool
    message_to_vendor: Annotated[str, Personal()] = ""


class AwardReleased(_Bid):
    """An award ended: it was released, or the charter was cancelled."""

    TYPE: ClassVar[str] = "bid.called_off"

    reason: Annotated[str, Personal()]
    message_to_vendor: Annotated[str, Personal()] = ""


class BidRejected(_Bid):
    """A bid was rejected."""

    TYPE: ClassVar[str] = "bid.rejected"

    reason: Annotated[str, Personal()]
    message_to_vendor: Annotated[str, Personal()] = ""


class BidExpired(_Bid):
    """A bid expired without a decision."""

    TYPE: ClassVar[str] = "bid.expired"
