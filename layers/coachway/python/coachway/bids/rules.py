"""Statuses of bids and bid requests, and their deadlines. Pure: no clock, no I/O."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from coachway.core import errors
from coachway.core.state_machine import Transitions


class BidStatus(StrEnum):
    """The status of a bid."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"

    @property
    def is_active(self) -> bool:
        """Whether the bid can still be accepted."""
        return self in {BidStatus.SUBMITTED, BidStatus.UNDER_REVIEW}


class RequestStatus(StrEnum):
    """The status of a bid request."""

    OPEN = "open"
    """Vendors can bid."""
    CLOSED = "closed"
    """The deadline has passed, or a manager closed it. Its bids are being decided on."""
    AWARDED = "awarded"
    NO_BIDS = "no_bids"
    """No bid could be awarded, or nobody decided in time. The deadline can be extended."""
    CANCELLED = "cancelled"


BID_TRANSITIONS: Final = Transitions(
    "bid",
    {
        BidStatus.DRAFT: (BidStatus.SUBMITTED, BidStatus.WITHDRAWN, BidStatus.EXPIRED),
        BidStatus.SUBMITTED: (
            BidStatus.UNDER_REVIEW,
            BidStatus.ACCEPTED,
            BidStatus.REJECTED,
            BidStatus.WITHDRAWN,
            BidStatus.EXPIRED,
        ),
        BidStatus.UNDER_REVIEW: (BidStatus.ACCEPTED, BidStatus.REJECTED, BidStatus.WITHDRAWN, BidStatus.EXPIRED),
        BidStatus.ACCEPTED: (),
        BidStatus.REJECTED: (),
        BidStatus.WITHDRAWN: (),
        BidStatus.EXPIRED: (),
    },
)

REQUEST_TRANSITIONS: Final = Transitions(
    "bid request",
    {
        RequestStatus.OPEN: (RequestStatus.CLOSED, RequestStatus.AWARDED, RequestStatus.CANCELLED),
        RequestStatus.CLOSED: (RequestStatus.AWARDED, RequestStatus.NO_BIDS, RequestStatus.CANCELLED),
        RequestStatus.NO_BIDS: (RequestStatus.OPEN, RequestStatus.CANCELLED),
        RequestStatus.AWARDED: (),
        RequestStatus.CANCELLED: (),
    },
)

BID_VALIDITY: Final = timedelta(hours=72)
MIN_RESPONSE_TIME: Final = timedelta(hours=2)
MAX_RESPONSE_TIME: Final = timedelta(days=30)


def require_valid_deadline(deadline: datetime, now: datetime, trip_starts: datetime) -> None:
    """Raise Invalid unless the deadline is between 2 hours and 30 days from now, and before the trip starts."""
    if deadline < now + MIN_RESPONSE_TIME:
        raise errors.Invalid.field("deadline", "must be at least 2 hours from now")
    if deadline > now + MAX_RESPONSE_TIME:
        raise errors.Invalid.field("deadline", "must be within 30 days")
    if deadline >= trip_starts:
        raise errors.Invalid.field("deadline", "must be before the trip starts")


def bid_expiry(submitted_at: datetime, deadline: datetime | None) -> datetime:
    """When a bid expires: 72 hours after it was submitted, or after the deadline of its request if that is later."""
    return max(submitted_at, deadline or submitted_at) + BID_VALIDITY


def is_sealed(status: RequestStatus, sealed: bool, *, was_closed: bool) -> bool:
    """Whether prices and ranks of a sealed request are hidden: until it is closed, at its deadline or by a manager.

    If it is cancelled before it is closed, they stay hidden.
    """
    return sealed and (status is RequestStatus.OPEN or (status is RequestStatus.CANCELLED and not was_closed))


def payout_date(last_day: date, net_days: int) -> date:
    """When a vendor is paid: `net_days` after the last day of the trip."""
    return last_day + timedelta(days=net_days)
