"""The steps of `statemachines/bidding.asl.yaml`. Each can be done again: what it does depends on what the table says.

A step answers with where to `go` next. Waits end by the state machine's own clock, or by the token that is kept
while it waits, which `signals` answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Any, Final

from pydantic import Field

from coachway.bids import context, event_payloads, ranking, rules, vendor_candidates
from coachway.bids.awards import award
from coachway.bids.model import Bid
from coachway.bids.ranking import Decision
from coachway.bids.request_model import BIDDING, BidRequest
from coachway.bids.requests import consumers, invitations, service
from coachway.bids.rules import BidStatus, RequestStatus
from coachway.bookings.charters import workflow_failures
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.contracts.bids import BiddingEmpty, BiddingFailed, BidReviewed, DecisionNeeded
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.step_handler import Step
from coachway.core.persistence.operations import Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.core.workflows import executions
from coachway.core.workflows.failure import WorkflowFailure

_TOGETHER = 45
AUTOMATIC = "The lowest bid"


class Next(BaseSchema):
    """Where the flow goes, and how long it may wait there."""

    go: str
    seconds: int = 1
    deadline: str = ""
    bid_ids: list[str] = Field(default_factory=list)


def next_step(caller: Caller, bid_request_id: str, *, execution: str, round_: int, redriven: bool, waited: str) -> Next:
    """Where a request's flow goes from here. `waited` is the deadline that the flow has waited for, if it has."""
    if not executions.claim_execution(caller, bid_request_id, execution, round_=round_, redriven=redriven):
        return Next(go="over")
    return retry_on_conflict(lambda: _decide_next_step(caller, bid_request_id, waited))()


def _decide_next_step(caller: Caller, bid_request_id: str, waited: str) -> Next:
    request = _clear_failure(caller, service.get(caller, bid_request_id))
    if request.status is RequestStatus.OPEN and waited and datetime.fromisoformat(waited) == request.deadline:
        request = service.close_bidding(caller, request, "the deadline is over", early=False)
    match request.status:
        case RequestStatus.OPEN if request.invited_at is None:
            return Next(go="invite")
        case RequestStatus.OPEN:
            remaining = ceil((request.deadline - clock.now()).total_seconds())
            return Next(go="wait", seconds=max(1, remaining), deadline=request.deadline.isoformat())
        case RequestStatus.CLOSED:
            return Next(go="rank")
        case _:
            return Next(go="settle")


def _clear_failure(caller: Caller, request: BidRequest) -> BidRequest:
    """The request, whose flow goes on: what went wrong before is history."""
    if request.failure is None:
        return request
    going = request.model_copy(update={"failure": None})
    store.commit(
        caller, Update(request, going), *workflow_failures.clear_failure_ops(_find_charter(caller, request), BIDDING)
    )
    return going


def _find_charter(caller: Caller, request: BidRequest) -> Charter | None:
    return store.find(Charter, CHARTER.key(org=caller.org_id, id=request.charter_id))


def invite(caller: Caller, bid_request_id: str) -> Next:
    """Invite vendors."""
    invitations.invite(caller, bid_request_id)
    return Next(go="look")


def wait_for_signal(caller: Caller, bid_request_id: str, *, token: str, waits_for: str, deadline: str) -> Next:
    """Keep the token of what the flow waits for: `deadline <moment>` or `decision`."""
    waiting = executions.save_task_token(caller, bid_request_id, token, f"{waits_for} {deadline}".strip())
    if waits_for == "decision":
        _request_decision(caller, bid_request_id)
    # Whatever happened before the token was kept had nobody to tell.
    consumers.resume_if_due(caller, service.get(caller, bid_request_id), waiting)
    return Next(go="wait")


def _request_decision(caller: Caller, bid_request_id: str) -> None:
    """Tell managers that they are to choose, and put the bids under review."""
    request = service.get(caller, bid_request_id)
    if request.status is not RequestStatus.CLOSED:
        return
    existing = context.list_bids_of_charter(caller.org_id, request.charter_id)
    waiting = [bid for bid in context.active_bids(existing) if bid.status is BidStatus.SUBMITTED]
    for start in range(0, len(waiting), _TOGETHER):
        _put_under_review(caller, waiting[start : start + _TOGETHER])
    event = DecisionNeeded(
        **event_payloads.request_event_fields(request),
        bids=len(context.active_bids(existing)),
        escalated=request.escalated_at is not None,
    )
    store.commit(caller, Update(request, request.model_copy(), [event]))


def _put_under_review(caller: Caller, bids: Sequence[Bid]) -> None:
    for bid in bids:
        rules.BIDS.require(bid.status, BidStatus.UNDER_REVIEW)
    after = [bid.model_copy(update={"status": BidStatus.UNDER_REVIEW}) for bid in bids]
    store.commit(
        caller,
        *(
            Update(bid, reviewed, [BidReviewed(**event_payloads.bid_event_fields(reviewed))])
            for bid, reviewed in zip(bids, after, strict=True)
        ),
    )


