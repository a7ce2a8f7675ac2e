"""Bids: make, change, submit, withdraw, find, compare.

What tells of it imports the events: those who only read do without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction

from pydantic import BaseModel

from coachway.bids import context, event_payloads, vendor_candidates, visibility
from coachway.bids.context import BiddingContext, is_sealed, require_open
from coachway.bids.errors import BidNotDraft
from coachway.bids.model import (
    BID,
    BY_MONTH,
    OF_CHARTER,
    OF_VENDOR,
    Bid,
    BidInput,
    BidQuery,
    BidTerms,
    BidView,
)
from coachway.bids.ranking import Ranked, rank_bids
from coachway.bids.request_model import INVITATION, BidRequest, Invitation, invitation_id
from coachway.bids.rules import BIDS, BidStatus, valid_until
from coachway.bids.vendor_candidates import Candidate
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


def create(caller: Caller, body: BidInput) -> BidView:
    """Begin a bid. Raises NotFound, Conflict when the vendor may not bid: the refusal names each missing thing."""
    from coachway.contracts.bids import BidCreated

    bid, bidding = _build_draft(caller, body)
    event = BidCreated(**event_payloads.bid_event_fields(bid))
    store.commit(
        caller, Create(bid, [event]), answer=visibility.build_bid_view(caller, bid, bidding.request, version=1)
    )
    return visibility.build_bid_view(caller, bid, bidding.request)


def create_and_submit(
    caller: Caller, body: BidInput, *, told: Callable[[Bid], BaseModel] | None = None
) -> tuple[Bid, BiddingContext]:
    """Make and submit a bid in one transaction, as pages and webhooks do. Raises as `create` does.

    `told` makes the answer that an Idempotency-Key remembers.
    """
    return retry_on_conflict(lambda: _create_submitted(caller, body, told))()


def _create_submitted(
    caller: Caller, body: BidInput, build_answer: Callable[[Bid], BaseModel] | None
) -> tuple[Bid, BiddingContext]:
    from coachway.contracts.bids import BidCreated

    bid, bidding = _build_draft(caller, body)
    _mark_submitted(bid, bidding.request)
    events = [BidCreated(**event_payloads.bid_event_fields(bid)), _submitted_event(bid)]
    store.commit(
        caller,
        Create(bid, events),
        *_invitation_ops(bid, bidding.request, _find_invitation(bid)),
        answer=build_answer(bid) if build_answer else None,
    )
    return bid, bidding


def _build_draft(caller: Caller, body: BidInput) -> tuple[Bid, BiddingContext]:
    vendor_id = _resolve_vendor_id(caller, body.vendor_id)
    bidding = context.load_context(caller, body.charter_id)
    candidate = vendor_candidates.load_candidates(caller.org_id, [vendor_id]).get(vendor_id)
    if candidate is None:
        raise errors.NotFound("The vendor was not found.")
    require_open(bidding, vendor_id)
    bid = Bid(
        **body.model_dump(exclude={"vendor_id", "vehicle_count", *BidTerms.model_fields}),
        id=ids.new("bid"),
        org_id=caller.org_id,
        vendor_id=vendor_id,
        vendor_name=candidate.vendor.business_name,
        vendor_email=candidate.vendor.primary_email,
        charter_number=bidding.charter.number,
        charter_revision=bidding.charter.revision_number,
        bid_request_id=bidding.request.id if bidding.request else None,
        vehicle_count=body.vehicle_count or _remaining_vehicles(bidding.charter),
        terms=BidTerms(**body.model_dump(include=set(BidTerms.model_fields))),
        currency=bidding.charter.quote.currency,
    )
    vendor_candidates.require_eligible(bid, bidding.charter, bidding.request, candidate)
    return bid, bidding


def _remaining_vehicles(charter: Charter) -> int:
    """How many vehicles a bid is for that does not say: all that nobody runs yet; judged when there are none."""
    return len(charter.uncovered_vehicles) or charter.vehicle_count


def _resolve_vendor_id(caller: Caller, vendor_id: str | None) -> str:
    if caller.is_external:
        if caller.role != "vendor" or vendor_id not in {None, caller.party_id}:
            raise errors.NotFound("The vendor was not found.")
        return caller.party_id
    if vendor_id is None:
        raise errors.Invalid.field("vendor_id", "must be given")
    return vendor_id


def get(caller: Caller, bid_id: str, *, expected: int | None = None) -> Bid:
    """A bid. Raises NotFound, also for another vendor's; PreconditionFailed when `expected` is not its version."""
    record = store.get(Bid, BID.key(org=caller.org_id, id=bid_id), expected=expected)
    if caller.is_external and not visibility.is_own_vendor(caller, record.vendor_id):
        raise errors.NotFound("The bid was not found.")
    return record


