"""Ranking of bids and the award decision. Pure: no clock, no I/O. Amounts are cents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from math import floor
from typing import Final, NamedTuple

from coachway.bids.errors import NoVehiclesLeft, TooFewVehiclesLeft

AUTO_AWARD_PERCENT: Final = 10
"""How far under the target price the lowest bid must be to be awarded by itself."""


TRUSTED_RATING: Final = 4.0


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


def rank_bids(offers: Iterable[Offer]) -> list[Ranked]:
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


def cheapest_combination(places: Sequence[Ranked], vehicles: int) -> list[Offer]:
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
            existing = best[covered]
            if existing is None or offered < existing:
                best[covered] = offered
    chosen = best[vehicles]
    if chosen is None or not vehicles:
        return []
    by_rank = {place.rank: place.offer for place in places}
    return [by_rank[rank] for rank in chosen[1]]


def is_trusted(offer: Offer) -> bool:
    """A vendor rated 4.0 or more, or one with fewer than three ratings that the organization prefers."""
    return offer.is_preferred if offer.rating is None else offer.rating >= TRUSTED_RATING


def auto_award(offers: Iterable[Offer], vehicles: int, target_price: int | None) -> list[Offer]:
    """The bids to award without asking anybody, or none: then a manager decides.

    They must be at least 10 % under the target price for all vehicles, and each of a trusted vendor.
    """
    cover = cheapest_combination(rank_bids(offers), vehicles)
    if not cover or target_price is None:
        return []
    is_cheap = sum(offer.price for offer in cover) * 100 <= target_price * (100 - AUTO_AWARD_PERCENT)
    return cover if is_cheap and all(is_trusted(offer) for offer in cover) else []


def assign_vehicles(free: Sequence[int], body: int, vehicles: int) -> tuple[list[int], list[int]]:
    """Of a charter's free vehicles, those that a bid gets, and those that are left. Raises Conflict for too few."""
    if body > len(free):
        remaining = f"{len(free)} of {vehicles} vehicles are left to award, and this bid is for {body}."
        raise TooFewVehiclesLeft(remaining) if free else NoVehiclesLeft(remaining)
    return list(free[:body]), list(free[body:])


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


def decide_award(entries: Iterable[Entry], vehicles: int, target_price: int | None, now: datetime) -> Decision:
    """Award by itself, leave it to a manager, or say that there is nothing to choose from."""
    existing = list(entries)
    why = {entry.offer.bid_id: disqualification_reason(entry, now) for entry in existing}
    places = rank_bids(entry.offer for entry in existing if not why[entry.offer.bid_id])
    candidates = [place.offer for place in places]
    award = auto_award(candidates, vehicles, target_price)
    winners = {offer.bid_id for offer in award}
    rejected = {bid_id: reason for bid_id, reason in why.items() if reason}
    if award:
        rejected |= {
            offer.bid_id: rejection_reason(offer, award) for offer in candidates if offer.bid_id not in winners
        }
    return Decision(award, candidates, rejected)


def disqualification_reason(entry: Entry, now: datetime) -> str:
    """What keeps a bid from winning; empty if nothing does."""
    if entry.valid_until <= now:
        return "The bid has expired"
    return f"Vendor not eligible: {'; '.join(entry.against)}" if entry.against else ""


def rejection_reason(offer: Offer, winners: Sequence[Offer]) -> str:
    """What the vendor of a bid that did not win is told; without winners, drivers of the organization run the trip."""
    if not winners:
        return "The organization runs this trip itself"
    if all(winner.price_per_vehicle < offer.price_per_vehicle for winner in winners):
        return "A lower bid was chosen"
    return "Another bid was chosen"
