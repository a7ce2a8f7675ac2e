"""Steps of the state machine in `statemachines/bidding.asl.yaml`. Each can be repeated: it reads the current state.

A step returns the next one in `go`. A wait ends by a timeout of the state machine, or by the task token that
`wait_for_signal` saves and `consumers` answers.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Any, Final

from pydantic import Field

from coachway.bids import bidding_context, event_payloads, rules
from coachway.bids.awards import acceptance, rejection
from coachway.bids.evaluation import ranking, vendor_candidates
from coachway.bids.evaluation.ranking import Decision
from coachway.bids.model.bid import Bid
from coachway.bids.model.bid_request import BIDDING_WORKFLOW, BidRequest
from coachway.bids.requests import consumers, invitations, service
from coachway.bids.rules import BidStatus, RequestStatus
from coachway.bookings import workflow_failures
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.contracts.bids import BiddingDecisionNeeded, BiddingEndedWithoutAward, BiddingFailed, BidReviewed
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.step_handler import Step
from coachway.core.persistence.operations import Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.core.workflows import executions
from coachway.core.workflows.failure import WorkflowFailure

_BATCH_SIZE: Final = 45
AUTOMATIC_AWARD_REASON: Final = "The lowest bid"


class Next(BaseSchema):
    """The next step of the workflow, and what it needs."""

    go: str
    seconds: int = 1
    """How long to wait for the deadline."""
    deadline: str = ""
    bid_ids: list[str] = Field(default_factory=list)


def next_step(caller: Caller, bid_request_id: str, *, execution: str, round_: int, redriven: bool, waited: str) -> Next:
    """Return the next step for a request. `waited` is the deadline that the workflow has waited for, or empty."""
    if not executions.claim_execution(caller, bid_request_id, execution, round_=round_, redriven=redriven):
        return Next(go="over")
    return retry_on_conflict(lambda: _decide_next_step(caller, bid_request_id, waited))()


def _decide_next_step(caller: Caller, bid_request_id: str, waited: str) -> Next:
    request = _clear_failure(caller, service.get_request(caller, bid_request_id))
    if request.status is RequestStatus.OPEN and waited and datetime.fromisoformat(waited) == request.deadline:
        request = service.close_bidding(caller, request, "The deadline has passed", early=False)
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
    """Remove the failure of an earlier execution from the request and its charter."""
    if request.failure is None:
        return request
    after = request.model_copy(update={"failure": None})
    charter_ops = workflow_failures.clear_failure_ops(_find_charter(caller, request), BIDDING_WORKFLOW)
    store.commit(caller, Update(request, after), *charter_ops)
    return after


def _find_charter(caller: Caller, request: BidRequest) -> Charter | None:
    return store.find(Charter, CHARTER.key(org=caller.org_id, id=request.charter_id))


def invite(caller: Caller, bid_request_id: str) -> Next:
    """Invite vendors."""
    invitations.invite_vendors(caller, bid_request_id)
    return Next(go="look")


def wait_for_signal(caller: Caller, bid_request_id: str, *, token: str, waits_for: str, deadline: str) -> Next:
    """Save the task token of a wait for `deadline <time>` or `decision`."""
    waiting = executions.save_task_token(caller, bid_request_id, token, f"{waits_for} {deadline}".strip())
    if waits_for == "decision":
        _request_decision(caller, bid_request_id)
    # Events that arrived before the token was saved could not resume the workflow.
    consumers.resume_if_changed(caller, service.get_request(caller, bid_request_id), waiting)
    return Next(go="wait")


def _request_decision(caller: Caller, bid_request_id: str) -> None:
    """Ask managers for a decision, and put the bids under review."""
    request = service.get_request(caller, bid_request_id)
    if request.status is not RequestStatus.CLOSED:
        return
    active = bidding_context.filter_active(bidding_context.list_bids_of_charter(caller.org_id, request.charter_id))
    submitted = [bid for bid in active if bid.status is BidStatus.SUBMITTED]
    for start in range(0, len(submitted), _BATCH_SIZE):
        _put_under_review(caller, submitted[start : start + _BATCH_SIZE])
    event = BiddingDecisionNeeded(
        **event_payloads.request_event_fields(request),
        bids=len(active),
        escalated=request.escalated_at is not None,
    )
    store.commit(caller, Update(request, request.model_copy(), [event]))


def _put_under_review(caller: Caller, bids: Sequence[Bid]) -> None:
    for bid in bids:
        rules.BID_TRANSITIONS.require(bid.status, BidStatus.UNDER_REVIEW)
    after = [bid.model_copy(update={"status": BidStatus.UNDER_REVIEW}) for bid in bids]
    store.commit(
        caller,
        *(
            Update(bid, reviewed, [BidReviewed(**event_payloads.bid_event_fields(reviewed))])
            for bid, reviewed in zip(bids, after, strict=True)
        ),
    )


def decide_award(caller: Caller, bid_request_id: str) -> Next:
    """Decide whether to award bids automatically, ask a manager, or close the request without an award."""
    request = service.get_request(caller, bid_request_id)
    if request.status is not RequestStatus.CLOSED:
        return Next(go="settle")
    decision = evaluate_bids(caller, request)
    if decision.award and len(decision.award) <= acceptance.MAX_WINNERS:
        return Next(go="award", bid_ids=[offer.bid_id for offer in decision.award])
    return _leave_to_manager(caller, request, decision)


def _leave_to_manager(caller: Caller, request: BidRequest, decision: Decision) -> Next:
    """Ask a manager if there are candidates and the charter still takes bids; else close without an award."""
    if decision.candidates and _accepts_bids(caller, request):
        return Next(go="ask")
    close_without_award(caller, request, "No bid can be awarded")
    return Next(go="settle")


def _accepts_bids(caller: Caller, request: BidRequest) -> bool:
    try:
        bidding_context.require_open_for_bids(bidding_context.load_bidding_context(caller, request.charter_id).charter)
    except errors.Conflict:
        return False
    return True


def evaluate_bids(caller: Caller, request: BidRequest) -> Decision:
    """Evaluate the bids for the vehicles of the request's charter that have no vendor or driver."""
    bidding = bidding_context.load_bidding_context(caller, request.charter_id)
    bids = bidding_context.filter_active(bidding_context.list_bids_of_charter(caller.org_id, request.charter_id))
    candidates = vendor_candidates.load_candidates(caller.org_id, [bid.vendor_id for bid in bids])
    free = bidding.charter.count_uncovered_vehicles()
    # The target price is for the vehicles of the request. If some were assigned since, a manager must decide.
    target_price = request.target_price if free.total() == request.vehicle_count else None
    evaluated_bids = vendor_candidates.build_evaluated_bids(bids, bidding.charter, request, candidates)
    return ranking.decide_award(evaluated_bids, free, target_price, clock.now())