def get_many(caller: Caller, bid_ids: Sequence[str]) -> list[Bid]:
    """Bids by id, in one read. Raises NotFound as `get` does."""
    keys = [BID.key(org=caller.org_id, id=bid_id) for bid_id in bid_ids]
    batch = store.batch_get(keys)
    bids = [batch.get(Bid, key) for key in keys]
    if caller.is_external and not all(visibility.is_own_vendor(caller, bid.vendor_id) for bid in bids):
        raise errors.NotFound("The bid was not found.")
    return bids


def get_view(caller: Caller, bid_id: str) -> BidView:
    """A bid as the caller may see it, with its rank unless it is sealed."""
    bid = get(caller, bid_id)
    request = context.requests_for(caller.org_id, [bid]).get(bid.id)
    return visibility.build_bid_view(caller, bid, request, _visible_ranks(caller.org_id, bid, request))


def update(caller: Caller, bid_id: str, changes: PartialUpdate[BidInput], expected: int | None) -> BidView:
    """Change a draft. Raises Conflict for a bid that was submitted: withdraw it and bid anew."""
    from coachway.contracts.bids import BidUpdated

    before = get(caller, bid_id, expected=expected)
    if before.status is not BidStatus.DRAFT:
        raise BidNotDraft(f"This bid is {before.status.value}. Only a draft can be changed.")
    existing = before.model_dump(include=set(BidInput.model_fields)) | before.terms.model_dump()
    requested = apply_changes(BidInput.model_validate(existing), changes)
    for name in ("vendor_id", "charter_id"):
        if getattr(requested, name) != getattr(before, name):
            raise errors.Invalid.field(name, "cannot be changed: make another bid")
    bidding = context.load_context(caller, before.charter_id)
    after = before.model_copy(
        update={
            **requested.model_dump(exclude={"vendor_id", "charter_id", "vehicle_count", *BidTerms.model_fields}),
            "vehicle_count": requested.vehicle_count or _remaining_vehicles(bidding.charter),
            "terms": BidTerms(**requested.model_dump(include=set(BidTerms.model_fields))),
            "charter_revision": bidding.charter.revision_number,
        }
    )
    store.commit(caller, Update(before, after, [BidUpdated(**event_payloads.bid_event_fields(after))]))
    return visibility.build_bid_view(
        caller, after, bidding.request or context.request_of(caller.org_id, before.bid_request_id)
    )


def submit(caller: Caller, bid_id: str) -> BidView:
    """Submit a draft. Raises Conflict when bidding is closed or the vendor may not bid any more."""
    return retry_on_conflict(lambda: _submit(caller, bid_id))()


def _submit(caller: Caller, bid_id: str) -> BidView:
    before = get(caller, bid_id)
    BIDS.require(before.status, BidStatus.SUBMITTED)
    vendor_ids, invitation_keys = [before.vendor_id], _invitation_keys(before, before.bid_request_id)
    keys = [*vendor_candidates.candidate_keys(caller.org_id, vendor_ids), *invitation_keys]
    bidding, batch = context.load_context_with(caller, before.charter_id, before.bid_request_id, keys)
    require_open(bidding, before.vendor_id)
    candidate = vendor_candidates.candidates_in(batch, caller.org_id, vendor_ids).get(before.vendor_id)
    after = before.model_copy(update={"bid_request_id": bidding.request.id if bidding.request else None})
    vendor_candidates.require_eligible(after, bidding.charter, bidding.request, candidate)
    _mark_submitted(after, bidding.request)
    if after.bid_request_id == before.bid_request_id:
        invitation = batch.find(Invitation, invitation_keys[0]) if invitation_keys else None
    else:
        invitation = _find_invitation(after)
    places = _visible_ranks(caller.org_id, after, bidding.request)
    answer = visibility.build_bid_view(caller, after, bidding.request, places, version=before.version + 1)
    store.commit(
        caller,
        Update(before, after, [_submitted_event(after)]),
        *_invitation_ops(after, bidding.request, invitation),
        answer=answer,
    )
    return visibility.build_bid_view(caller, after, bidding.request, places)


def _mark_submitted(bid: Bid, request: BidRequest | None) -> None:
    now = clock.now()
    bid.status, bid.submitted_at = BidStatus.SUBMITTED, now
    bid.valid_until = valid_until(now, request.deadline if request else None)


def _submitted_event(bid: Bid) -> Event:
    from coachway.contracts.bids import BidSubmitted

    return BidSubmitted(
        **event_payloads.bid_event_fields(bid), submitted_at=bid.submitted_at, valid_until=bid.valid_until
    )


def _invitation_keys(bid: Bid, bid_request_id: str | None) -> list[Key]:
    if bid_request_id is None:
        return []
    return [INVITATION.key(org=bid.org_id, id=invitation_id(bid_request_id, bid.vendor_id))]


def _find_invitation(bid: Bid) -> Invitation | None:
    keys = _invitation_keys(bid, bid.bid_request_id)
    return store.find(Invitation, keys[0]) if keys else None


