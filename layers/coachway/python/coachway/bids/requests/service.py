"""Bid requests: open, close, extend, cancel, get and list. The events that they publish drive the bidding workflow.

Functions import the events that they publish, because API routes that only read start faster without them.
"""

from collections.abc import Sequence
from functools import partial

from coachway.bids import bidding_context, event_payloads, rules, visibility
from coachway.bids.errors import BidRequestAlreadyOpen, NoVehiclesLeft
from coachway.bids.model.bid_request import (
    BID_REQUEST,
    BIDDING_WORKFLOW,
    CHARTER_BIDDING,
    INVITATION,
    INVITATIONS_BY_VENDOR,
    MATCHING,
    REQUESTS_BY_CHARTER,
    REQUESTS_BY_MONTH,
    BidInvitation,
    BidRequest,
    CharterBidding,
    Matching,
    VendorMatch,
    invitation_id,
)
from coachway.bids.rules import RequestStatus
from coachway.bids.schemas import BidRequestDetails, BidRequestInput, BidRequestQuery, BidRequestView, ExtendInput
from coachway.bookings import workflow_failures
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.party_reference import VENDOR
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.queries import months_between, query_page
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import Page
from coachway.core.trip_vehicles import VehicleGroup
from coachway.core.types import ids
from coachway.vendors.model import Vendor


def open_request(caller: Caller, charter_id: str, body: BidRequestInput) -> BidRequestView:
    """Open a bid request. The workflow invites its vendors.

    Raises NotFound, Invalid for a deadline or vendor, CharterNotOpenForBids, BidRequestAlreadyOpen, NoVehiclesLeft.
    """
    bidding = bidding_context.load_bidding_context(caller, charter_id)
    charter, current = bidding.charter, bidding.request
    bidding_context.require_open_for_bids(charter)
    if current is not None and current.status in {RequestStatus.OPEN, RequestStatus.CLOSED}:
        raise BidRequestAlreadyOpen(f"Bid request {current.id} is {current.status.value}. Close or cancel it first.")
    remaining = _count_remaining_vehicles(charter)
    rules.require_valid_deadline(body.deadline, clock.now(), charter.starts_at)
    _require_vendors(caller, body.vendor_ids)
    request = BidRequest(
        **body.model_dump(),
        id=ids.new("brq"),
        org_id=caller.org_id,
        charter_id=charter.id,
        charter_number=charter.number,
        vehicle_count=remaining,
        vehicle_groups=_list_mixed_groups(charter),
        currency=charter.quote.currency,
        opened_by=caller.user_id,
    )
    build_response = partial(visibility.build_request_view, caller, request)
    store.commit(
        caller,
        Create(request, [_opened_event(request)]),
        _set_current_request_op(caller, bidding.charter_bidding, charter_id, request.id),
        response=build_response,
    )
    return build_response()


def _count_remaining_vehicles(charter: Charter) -> int:
    """The number of vehicles without a vendor or driver. Raises NoVehiclesLeft."""
    remaining = len(charter.uncovered_vehicles)
    if not remaining:
        raise NoVehiclesLeft("Every vehicle has a vendor or a driver.")
    return remaining


def _list_mixed_groups(charter: Charter) -> list[VehicleGroup]:
    """The groups of vehicles without a vendor or driver, if they are of several classes."""
    groups = charter.list_uncovered_groups()
    return groups if len(groups) > 1 else []


def _opened_event(request: BidRequest) -> Event:
    """The event that starts the workflow."""
    from coachway.contracts.bids import BiddingOpened

    return BiddingOpened(**event_payloads.request_event_fields(request), sealed=request.sealed, round=request.round)


def _set_current_request_op(
    caller: Caller, before: CharterBidding | None, charter_id: str, request_id: str | None
) -> Op:
    """The operation that makes a request the current one of its charter; None for no current request."""
    conflict = errors.ConcurrentUpdate(
        "Bidding for this charter was changed by another request. Read its bid requests again, then retry."
    )
    if before is None:
        charter_bidding = CharterBidding(org_id=caller.org_id, charter_id=charter_id, bid_request_id=request_id)
        return Create(charter_bidding, on_exists=conflict)
    return Update(before, before.model_copy(update={"bid_request_id": request_id}), on_stale=conflict)


def _require_vendors(caller: Caller, vendor_ids: Sequence[str]) -> None:
    """Raise Invalid unless all vendors exist."""
    keys_by_vendor = {vendor_id: VENDOR.key(org=caller.org_id, id=vendor_id) for vendor_id in vendor_ids}
    stored = store.find_many(Vendor, keys_by_vendor.values())
    for vendor_id, key in keys_by_vendor.items():
        if key not in stored:
            raise errors.Invalid.field("vendor_ids", f"vendor {vendor_id} does not exist")


