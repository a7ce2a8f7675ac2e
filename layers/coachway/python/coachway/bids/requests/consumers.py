"""Consumers of events of bid requests, bids and charters: they resume the bidding workflow, and end bidding."""

from collections.abc import Mapping
from typing import Final

from coachway.bids.awards import acceptance, rejection, release
from coachway.bids.model.bid_request import BidRequest
from coachway.bids.requests import invitations, service
from coachway.bids.rules import RequestStatus
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.contracts.bids import BidAccepted
from coachway.contracts.vendors import VendorUpdated
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.workflows import executions
from coachway.core.workflows.executions import Execution

_CANCELLATION_REASONS: Final = {
    "charter.cancelled": "The charter was cancelled",
    "charter.deleted": "The charter was deleted",
    "quote.declined": "The client declined the quote",
    "quote.expired": "The quote expired",
}
"""By event type."""


def has_awaited_change(request: BidRequest, waits_for: str) -> bool:
    """Whether the awaited change has happened: a decision, or a change of the deadline or the status."""
    if waits_for == "decision":
        return request.status is not RequestStatus.CLOSED
    return waits_for != f"deadline {request.deadline.isoformat()}" or request.status is not RequestStatus.OPEN


def resume_if_changed(caller: Caller, request: BidRequest, waiting: Execution) -> None:
    """Resume the workflow if the awaited change has happened."""
    if has_awaited_change(request, waiting.waits_for):
        executions.send_task_success(caller, waiting)


def resume_workflow(caller: Caller, delivery: Delivery) -> None:
    """Resume the workflow of a request that was closed, extended, cancelled or awarded."""
    request_id = str(delivery.data["bid_request_id"])
    waiting = executions.find(caller, request_id)
    if waiting is not None:
        resume_if_changed(caller, service.get_request(caller, request_id), waiting)


def on_charter_cancelled(caller: Caller, delivery: Delivery) -> None:
    """End bidding for a charter that was cancelled, deleted, declined or expired, and release its awards."""
    reason = _CANCELLATION_REASONS[delivery.type]
    service.cancel_request_of_charter(caller, delivery.aggregate_id, reason)
    rejection.reject_remaining_bids(caller, delivery.aggregate_id)
    release.release_awards(caller, delivery.aggregate_id, reason)


def on_charter_modified(caller: Caller, delivery: Delivery) -> None:
    """Reject the bids for an earlier revision of a charter."""
    if delivery.data.get("revised"):
        rejection.reject_outdated_bids(caller, delivery.aggregate_id)


def on_bid_accepted(caller: Caller, delivery: Delivery) -> None:
    """Reject bids that were submitted during the award."""
    rejection.reject_remaining_bids(caller, str(delivery.data["charter_id"]))


def on_charter_booked(caller: Caller, delivery: Delivery) -> None:
    """Confirm a charter whose vehicles were awarded before it was booked."""
    acceptance.confirm_if_covered(caller, delivery.aggregate_id)


def on_charter_confirmed(caller: Caller, delivery: Delivery) -> None:
    """End bidding if every vehicle has a vendor or a driver. A vehicle may have lost its driver since."""
    charter = store.find(Charter, CHARTER.key(org=caller.org_id, id=delivery.aggregate_id))
    if charter is not None and not charter.uncovered_vehicles:
        service.cancel_request_of_charter(caller, delivery.aggregate_id, "Every vehicle has a vendor or a driver")
        rejection.reject_remaining_bids(caller, delivery.aggregate_id)


def on_vendor_updated(caller: Caller, delivery: Delivery) -> None:
    """Send a vendor's open invitations again if its email changed."""
    if delivery.parse(VendorUpdated).email_changed:
        invitations.send_invitations_again(caller, delivery.aggregate_id)


CONSUMERS: Final[Mapping[str, Consumer]] = {
    "bidding.closed": resume_workflow,
    "bidding.extended": resume_workflow,
    "bidding.cancelled": resume_workflow,
    "bidding.awarded": resume_workflow,
    BidAccepted.TYPE: on_bid_accepted,
    VendorUpdated.TYPE: on_vendor_updated,
    "charter.booked": on_charter_booked,
    "charter.confirmed": on_charter_confirmed,
    "charter.modified": on_charter_modified,
    **dict.fromkeys(_CANCELLATION_REASONS, on_charter_cancelled),
}
"""By event type. The queue receives these events and no others."""
