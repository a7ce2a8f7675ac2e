"""The steps of `statemachines/bidding.asl.yaml`. Each can be done again: what it does depends on what the table says.

A step answers with where to `go` next. Waits end by the state machine's own clock, or by the token that is kept
while it waits, which `signals` answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Any, Final

from pydantic import Field

from coachway.bids import awarding, candidates, ground, inviting, requests, rules, signals, telling
from coachway.bids.bidding import BIDDING, BidRequest
from coachway.bids.events import BiddingEmpty, BiddingFailed, BidReviewed, DecisionNeeded
from coachway.bids.model import Bid
from coachway.bids.ranking import Decision, decide
from coachway.bids.rules import BidStatus, RequestStatus
from coachway.bookings import failures
from coachway.bookings.model import CHARTER, Charter
from coachway.core import clock, errors, executions, store
from coachway.core.caller import Caller
from coachway.core.flows import FlowFailure
from coachway.core.ops import Update
from coachway.core.retrying import after_lost_races
from coachway.core.schemas import Shape

_TOGETHER = 45
AUTOMATIC = "The lowest bid"


class Next(Shape):
    """Where the flow goes, and how long it may wait there."""

    go: str
    seconds: int = 1
    deadline: str = ""
    bid_ids: list[str] = Field(default_factory=list)


def look(caller: Caller, bid_request_id: str, *, execution: str, round_: int, redriven: bool, waited: str) -> Next:
    """Where a request's flow goes from here. `waited` is the deadline that the flow has waited for, if it has."""
    if not executions.is_ours(caller, bid_request_id, execution, round_=round_, redriven=redriven):
        return Next(go="over")
    return after_lost_races(lambda: _look(caller, bid_request_id, waited))


def _look(caller: Caller, bid_request_id: str, waited: str) -> Next:
    request = _going(caller, requests.get(caller, bid_request_id))
    if request.status is RequestStatus.OPEN and waited and datetime.fromisoformat(waited) == request.deadline:
        request = requests.closed(caller, request, "the deadline is over", early=False)
    match request.status:
        case RequestStatus.OPEN if request.invited_at is None:
            return Next(go="invite")
        case RequestStatus.OPEN:
            left = ceil((request.deadline - clock.now()).total_seconds())
            return Next(go="wait", seconds=max(1, left), deadline=request.deadline.isoformat())
        case RequestStatus.CLOSED:
            return Next(go="rank")
        case _:
            return Next(go="settle")


def _going(caller: Caller, request: BidRequest) -> BidRequest:
    """The request, whose flow goes on: what went wrong before is history."""
    if request.failure is None:
        return request
    going = request.model_copy(update={"failure": None})
    store.commit(caller, Update(request, going), *failures.resumed(_charter(caller, request), BIDDING))
    return going


def _charter(caller: Caller, request: BidRequest) -> Charter | None:
    return store.find(Charter, CHARTER.key(org=caller.org_id, id=request.charter_id))


def invite(caller: Caller, bid_request_id: str) -> Next:
    """Invite vendors."""
    inviting.invite(caller, bid_request_id)
    return Next(go="look")


def wait(caller: Caller, bid_request_id: str, *, token: str, waits_for: str, deadline: str) -> None:
    """Keep the token of what the flow waits for: `deadline <moment>` or `decision`."""
    waiting = executions.wait(caller, bid_request_id, token, f"{waits_for} {deadline}".strip())
    if waits_for == "decision":
        _ask(caller, bid_request_id)
    # Whatever happened before the token was kept had nobody to tell.
    signals.answer(caller, requests.get(caller, bid_request_id), waiting)


def _ask(caller: Caller, bid_request_id: str) -> None:
    """Tell managers that they are to choose, and put the bids under review."""
    request = requests.get(caller, bid_request_id)
    if request.status is not RequestStatus.CLOSED:
        return
    known = ground.of_charter(caller.org_id, request.charter_id)
    waiting = [bid for bid in ground.live(known) if bid.status is BidStatus.SUBMITTED]
    for start in range(0, len(waiting), _TOGETHER):
        _review(caller, waiting[start : start + _TOGETHER])
    told = DecisionNeeded(
        **telling.of_request(request), bids=len(ground.live(known)), escalated=request.escalated_at is not None
    )
    store.commit(caller, Update(request, request.model_copy(), [told]))


def _review(caller: Caller, bids: Sequence[Bid]) -> None:
    for bid in bids:
        rules.require_bid_step(bid.status, BidStatus.UNDER_REVIEW)
    after = [bid.model_copy(update={"status": BidStatus.UNDER_REVIEW}) for bid in bids]
    store.commit(
        caller,
        *(
            Update(bid, reviewed, [BidReviewed(**telling.of_bid(reviewed))])
            for bid, reviewed in zip(bids, after, strict=True)
        ),
    )


