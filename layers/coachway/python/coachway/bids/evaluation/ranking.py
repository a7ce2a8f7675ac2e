"""Ranking of bids and the award decision. Pure: no clock, no I/O. Amounts are cents.

A bid is for one or more of a charter's vehicles, and is awarded as a whole.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from math import floor
from typing import Final, NamedTuple

from coachway.bids.errors import NoVehiclesLeft, TooFewVehiclesLeft

AUTOMATIC_AWARD_PERCENT: Final = 10
"""How far below the target price bids must be to be awarded automatically."""


TRUSTED_RATING: Final = 4.0


class BidOffer(NamedTuple):
    """The fields of a bid that its rank depends on. `price` is for all its `vehicles` together."""

    bid_id: str
    vehicle_class: str
    price: int
    vehicles: int
    rating: float | None
    """The rating of the vendor; None until it has three ratings."""
    is_preferred: bool
    submitted_at: datetime

    @property
    def price_per_vehicle(self) -> Fraction:
        return Fraction(self.price, self.vehicles)


class RankedBid(NamedTuple):
    """An offer with its rank among the offers of the same vehicle class.

    The difference is between prices per vehicle, times the vehicles of the bid, in cents, rounded half up.
    """

    offer: BidOffer
    rank: int
    is_lowest_bid: bool
    price_difference_from_lowest: int


def rank_offers(offers: Iterable[BidOffer]) -> list[RankedBid]:
    """Rank by price per vehicle, then by rating (vendors without a rating last), then by time of submission.

    The offers of each vehicle class are ranked by themselves, one class after the other.
    """
    by_class: dict[str, list[BidOffer]] = {}
    for offer in offers:
        by_class.setdefault(offer.vehicle_class, []).append(offer)
    return [ranked for vehicle_class in sorted(by_class) for ranked in _rank_class(by_class[vehicle_class])]


def _rank_class(offers: Iterable[BidOffer]) -> list[RankedBid]:
    ordered = sorted(
        offers, key=lambda offer: (offer.price_per_vehicle, -(offer.rating or 0), offer.submitted_at, offer)
    )
    lowest = ordered[0].price_per_vehicle
    return [
        RankedBid(
            offer,
            rank,
            offer.price_per_vehicle == lowest,
            floor((offer.price_per_vehicle - lowest) * offer.vehicles + Fraction(1, 2)),
        )
        for rank, offer in enumerate(ordered, 1)
    ]


def find_cheapest_combination(ranked: Sequence[RankedBid], vehicles: int) -> list[BidOffer]:
    """The offers of one class that together are for exactly `vehicles` vehicles at the lowest total; empty if none are.

    Of equal totals, the better ranks win. For one vehicle, this is the offer of rank 1.
    """
    # The lowest total for each number of vehicles, with the ranks of its offers.
    best: list[tuple[int, list[int]] | None] = [(0, []), *([None] * vehicles)]
    for each in ranked:
        count = each.offer.vehicles
        for covered in range(vehicles, count - 1, -1):
            before = best[covered - count]
            if before is None:
                continue
            combination = (before[0] + each.offer.price, sorted([*before[1], each.rank]))
            existing = best[covered]
            if existing is None or combination < existing:
                best[covered] = combination
    cheapest = best[vehicles]
    if cheapest is None or not vehicles:
        return []
    by_rank = {each.rank: each.offer for each in ranked}
    return [by_rank[rank] for rank in cheapest[1]]


def is_trusted(offer: BidOffer) -> bool:
    """Whether the vendor has a rating of at least 4.0, or has no rating yet but is preferred."""
    return offer.is_preferred if offer.rating is None else offer.rating >= TRUSTED_RATING


def choose_automatic_award(
    offers: Iterable[BidOffer], vehicles: Mapping[str, int], target_price: int | None
) -> list[BidOffer]:
    """The offers to award without a manager; empty if a manager must decide.

    `vehicles` are the numbers to award, by class. The offers must be for all of them, together at least 10 % below the
    target price, and all their vendors trusted.
    """
    ranked, combination = rank_offers(offers), list[BidOffer]()
    for vehicle_class, count in vehicles.items():
        cheapest = find_cheapest_combination(
            [each for each in ranked if each.offer.vehicle_class == vehicle_class], count
        )
        if not cheapest:
            return []
        combination += cheapest
    if not combination or target_price is None:
        return []
    is_cheap = sum(offer.price for offer in combination) * 100 <= target_price * (100 - AUTOMATIC_AWARD_PERCENT)
    return combination if is_cheap and all(is_trusted(offer) for offer in combination) else []


def assign_vehicles(free: Sequence[int], requested: int, total: int) -> tuple[list[int], list[int]]:
    """The vehicles that a bid for `requested` vehicles gets of the `free` ones, and those that remain free.

    Raises NoVehiclesLeft, TooFewVehiclesLeft.
    """
    if requested > len(free):
        detail = f"{len(free)} of {total} vehicles are left to award, and this bid is for {requested}."
        raise TooFewVehiclesLeft(detail) if free else NoVehiclesLeft(detail)
    return list(free[:requested]), list(free[requested:])


class EvaluatedBid(NamedTuple):
    """A bid that is open for acceptance, with what the decision about it depends on."""

    offer: BidOffer
    valid_until: datetime
    ineligibility_reasons: Sequence[str]


class Decision(NamedTuple):
    """The decision on the bids of a request. Without an award and candidates, there is nothing to decide on."""

    award: list[BidOffer]
    candidates: list[BidOffer]
    """The offers that a manager can choose from, best first."""
    rejected: dict[str, str]
    """Why bids are rejected, by id of the bid."""


def decide_award(
    evaluated_bids: Iterable[EvaluatedBid], vehicles: Mapping[str, int], target_price: int | None, now: datetime
) -> Decision:
    """Decide which bids to award automatically, or which a manager can choose from.

    `vehicles` are the numbers to award, by class.
    """
    evaluated_bids = list(evaluated_bids)
    disqualified = {each.offer.bid_id: disqualification_reason(each, now) for each in evaluated_bids}
    ranked = rank_offers(each.offer for each in evaluated_bids if not disqualified[each.offer.bid_id])
    candidates = [each.offer for each in ranked]
    award = choose_automatic_award(candidates, vehicles, target_price)
    winning_bid_ids = {offer.bid_id for offer in award}
    rejected = {bid_id: reason for bid_id, reason in disqualified.items() if reason}
    if award:
        rejected |= {
            offer.bid_id: rejection_reason(offer, award) for offer in candidates if offer.bid_id not in winning_bid_ids
        }
    return Decision(award, candidates, rejected)


def disqualification_reason(evaluated_bid: EvaluatedBid, now: datetime) -> str:
    """Why a bid cannot be awarded; empty if it can."""
    if evaluated_bid.valid_until <= now:
        return "The bid has expired"
    reasons = evaluated_bid.ineligibility_reasons
    return f"Vendor not eligible: {'; '.join(reasons)}" if reasons else ""


def rejection_reason(offer: BidOffer, winning_offers: Sequence[BidOffer]) -> str:
    """The reason that a rejected vendor receives.

    Without winning bids for the class, the organization's own drivers run the trip with these vehicles.
    """
    same_class = [winning for winning in winning_offers if winning.vehicle_class == offer.vehicle_class]
    if not same_class:
        return "The organization runs this trip itself"
    if all(winning.price_per_vehicle < offer.price_per_vehicle for winning in same_class):
        return "A lower bid was chosen"
    return "Another bid was chosen"