def decide_award(caller: Caller, bid_request_id: str) -> Next:
    """Award by itself, ask a manager, or say that there is nothing to award."""
    request = service.get(caller, bid_request_id)
    if request.status is not RequestStatus.CLOSED:
        return Next(go="settle")
    decision = evaluate_bids(caller, request)
    if decision.award and len(decision.award) <= award.MOST_WINNERS:
        return Next(go="award", bid_ids=[offer.bid_id for offer in decision.award])
    return _leave_to_manager(caller, request, decision)


def _leave_to_manager(caller: Caller, request: BidRequest, decision: Decision) -> Next:
    """Ask one, if there is anything to choose from and it is not too late."""
    if decision.candidates and _accepts_bids(caller, request):
        return Next(go="ask")
    close_without_award(caller, request, "There was no bid that can be awarded")
    return Next(go="settle")


def _accepts_bids(caller: Caller, request: BidRequest) -> bool:
    try:
        context.require_taking_bids(context.load_context(caller, request.charter_id).charter)
    except errors.Conflict:
        return False
    return True


def evaluate_bids(caller: Caller, request: BidRequest) -> Decision:
    """What the rules say of a request's bids as they are now. Of vehicles that are awarded, nothing is said."""
    bidding = context.load_context(caller, request.charter_id)
    bids = context.active_bids(context.list_bids_of_charter(caller.org_id, request.charter_id))
    candidates = vendor_candidates.load_candidates(caller.org_id, [bid.vendor_id for bid in bids])
    free = len(bidding.charter.uncovered_vehicles)
    # What was given to somebody since is no part of the target price any more: then a manager goes on.
    target = request.target_price if free == request.vehicle_count else None
    entries = vendor_candidates.build_entries(bids, bidding.charter, request, candidates)
    return ranking.decide_award(entries, free, target, clock.now())


def award_bids(caller: Caller, bid_request_id: str, *, bid_ids: Sequence[str]) -> Next:
    """Award these bids; a manager is asked when one of them does not do any more, and another does."""
    request = service.get(caller, bid_request_id)
    if request.status is not RequestStatus.CLOSED:
        return Next(go="settle")
    try:
        award.award(caller, bid_ids, AUTOMATIC, by_itself=True)
    except errors.ConcurrentUpdate:
        raise
    except errors.Conflict:
        return _leave_to_manager(caller, request, evaluate_bids(caller, request))
    return Next(go="settle")


def close_without_award(caller: Caller, request: BidRequest, reason: str) -> None:
    """Say that a request came to nothing; staff are told, and may extend it."""
    count = len(context.list_bids_of_charter(caller.org_id, request.charter_id))
    event = BiddingEmpty(**event_payloads.request_event_fields(request), reason=reason, bids=count)
    service.end_request(caller, request, RequestStatus.NO_BIDS, reason, event)


def escalate(caller: Caller, bid_request_id: str) -> Next:
    """Nobody decided within a day: the next question goes out as an escalation, unless the trip has left."""

    def act() -> Next:
        request = service.get(caller, bid_request_id)
        if request.status is not RequestStatus.CLOSED:
            return Next(go="settle")
        if not _accepts_bids(caller, request):
            close_without_award(caller, request, "Nobody decided before the trip left")
            return Next(go="settle")
        store.commit(caller, Update(request, request.model_copy(update={"escalated_at": clock.now()})))
        return Next(go="ask")

    return retry_on_conflict(act)()


def expire_decision(caller: Caller, bid_request_id: str) -> Next:
    """Nobody decided at all."""

    def act() -> Next:
        request = service.get(caller, bid_request_id)
        if request.status is RequestStatus.CLOSED:
            close_without_award(caller, request, "Nobody decided in time")
        return Next(go="settle")

    return retry_on_conflict(act)()


def reject_losers(caller: Caller, bid_request_id: str) -> Next:
    """Tell those whose bids did not win."""
    award.reject_remaining_bids(caller, service.get(caller, bid_request_id).charter_id)
    return Next(go="over")


def record_failure(caller: Caller, bid_request_id: str, *, state: str, failure: dict[str, Any]) -> Next:
    """Keep what went wrong where staff see it: on the request, and on the charter unless that was deleted."""

    def act() -> Next:
        request = service.get(caller, bid_request_id)
        error = str(failure.get("Error", "unknown"))[:100]
        stored = WorkflowFailure(state=state, error=error, at=clock.now())
        event = BiddingFailed(**event_payloads.request_event_fields(request), state=state, error=error)
        charter = _find_charter(caller, request)
        on_charter = [workflow_failures.record_failure_op(charter, BIDDING, stored)] if charter is not None else []
        store.commit(caller, Update(request, request.model_copy(update={"failure": stored}), [event]), *on_charter)
        return Next(go="over")

    return retry_on_conflict(act)()


STEPS: Final[Mapping[str, Step]] = {
    "look": next_step,
    "invite": invite,
    "wait": wait_for_signal,
    "rank": decide_award,
    "award": award_bids,
    "escalate": escalate,
    "give_up": expire_decision,
    "settle": reject_losers,
    "failed": record_failure,
}
"""By the name that the state machine calls them by."""
