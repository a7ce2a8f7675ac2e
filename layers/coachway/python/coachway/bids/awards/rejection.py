"""Rejecting bids: one by a manager, or those that remain when a charter is covered, changed or cancelled."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from coachway.bids import bidding_context, event_payloads, service, visibility
from coachway.bids.bidding_context import BiddingContext
from coachway.bids.errors import BidsSealed
from coachway.bids.evaluation import vendor_candidates
from coachway.bids.evaluation.ranking import disqualification_reason, rejection_reason
from coachway.bids.evaluation.vendor_candidates import CandidateVendor
from coachway.bids.model.bid import Bid
from coachway.bids.model.bid_request import BidRequest
from coachway.bids.rules import BID_TRANSITIONS, BidStatus, RequestStatus
from coachway.bids.schemas import BidView, RejectInput
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import CharterStatus
from coachway.contracts.bids import BidRejected
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock

_BATCH_SIZE: Final = 30
_CANCELLED: Final = frozenset({CharterStatus.CANCELLED, CharterStatus.DECLINED, CharterStatus.EXPIRED})


def reject_bid(caller: Caller, bid_id: str, body: RejectInput) -> BidView:
    """Reject a bid. Raises BidsSealed, InvalidStatusTransition, NotFound."""
    return retry_on_conflict(lambda: _reject(caller, bid_id, body))()


def _reject(caller: Caller, bid_id: str, body: RejectInput) -> BidView:
    before = service.get_bid(caller, bid_id)
    request = bidding_context.find_request(caller.org_id, before.bid_request_id)
    if bidding_context.is_sealed(request):
        raise BidsSealed("Wait for the deadline, or close bidding first.")
    after = _build_rejected(caller, before, body.reason or "Not chosen", body.message_to_vendor)
    build_response = partial(visibility.build_bid_view, caller, after, request)
    store.commit(caller, Update(before, after, [_rejected_event(after)]), response=build_response)
    return build_response()


def _build_rejected(caller: Caller, bid: Bid, reason: str, message: str) -> Bid:
    BID_TRANSITIONS.require(bid.status, BidStatus.REJECTED)
    return bid.model_copy(
        update={
            "status": BidStatus.REJECTED,
            "decided_at": clock.now(),
            "decided_by": caller.user_id,
            "decision_reason": reason,
            "message_to_vendor": message,
        }
    )


def _rejected_event(bid: Bid) -> BidRejected:
    fields = event_payloads.bid_event_fields(bid)
    return BidRejected(**fields, reason=bid.decision_reason, message_to_vendor=bid.message_to_vendor)


def _reject_op(caller: Caller, bid: Bid, reason: str) -> Op:
    """Return the operation that rejects a bid by rule. The vendor learns the reason."""
    after = _build_rejected(caller, bid, reason, message=f"{reason}.")
    return Update(bid, after, [_rejected_event(after)])


def reject_bids_ops(
    caller: Caller,
    losing_bids: Sequence[Bid],
    winning_bids: Sequence[Bid],
    bidding: BiddingContext,
    candidates: Mapping[str, CandidateVendor] | None = None,
) -> list[Op]:
    """The operations that reject `losing_bids`, each with its reason.

    Losers are evaluated as if all vehicles were free, so that the award itself is not a reason. `candidates` are
    vendors that the caller has read; the others are read here.
    """
    if not losing_bids:
        return []
    uncovered_charter = bidding.charter.model_copy(update={"vehicles": []})
    vendors = dict(candidates or {})
    missing = [bid.vendor_id for bid in (*losing_bids, *winning_bids) if bid.vendor_id not in vendors]
    vendors |= vendor_candidates.load_candidates(caller.org_id, missing)
    winning_offers = [vendor_candidates.build_offer(bid, vendors.get(bid.vendor_id)) for bid in winning_bids]
    evaluated_bids = vendor_candidates.build_evaluated_bids(losing_bids, uncovered_charter, bidding.request, vendors)
    return [
        _reject_op(
            caller,
            bid,
            disqualification_reason(evaluated_bid, clock.now())
            or rejection_reason(evaluated_bid.offer, winning_offers),
        )
        for bid, evaluated_bid in zip(losing_bids, evaluated_bids, strict=True)
    ]


def reject_remaining_bids(caller: Caller, charter_id: str) -> int:
    """Reject the remaining bids for a charter if it is covered or cancelled, or if their request ended.

    Returns the number of remaining bids. Safe to repeat.
    """
    charter = store.find(Charter, CHARTER.key(org=caller.org_id, id=charter_id))
    bids = bidding_context.list_bids_of_charter(caller.org_id, charter_id)
    remaining, is_cancelled = bidding_context.filter_active(bids), charter is None or charter.status in _CANCELLED
    is_covered = charter is not None and not is_cancelled and not charter.uncovered_vehicles
    if not is_cancelled and not is_covered:
        bid_requests = bidding_context.find_requests(caller.org_id, remaining)
        remaining = [bid for bid in remaining if _has_ended(bid_requests.get(bid.id))]
    winning_bids = [bid for bid in bids if bid.status is BidStatus.ACCEPTED and bid.award_released_at is None]
    for start in range(0, len(remaining), _BATCH_SIZE):
        batch = remaining[start : start + _BATCH_SIZE]
        if is_covered:
            ops = reject_bids_ops(caller, batch, winning_bids, bidding_context.load_bidding_context(caller, charter_id))
        else:
            reason = "The trip was cancelled" if is_cancelled else "Bidding ended without an award"
            ops = [_reject_op(caller, bid, reason) for bid in batch]
        _commit_unchanged(caller, ops)
    return len(remaining)


def reject_outdated_bids(caller: Caller, charter_id: str) -> None:
    """Reject the bids for earlier revisions of a charter. Their vendors are notified and can bid again."""
    charter = store.find(Charter, CHARTER.key(org=caller.org_id, id=charter_id))
    if charter is None:
        return
    active = bidding_context.filter_active(bidding_context.list_bids_of_charter(caller.org_id, charter_id))
    outdated = [bid for bid in active if bid.charter_revision < charter.trip_revision]
    for start in range(0, len(outdated), _BATCH_SIZE):
        batch = outdated[start : start + _BATCH_SIZE]
        _commit_unchanged(caller, [_reject_op(caller, bid, "The trip was changed; please bid again") for bid in batch])


def _has_ended(request: BidRequest | None) -> bool:
    return request is not None and request.status in {RequestStatus.CANCELLED, RequestStatus.NO_BIDS}


def _commit_unchanged(caller: Caller, ops: Sequence[Op]) -> None:
    """Commit all operations together; if another request changed a bid, one by one without that bid."""
    # Several transactions cannot share one Idempotency-Key.
    caller = caller.without_idempotency()
    try:
        store.commit(caller, *ops)
    except errors.ConcurrentUpdate:
        for op in ops:
            try:
                store.commit(caller, op)
            except errors.ConcurrentUpdate:
                continue