def get_request(caller: Caller, bid_request_id: str, *, expected: int | None = None) -> BidRequest:
    """Get a bid request. Raises NotFound; PreconditionFailed if the version is not `expected`."""
    return store.get(BidRequest, BID_REQUEST.key(org=caller.org_id, id=bid_request_id), expected=expected)


def end_request(caller: Caller, before: BidRequest, status: RequestStatus, reason: str, event: Event) -> BidRequest:
    """End a request with a final status, so that its charter has no current request. Returns the ended request."""
    rules.REQUEST_TRANSITIONS.require(before.status, status)
    after = before.model_copy(update={"status": status, "status_reason": reason, "failure": None})
    charter_key = CHARTER.key(org=caller.org_id, id=before.charter_id)
    bidding_key = CHARTER_BIDDING.key(org=caller.org_id, charter=before.charter_id)
    batch = store.batch_get([charter_key, bidding_key])
    charter_bidding = batch.find(CharterBidding, bidding_key)
    ops: list[Op] = [Update(before, after, [event])]
    if charter_bidding is not None and charter_bidding.bid_request_id == before.id:
        ops.append(_set_current_request_op(caller, charter_bidding, before.charter_id, None))
    ops += workflow_failures.clear_failure_ops(batch.find(Charter, charter_key), BIDDING_WORKFLOW)
    store.commit(caller, *ops, response=partial(visibility.build_request_view, caller, after))
    return after


def close_request(caller: Caller, bid_request_id: str, reason: str, expected: int | None = None) -> BidRequestView:
    """Close a request before its deadline; who did so is recorded. Raises InvalidStatusTransition, NotFound."""
    before = get_request(caller, bid_request_id, expected=expected)
    return visibility.build_request_view(caller, close_bidding(caller, before, reason, early=True))


def close_bidding(caller: Caller, before: BidRequest, reason: str, *, early: bool) -> BidRequest:
    """Close a request, which unseals its bids. Returns the closed request."""
    from coachway.contracts.bids import BiddingClosed

    rules.REQUEST_TRANSITIONS.require(before.status, RequestStatus.CLOSED)
    now = clock.now()
    after = before.model_copy(
        update={
            "status": RequestStatus.CLOSED,
            "status_reason": reason,
            "closed_at": now,
            "closed_by": caller.user_id,
            "closed_early": early and now < before.deadline,
        }
    )
    event = BiddingClosed(**event_payloads.request_event_fields(after), early=after.closed_early, reason=reason)
    build_response = partial(visibility.build_request_view, caller, after)
    store.commit(caller, Update(before, after, [event]), response=build_response)
    return after


def extend_deadline(caller: Caller, bid_request_id: str, body: ExtendInput, expected: int | None) -> BidRequestView:
    """Extend the deadline of a request. A request without an award is opened again, with a new workflow execution.

    Raises Invalid for a deadline that is not later, InvalidStatusTransition, and as `open_request` does.
    """
    before = get_request(caller, bid_request_id, expected=expected)
    bidding = bidding_context.load_bidding_context(caller, before.charter_id)
    rules.require_valid_deadline(body.deadline, clock.now(), bidding.charter.starts_at)
    if body.deadline <= before.deadline:
        raise errors.Invalid.field("deadline", "must be later than the current deadline")
    if before.status is RequestStatus.OPEN:
        return _extend_open_request(caller, before, body)
    return _reopen_request(caller, before, body, bidding)


def _extend_open_request(caller: Caller, before: BidRequest, body: ExtendInput) -> BidRequestView:
    from coachway.contracts.bids import BiddingExtended

    after = before.model_copy(update={"deadline": body.deadline})
    event = BiddingExtended(**event_payloads.request_event_fields(after))
    build_response = partial(visibility.build_request_view, caller, after)
    store.commit(caller, Update(before, after, [event]), response=build_response)
    return build_response()


def _reopen_request(
    caller: Caller, before: BidRequest, body: ExtendInput, bidding: bidding_context.BiddingContext
) -> BidRequestView:
    rules.REQUEST_TRANSITIONS.require(before.status, RequestStatus.OPEN)
    bidding_context.require_open_for_bids(bidding.charter)
    if bidding.request is not None:
        raise BidRequestAlreadyOpen(
            f"Bid request {bidding.request.id} is {bidding.request.status.value}. Close it first."
        )
    remaining = _count_remaining_vehicles(bidding.charter)
    after = before.model_copy(
        update={
            "status": RequestStatus.OPEN,
            "status_reason": "",
            "closed_at": None,
            "closed_by": None,
            "closed_early": False,
            "invited_at": None,
            "escalated_at": None,
            "round": before.round + 1,
            "deadline": body.deadline,
            "vehicle_count": remaining,
            "vehicle_groups": _list_mixed_groups(bidding.charter),
            # The target price was for another number of vehicles.
            "target_price": before.target_price if remaining == before.vehicle_count else None,
        }
    )
    build_response = partial(visibility.build_request_view, caller, after)
    store.commit(
        caller,
        Update(before, after, [_opened_event(after)]),
        _set_current_request_op(caller, bidding.charter_bidding, before.charter_id, before.id),
        response=build_response,
    )
    return build_response()