def _invitation_ops(bid: Bid, request: BidRequest | None, existing: Invitation | None) -> list[Op]:
    """That the request which a bid answers takes bids still, and that its vendor's invitation is answered."""
    if request is None:
        return []
    ops: list[Op] = [
        CheckVersion(request, errors.ConcurrentUpdate("the bid request was changed by somebody else: look again"))
    ]
    if existing is not None:
        fields = {"is_accepted": True, "responded_at": clock.now(), "bid_id": bid.id}
        ops.append(Update(existing, existing.model_copy(update=fields)))
    return ops


def withdraw(caller: Caller, bid_id: str) -> BidView:
    """Take a bid back. Raises Conflict once it was decided."""
    from coachway.contracts.bids import BidWithdrawn

    def act() -> BidView:
        before = get(caller, bid_id)
        BIDS.require(before.status, BidStatus.WITHDRAWN)
        request = context.requests_for(caller.org_id, [before]).get(before.id)
        fields = {"status": BidStatus.WITHDRAWN, "decided_at": clock.now()}
        # What a draft would have cost is no more known than what its rivals cost.
        after = before.model_copy(update={**fields, "bid_request_id": request.id if request else before.bid_request_id})
        answer = visibility.build_bid_view(caller, after, request, version=before.version + 1)
        store.commit(
            caller, Update(before, after, [BidWithdrawn(**event_payloads.bid_event_fields(after))]), answer=answer
        )
        return visibility.build_bid_view(caller, after, request)

    return retry_on_conflict(act)()


def visible_bids(bids: Iterable[Bid], bid_requests: Mapping[str, BidRequest]) -> list[Bid]:
    """Those that may still win and whose price is no secret."""
    return [bid for bid in context.active_bids(bids) if not is_sealed(bid_requests.get(bid.id))]


def ranks_of(bids: Iterable[Bid], candidates: Mapping[str, Candidate]) -> dict[str, Ranked]:
    """The ranks of the bids that may still win."""
    offers = (vendor_candidates.build_offer(bid, candidates.get(bid.vendor_id)) for bid in context.active_bids(bids))
    return {place.offer.bid_id: place for place in rank_bids(offers)}


def _visible_ranks(org_id: str, bid: Bid, request: BidRequest | None) -> dict[str, Ranked]:
    """The ranks among a bid's rivals, as they are with this bid."""
    if is_sealed(request) or not bid.status.is_live:
        return {}
    return _rank_rivals(
        org_id, [bid, *(each for each in context.list_bids_of_charter(org_id, bid.charter_id) if each.id != bid.id)]
    )


def _rank_rivals(org_id: str, rivals: Iterable[Bid]) -> dict[str, Ranked]:
    """The ranks of bids among those that are not sealed: a rank tells of the others' prices."""
    seen = visible_bids(rivals, context.requests_for(org_id, context.active_bids(rivals)))
    prices = [Fraction(bid.terms.quoted_price, bid.vehicle_count) for bid in seen]
    has_ties = len(set(prices)) < len(prices)  # only ties depend on the vendors' ratings
    return ranks_of(
        seen, vendor_candidates.load_candidates(org_id, [bid.vendor_id for bid in seen]) if has_ties else {}
    )


def list_bids(caller: Caller, query: BidQuery) -> Page[BidView]:
    """Bids as the caller may see them: a vendor its own. Newest first; for a charter oldest first, with ranks."""
    where: dict[str, str | int | bool] = {"status": query.status.value} if query.status else {}
    vendor_id = _resolve_vendor_id(caller, query.vendor_id) if caller.is_external else query.vendor_id
    if vendor_id is not None:
        if query.charter_id is not None:
            where["charter_id"] = query.charter_id
        partition = OF_VENDOR.partition(org=caller.org_id, vendor=vendor_id)
        page = query_page(Bid, OF_VENDOR, [partition], query, where=where, descending=True)
    elif query.charter_id is not None:
        partition = OF_CHARTER.partition(org=caller.org_id, charter=query.charter_id)
        page = query_page(Bid, OF_CHARTER, [partition], query, where=where)
    else:
        since = months_between(ids.created_at_of(caller.org_id), clock.now())
        partitions = [BY_MONTH.partition(org=caller.org_id, month=month) for month in reversed(since)]
        page = query_page(Bid, BY_MONTH, partitions, query, where=where, descending=True)
    return Page(items=_build_views(caller, page.items, query.charter_id), next_cursor=page.next_cursor)


def _build_views(caller: Caller, bids: Sequence[Bid], charter_id: str | None) -> list[BidView]:
    bid_requests = context.requests_for(caller.org_id, bids)
    places = (
        _rank_rivals(caller.org_id, context.list_bids_of_charter(caller.org_id, charter_id))
        if charter_id and bids
        else {}
    )
    return [visibility.build_bid_view(caller, bid, bid_requests.get(bid.id), places) for bid in bids]
