"""The life of bids and of requests for them, how bids are ranked, and what is awarded. Pure: no clock, no I/O.

Amounts are cents. A bid covers one or more of a charter's vehicles, and is taken whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from math import floor
from typing import Final, NamedTuple

from coachway.core import errors


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
AUTO_AWARD_PERCENT: Final = 10
"""How far under the target price the lowest bid must be to be awarded by itself."""
TRUSTED_RATING: Final = 4.0


def require_bid_step(before: BidStatus, after: BidStatus) -> None:
    """Raises Conflict unless a bid may go from one status to the other."""
    if after not in BID_STEPS[before]:
        raise errors.Conflict(f"this bid is {before}: {_possible(BID_STEPS[before])}", title="that does not follow")


def require_request_step(before: RequestStatus, after: RequestStatus) -> None:
    """Raises Conflict unless a request may go from one status to the other."""
    if after not in REQUEST_STEPS[before]:
        can = _possible(REQUEST_STEPS[before])
        raise errors.Conflict(f"this bid request is {before}: {can}", title="that does not follow")


def _possible(following: Sequence[str]) -> str:
    return f"it can become {' or '.join(following)}" if following else "nothing can follow"


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


class Offer(NamedTuple):
    """What a ranking looks at. `price` is for all `vehicles` of the bid together."""

    bid_id: str
    price: int
    vehicles: int
    rating: float | None
    """Of the vendor, once three ratings count; None before that."""
    is_preferred: bool
    submitted_at: datetime

    @property
    def price_per_vehicle(self) -> Fraction:
        return Fraction(self.price, self.vehicles)


class Ranked(NamedTuple):
    """A bid's place. The difference is in cents, of the prices for a vehicle, times the bid's vehicles, half up."""

    offer: Offer
    rank: int
    is_lowest_bid: bool
    price_difference_from_lowest: int


def ranked(offers: Iterable[Offer]) -> list[Ranked]:
    """By price for a vehicle, ties by rating, then time; who has no rating that counts comes last in a tie."""
    ordered = sorted(offers, key=lambda each: (each.price_per_vehicle, -(each.rating or 0), each.submitted_at, each))
    if not ordered:
        return []
    lowest = ordered[0].price_per_vehicle
    return [
        Ranked(
            offer,
            place,
            offer.price_per_vehicle == lowest,
            floor((offer.price_per_vehicle - lowest) * offer.vehicles + Fraction(1, 2)),
        )
        for place, offer in enumerate(ordered, 1)
    ]


def cheapest_cover(places: Sequence[Ranked], vehicles: int) -> list[Offer]:
    """The bids that cover just so many vehicles for the least in all; the better ranked of equals. Empty if none do.

    For one vehicle that is the bid of rank 1.
    """
    best: list[tuple[int, list[int]] | None] = [(0, []), *([None] * vehicles)]
    for place in places:
        took = place.offer.vehicles
        for covered in range(vehicles, took - 1, -1):
            before = best[covered - took]
            if before is None:
                continue
            offered = (before[0] + place.offer.price, sorted([*before[1], place.rank]))
            known = best[covered]
            if known is None or offered < known:
                best[covered] = offered
    chosen = best[vehicles]
    if chosen is None or not vehicles:
        return []
    by_rank = {place.rank: place.offer for place in places}
    return [by_rank[rank] for rank in chosen[1]]


def is_trusted(offer: Offer) -> bool:
    """A vendor rated 4.0 or more, or one with fewer than three ratings that the organization prefers."""
    return offer.is_preferred if offer.rating is None else offer.rating >= TRUSTED_RATING


def awarded_by_itself(offers: Iterable[Offer], vehicles: int, target_price: int | None) -> list[Offer]:
    """The bids to award without asking anybody, or none: then a manager decides.

    They must be at least 10 % under the target price for all vehicles, and each of a trusted vendor.
    """
    cover = cheapest_cover(ranked(offers), vehicles)
    if not cover or target_price is None:
        return []
    is_cheap = sum(offer.price for offer in cover) * 100 <= target_price * (100 - AUTO_AWARD_PERCENT)
    return cover if is_cheap and all(is_trusted(offer) for offer in cover) else []


def shared_out(free: Sequence[int], wanted: int, vehicles: int) -> tuple[list[int], list[int]]:
    """Of a charter's free vehicles, those that a bid gets, and those that are left. Raises Conflict for too few."""
    if wanted > len(free):
        left = f"{len(free)} of {vehicles} vehicles are still to be awarded, and this bid is for {wanted}"
        title = "every vehicle has its vendor" if not free else "too few vehicles are left"
        raise errors.Conflict(left, title=title)
    return list(free[:wanted]), list(free[wanted:])


def payout_date(last_day: date, net_days: int) -> date:
    """When a vendor is paid: so many days after the trip's last day."""
    return last_day + timedelta(days=net_days)


class Entry(NamedTuple):
    """A bid that may still win, when it expires, and why it may not win."""

    offer: Offer
    valid_until: datetime
    against: Sequence[str]


class Decision(NamedTuple):
    """What is done with the bids of a request. Nothing to award and nobody to ask: there are no bids."""

    award: list[Offer]
    candidates: list[Offer]
    """Those that a manager may choose from, best first."""
    rejected: dict[str, str]
    """By bid, why it did not win."""

    @property
    def needs_manager(self) -> bool:
        return not self.award and bool(self.candidates)


def decide(entries: Iterable[Entry], vehicles: int, target_price: int | None, now: datetime) -> Decision:
    """Award by itself, leave it to a manager, or say that there is nothing to choose from."""
    known = list(entries)
    why = {entry.offer.bid_id: obstacle(entry, now) for entry in known}
    places = ranked(entry.offer for entry in known if not why[entry.offer.bid_id])
    candidates = [place.offer for place in places]
    award = awarded_by_itself(candidates, vehicles, target_price)
    winners = {offer.bid_id for offer in award}
    rejected = {bid_id: reason for bid_id, reason in why.items() if reason}
    if award:
        rejected |= {offer.bid_id: not_chosen(offer, award) for offer in candidates if offer.bid_id not in winners}
    return Decision(award, candidates, rejected)


def obstacle(entry: Entry, now: datetime) -> str:
    """What keeps a bid from winning; empty if nothing does."""
    if entry.valid_until <= now:
        return "The bid has expired"
    return f"Vendor not eligible: {'; '.join(entry.against)}" if entry.against else ""


def not_chosen(offer: Offer, winners: Sequence[Offer]) -> str:
    """What the vendor of a bid that did not win is told; without winners, drivers of the organization run the trip."""
    if not winners:
        return "The organization runs this trip itself"
    if all(winner.price_per_vehicle < offer.price_per_vehicle for winner in winners):
        return "A lower bid was chosen"
    return "Another bid was chosen"
