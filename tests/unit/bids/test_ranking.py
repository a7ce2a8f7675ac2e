"""Ranking of bids, the award decision, and the rules of bids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.bids import rules
from coachway.bids.evaluation.ranking import (
    BidOffer,
    EvaluatedBid,
    assign_vehicles,
    choose_automatic_award,
    decide_award,
    find_cheapest_combination,
    is_trusted,
    rank_offers,
    rejection_reason,
)
from coachway.bids.rules import BID_TRANSITIONS, REQUEST_TRANSITIONS, BidStatus, RequestStatus, payout_date
from coachway.core import errors

NOW = datetime(2027, 1, 15, 12, tzinfo=UTC)


def moments(first: int, last: int) -> st.SearchStrategy[datetime]:
    """Between so many days from now."""
    return st.timedeltas(timedelta(days=first), timedelta(days=last)).map(lambda each: NOW + each)


def offer(
    bid_id: str = "bid_1", price: int = 100_000, vehicles: int = 1, *, vehicle_class: str = "coach", **more: Any
) -> BidOffer:
    usual: dict[str, Any] = {"rating": 4.5, "is_preferred": False, "submitted_at": NOW}
    return BidOffer(bid_id, vehicle_class, price, vehicles, **{**usual, **more})


entries = st.lists(
    st.builds(
        EvaluatedBid,
        st.builds(
            BidOffer,
            st.uuids().map(str),
            st.just("coach"),
            st.integers(1, 2_000) | st.integers(1, 10**9),
            st.integers(1, 6),
            st.none() | st.floats(1, 5),
            st.booleans(),
            moments(-14, -1),
        ),
        moments(-5, 5),
        st.lists(st.sampled_from(["Vendor is suspended, not active", "Missing required document"]), max_size=2),
    ),
    max_size=12,
    unique_by=lambda each: each.offer.bid_id,
)
clocks = moments(-6, 6)


@given(entries, st.integers(1, 6), st.none() | st.integers(0, 10**10), clocks)
def test_decide_award_gives_each_vehicle_one_winner_and_other_bids_a_reason(
    evaluated_bids: list[EvaluatedBid], vehicles: int, target: int | None, now: datetime
) -> None:
    decision = decide_award(evaluated_bids, {"coach": vehicles}, target, now)
    by_id = {entry.offer.bid_id: entry for entry in evaluated_bids}
    free, awarded_numbers = list(range(1, vehicles + 1)), list[int]()
    for won in decision.award:
        entry = by_id[won.bid_id]
        assert not entry.ineligibility_reasons
        assert entry.valid_until > now
        numbers, free = assign_vehicles(free, won.vehicles, vehicles)
        awarded_numbers += numbers
    assert len(awarded_numbers) == len(set(awarded_numbers))
    assert not decision.award or not free
    winners = {won.bid_id for won in decision.award}
    if decision.award:
        assert decision.rejected.keys() | winners == by_id.keys()
        assert target is not None
        assert sum(won.price for won in decision.award) * 10 <= target * 9
        assert all(is_trusted(won) for won in decision.award)
    assert decision.rejected.keys().isdisjoint(winners)
    assert all(decision.rejected.values())
    fit = {bid_id for bid_id, entry in by_id.items() if not entry.ineligibility_reasons and entry.valid_until > now}
    assert {each.bid_id for each in decision.candidates} == fit


@given(entries)
def test_rank_offers_in_any_order_returns_the_same_ranks(evaluated_bids: list[EvaluatedBid]) -> None:
    offers = [entry.offer for entry in evaluated_bids]
    reversed_offers = offers[::-1]
    assert rank_offers(offers) == rank_offers(reversed_offers)
    for vehicles in (1, 3):
        assert find_cheapest_combination(rank_offers(offers), vehicles) == find_cheapest_combination(
            rank_offers(reversed_offers), vehicles
        )


@given(entries)
def test_rank_offers_counts_up_from_the_lowest_price(evaluated_bids: list[EvaluatedBid]) -> None:
    places = rank_offers(entry.offer for entry in evaluated_bids)
    assert [place.rank for place in places] == list(range(1, len(places) + 1))
    prices = [place.offer.price_per_vehicle for place in places]
    assert prices == sorted(prices)
    for place in places:
        assert place.price_difference_from_lowest >= 0
        assert place.is_lowest_bid == (place.offer.price_per_vehicle == prices[0])


@given(entries)
def test_find_cheapest_combination_for_one_vehicle_is_the_first_rank(evaluated_bids: list[EvaluatedBid]) -> None:
    places = rank_offers(entry.offer for entry in evaluated_bids)
    single = [place for place in places if place.offer.vehicles == 1]
    assert find_cheapest_combination(places, 1) == [place.offer for place in single[:1]]


def test_rank_offers_of_equal_price_by_rating_then_time() -> None:
    later = NOW + timedelta(minutes=1)
    offers = [
        offer("late", submitted_at=later),
        offer("unrated", rating=None),
        offer("best", rating=4.9, submitted_at=later),
        offer("early"),
    ]
    assert [place.offer.bid_id for place in rank_offers(offers)] == ["best", "early", "late", "unrated"]


@pytest.mark.parametrize(
    ("price", "rating", "preferred", "target", "is_awarded"),
    [
        (126_000, 4.0, False, 140_000, True),
        (126_001, 4.0, False, 140_000, False),
        (126_000, 3.9, True, 140_000, False),
        (126_000, None, True, 140_000, True),
        (126_000, None, False, 140_000, False),
        (1, 5.0, True, None, False),
    ],
)
def test_choose_automatic_award_requires_a_low_price_and_a_trusted_vendor(
    price: int, rating: float | None, preferred: bool, target: int | None, is_awarded: bool
) -> None:
    bids = [offer(price=price, rating=rating, is_preferred=preferred)]
    assert bool(choose_automatic_award(bids, {"coach": 1}, target)) == is_awarded


def test_find_cheapest_combination_can_omit_the_lowest_bid() -> None:
    bids = [offer("two", 100, 2), offer("all", 200, 3), offer("one", 150, 1)]
    assert [each.bid_id for each in find_cheapest_combination(rank_offers(bids), 3)] == ["all"]
    assert find_cheapest_combination(rank_offers(bids), 7) == []


def test_rank_offers_of_several_classes_ranks_each_by_itself() -> None:
    offers = [
        offer("coach_2", 210_000),
        offer("minibus_1", 90_000, vehicle_class="minibus"),
        offer("coach_1", 200_000),
        offer("minibus_2", 120_000, vehicle_class="minibus"),
    ]
    ranked = [
        (each.offer.bid_id, each.rank, each.is_lowest_bid, each.price_difference_from_lowest)
        for each in rank_offers(offers)
    ]
    assert ranked == [
        ("coach_1", 1, True, 0),
        ("coach_2", 2, False, 10_000),
        ("minibus_1", 1, True, 0),
        ("minibus_2", 2, False, 30_000),
    ]


@pytest.mark.parametrize(
    ("needed", "target", "awarded"),
    [
        ({"coach": 1, "minibus": 2}, 400_000, ["coach_1", "minibus_1"]),
        ({"coach": 1, "minibus": 2}, 399_999, []),
        ({"coach": 1}, 250_000, ["coach_1"]),
        ({"coach": 1, "minibus": 1}, 10_000_000, []),
        ({"coach": 1, "minibus": 2, "van": 1}, 10_000_000, []),
    ],
    ids=["both", "too expensive together", "one class left", "no bid fits", "no bid for a class"],
)
def test_choose_automatic_award_of_several_classes_covers_all_of_them(
    needed: dict[str, int], target: int, awarded: list[str]
) -> None:
    offers = [
        offer("minibus_1", 160_000, 2, vehicle_class="minibus"),
        offer("coach_1", 200_000),
        offer("coach_2", 210_000),
    ]
    assert [each.bid_id for each in choose_automatic_award(offers, needed, target)] == awarded


def test_rejection_reason_compares_bids_of_the_same_class() -> None:
    minibus, coach = offer("minibus", 90_000, vehicle_class="minibus"), offer("coach", 200_000)
    assert rejection_reason(offer("other", 210_000), [minibus, coach]) == "A lower bid was chosen"
    assert rejection_reason(offer("other", 210_000), [minibus]) == "The organization runs this trip itself"


def test_assign_vehicles_assigns_each_vehicle_once() -> None:
    numbers, free = assign_vehicles([1, 2, 3], 2, 3)
    assert (numbers, free) == ([1, 2], [3])
    with pytest.raises(errors.Conflict, match="1 of 3 vehicles"):
        assign_vehicles(free, 2, 3)
    assert assign_vehicles(free, 1, 3) == ([3], [])


@given(st.sampled_from(BidStatus), st.sampled_from(BidStatus))
def test_bid_transitions_require_allows_only_the_table(before: BidStatus, after: BidStatus) -> None:
    if after in BID_TRANSITIONS.allowed[before]:
        BID_TRANSITIONS.require(before, after)
    else:
        with pytest.raises(errors.Conflict):
            BID_TRANSITIONS.require(before, after)


def test_transitions_of_decided_statuses_are_empty() -> None:
    for status in (BidStatus.ACCEPTED, BidStatus.REJECTED, BidStatus.WITHDRAWN, BidStatus.EXPIRED):
        assert BID_TRANSITIONS.allowed[status] == ()
    assert (
        REQUEST_TRANSITIONS.allowed[RequestStatus.AWARDED] == REQUEST_TRANSITIONS.allowed[RequestStatus.CANCELLED] == ()
    )


def test_deadlines_and_dates_follow_the_rules() -> None:
    assert rules.bid_expiry(NOW, None) == NOW + timedelta(hours=72)
    assert rules.bid_expiry(NOW, NOW + timedelta(hours=24)) == NOW + timedelta(hours=96)
    rules.require_valid_deadline(NOW + timedelta(hours=2), NOW, NOW + timedelta(days=9))
    for deadline in (timedelta(minutes=119), timedelta(days=31), timedelta(days=9)):
        with pytest.raises(errors.Invalid):
            rules.require_valid_deadline(NOW + deadline, NOW, NOW + timedelta(days=9))
    assert payout_date(NOW.date(), 30).isoformat() == "2027-02-14"


def test_is_sealed_until_the_request_is_closed() -> None:
    closed = [status for status in RequestStatus if rules.is_sealed(status, True, was_closed=True)]
    assert closed == [RequestStatus.OPEN]
    never = [status for status in RequestStatus if rules.is_sealed(status, True, was_closed=False)]
    assert never == [RequestStatus.OPEN, RequestStatus.CANCELLED]
    assert not any(rules.is_sealed(status, False, was_closed=False) for status in RequestStatus)


def test_rank_offers_rounds_the_price_difference_half_up() -> None:
    offers = [offer("low", 100_001, 2), offer("high", 150_005, 3)]
    # 50,001.666… a vehicle against 50,000.5: 1.1666… dearer, three times 3.5 cents.
    assert [each.price_difference_from_lowest for each in rank_offers(offers)] == [0, 4]
    offers = [offer("low", 100_001, 2), offer("high", 50_001, 1)]
    assert [each.price_difference_from_lowest for each in rank_offers(offers)] == [0, 1]


def test_rejection_reason_without_winners_names_the_organization() -> None:
    assert rejection_reason(offer(), []) == "The organization runs this trip itself"
