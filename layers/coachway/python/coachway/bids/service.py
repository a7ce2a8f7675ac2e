"""Bids: create, update, submit, withdraw, get, list and rank.

Functions import the events that they publish, because API routes that only read start faster without them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import partial

from pydantic import BaseModel

from coachway.bids import bidding_context, event_payloads, visibility
from coachway.bids.bidding_context import BiddingContext, is_sealed, require_bidding_open
from coachway.bids.errors import BidNotDraft
from coachway.bids.evaluation import vendor_candidates
from coachway.bids.evaluation.ranking import RankedBid, rank_offers
from coachway.bids.evaluation.vendor_candidates import CandidateVendor
from coachway.bids.model.bid import BID, BY_CHARTER, BY_MONTH, BY_VENDOR, Bid, BidTerms
from coachway.bids.model.bid_request import INVITATION, BidInvitation, BidRequest, invitation_id
from coachway.bids.rules import BID_TRANSITIONS, BidStatus, bid_expiry
from coachway.bids.schemas import BidInput, BidQuery, BidView
from coachway.bookings.charters.model import Charter
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import CheckVersion, Create, Op, Update
from coachway.core.persistence.queries import months_between, query_page
from coachway.core.persistence.records import Key
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import Page, PartialUpdate, apply_changes
from coachway.core.types import ids
from coachway.core.types.stored_values import STORED


def create_bid(caller: Caller, body: BidInput) -> BidView:
    """Create a draft. Raises NotFound, VendorNotEligible with every reason, and as `require_bidding_open` does."""
    from coachway.contracts.bids import BidCreated

    bid, bidding = _build_draft(caller, body)
    event = BidCreated(**event_payloads.bid_event_fields(bid))
    build_response = partial(visibility.build_bid_view, caller, bid, bidding.request)
    store.commit(caller, Create(bid, [event]), response=build_response)
    return build_response()


def create_submitted_bid(
    caller: Caller, body: BidInput, *, build_response: Callable[[Bid], BaseModel] | None = None
) -> Bid:
    """Create and submit a bid in one transaction. Raises the same errors as `create_bid`.

    `build_response` builds the response to store for the Idempotency-Key.
    """
    return retry_on_conflict(lambda: _create_submitted(caller, body, build_response))()


def _create_submitted(caller: Caller, body: BidInput, build_response: Callable[[Bid], BaseModel] | None) -> Bid:
    from coachway.contracts.bids import BidCreated

    bid, bidding = _build_draft(caller, body)
    _mark_submitted(bid, bidding.request)
    events = [BidCreated(**event_payloads.bid_event_fields(bid)), _submitted_event(bid)]
    store.commit(
        caller,
        Create(bid, events),
        *_invitation_ops(bid, bidding.request, _find_invitation(bid)),
        response=partial(build_response, bid) if build_response else None,
    )
    return bid


def _build_draft(caller: Caller, body: BidInput) -> tuple[Bid, BiddingContext]:
    vendor_id = _resolve_vendor_id(caller, body.vendor_id)
    bidding = bidding_context.load_bidding_context(caller, body.charter_id)
    candidate = vendor_candidates.load_candidates(caller.org_id, [vendor_id]).get(vendor_id)
    if candidate is None:
        raise errors.NotFound("The vendor was not found.")
    require_bidding_open(bidding, vendor_id)
    bid = Bid(
        **body.model_dump(exclude={"vendor_id", "vehicle_count", *BidTerms.model_fields}),
        id=ids.new("bid"),
        org_id=caller.org_id,
        vendor_id=vendor_id,
        vendor_name=candidate.vendor.business_name,
        vendor_email=candidate.vendor.primary_email,
        charter_number=bidding.charter.number,
        charter_revision=bidding.charter.trip_revision,
        bid_request_id=bidding.request.id if bidding.request else None,
        vehicle_count=body.vehicle_count or _default_vehicle_count(bidding.charter, body.vehicle_type),
        is_for_one_class=bool(bidding.charter.vehicle_groups),
        terms=BidTerms(**body.model_dump(include=set(BidTerms.model_fields))),
        currency=bidding.charter.quote.currency,
    )
    vendor_candidates.require_eligible(bid, bidding.charter, bidding.request, candidate)
    return bid, bidding


def _default_vehicle_count(charter: Charter, vehicle_class: str) -> int:
    """All vehicles of the class without a vendor or driver; of a class that the trip does not need, all vehicles.

    If there are none, all of the class; then the eligibility check refuses the bid.
    """
    count = next((group.count for group in charter.list_groups() if group.vehicle_class == vehicle_class), None)
    return charter.count_uncovered_vehicles()[vehicle_class] or count or charter.vehicle_count


def _resolve_vendor_id(caller: Caller, vendor_id: str | None) -> str:
    if caller.is_external:
        if caller.role != "vendor" or vendor_id not in {None, caller.party_id}:
            raise errors.NotFound("The vendor was not found.")
        return caller.party_id
    if vendor_id is None:
        raise errors.Invalid.field("vendor_id", "is required")
    return vendor_id


def get_bid(caller: Caller, bid_id: str, *, expected: int | None = None) -> Bid:
    """Get a bid.

    Raises NotFound, also for another vendor's bid; PreconditionFailed if the version is not `expected`.
    """
    bid = store.get(Bid, BID.key(org=caller.org_id, id=bid_id), expected=expected)
    if caller.is_external and not caller.is_vendor(bid.vendor_id):
        raise errors.NotFound("The bid was not found.")
    return bid


def get_bids(caller: Caller, bid_ids: Sequence[str]) -> list[Bid]:
    """Get bids by id, in one read. Raises NotFound as `get_bid` does."""
    keys = [BID.key(org=caller.org_id, id=bid_id) for bid_id in bid_ids]
    batch = store.batch_get(keys)
    bids = [batch.get(Bid, key) for key in keys]
    if caller.is_external and not all(caller.is_vendor(bid.vendor_id) for bid in bids):
        raise errors.NotFound("The bid was not found.")
    return bids


def get_bid_view(caller: Caller, bid_id: str) -> BidView:
    """Get a bid as the caller can see it, with its rank unless it is sealed."""
    bid = get_bid(caller, bid_id)
    request = bidding_context.find_requests(caller.org_id, [bid]).get(bid.id)
    return visibility.build_bid_view(caller, bid, request, _load_ranks(caller.org_id, bid, request))


def update_bid(caller: Caller, bid_id: str, changes: PartialUpdate[BidInput], expected: int | None) -> BidView:
    """Update a draft. Raises BidNotDraft, Invalid for another vendor or charter, NotFound, PreconditionFailed."""
    from coachway.contracts.bids import BidUpdated

    before = get_bid(caller, bid_id, expected=expected)
    if before.status is not BidStatus.DRAFT:
        raise BidNotDraft(f"This bid is {before.status.value}. Only a draft can be changed.")
    fields = before.model_dump(include=set(BidInput.model_fields)) | before.terms.model_dump()
    changed = apply_changes(BidInput.model_validate(fields, context=STORED), changes)
    for name in ("vendor_id", "charter_id"):
        if getattr(changed, name) != getattr(before, name):
            raise errors.Invalid.field(name, "cannot be changed; create another bid")
    bidding = bidding_context.load_bidding_context(caller, before.charter_id)
    after = before.model_copy(
        update={
            **changed.model_dump(exclude={"vendor_id", "charter_id", "vehicle_count", *BidTerms.model_fields}),
            "vehicle_count": changed.vehicle_count or _default_vehicle_count(bidding.charter, changed.vehicle_type),
            "is_for_one_class": bool(bidding.charter.vehicle_groups),
            "terms": BidTerms(**changed.model_dump(include=set(BidTerms.model_fields))),
            "charter_revision": bidding.charter.trip_revision,
        }
    )
    store.commit(caller, Update(before, after, [BidUpdated(**event_payloads.bid_event_fields(after))]))
    request = bidding.request or bidding_context.find_request(caller.org_id, before.bid_request_id)
    return visibility.build_bid_view(caller, after, request)


def submit_bid(caller: Caller, bid_id: str) -> BidView:
    """Submit a draft. Raises InvalidStatusTransition, VendorNotEligible, and as `require_bidding_open` does."""
    return retry_on_conflict(lambda: _submit(caller, bid_id))()


def _submit(caller: Caller, bid_id: str) -> BidView:
    before = get_bid(caller, bid_id)
    BID_TRANSITIONS.require(before.status, BidStatus.SUBMITTED)
    vendor_ids, invitation_keys = [before.vendor_id], _invitation_keys(before, before.bid_request_id)
    keys = [*vendor_candidates.candidate_keys(caller.org_id, vendor_ids), *invitation_keys]
    bidding, batch = bidding_context.load_bidding_context_with(caller, before.charter_id, before.bid_request_id, keys)
    require_bidding_open(bidding, before.vendor_id)
    candidate = vendor_candidates.build_candidates(batch, caller.org_id, vendor_ids).get(before.vendor_id)
    after = before.model_copy(update={"bid_request_id": bidding.request.id if bidding.request else None})
    vendor_candidates.require_eligible(after, bidding.charter, bidding.request, candidate)
    _mark_submitted(after, bidding.request)
    if after.bid_request_id == before.bid_request_id:
        invitation = batch.find(BidInvitation, invitation_keys[0]) if invitation_keys else None
    else:
        invitation = _find_invitation(after)
    ranks = _load_ranks(caller.org_id, after, bidding.request)
    build_response = partial(visibility.build_bid_view, caller, after, bidding.request, ranks)
    store.commit(
        caller,
        Update(before, after, [_submitted_event(after)]),
        *_invitation_ops(after, bidding.request, invitation),
        response=build_response,
    )
    return build_response()


def _mark_submitted(bid: Bid, request: BidRequest | None) -> None:
    now = clock.now()
    bid.status, bid.submitted_at = BidStatus.SUBMITTED, now
    bid.valid_until = bid_expiry(now, request.deadline if request else None)


def _submitted_event(bid: Bid) -> Event:
    from coachway.contracts.bids import BidSubmitted

    return BidSubmitted(
        **event_payloads.bid_event_fields(bid), submitted_at=bid.submitted_at, valid_until=bid.valid_until
    )


def _invitation_keys(bid: Bid, bid_request_id: str | None) -> list[Key]:
    if bid_request_id is None:
        return []
    return [INVITATION.key(org=bid.org_id, id=invitation_id(bid_request_id, bid.vendor_id))]


def _find_invitation(bid: Bid) -> BidInvitation | None:
    keys = _invitation_keys(bid, bid.bid_request_id)
    return store.find(BidInvitation, keys[0]) if keys else None


def _invitation_ops(bid: Bid, request: BidRequest | None, invitation: BidInvitation | None) -> list[Op]:
    """The operations that fail if the bid's request was changed, and mark the vendor's invitation as answered."""
    if request is None:
        return []
    conflict = errors.ConcurrentUpdate("The bid request was changed by another request. Read it again, then retry.")
    ops: list[Op] = [CheckVersion(request, conflict)]
    if invitation is not None:
        changes = {"is_accepted": True, "responded_at": clock.now(), "bid_id": bid.id}
        ops.append(Update(invitation, invitation.model_copy(update=changes)))
    return ops


def withdraw_bid(caller: Caller, bid_id: str) -> BidView:
    """Withdraw a bid. Raises InvalidStatusTransition if it was decided on."""
    return retry_on_conflict(lambda: _withdraw(caller, bid_id))()


def _withdraw(caller: Caller, bid_id: str) -> BidView:
    from coachway.contracts.bids import BidWithdrawn

    before = get_bid(caller, bid_id)
    BID_TRANSITIONS.require(before.status, BidStatus.WITHDRAWN)
    request = bidding_context.find_requests(caller.org_id, [before]).get(before.id)
    changes = {"status": BidStatus.WITHDRAWN, "decided_at": clock.now()}
    # A withdrawn draft keeps the current request of its charter, so that its price stays sealed like the other bids.
    after = before.model_copy(update={**changes, "bid_request_id": request.id if request else before.bid_request_id})
    event = BidWithdrawn(**event_payloads.bid_event_fields(after))
    build_response = partial(visibility.build_bid_view, caller, after, request)
    store.commit(caller, Update(before, after, [event]), response=build_response)
    return build_response()


def filter_ranked(bids: Iterable[Bid], bid_requests: Mapping[str, BidRequest]) -> list[Bid]:
    """The bids that have ranks: they can still be accepted, and are not sealed."""
    return [bid for bid in bidding_context.filter_active(bids) if not is_sealed(bid_requests.get(bid.id))]


def rank_bids(bids: Iterable[Bid], candidates: Mapping[str, CandidateVendor]) -> dict[str, RankedBid]:
    """Rank the bids that can still be accepted, by id of the bid."""
    offers = (
        vendor_candidates.build_offer(bid, candidates.get(bid.vendor_id)) for bid in bidding_context.filter_active(bids)
    )
    return {ranked.offer.bid_id: ranked for ranked in rank_offers(offers)}


def _load_ranks(org_id: str, bid: Bid, request: BidRequest | None) -> dict[str, RankedBid]:
    """The ranks of the bids for a charter, with `bid` as it is now; empty if it is sealed or cannot be accepted."""
    if is_sealed(request) or not bid.status.is_active:
        return {}
    others = [other for other in bidding_context.list_bids_of_charter(org_id, bid.charter_id) if other.id != bid.id]
    return _rank_unsealed(org_id, [bid, *others])


def _rank_unsealed(org_id: str, bids: Iterable[Bid]) -> dict[str, RankedBid]:
    """Rank bids among those that are not sealed, because a rank reveals something about the other prices."""
    visible = filter_ranked(bids, bidding_context.find_requests(org_id, bidding_context.filter_active(bids)))
    prices = [Fraction(bid.terms.quoted_price, bid.vehicle_count) for bid in visible]
    has_ties = len(set(prices)) < len(prices)  # only ties depend on the vendors' ratings
    vendor_ids = [bid.vendor_id for bid in visible] if has_ties else []
    return rank_bids(visible, vendor_candidates.load_candidates(org_id, vendor_ids))


def list_bids(caller: Caller, query: BidQuery) -> Page[BidView]:
    """List bids, newest first. Those for a charter come oldest first, with ranks. Vendors see only their own."""
    where: dict[str, str | int | bool] = {"status": query.status.value} if query.status else {}
    vendor_id = _resolve_vendor_id(caller, query.vendor_id) if caller.is_external else query.vendor_id
    if vendor_id is not None:
        if query.charter_id is not None:
            where["charter_id"] = query.charter_id
        partition = BY_VENDOR.partition(org=caller.org_id, vendor=vendor_id)
        page = query_page(Bid, BY_VENDOR, [partition], query, where=where, descending=True)
    elif query.charter_id is not None:
        partition = BY_CHARTER.partition(org=caller.org_id, charter=query.charter_id)
        page = query_page(Bid, BY_CHARTER, [partition], query, where=where)
    else:
        months = months_between(ids.get_created_at(caller.org_id), clock.now())
        partitions = [BY_MONTH.partition(org=caller.org_id, month=month) for month in reversed(months)]
        page = query_page(Bid, BY_MONTH, partitions, query, where=where, descending=True)
    return Page(items=_build_views(caller, page.items, query.charter_id), next_cursor=page.next_cursor)


def _build_views(caller: Caller, bids: Sequence[Bid], charter_id: str | None) -> list[BidView]:
    bid_requests = bidding_context.find_requests(caller.org_id, bids)
    ranks = (
        _rank_unsealed(caller.org_id, bidding_context.list_bids_of_charter(caller.org_id, charter_id))
        if charter_id and bids
        else {}
    )
    return [visibility.build_bid_view(caller, bid, bid_requests.get(bid.id), ranks) for bid in bids]
