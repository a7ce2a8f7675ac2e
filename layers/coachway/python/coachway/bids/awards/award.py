"""The award: bids win a charter's vehicles, each vehicle once, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from coachway.bids import context, event_payloads, rules, service, vendor_candidates, visibility
from coachway.bids.context import BiddingContext
from coachway.bids.errors import BidNoLongerValid, BidsSealed
from coachway.bids.model import AcceptInput, Bid, BidView, RejectInput
from coachway.bids.ranking import assign_vehicles, disqualification_reason, rejection_reason
from coachway.bids.request_model import BIDDING, BidRequest, CharterBidding
from coachway.bids.rules import BidStatus, RequestStatus
from coachway.bids.vendor_candidates import Candidate
from coachway.bookings.charters import coverage, workflow_failures
from coachway.bookings.charters.model import CHARTER, Charter, VehicleCoverage
from coachway.bookings.charters.rules import Status
from coachway.contracts.bids import BidAccepted, BidCalledOff, BiddingAwarded, BidRejected
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock

MOST_WINNERS: Final = 15
"""Bids that are awarded in one transaction, which has room for 100 writes."""
_REJECTED_TOGETHER: Final = 30
_OFF: Final = frozenset({Status.CANCELLED, Status.DECLINED, Status.EXPIRED})


def accept(caller: Caller, bid_id: str, body: AcceptInput) -> BidView:
    """Award a bid. Raises Conflict while it is sealed, when its vendor does not do, or too few vehicles are left."""
    bid = award(caller, [bid_id], body.reason)[0]
    return visibility.build_bid_view(caller, bid, context.request_of(caller.org_id, bid.bid_request_id))


def award(caller: Caller, bid_ids: Sequence[str], reason: str, *, by_itself: bool = False) -> list[Bid]:
    """Award these bids of one charter, all or none. Of two who award the same vehicle at once, one gets a Conflict."""
    if len(bid_ids) > MOST_WINNERS:
        raise errors.Conflict(f"award at most {MOST_WINNERS} bids at once")
    won, is_complete = retry_on_conflict(lambda: _award(caller, bid_ids, reason, by_itself=by_itself))()
    if not is_complete:
        reject_remaining_bids(caller, won[0].charter_id)
    return won


def _award(caller: Caller, bid_ids: Sequence[str], reason: str, *, by_itself: bool) -> tuple[list[Bid], bool]:
    """The winners, and whether every loser was rejected in the same transaction."""
    bids = service.get_many(caller, bid_ids)
    vendor_ids = list(dict.fromkeys(bid.vendor_id for bid in bids))
    keys = vendor_candidates.candidate_keys(caller.org_id, vendor_ids)
    bidding, batch = context.load_context_with(caller, bids[0].charter_id, bids[0].bid_request_id, keys)
    candidates = vendor_candidates.candidates_in(batch, caller.org_id, vendor_ids)
    _require_awardable(caller, bidding, bids)
    free = bidding.charter.uncovered_vehicles
    winners: list[Bid] = []
    covers: list[VehicleCoverage] = []
    for bid in bids:
        _require_decidable(bid, bidding)
        received, free = assign_vehicles(free, bid.vehicle_count, bidding.charter.vehicle_count)
        vendor_candidates.require_eligible(bid, bidding.charter, bidding.request, candidates.get(bid.vendor_id))
        covers += [VehicleCoverage(vehicle=number, vendor_id=bid.vendor_id, bid_id=bid.id) for number in received]
        winners.append(_accepted(caller, bid, bidding.charter, candidates[bid.vendor_id], received, reason))
    is_whole = not free
    over = workflow_failures.fields_without_failure(bidding.charter, BIDDING) if is_whole else {}
    ops = [
        *coverage.cover_ops(
            caller, bidding.charter, covers, "the last of its vehicles was awarded to a vendor", **over
        ),
        _on_bidding(caller, bidding, is_whole=is_whole),
        *(op for vendor_id in {bid.vendor_id for bid in bids} for op in candidates[vendor_id].unchanged()),
        *(
            Update(bid, after, [_accepted_event(after, bidding.charter, by_itself)])
            for bid, after in zip(bids, winners, strict=True)
        ),
    ]
    is_complete = True
    if is_whole:
        ops += _on_request(
            bidding.request, [cover.bid_id for cover in (*bidding.charter.vehicles, *covers)], by_itself=by_itself
        )
        rivals = context.active_bids(context.list_bids_of_charter(caller.org_id, bidding.charter.id))
        losers = [bid for bid in rivals if bid.id not in bid_ids]
        rejected = losers[: _max_rejections_in_transaction(winners)]
        ops += rejections(caller, rejected, winners, bidding, candidates)
        is_complete = len(rejected) == len(losers)
    answer = visibility.build_bid_view(caller, winners[0], bidding.request, version=bids[0].version + 1)
    store.commit(caller, *ops, answer=answer)
    return winners, is_complete


def _max_rejections_in_transaction(winners: Sequence[Bid]) -> int:
    """How many losers are told in the award's own transaction, at three writes each; `settle` tells the others."""
    return max(0, (store.MOST_WRITES - 10 - 5 * len(winners)) // 3)


def _require_awardable(caller: Caller, bidding: BiddingContext, bids: Sequence[Bid]) -> None:
    context.require_taking_bids(bidding.charter)
    if context.is_sealed(bidding.request) and bidding.request is not None:
        until = (
            f"Bids are sealed until {bidding.request.deadline:%Y-%m-%d %H:%M %Z}, or until a manager closes bidding."
        )
        raise BidsSealed(until)
    under_way = bidding.request.id if bidding.request else None
    earlier = [bid for bid in bids if bid.bid_request_id not in {None, under_way}]
    if any(context.is_sealed(each) for each in context.requests_for(caller.org_id, earlier).values()):
        raise BidsSealed("The bid request was cancelled while its bids were sealed.")


def _require_decidable(bid: Bid, bidding: BiddingContext) -> None:
    rules.BIDS.require(bid.status, BidStatus.ACCEPTED)
    if bid.charter_id != bidding.charter.id:
        raise errors.Conflict("the bids are for different charters")
    until = vendor_candidates.valid_until(bid, bidding.request)
    if until is not None and until <= clock.now():
        raise BidNoLongerValid(f"The bid was valid until {until:%Y-%m-%d %H:%M %Z}.")


def _accepted(
    caller: Caller, bid: Bid, charter: Charter, candidate: Candidate, received: list[int], reason: str
) -> Bid:
    net_days = candidate.vendor.payment_net_days
    return bid.model_copy(
        update={
            "status": BidStatus.ACCEPTED,
            "decided_at": clock.now(),
            "decided_by": caller.user_id,
            "decision_reason": reason,
            "vehicles_awarded": received,
            "payout_date": rules.payout_date(charter.last_day, net_days),
        }
    )


def _accepted_event(bid: Bid, charter: Charter, by_itself: bool) -> BidAccepted:
    return BidAccepted(
        **event_payloads.bid_event_fields(bid),
        quoted_price=bid.terms.quoted_price,
        currency=bid.currency,
        payout_date=bid.payout_date,
        vehicles=bid.vehicles_awarded,
        starts_at=charter.starts_at,
        timezone=charter.timezone,
        reason=bid.decision_reason,
        by_itself=by_itself,
    )


def _on_bidding(caller: Caller, bidding: BiddingContext, *, is_whole: bool) -> Op:
    """What all who award something write, so that a request that is ended meanwhile awards nothing."""
    at_once = errors.ConcurrentUpdate("somebody else is awarding this charter: look again")
    if bidding.bidding is None:
        return Create(CharterBidding(org_id=caller.org_id, charter_id=bidding.charter.id), on_exists=at_once)
    request_id = None if is_whole else bidding.bidding.bid_request_id
    return Update(bidding.bidding, bidding.bidding.model_copy(update={"bid_request_id": request_id}), on_stale=at_once)


def _on_request(request: BidRequest | None, bid_ids: Sequence[str | None], *, by_itself: bool) -> list[Op]:
    if request is None:
        return []
    rules.BID_REQUESTS.require(request.status, RequestStatus.AWARDED)
    closed_at: datetime = request.closed_at or clock.now()
    ended = {"status": RequestStatus.AWARDED, "status_reason": "", "failure": None, "closed_at": closed_at}
    after = request.model_copy(update=ended)
    won = list(dict.fromkeys(bid_id for bid_id in bid_ids if bid_id is not None))
    return [
        Update(
            request,
            after,
            [BiddingAwarded(**event_payloads.request_event_fields(after), bid_ids=won, by_itself=by_itself)],
        )
    ]


def rejections(
    caller: Caller,
    losers: Sequence[Bid],
    winners: Sequence[Bid],
    bidding: BiddingContext,
    candidates: Mapping[str, Candidate] | None = None,
) -> list[Op]:
    """The operations that reject bids, each with its reason, judged as if no vehicle had been awarded.

    `candidates` are vendors that were read before; the others are read here.
    """
    if not losers:
        return []
    whole = bidding.charter.model_copy(update={"vehicles": []})
    existing = dict(candidates or {})
    missing = [bid.vendor_id for bid in (*losers, *winners) if bid.vendor_id not in existing]
    existing |= vendor_candidates.load_candidates(caller.org_id, missing)
    best = [vendor_candidates.build_offer(bid, existing.get(bid.vendor_id)) for bid in winners]
    return [
        rejection(caller, bid, disqualification_reason(entry, clock.now()) or rejection_reason(entry.offer, best))
        for bid, entry in zip(
            losers, vendor_candidates.build_entries(losers, whole, bidding.request, existing), strict=True
        )
    ]


def rejection(caller: Caller, bid: Bid, reason: str) -> Update:
    """The op that rejects a bid."""
    rules.BIDS.require(bid.status, BidStatus.REJECTED)
    after = bid.model_copy(
        update={
            "status": BidStatus.REJECTED,
            "decided_at": clock.now(),
            "decided_by": caller.user_id,
            "decision_reason": reason,
        }
    )
    return Update(bid, after, [BidRejected(**event_payloads.bid_event_fields(after), reason=reason)])


def reject(caller: Caller, bid_id: str, body: RejectInput) -> BidView:
    """Reject a bid. Raises Conflict while it is sealed, or once it was decided."""

    def act() -> BidView:
        bid = service.get(caller, bid_id)
        request = context.request_of(caller.org_id, bid.bid_request_id)
        if context.is_sealed(request):
            raise BidsSealed("Wait for the deadline, or close bidding first.")
        op = rejection(caller, bid, body.reason or "Not chosen")
        after = op.after
        if not isinstance(after, Bid):
            raise TypeError("a rejected bid is a bid")
        store.commit(caller, op, answer=visibility.build_bid_view(caller, after, request, version=bid.version + 1))
        return visibility.build_bid_view(caller, after, request)

    return retry_on_conflict(act)()


def reject_remaining_bids(caller: Caller, charter_id: str) -> int:
    """Reject what is left once every vehicle is run by somebody, the request was ended, or the trip came to nothing.

    Returns how many. Twice does it once.
    """
    charter = store.find(Charter, CHARTER.key(org=caller.org_id, id=charter_id))
    existing = context.list_bids_of_charter(caller.org_id, charter_id)
    remaining, off = context.active_bids(existing), charter is None or charter.status in _OFF
    is_whole = charter is not None and not off and not charter.uncovered_vehicles
    if not off and not is_whole:
        bid_requests = context.requests_for(caller.org_id, remaining)
        remaining = [bid for bid in remaining if _is_over(bid_requests.get(bid.id))]
    winners = [bid for bid in existing if bid.status is BidStatus.ACCEPTED and bid.called_off_at is None]
    for start in range(0, len(remaining), _REJECTED_TOGETHER):
        batch = remaining[start : start + _REJECTED_TOGETHER]
        if is_whole:
            ops = rejections(caller, batch, winners, context.load_context(caller, charter_id))
        else:
            reason = "The trip does not take place" if off else "Bidding was ended without an award"
            ops = [rejection(caller, bid, reason) for bid in batch]
        _commit_each_if_raced(caller, ops)
    return len(remaining)


def reject_outdated_bids(caller: Caller, charter_id: str) -> None:
    """Reject what was bid for a trip as it was before it was revised: vendors are told, and may bid anew."""
    charter = store.find(Charter, CHARTER.key(org=caller.org_id, id=charter_id))
    if charter is None:
        return
    existing = context.active_bids(context.list_bids_of_charter(caller.org_id, charter_id))
    old = [bid for bid in existing if bid.charter_revision < charter.revision_number]
    for start in range(0, len(old), _REJECTED_TOGETHER):
        batch = old[start : start + _REJECTED_TOGETHER]
        _commit_each_if_raced(
            caller, [rejection(caller, bid, "The trip was changed: please bid anew") for bid in batch]
        )


def _is_over(request: BidRequest | None) -> bool:
    return request is not None and request.status in {RequestStatus.CANCELLED, RequestStatus.NO_BIDS}


def _commit_each_if_raced(caller: Caller, ops: Sequence[Op]) -> None:
    """All at once; when one bid was changed meanwhile, one by one, leaving that out."""
    quiet = replace(caller, idempotency=None)
    try:
        store.commit(quiet, *ops)
    except errors.ConcurrentUpdate:
        for op in ops:
            try:
                store.commit(quiet, op)
            except errors.ConcurrentUpdate:
                continue


def notify_winners_of_cancellation(caller: Caller, charter_id: str, reason: str) -> None:
    """Tell the vendors that had won a trip that it does not take place, each once."""
    charter = store.find(Charter, CHARTER.key(org=caller.org_id, id=charter_id))
    if charter is not None:
        won = [cover.bid_id for cover in charter.vehicles if cover.bid_id is not None]
    else:  # deleted, and with it who was to run it
        won = [
            bid.id
            for bid in context.list_bids_of_charter(caller.org_id, charter_id)
            if bid.status is BidStatus.ACCEPTED
        ]
    for bid_id in dict.fromkeys(won):
        retry_on_conflict(partial(_notify_winner, caller, bid_id, reason))()


def _notify_winner(caller: Caller, bid_id: str, reason: str) -> None:
    bid = service.get(caller, bid_id)
    if bid.called_off_at is None:
        after = bid.model_copy(update={"called_off_at": clock.now(), "called_off_reason": reason})
        store.commit(
            caller, Update(bid, after, [BidCalledOff(**event_payloads.bid_event_fields(after), reason=reason)])
        )


def confirm_if_covered(caller: Caller, charter_id: str) -> None:
    """Confirm a charter that was booked after its vehicles had been awarded."""

    def act() -> None:
        ops = coverage.confirm_if_covered_ops(caller, context.load_context(caller, charter_id).charter)
        if ops:
            store.commit(caller, *ops)

    retry_on_conflict(act)()
