"""Requests for bids: open, close, extend, cancel, find. The flow is told by the events.

What tells of it imports the events: those who only read do without.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from coachway.bids import context, event_payloads, rules, visibility
from coachway.bids.errors import BidRequestAlreadyOpen, NoVehiclesLeft
from coachway.bids.request_model import (
    BID_REQUEST,
    BIDDING,
    INVITATION,
    INVITATIONS_FOR,
    INVITATIONS_OF_VENDOR,
    MATCHING,
    REQUESTS_BY_MONTH,
    REQUESTS_OF_CHARTER,
    UNDER_WAY,
    BidRequest,
    BidRequestInput,
    BidRequestQuery,
    CharterBidding,
    ExtendInput,
    Invitation,
    Matching,
    VendorMatch,
    invitation_id,
)
from coachway.bids.request_schemas import BidRequestDetails, BidRequestView
from coachway.bids.rules import RequestStatus
from coachway.bookings.charters import workflow_failures
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.queries import months_between, query_all, query_page
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import Page
from coachway.core.types import ids
from coachway.vendors.model import VENDOR, Vendor

_MOST_INVITED = 1000


def open_request(caller: Caller, charter_id: str, body: BidRequestInput) -> BidRequestView:
    """Ask vendors for bids; the flow invites them. Raises NotFound, Invalid, Conflict while another is under way."""
    loaded = context.load_context(caller, charter_id)
    charter, bidding = loaded.charter, loaded.bidding
    context.require_taking_bids(charter)
    if loaded.request is not None and loaded.request.status in {RequestStatus.OPEN, RequestStatus.CLOSED}:
        raise BidRequestAlreadyOpen(f"{loaded.request.id} is {loaded.request.status.value}. Close or cancel it first.")
    remaining = len(charter.uncovered_vehicles)
    if not remaining:
        raise NoVehiclesLeft("Every vehicle has a vendor or a driver.")
    rules.require_time_to_answer(body.deadline, clock.now(), charter.starts_at)
    _require_vendors(caller, body.vendor_ids)
    request = BidRequest(
        **body.model_dump(),
        id=ids.new("brq"),
        org_id=caller.org_id,
        charter_id=charter.id,
        charter_number=charter.number,
        vehicle_count=remaining,
        currency=charter.quote.currency,
        opened_by=caller.user_id,
    )
    store.commit(
        caller,
        Create(request, [opened_event(request)]),
        _open_request_op(caller, bidding, charter_id, request.id),
        answer=visibility.build_request_view(caller, request, version=1),
    )
    return visibility.build_request_view(caller, request)


def opened_event(request: BidRequest) -> Event:
    """The event that starts the flow."""
    from coachway.contracts.bids import BiddingOpened

    return BiddingOpened(**event_payloads.request_event_fields(request), sealed=request.sealed, round=request.round)


def _open_request_op(caller: Caller, before: CharterBidding | None, charter_id: str, request_id: str | None) -> Op:
    """The op by which a charter has this request under way, or none."""
    at_once = errors.ConcurrentUpdate("somebody else is opening or ending bidding for this charter: look again")
    if before is None:
        created = CharterBidding(org_id=caller.org_id, charter_id=charter_id, bid_request_id=request_id)
        return Create(created, on_exists=at_once)
    return Update(before, before.model_copy(update={"bid_request_id": request_id}), on_stale=at_once)


def _require_vendors(caller: Caller, vendor_ids: Sequence[str]) -> None:
    requested = {each: VENDOR.key(org=caller.org_id, id=each) for each in vendor_ids}
    keys = list(requested.values())
    result = [key for at in range(0, len(keys), 100) for key in store.find_many(Vendor, keys[at : at + 100])]
    for vendor_id, key in requested.items():
        if key not in result:
            raise errors.Invalid.field("vendor_ids", f"there is no vendor {vendor_id}")


def get(caller: Caller, bid_request_id: str, *, expected: int | None = None) -> BidRequest:
    """A request. Raises NotFound, PreconditionFailed when `expected` is not its version."""
    return store.get(BidRequest, BID_REQUEST.key(org=caller.org_id, id=bid_request_id), expected=expected)


def end_request(
    caller: Caller, before: BidRequest, status: RequestStatus, reason: str, event: Event, *ops: Op
) -> BidRequest:
    """The request in its last status, nothing being under way for its charter any more."""
    rules.BID_REQUESTS.require(before.status, status)
    after = before.model_copy(update={"status": status, "status_reason": reason, "failure": None})
    head = CHARTER.key(org=caller.org_id, id=before.charter_id)
    under_way = UNDER_WAY.key(org=caller.org_id, charter=before.charter_id)
    batch = store.batch_get([head, under_way])
    bidding = batch.find(CharterBidding, under_way)
    if bidding is not None and bidding.bid_request_id == before.id:
        ops = (*ops, _open_request_op(caller, bidding, before.charter_id, None))
    ops = (*ops, *workflow_failures.clear_failure_ops(batch.find(Charter, head), BIDDING))
    answer = visibility.build_request_view(caller, after, version=before.version + 1)
    store.commit(caller, Update(before, after, [event]), *ops, answer=answer)
    return after


def close_request(caller: Caller, bid_request_id: str, reason: str, expected: int | None = None) -> BidRequestView:
    """End the time for bids before its deadline; who did it is kept. Raises Conflict when it is not open."""
    before = get(caller, bid_request_id, expected=expected)
    return visibility.build_request_view(caller, close_bidding(caller, before, reason, early=True))


def close_bidding(caller: Caller, before: BidRequest, reason: str, *, early: bool) -> BidRequest:
    """The request, closed: its bids are sealed no more."""
    from coachway.contracts.bids import BiddingClosed

    return _move_deadline(
        caller,
        before,
        RequestStatus.CLOSED,
        reason,
        lambda after: BiddingClosed(
            **event_payloads.request_event_fields(after), early=after.closed_early, reason=reason
        ),
        closed_at=clock.now(),
        closed_by=caller.user_id,
        closed_early=early and clock.now() < before.deadline,
    )


def _move_deadline(
    caller: Caller,
    before: BidRequest,
    status: RequestStatus,
    reason: str,
    build_answer: Callable[[BidRequest], Event],
    **more: Any,
) -> BidRequest:
    rules.BID_REQUESTS.require(before.status, status)
    after = before.model_copy(update={"status": status, "status_reason": reason, **more})
    answer = visibility.build_request_view(caller, after, version=before.version + 1)
    store.commit(caller, Update(before, after, [build_answer(after)]), answer=answer)
    return after


def extend_deadline(caller: Caller, bid_request_id: str, body: ExtendInput, expected: int | None) -> BidRequestView:
    """Give vendors longer. One that brought no bids is opened again, and a new flow starts for it.

    Raises Invalid for a deadline that is not later, Conflict when the request is over.
    """
    from coachway.contracts.bids import BiddingExtended

    before = get(caller, bid_request_id, expected=expected)
    bidding = context.load_context(caller, before.charter_id)
    rules.require_time_to_answer(body.deadline, clock.now(), bidding.charter.starts_at)
    if body.deadline <= before.deadline:
        raise errors.Invalid.field("deadline", "must be later than the present one")
    if before.status is RequestStatus.OPEN:
        after = before.model_copy(update={"deadline": body.deadline})
        event = BiddingExtended(**event_payloads.request_event_fields(after))
        answer = visibility.build_request_view(caller, after, version=before.version + 1)
        store.commit(caller, Update(before, after, [event]), answer=answer)
        return visibility.build_request_view(caller, after)
    rules.BID_REQUESTS.require(before.status, RequestStatus.OPEN)
    context.require_taking_bids(bidding.charter)
    if bidding.request is not None:
        raise BidRequestAlreadyOpen(f"{bidding.request.id} is {bidding.request.status.value}. Close it first.")
    remaining = len(bidding.charter.uncovered_vehicles)
    if not remaining:
        raise NoVehiclesLeft("Every vehicle has a vendor or a driver.")
    anew = {"status": RequestStatus.OPEN, "status_reason": "", "closed_at": None, "closed_by": None}
    again = {"closed_early": False, "invited_at": None, "escalated_at": None, "round": before.round + 1}
    # A target for other vehicles is none for these.
    target = before.target_price if remaining == before.vehicle_count else None
    more = {"deadline": body.deadline, "vehicle_count": remaining, "target_price": target}
    after = before.model_copy(update={**anew, **again, **more})
    store.commit(
        caller,
        Update(before, after, [opened_event(after)]),
        _open_request_op(caller, bidding.bidding, before.charter_id, before.id),
        answer=visibility.build_request_view(caller, after, version=before.version + 1),
    )
    return visibility.build_request_view(caller, after)


def cancel_request(caller: Caller, bid_request_id: str, reason: str, expected: int | None = None) -> BidRequestView:
    """Vendors need not bid any more; those that did are told. Raises Conflict when it is over."""
    from coachway.contracts.bids import BiddingCancelled

    before = get(caller, bid_request_id, expected=expected)
    event = BiddingCancelled(**event_payloads.request_event_fields(before), reason=reason)
    return visibility.build_request_view(caller, end_request(caller, before, RequestStatus.CANCELLED, reason, event))


def cancel_request_of_charter(caller: Caller, charter_id: str, reason: str) -> None:
    """Cancel what is under way for a charter, if anything is; also for one that was deleted."""

    def act() -> None:
        bidding = store.find(CharterBidding, UNDER_WAY.key(org=caller.org_id, charter=charter_id))
        request = context.request_of(caller.org_id, bidding.bid_request_id) if bidding is not None else None
        if request is not None and RequestStatus.CANCELLED in rules.REQUEST_STEPS[request.status]:
            cancel_request(caller, request.id, reason)

    retry_on_conflict(act)()


def list_requests(caller: Caller, query: BidRequestQuery) -> Page[BidRequestView]:
    """Requests, newest first; a vendor's people see those that it was invited to."""
    where: dict[str, str | int | bool] = {"status": query.status.value} if query.status else {}
    if caller.is_external:
        return _list_invited_requests(caller, query)
    if query.charter_id is not None:
        partitions = [REQUESTS_OF_CHARTER.partition(org=caller.org_id, charter=query.charter_id)]
        page = query_page(BidRequest, REQUESTS_OF_CHARTER, partitions, query, where=where, descending=True)
    else:
        since = months_between(ids.created_at_of(caller.org_id), clock.now())
        partitions = [REQUESTS_BY_MONTH.partition(org=caller.org_id, month=month) for month in reversed(since)]
        page = query_page(BidRequest, REQUESTS_BY_MONTH, partitions, query, where=where, descending=True)
    return Page(
        items=[visibility.build_request_view(caller, each) for each in page.items], next_cursor=page.next_cursor
    )