def rank(caller: Caller, bid_request_id: str) -> Next:
    """Award by itself, ask a manager, or say that there is nothing to award."""
    request = requests.get(caller, bid_request_id)
    if request.status is not RequestStatus.CLOSED:
        return Next(go="settle")
    decision = decided(caller, request)
    if decision.award and len(decision.award) <= awarding.MOST_WINNERS:
        return Next(go="award", bid_ids=[offer.bid_id for offer in decision.award])
    return _left_to_a_manager(caller, request, decision)


def _left_to_a_manager(caller: Caller, request: BidRequest, decision: Decision) -> Next:
    """Ask one, if there is anything to choose from and it is not too late."""
    if decision.candidates and _takes_bids(caller, request):
        return Next(go="ask")
    empty(caller, request, "There was no bid that can be awarded")
    return Next(go="settle")


def _takes_bids(caller: Caller, request: BidRequest) -> bool:
    try:
        ground.require_taking_bids(ground.of(caller, request.charter_id).charter)
    except errors.Conflict:
        return False
    return True


def decided(caller: Caller, request: BidRequest) -> Decision:
    """What the rules say of a request's bids as they are now. Of vehicles that are awarded, nothing is said."""
    on = ground.of(caller, request.charter_id)
    bids = ground.live(ground.of_charter(caller.org_id, request.charter_id))
    known = candidates.load(caller.org_id, [bid.vendor_id for bid in bids])
    free = len(on.charter.uncovered_vehicles)
    # What was given to somebody since is no part of the target price any more: then a manager goes on.
    target = request.target_price if free == request.vehicle_count else None
    entries = candidates.entries(bids, on.charter, request, known)
    return decide(entries, free, target, clock.now())


def award(caller: Caller, bid_request_id: str, bid_ids: Sequence[str]) -> Next:
    """Award these bids; a manager is asked when one of them does not do any more, and another does."""
    request = requests.get(caller, bid_request_id)
    if request.status is not RequestStatus.CLOSED:
        return Next(go="settle")
    try:
        awarding.award(caller, bid_ids, AUTOMATIC, by_itself=True)
    except errors.LostRace:
        raise
    except errors.Conflict:
        return _left_to_a_manager(caller, request, decided(caller, request))
    return Next(go="settle")


def empty(caller: Caller, request: BidRequest, reason: str) -> None:
    """Say that a request came to nothing; staff are told, and may extend it."""
    count = len(ground.of_charter(caller.org_id, request.charter_id))
    told = BiddingEmpty(**telling.of_request(request), reason=reason, bids=count)
    requests.ended(caller, request, RequestStatus.NO_BIDS, reason, told)


def escalate(caller: Caller, bid_request_id: str) -> Next:
    """Nobody decided within a day: the next question goes out as an escalation, unless the trip has left."""

    def act() -> Next:
        request = requests.get(caller, bid_request_id)
        if request.status is not RequestStatus.CLOSED:
            return Next(go="settle")
        if not _takes_bids(caller, request):
            empty(caller, request, "Nobody decided before the trip left")
            return Next(go="settle")
        store.commit(caller, Update(request, request.model_copy(update={"escalated_at": clock.now()})))
        return Next(go="ask")

    return after_lost_races(act)


def give_up(caller: Caller, bid_request_id: str) -> Next:
    """Nobody decided at all."""

    def act() -> Next:
        request = requests.get(caller, bid_request_id)
        if request.status is RequestStatus.CLOSED:
            empty(caller, request, "Nobody decided in time")
        return Next(go="settle")

    return after_lost_races(act)


def settle(caller: Caller, bid_request_id: str) -> Next:
    """Tell those whose bids did not win."""
    awarding.settle(caller, requests.get(caller, bid_request_id).charter_id)
    return Next(go="over")


def failed(caller: Caller, bid_request_id: str, *, state: str, failure: dict[str, Any]) -> Next:
    """Keep what went wrong where staff see it: on the request, and on the charter unless that was deleted."""

    def act() -> Next:
        request = requests.get(caller, bid_request_id)
        error = str(failure.get("Error", "unknown"))[:100]
        kept = FlowFailure(state=state, error=error, at=clock.now())
        told = BiddingFailed(**telling.of_request(request), state=state, error=error)
        charter = _charter(caller, request)
        on_charter = [failures.failed(charter, BIDDING, kept)] if charter is not None else []
        store.commit(caller, Update(request, request.model_copy(update={"failure": kept}), [told]), *on_charter)
        return Next(go="over")

    return after_lost_races(act)


STEPS: Final[Mapping[str, Callable[[Caller, str], Next]]] = {
    "invite": invite,
    "rank": rank,
    "escalate": escalate,
    "give_up": give_up,
    "settle": settle,
}
"""Those that need nothing but the request."""
