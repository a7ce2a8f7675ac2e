"""The life of bids and of requests for them, how bids are ranked, and what is awarded. Pure: no clock, no I/O.

Amounts are cents. A bid covers one or more of a charter's vehicles, and is taken whole or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from coachway.core import errors
from coachway.core.state_machine import Transitions


class BidStatus(StrEnum):
    """Where a bid stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"

    @property
    def is_live(self) -> bool:
        """Whether it may still win."""
        return self in {BidStatus.SUBMITTED, BidStatus.UNDER_REVIEW}


class RequestStatus(StrEnum):
    """Where a request for bids stands."""

    OPEN = "open"
    """Vendors may bid."""
    CLOSED = "closed"
    """The time is over; the bids are looked at."""
    AWARDED = "awarded"
    NO_BIDS = "no_bids"
    """Nothing was there to award, or nobody decided in time; it may be extended."""
    CANCELLED = "cancelled"


BID_STEPS: Final[Mapping[BidStatus, tuple[BidStatus, ...]]] = {
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
}
"""What may follow what."""

REQUEST_STEPS: Final[Mapping[RequestStatus, tuple[RequestStatus, ...]]] = {
    RequestStatus.OPEN: (RequestStatus.CLOSED, RequestStatus.AWARDED, RequestStatus.CANCELLED),
    RequestStatus.CLOSED: (RequestStatus.AWARDED, RequestStatus.NO_BIDS, RequestStatus.CANCELLED),
    RequestStatus.NO_BIDS: (RequestStatus.OPEN, RequestStatus.CANCELLED),
    RequestStatus.AWARDED: (),
    RequestStatus.CANCELLED: (),
}
"""What may follow what; a request that found no bids is open again once it is extended."""

BID_EXPIRATION: Final = timedelta(hours=72)
MIN_RESPONSE_TIME: Final = timedelta(hours=2)
LONGEST_REQUEST: Final = timedelta(days=30)


BIDS: Final = Transitions("bid", BID_STEPS)
BID_REQUESTS: Final = Transitions("bid request", REQUEST_STEPS)


def require_time_to_answer(deadline: datetime, now: datetime, trip_starts: datetime) -> None:
    """Raises Invalid unless vendors have two hours to answer, at most 30 days, and the trip leaves later."""
    if deadline < now + MIN_RESPONSE_TIME:
        raise errors.Invalid.field("deadline", "must leave vendors at least 2 hours to answer")
    if deadline > now + LONGEST_REQUEST:
        raise errors.Invalid.field("deadline", "must be within 30 days")
    if deadline >= trip_starts:
        raise errors.Invalid.field("deadline", "must be before the trip leaves")


def valid_until(submitted_at: datetime, deadline: datetime | None) -> datetime:
    """When a bid expires: 72 hours after it can first be accepted, which on a request is after its deadline."""
    return max(submitted_at, deadline or submitted_at) + BID_EXPIRATION


def is_sealed(status: RequestStatus, sealed: bool, *, was_closed: bool) -> bool:
    """Whether prices and ranks on a request are hidden: until it is closed, at its deadline or by a manager.

    Those of one that was cancelled before that are told to nobody.
    """
    return sealed and (status is RequestStatus.OPEN or (status is RequestStatus.CANCELLED and not was_closed))


def payout_date(last_day: date, net_days: int) -> date:
    """When a vendor is paid: so many days after the trip's last day."""
    return last_day + timedelta(days=net_days)