def _list_invited_requests(caller: Caller, query: BidRequestQuery) -> Page[BidRequestView]:
    """A page may be short: what the filters leave out is looked at after it was read."""
    if caller.role != "vendor":
        return Page(items=[])
    partition = INVITATIONS_OF_VENDOR.partition(org=caller.org_id, vendor=caller.party_id)
    page = query_page(Invitation, INVITATIONS_OF_VENDOR, [partition], query, descending=True)
    keys = {each.bid_request_id: BID_REQUEST.key(org=caller.org_id, id=each.bid_request_id) for each in page.items}
    stored = store.find_many(BidRequest, keys.values()) if keys else {}
    items = [
        visibility.build_request_view(caller, request, each)
        for each in page.items
        if (request := stored.get(keys[each.bid_request_id])) is not None
        and query.status in {None, request.status}
        and query.charter_id in {None, request.charter_id}
    ]
    return Page(items=items, next_cursor=page.next_cursor)


def get_details(caller: Caller, bid_request_id: str) -> BidRequestDetails:
    """A request with who was invited, and what was in the way of the others. A vendor sees its own invitation."""
    request = get(caller, bid_request_id)
    if caller.is_external:
        key = INVITATION.key(org=caller.org_id, id=invitation_id(bid_request_id, caller.party_id))
        invitation = store.find(Invitation, key) if caller.role == "vendor" else None
        if invitation is None:
            raise errors.NotFound("The bid request was not found.")
        return BidRequestDetails(**visibility.build_request_view(caller, request, invitation).model_dump())
    existing = store.find(Matching, MATCHING.key(org=caller.org_id, request=bid_request_id))
    vendors: list[VendorMatch] = existing.vendors if existing else []
    return BidRequestDetails(**visibility.build_request_view(caller, request).model_dump(), vendors=vendors)


def list_invitations(org_id: str, bid_request_id: str) -> list[Invitation]:
    """Everybody who was invited to a request."""
    partition = INVITATIONS_FOR.partition(org=org_id, request=bid_request_id)
    return query_all(Invitation, partition, index=INVITATIONS_FOR.index, most=_MOST_INVITED)
