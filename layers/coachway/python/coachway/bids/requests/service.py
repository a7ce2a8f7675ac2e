"""Requests for bids: open, close, extend, cancel, find. The flow is told by the events.

What tells of it imports the events: those who only read do without.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from coachway.bids import context, event_payloads, rules, visibility
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


def open_for(caller: Caller, charter_id: str, wanted: BidRequestInput) -> BidRequestView:
    """Ask vendors for bids; the flow invites them. Raises Missing, Invalid, Conflict while another is under way."""
    on = context.load_context(caller, charter_id)
    charter, bidding = on.charter, on.bidding
    context.require_taking_bids(charter)
    if on.request is not None and on.request.status in {RequestStatus.OPEN, RequestStatus.CLOSED}:
        raise errors.Conflict(f"{on.request.id} is {on.request.status}", title="bidding is under way already")
    left = len(charter.uncovered_vehicles)
    if not left:
        raise errors.Conflict("nothing is left to bid for", title="every vehicle has its vendor or its driver")
    rules.require_time_to_answer(wanted.deadline, clock.now(), charter.starts_at)
    _require_vendors(caller, wanted.vendor_ids)
    request = BidRequest(
        **wanted.model_dump(),
        id=ids.new("brq"),
        org_id=caller.org_id,
        charter_id=charter.id,
        charter_number=charter.number,
        vehicle_count=left,
        currency=charter.quote.currency,
        opened_by=caller.user_id,
    )
    store.commit(
        caller,
        Create(request, [opened(request)]),
        _under_way(caller, bidding, charter_id, request.id),
        answer=visibility.request(caller, request, version=1),
    )
    return visibility.request(caller, request)


def opened(request: BidRequest) -> Event:
    """The event that starts the flow."""
    from coachway.contracts.bids import BiddingOpened

    return BiddingOpened(**event_payloads.of_request(request), sealed=request.sealed, round=request.round)


def _under_way(caller: Caller, before: CharterBidding | None, charter_id: str, request_id: str | None) -> Op:
    """The op by which a charter has this request under way, or none."""
    at_once = errors.ConcurrentUpdate("somebody else is opening or ending bidding for this charter: look again")
    if before is None:
        made = CharterBidding(org_id=caller.org_id, charter_id=charter_id, bid_request_id=request_id)
        return Create(made, taken=at_once)
    return Update(before, before.model_copy(update={"bid_request_id": request_id}), lost=at_once)


def _require_vendors(caller: Caller, vendor_ids: Sequence[str]) -> None:
    wanted = {each: VENDOR.key(org=caller.org_id, id=each) for each in vendor_ids}
    keys = list(wanted.values())
    found = [key for at in range(0, len(keys), 100) for key in store.find_many(Vendor, keys[at : at + 100])]
    for vendor_id, key in wanted.items():
        if key not in found:
            raise errors.Invalid.field("vendor_ids", f"there is no vendor {vendor_id}")


def get(caller: Caller, bid_request_id: str, *, expected: int | None = None) -> BidRequest:
    """A request. Raises Missing, Stale when `expected` is not its version."""
    return store.get(BidRequest, BID_REQUEST.key(org=caller.org_id, id=bid_request_id), expected=expected)


def ended(caller: Caller, before: BidRequest, status: RequestStatus, reason: str, told: Event, *ops: Op) -> BidRequest:
    """The request in its last status, nothing being under way for its charter any more."""
    rules.require_request_step(before.status, status)
    after = before.model_copy(update={"status": status, "status_reason": reason, "failure": None})
    head = CHARTER.key(org=caller.org_id, id=before.charter_id)
    under_way = UNDER_WAY.key(org=caller.org_id, charter=before.charter_id)
    found = store.batch_get([head, under_way])
    bidding = found.find(CharterBidding, under_way)
    if bidding is not None and bidding.bid_request_id == before.id:
        ops = (*ops, _under_way(caller, bidding, before.charter_id, None))
    ops = (*ops, *workflow_failures.clear_failure_ops(found.find(Charter, head), BIDDING))
    answer = visibility.request(caller, after, version=before.version + 1)
    store.commit(caller, Update(before, after, [told]), *ops, answer=answer)
    return after


def close(caller: Caller, bid_request_id: str, reason: str, expected: int | None = None) -> BidRequestView:
    """End the time for bids before its deadline; who did it is kept. Raises Conflict when it is not open."""
    before = get(caller, bid_request_id, expected=expected)
    return visibility.request(caller, closed(caller, before, reason, early=True))


def closed(caller: Caller, before: BidRequest, reason: str, *, early: bool) -> BidRequest:
    """The request, closed: its bids are sealed no more."""
    from coachway.contracts.bids import BiddingClosed

    return _moved(
        caller,
        before,
        RequestStatus.CLOSED,
        reason,
        lambda after: BiddingClosed(**event_payloads.of_request(after), early=after.closed_early, reason=reason),
        closed_at=clock.now(),
        closed_by=caller.user_id,
        closed_early=early and clock.now() < before.deadline,
    )


def _moved(
    caller: Caller,
    before: BidRequest,
    status: RequestStatus,
    reason: str,
    told: Callable[[BidRequest], Event],
    **more: Any,
) -> BidRequest:
    rules.require_request_step(before.status, status)
    after = before.model_copy(update={"status": status, "status_reason": reason, **more})
    answer = visibility.request(caller, after, version=before.version + 1)
    store.commit(caller, Update(before, after, [told(after)]), answer=answer)
    return after


def extend(caller: Caller, bid_request_id: str, body: ExtendInput, expected: int | None) -> BidRequestView:
    """Give vendors longer. One that brought no bids is opened again, and a new flow starts for it.

    Raises Invalid for a deadline that is not later, Conflict when the request is over.
    """
    from coachway.contracts.bids import BiddingExtended

    before = get(caller, bid_request_id, expected=expected)
    on = context.load_context(caller, before.charter_id)
    rules.require_time_to_answer(body.deadline, clock.now(), on.charter.starts_at)
    if body.deadline <= before.deadline:
        raise errors.Invalid.field("deadline", "must be later than the present one")
    if before.status is RequestStatus.OPEN:
        after = before.model_copy(update={"deadline": body.deadline})
        told = BiddingExtended(**event_payloads.of_request(after))
        answer = visibility.request(caller, after, version=before.version + 1)
        store.commit(caller, Update(before, after, [told]), answer=answer)
        return visibility.request(caller, after)
    rules.require_request_step(before.status, RequestStatus.OPEN)
    context.require_taking_bids(on.charter)
    if on.request is not None:
        raise errors.Conflict(f"{on.request.id} is {on.request.status}", title="bidding is under way already")
    left = len(on.charter.uncovered_vehicles)
    if not left:
        raise errors.Conflict("nothing is left to bid for", title="every vehicle has its vendor or its driver")
    anew = {"status": RequestStatus.OPEN, "status_reason": "", "closed_at": None, "closed_by": None}
    again = {"closed_early": False, "invited_at": None, "escalated_at": None, "round": before.round + 1}
    # A target for other vehicles is none for these.
    target = before.target_price if left == before.vehicle_count else None
    more = {"deadline": body.deadline, "vehicle_count": left, "target_price": target}
    after = before.model_copy(update={**anew, **again, **more})
    store.commit(
        caller,
        Update(before, after, [opened(after)]),
        _under_way(caller, on.bidding, before.charter_id, before.id),
        answer=visibility.request(caller, after, version=before.version + 1),
    )
    return visibility.request(caller, after)


def cancel(caller: Caller, bid_request_id: str, reason: str, expected: int | None = None) -> BidRequestView:
    """Vendors need not bid any more; those that did are told. Raises Conflict when it is over."""
    from coachway.contracts.bids import BiddingCancelled

    before = get(caller, bid_request_id, expected=expected)
    told = BiddingCancelled(**event_payloads.of_request(before), reason=reason)
    return visibility.request(caller, ended(caller, before, RequestStatus.CANCELLED, reason, told))


def cancel_of_charter(caller: Caller, charter_id: str, reason: str) -> None:
    """Cancel what is under way for a charter, if anything is; also for one that was deleted."""

    def act() -> None:
        bidding = store.find(CharterBidding, UNDER_WAY.key(org=caller.org_id, charter=charter_id))
        request = context.request_of(caller.org_id, bidding.bid_request_id) if bidding is not None else None
        if request is not None and RequestStatus.CANCELLED in rules.REQUEST_STEPS[request.status]:
            cancel(caller, request.id, reason)

    retry_on_conflict(act)()


def listed(caller: Caller, query: BidRequestQuery) -> Page[BidRequestView]:
    """Requests, newest first; a vendor's people see those that it was invited to."""
    where: dict[str, str | int | bool] = {"status": query.status.value} if query.status else {}
    if caller.is_outside:
        return _invited(caller, query)
    if query.charter_id is not None:
        partitions = [REQUESTS_OF_CHARTER.partition(org=caller.org_id, charter=query.charter_id)]
        found = query_page(BidRequest, REQUESTS_OF_CHARTER, partitions, query, where=where, descending=True)
    else:
        since = months_between(ids.created_at_of(caller.org_id), clock.now())
        partitions = [REQUESTS_BY_MONTH.partition(org=caller.org_id, month=month) for month in reversed(since)]
        found = query_page(BidRequest, REQUESTS_BY_MONTH, partitions, query, where=where, descending=True)
    return Page(items=[visibility.request(caller, each) for each in found.items], next_cursor=found.next_cursor)


