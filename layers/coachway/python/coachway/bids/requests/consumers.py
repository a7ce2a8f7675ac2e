"""Answers the token that a request's flow waits by, once what it waits for has happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from coachway.bids.awards import award
from coachway.bids.request_model import BidRequest
from coachway.bids.requests import service
from coachway.bids.rules import RequestStatus
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.contracts.bids import BidAccepted
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.workflows import executions
from coachway.core.workflows.executions import Execution

_OFF: Final = {
    "charter.cancelled": "The charter was cancelled",
    "charter.deleted": "The charter was deleted",
    "quote.declined": "The client declined the quote",
    "quote.expired": "The quote expired",
}


def is_answered(request: BidRequest, waits_for: str) -> bool:
    """Whether what a flow waits for has happened: its deadline moved or is no matter any more, or it was decided."""
    if waits_for == "decision":
        return request.status is not RequestStatus.CLOSED
    return waits_for != f"deadline {request.deadline.isoformat()}" or request.status is not RequestStatus.OPEN


def resume_if_due(caller: Caller, request: BidRequest, waiting: Execution) -> None:
    """Wake the flow, if there is a reason to."""
    if is_answered(request, waiting.waits_for):
        executions.send_task_success(caller, waiting)


def resume_workflow(caller: Caller, delivery: Delivery) -> None:
    """A request was closed, extended, cancelled or awarded."""
    request_id = str(delivery.data["bid_request_id"])
    waiting = executions.find(caller, request_id)
    if waiting is not None:
        resume_if_due(caller, service.get(caller, request_id), waiting)


def on_charter_cancelled(caller: Caller, delivery: Delivery) -> None:
    """Nobody need bid for a trip that does not take place, and who had won it need not come."""
    reason = _OFF[delivery.type]
    service.cancel_request_of_charter(caller, delivery.aggregate_id, reason)
    award.reject_remaining_bids(caller, delivery.aggregate_id)
    award.notify_winners_of_cancellation(caller, delivery.aggregate_id, reason)


def on_charter_modified(caller: Caller, delivery: Delivery) -> None:
    """What was bid for another trip than it is now does not count any more."""
    if delivery.data.get("revised"):
        award.reject_outdated_bids(caller, delivery.aggregate_id)


def on_bid_accepted(caller: Caller, delivery: Delivery) -> None:
    """Reject bids that were submitted while the award was made."""
    award.reject_remaining_bids(caller, str(delivery.data["charter_id"]))


def on_charter_booked(caller: Caller, delivery: Delivery) -> None:
    """Its vehicles may have been awarded before."""
    award.confirm_if_covered(caller, delivery.aggregate_id)


def on_charter_confirmed(caller: Caller, delivery: Delivery) -> None:
    """Nobody need bid any more, unless a vehicle has lost its driver since: those of the organization run the rest."""
    charter = store.find(Charter, CHARTER.key(org=caller.org_id, id=delivery.aggregate_id))
    if charter is not None and not charter.uncovered_vehicles:
        service.cancel_request_of_charter(caller, delivery.aggregate_id, "Nothing is left to bid for")
        award.reject_remaining_bids(caller, delivery.aggregate_id)


CONSUMERS: Final[Mapping[str, Consumer]] = {
    "bidding.closed": resume_workflow,
    "bidding.extended": resume_workflow,
    "bidding.cancelled": resume_workflow,
    "bidding.awarded": resume_workflow,
    BidAccepted.TYPE: on_bid_accepted,
    "charter.booked": on_charter_booked,
    "charter.confirmed": on_charter_confirmed,
    "charter.modified": on_charter_modified,
    **dict.fromkeys(_OFF, on_charter_cancelled),
}
"""By event type. The queue receives these events and no others."""
