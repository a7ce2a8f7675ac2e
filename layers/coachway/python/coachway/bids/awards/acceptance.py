"""Awarding bids: they get a charter's vehicles, each vehicle once, in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

from coachway.bids import bidding_context, event_payloads, rules, service, visibility
from coachway.bids.awards.rejection import reject_bids_ops, reject_remaining_bids
from coachway.bids.bidding_context import BiddingContext
from coachway.bids.errors import BidNoLongerValid, BidsSealed
from coachway.bids.evaluation import vendor_candidates
from coachway.bids.evaluation.ranking import assign_vehicles
from coachway.bids.evaluation.vendor_candidates import CandidateVendor
from coachway.bids.model.bid import Bid
from coachway.bids.model.bid_request import BIDDING_WORKFLOW, BidRequest, CharterBidding
from coachway.bids.rules import BidStatus, RequestStatus
from coachway.bids.schemas import AwardInput, BidView
from coachway.bookings import workflow_failures
from coachway.bookings.charters import coverage
from coachway.bookings.charters.model import Charter, VehicleCoverage
from coachway.contracts.bids import BidAccepted, BiddingAwarded
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock

MAX_WINNERS: Final = 15
"""The maximum number of bids in one award, because a transaction has at most 100 writes."""


def accept_bid(caller: Caller, bid_id: str, body: AwardInput) -> BidView:
    """Award a bid. Raises the same errors as `award_bids`."""
    bid = award_bids(caller, [bid_id], body.reason, message=body.message_to_vendor)[0]
    return visibility.build_bid_view(caller, bid, bidding_context.find_request(caller.org_id, bid.bid_request_id))


def award_bids(
    caller: Caller, bid_ids: Sequence[str], reason: str, *, message: str = "", by_itself: bool = False
) -> list[Bid]:
    """Award bids for one charter, all or none. `by_itself` is true if no person decided. Vendors see only `message`.

    Raises CharterNotOpenForBids, BidsSealed, BidNoLongerValid, NoVehiclesLeft, TooFewVehiclesLeft, VendorNotEligible,
    InvalidStatusTransition. If two requests award the same vehicle at the same time, one of them raises Conflict.
    """
    if len(bid_ids) > MAX_WINNERS:
        raise errors.Conflict(f"At most {MAX_WINNERS} bids can be awarded in one request.")
    award = partial(_award, caller, bid_ids, reason, message, by_itself=by_itself)
    winning_bids, has_remaining = retry_on_conflict(award)()
    if has_remaining:
        reject_remaining_bids(caller, winning_bids[0].charter_id)
    return winning_bids


def _award(
    caller: Caller, bid_ids: Sequence[str], reason: str, message: str, *, by_itself: bool
) -> tuple[list[Bid], bool]:
    """Award bids. Return them, and whether there are losing bids that this transaction did not reject."""
    bids = service.get_bids(caller, bid_ids)
    vendor_ids = list(dict.fromkeys(bid.vendor_id for bid in bids))
    keys = vendor_candidates.candidate_keys(caller.org_id, vendor_ids)
    bidding, batch = bidding_context.load_bidding_context_with(caller, bids[0].charter_id, bids[0].bid_request_id, keys)
    candidates = vendor_candidates.build_candidates(batch, caller.org_id, vendor_ids)
    _require_awardable(caller, bidding, bids)
    free = bidding.charter.uncovered_vehicles
    winning_bids: list[Bid] = []
    covers: list[VehicleCoverage] = []
    for bid in bids:
        _require_acceptable(bid, bidding)
        suitable, total = _list_suitable(bidding.charter, free, bid)
        vehicles, _ = assign_vehicles(suitable, bid.vehicle_count, total)
        free = [number for number in free if number not in vehicles]
        vendor_candidates.require_eligible(bid, bidding.charter, bidding.request, candidates.get(bid.vendor_id))
        covers += [VehicleCoverage(vehicle=number, vendor_id=bid.vendor_id, bid_id=bid.id) for number in vehicles]
        accepted = _build_accepted(caller, bid, bidding.charter, candidates[bid.vendor_id], vehicles)
        winning_bids.append(accepted.model_copy(update={"decision_reason": reason, "message_to_vendor": message}))
    is_covered = not free
    charter_fields = workflow_failures.fields_without_failure(bidding.charter, BIDDING_WORKFLOW) if is_covered else {}
    ops = [
        *coverage.set_coverage_ops(
            caller, bidding.charter, covers, "the last of its vehicles was awarded to a vendor", **charter_fields
        ),
        _charter_bidding_op(caller, bidding, is_covered=is_covered),
        *(op for vendor_id in {bid.vendor_id for bid in bids} for op in candidates[vendor_id].check_unchanged_ops()),
        *(
            Update(bid, after, [_accepted_event(after, bidding.charter, by_itself)])
            for bid, after in zip(bids, winning_bids, strict=True)
        ),
    ]
    has_remaining = False
    if is_covered:
        ops += _award_request_ops(
            bidding.request, [cover.bid_id for cover in (*bidding.charter.vehicles, *covers)], by_itself=by_itself
        )
        active = bidding_context.filter_active(bidding_context.list_bids_of_charter(caller.org_id, bidding.charter.id))
        losing_bids = [bid for bid in active if bid.id not in bid_ids]
        rejected = losing_bids[: _max_rejections(winning_bids)]
        ops += reject_bids_ops(caller, rejected, winning_bids, bidding, candidates)
        has_remaining = len(rejected) < len(losing_bids)
    build_response = partial(visibility.build_bid_view, caller, winning_bids[0], bidding.request)
    store.commit(caller, *ops, response=build_response)
    return winning_bids, has_remaining


def _list_suitable(charter: Charter, free: Sequence[int], bid: Bid) -> tuple[list[int], int]:
    """The free vehicles that a bid is for, and how many such vehicles the charter has. Of several classes, its own."""
    count = next((group.count for group in charter.vehicle_groups if group.vehicle_class == bid.vehicle_type), None)
    if count is None:
        return list(free), charter.vehicle_count
    return [number for number in free if charter.get_vehicle_class(number) == bid.vehicle_type], count


def _max_rejections(winning_bids: Sequence[Bid]) -> int:
    """The number of losing bids that fit into the transaction of the award, at three writes each."""
    return max(0, (store.MAX_WRITES - 11 - 5 * len(winning_bids)) // 3)


def _require_awardable(caller: Caller, bidding: BiddingContext, bids: Sequence[Bid]) -> None:
    """Raise an error if the charter takes no bids, or if bids are sealed by its request or an earlier one."""
    bidding_context.require_open_for_bids(bidding.charter)
    if bidding_context.is_sealed(bidding.request) and bidding.request is not None:
        deadline = f"{bidding.request.deadline:%Y-%m-%d %H:%M %Z}"
        raise BidsSealed(f"Bids are sealed until {deadline}, or until a manager closes bidding.")
    current_id = bidding.request.id if bidding.request else None
    earlier = [bid for bid in bids if bid.bid_request_id not in {None, current_id}]
    if any(
        bidding_context.is_sealed(request) for request in bidding_context.find_requests(caller.org_id, earlier).values()
    ):
        raise BidsSealed("The bid request was cancelled while its bids were sealed.")


def _require_acceptable(bid: Bid, bidding: BiddingContext) -> None:
    rules.BID_TRANSITIONS.require(bid.status, BidStatus.ACCEPTED)
    if bid.charter_id != bidding.charter.id:
        raise errors.Conflict("The bids are for different charters.")
    valid_until = vendor_candidates.bid_valid_until(bid, bidding.request)
    if valid_until is not None and valid_until <= clock.now():
        raise BidNoLongerValid(f"The bid was valid until {valid_until:%Y-%m-%d %H:%M %Z}.")


def _build_accepted(caller: Caller, bid: Bid, charter: Charter, candidate: CandidateVendor, vehicles: list[int]) -> Bid:
    net_days = candidate.vendor.payment_net_days
    return bid.model_copy(
        update={
            "status": BidStatus.ACCEPTED,
            "decided_at": clock.now(),
            "decided_by": caller.user_id,
            "vehicles_awarded": vehicles,
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
        message_to_vendor=bid.message_to_vendor,
        by_itself=by_itself,
    )


def _charter_bidding_op(caller: Caller, bidding: BiddingContext, *, is_covered: bool) -> Op:
    """The operation that fails if another request awards bids, or opens or ends bidding, for the charter."""
    conflict = errors.ConcurrentUpdate(
        "Bidding for this charter was changed by another request. Read its bids again, then retry."
    )
    before = bidding.charter_bidding
    if before is None:
        return Create(CharterBidding(org_id=caller.org_id, charter_id=bidding.charter.id), on_exists=conflict)
    request_id = None if is_covered else before.bid_request_id
    return Update(before, before.model_copy(update={"bid_request_id": request_id}), on_stale=conflict)


def _award_request_ops(request: BidRequest | None, bid_ids: Sequence[str | None], *, by_itself: bool) -> list[Op]:
    """The operation that marks the request as awarded to `bid_ids`; None stands for a vehicle without a bid."""
    if request is None:
        return []
    rules.REQUEST_TRANSITIONS.require(request.status, RequestStatus.AWARDED)
    closed_at: datetime = request.closed_at or clock.now()
    changes = {"status": RequestStatus.AWARDED, "status_reason": "", "failure": None, "closed_at": closed_at}
    after = request.model_copy(update=changes)
    winner_ids = list(dict.fromkeys(bid_id for bid_id in bid_ids if bid_id is not None))
    event = BiddingAwarded(**event_payloads.request_event_fields(after), bid_ids=winner_ids, by_itself=by_itself)
    return [Update(request, after, [event])]


def confirm_if_covered(caller: Caller, charter_id: str) -> None:
    """Confirm a charter that was booked after all its vehicles had been awarded."""

    def confirm() -> None:
        ops = coverage.confirm_if_covered_ops(caller, bidding_context.load_bidding_context(caller, charter_id).charter)
        if ops:
            store.commit(caller, *ops)

    retry_on_conflict(confirm)()