def _invited(caller: Caller, query: BidRequestQuery) -> Page[BidRequestView]:
    """A page may be short: what the filters leave out is looked at after it was read."""
    if caller.role != "vendor":
        return Page(items=[])
    partition = INVITATIONS_OF_VENDOR.partition(org=caller.org_id, vendor=caller.party_id)
    found = query_page(Invitation, INVITATIONS_OF_VENDOR, [partition], query, descending=True)
    keys = {each.bid_request_id: BID_REQUEST.key(org=caller.org_id, id=each.bid_request_id) for each in found.items}
    kept = store.find_many(BidRequest, keys.values()) if keys else {}
    items = [
        visibility.request(caller, request, each)
        for each in found.items
        if (request := kept.get(keys[each.bid_request_id])) is not None
        and query.status in {None, request.status}
        and query.charter_id in {None, request.charter_id}
    ]
    return Page(items=items, next_cursor=found.next_cursor)


def details(caller: Caller, bid_request_id: str) -> BidRequestDetails:
    """A request with who was invited, and what was in the way of the others. A vendor sees its own invitation."""
    request = get(caller, bid_request_id)
    if caller.is_outside:
        key = INVITATION.key(org=caller.org_id, id=invitation_id(bid_request_id, caller.party_id))
        invitation = store.find(Invitation, key) if caller.role == "vendor" else None
        if invitation is None:
            raise errors.NotFound("there is no such bid request")
        return BidRequestDetails(**visibility.request(caller, request, invitation).model_dump())
    known = store.find(Matching, MATCHING.key(org=caller.org_id, request=bid_request_id))
    vendors: list[VendorMatch] = known.vendors if known else []
    return BidRequestDetails(**visibility.request(caller, request).model_dump(), vendors=vendors)


def invitations(org_id: str, bid_request_id: str) -> list[Invitation]:
    """Everybody who was invited to a request."""
    partition = INVITATIONS_FOR.partition(org=org_id, request=bid_request_id)
    return query_all(Invitation, partition, index=INVITATIONS_FOR.index, most=_MOST_INVITED)