def award_bids(caller: Caller, bid_request_id: str, *, bid_ids: Sequence[str]) -> Next:
    """Award bids automatically. If one of them can no longer be awarded, ask a manager about the others."""
    request = service.get_request(caller, bid_request_id)
    if request.status is not RequestStatus.CLOSED:
        return Next(go="settle")
    try:
        acceptance.award_bids(caller, bid_ids, AUTOMATIC_AWARD_REASON, by_itself=True)
    except errors.ConcurrentUpdate:
        raise
    except errors.Conflict:
        return _leave_to_manager(caller, request, evaluate_bids(caller, request))
    return Next(go="settle")


def close_without_award(caller: Caller, request: BidRequest, reason: str) -> None:
    """End a request without an award. Staff are notified, and can extend it."""
    count = len(bidding_context.list_bids_of_charter(caller.org_id, request.charter_id))
    event = BiddingEndedWithoutAward(**event_payloads.request_event_fields(request), reason=reason, bids=count)
    service.end_request(caller, request, RequestStatus.NO_BIDS, reason, event)


def escalate(caller: Caller, bid_request_id: str) -> Next:
    """Ask managers again, because nobody decided within a day; close the request if the trip has departed."""

    def mark_escalated() -> Next:
        request = service.get_request(caller, bid_request_id)
        if request.status is not RequestStatus.CLOSED:
            return Next(go="settle")
        if not _accepts_bids(caller, request):
            close_without_award(caller, request, "Nobody decided before the departure")
            return Next(go="settle")
        store.commit(caller, Update(request, request.model_copy(update={"escalated_at": clock.now()})))
        return Next(go="ask")

    return retry_on_conflict(mark_escalated)()


def expire_decision(caller: Caller, bid_request_id: str) -> Next:
    """Close the request, because nobody decided in time."""

    def close_undecided() -> Next:
        request = service.get_request(caller, bid_request_id)
        if request.status is RequestStatus.CLOSED:
            close_without_award(caller, request, "Nobody decided in time")
        return Next(go="settle")

    return retry_on_conflict(close_undecided)()


def reject_losing_bids(caller: Caller, bid_request_id: str) -> Next:
    """Reject the bids that were not awarded."""
    rejection.reject_remaining_bids(caller, service.get_request(caller, bid_request_id).charter_id)
    return Next(go="over")


def record_failure(caller: Caller, bid_request_id: str, *, state: str, failure: dict[str, Any]) -> Next:
    """Record a failure of the workflow on the request, and on its charter unless that was deleted."""

    def record() -> Next:
        request = service.get_request(caller, bid_request_id)
        error = str(failure.get("Error", "unknown"))[:100]
        workflow_failure = WorkflowFailure(state=state, error=error, at=clock.now())
        event = BiddingFailed(**event_payloads.request_event_fields(request), state=state, error=error)
        charter = _find_charter(caller, request)
        charter_ops = (
            [workflow_failures.record_failure_op(charter, BIDDING_WORKFLOW, workflow_failure)]
            if charter is not None
            else []
        )
        after = request.model_copy(update={"failure": workflow_failure})
        store.commit(caller, Update(request, after, [event]), *charter_ops)
        return Next(go="over")

    return retry_on_conflict(record)()


STEPS: Final[Mapping[str, Step]] = {
    "look": next_step,
    "invite": invite,
    "wait": wait_for_signal,
    "rank": decide_award,
    "award": award_bids,
    "escalate": escalate,
    "give_up": expire_decision,
    "settle": reject_losing_bids,
    "failed": record_failure,
}
"""By the name that the state machine uses."""