def cancel_request(caller: Caller, bid_request_id: str, reason: str, expected: int | None = None) -> BidRequestView:
    """Cancel a request. Vendors that have bid are notified. Raises InvalidStatusTransition, NotFound."""
    from coachway.contracts.bids import BiddingCancelled

    before = get_request(caller, bid_request_id, expected=expected)
    event = BiddingCancelled(**event_payloads.request_event_fields(before), reason=reason)
    return visibility.build_request_view(caller, end_request(caller, before, RequestStatus.CANCELLED, reason, event))


def cancel_request_of_charter(caller: Caller, charter_id: str, reason: str) -> None:
    """Cancel the current request of a charter, if it has one; also if the charter was deleted."""

    def cancel() -> None:
        charter_bidding = store.find(CharterBidding, CHARTER_BIDDING.key(org=caller.org_id, charter=charter_id))
        request_id = charter_bidding.bid_request_id if charter_bidding is not None else None
        request = bidding_context.find_request(caller.org_id, request_id)
        if request is not None and rules.REQUEST_TRANSITIONS.allows(request.status, RequestStatus.CANCELLED):
            cancel_request(caller, request.id, reason)

    retry_on_conflict(cancel)()


def list_requests(caller: Caller, query: BidRequestQuery) -> Page[BidRequestView]:
    """List bid requests, newest first. Vendors see those that they were invited to."""
    where: dict[str, str | int | bool] = {"status": query.status.value} if query.status else {}
    if caller.is_external:
        return _list_invited_requests(caller, query)
    if query.charter_id is not None:
        partitions = [REQUESTS_BY_CHARTER.partition(org=caller.org_id, charter=query.charter_id)]
        page = query_page(BidRequest, REQUESTS_BY_CHARTER, partitions, query, where=where, descending=True)
    else:
        months = months_between(ids.get_created_at(caller.org_id), clock.now())
        partitions = [REQUESTS_BY_MONTH.partition(org=caller.org_id, month=month) for month in reversed(months)]
        page = query_page(BidRequest, REQUESTS_BY_MONTH, partitions, query, where=where, descending=True)
    items = [visibility.build_request_view(caller, request) for request in page.items]
    return Page(items=items, next_cursor=page.next_cursor)


def _list_invited_requests(caller: Caller, query: BidRequestQuery) -> Page[BidRequestView]:
    """The requests that a vendor was invited to. Pages can be short, because filters apply after the read."""
    if caller.role != "vendor":
        return Page(items=[])
    partition = INVITATIONS_BY_VENDOR.partition(org=caller.org_id, vendor=caller.party_id)
    page = query_page(BidInvitation, INVITATIONS_BY_VENDOR, [partition], query, descending=True)
    keys = {
        invitation.bid_request_id: BID_REQUEST.key(org=caller.org_id, id=invitation.bid_request_id)
        for invitation in page.items
    }
    stored = store.find_many(BidRequest, keys.values()) if keys else {}
    items = [
        visibility.build_request_view(caller, request, invitation)
        for invitation in page.items
        if (request := stored.get(keys[invitation.bid_request_id])) is not None
        and query.status in {None, request.status}
        and query.charter_id in {None, request.charter_id}
    ]
    return Page(items=items, next_cursor=page.next_cursor)


def get_request_details(caller: Caller, bid_request_id: str) -> BidRequestDetails:
    """Get a request with its invited vendors, and why others were not invited. A vendor sees its own invitation."""
    request = get_request(caller, bid_request_id)
    if caller.is_external:
        key = INVITATION.key(org=caller.org_id, id=invitation_id(bid_request_id, caller.party_id))
        invitation = store.find(BidInvitation, key) if caller.role == "vendor" else None
        if invitation is None:
            raise errors.NotFound("The bid request was not found.")
        return BidRequestDetails(**visibility.build_request_view(caller, request, invitation).model_dump())
    matching = store.find(Matching, MATCHING.key(org=caller.org_id, request=bid_request_id))
    vendors: list[VendorMatch] = matching.vendors if matching else []
    return BidRequestDetails(**visibility.build_request_view(caller, request).model_dump(), vendors=vendors)
