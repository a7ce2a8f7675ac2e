"""Bids: make, change, submit, withdraw, find, compare.

What tells of it imports the events: those who only read do without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from pydantic import BaseModel

from coachway.bids import candidates, ground, telling, views
from coachway.bids.bidding import INVITATION, BidRequest, Invitation, invitation_id
from coachway.bids.candidates import Candidate
from coachway.bids.ground import Ground, is_sealed, require_open
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
from coachway.bids.ranking import Ranked, ranked
from coachway.bids.rules import BidStatus, require_bid_step, valid_until
from coachway.bookings.model import Charter
from coachway.core import clock, errors, ids, store
from coachway.core.caller import Caller
from coachway.core.events import Event
from coachway.core.listing import months, page
from coachway.core.ops import Create, Op, Require, Update
from coachway.core.retrying import after_lost_races
from coachway.core.schemas import Changes, Page, changed


def create(caller: Caller, wanted: BidInput) -> BidView:
    """Begin a bid. Raises Missing, Conflict when the vendor may not bid: the refusal names each missing thing."""
    from coachway.bids.events import BidCreated

    bid, on = _drafted(caller, wanted)
    told = BidCreated(**telling.of_bid(bid))
    store.commit(caller, Create(bid, [told]), answer=views.bid(caller, bid, on.request, version=1))
    return views.bid(caller, bid, on.request)


def place(caller: Caller, wanted: BidInput, *, told: Callable[[Bid], BaseModel] | None = None) -> tuple[Bid, Ground]:
    """Make and submit a bid in one transaction, as pages and webhooks do. Raises as `create` does.

    `told` makes the answer that an Idempotency-Key remembers.
    """
    return after_lost_races(lambda: _place(caller, wanted, told))


def _place(caller: Caller, wanted: BidInput, told: Callable[[Bid], BaseModel] | None) -> tuple[Bid, Ground]:
    from coachway.bids.events import BidCreated

    bid, on = _drafted(caller, wanted)
    _stamp(bid, on.request)
    facts = [BidCreated(**telling.of_bid(bid)), _submitted(bid)]
    store.commit(caller, Create(bid, facts), *_answering(caller, bid, on.request), answer=told(bid) if told else None)
    return bid, on


def _drafted(caller: Caller, wanted: BidInput) -> tuple[Bid, Ground]:
    vendor_id = _whose(caller, wanted.vendor_id)
    on = ground.of(caller, wanted.charter_id)
    candidate = candidates.load(caller.org_id, [vendor_id]).get(vendor_id)
    if candidate is None:
        raise errors.Missing("there is no such vendor")
    require_open(on, vendor_id)
    bid = Bid(
        **wanted.model_dump(exclude={"vendor_id", "vehicle_count", *BidTerms.model_fields}),
        id=ids.new("bid"),
        org_id=caller.org_id,
        vendor_id=vendor_id,
        vendor_name=candidate.vendor.business_name,
        vendor_email=candidate.vendor.primary_email,
        charter_number=on.charter.number,
        charter_revision=on.charter.revision_number,
        bid_request_id=on.request.id if on.request else None,
        vehicle_count=wanted.vehicle_count or _left(on.charter),
        terms=BidTerms(**wanted.model_dump(include=set(BidTerms.model_fields))),
        currency=on.charter.quote.currency,
    )
    candidates.require_eligible(bid, on.charter, on.request, candidate)
    return bid, on


def _left(charter: Charter) -> int:
    """How many vehicles a bid is for that does not say: all that nobody runs yet; judged when there are none."""
    return len(charter.uncovered_vehicles) or charter.vehicle_count


def _whose(caller: Caller, vendor_id: str | None) -> str:
    if caller.is_outside:
        if caller.role != "vendor" or vendor_id not in {None, caller.party_id}:
            raise errors.Missing("there is no such vendor")
        return caller.party_id
    if vendor_id is None:
        raise errors.Invalid.field("vendor_id", "must be given")
    return vendor_id


def get(caller: Caller, bid_id: str, *, expected: int | None = None) -> Bid:
    """A bid. Raises Missing, also for another vendor's; Stale when `expected` is not its version."""
    found = store.get(Bid, BID.key(org=caller.org_id, id=bid_id), expected=expected)
    if caller.is_outside and not views.acts_for(caller, found.vendor_id):
        raise errors.Missing("there is no such bid")
    return found


def shown(caller: Caller, bid_id: str) -> BidView:
    """A bid as the caller may see it, with its rank unless it is sealed."""
    bid = get(caller, bid_id)
    request = ground.requests_for(caller.org_id, [bid]).get(bid.id)
    return views.bid(caller, bid, request, _places_unless_sealed(caller.org_id, bid, request))


def update(caller: Caller, bid_id: str, changes: Changes[BidInput], expected: int | None) -> BidView:
    """Change a draft. Raises Conflict for a bid that was submitted: withdraw it and bid anew."""
    from coachway.bids.events import BidUpdated

    before = get(caller, bid_id, expected=expected)
    if before.status is not BidStatus.DRAFT:
        raise errors.Conflict(f"this bid is {before.status}: only a draft can be changed", title="it cannot be changed")
    known = before.model_dump(include=set(BidInput.model_fields)) | before.terms.model_dump()
    wanted = changed(BidInput.model_validate(known), changes)
    for name in ("vendor_id", "charter_id"):
        if getattr(wanted, name) != getattr(before, name):
            raise errors.Invalid.field(name, "cannot be changed: make another bid")
    on = ground.of(caller, before.charter_id)
    after = before.model_copy(
        update={
            **wanted.model_dump(exclude={"vendor_id", "charter_id", "vehicle_count", *BidTerms.model_fields}),
            "vehicle_count": wanted.vehicle_count or _left(on.charter),
            "terms": BidTerms(**wanted.model_dump(include=set(BidTerms.model_fields))),
            "charter_revision": on.charter.revision_number,
        }
    )
    store.commit(caller, Update(before, after, [BidUpdated(**telling.of_bid(after))]))
    return views.bid(caller, after, on.request or ground.request_of(caller.org_id, before.bid_request_id))


def submit(caller: Caller, bid_id: str) -> BidView:
    """Submit a draft. Raises Conflict when bidding is closed or the vendor may not bid any more."""
    return after_lost_races(lambda: _submit(caller, bid_id))


def _submit(caller: Caller, bid_id: str) -> BidView:
    before = get(caller, bid_id)
    require_bid_step(before.status, BidStatus.SUBMITTED)
    on = ground.of(caller, before.charter_id)
    require_open(on, before.vendor_id)
    candidate = candidates.load(caller.org_id, [before.vendor_id]).get(before.vendor_id)
    after = before.model_copy(update={"bid_request_id": on.request.id if on.request else None})
    candidates.require_eligible(after, on.charter, on.request, candidate)
    _stamp(after, on.request)
    places = _places_unless_sealed(caller.org_id, after, on.request)
    answer = views.bid(caller, after, on.request, places, version=before.version + 1)
    store.commit(
        caller, Update(before, after, [_submitted(after)]), *_answering(caller, after, on.request), answer=answer
    )
    return views.bid(caller, after, on.request, places)


def _stamp(bid: Bid, request: BidRequest | None) -> None:
    now = clock.now()
    bid.status, bid.submitted_at = BidStatus.SUBMITTED, now
    bid.valid_until = valid_until(now, request.deadline if request else None)


def _submitted(bid: Bid) -> Event:
    from coachway.bids.events import BidSubmitted

    return BidSubmitted(**telling.of_bid(bid), submitted_at=bid.submitted_at, valid_until=bid.valid_until)


def _answering(caller: Caller, bid: Bid, request: BidRequest | None) -> list[Op]:
    """That the request which a bid answers takes bids still, and that its vendor's invitation is answered."""
    if request is None:
        return []
    ops: list[Op] = [Require(request, errors.LostRace("the bid request was changed by somebody else: look again"))]
    key = INVITATION.key(org=caller.org_id, id=invitation_id(request.id, bid.vendor_id))
    known = store.find(Invitation, key)
    if known is not None:
        said = {"is_accepted": True, "responded_at": clock.now(), "bid_id": bid.id}
        ops.append(Update(known, known.model_copy(update=said)))
    return ops


def withdraw(caller: Caller, bid_id: str) -> BidView:
    """Take a bid back. Raises Conflict once it was decided."""
    from coachway.bids.events import BidWithdrawn

    def act() -> BidView:
        before = get(caller, bid_id)
        require_bid_step(before.status, BidStatus.WITHDRAWN)
        request = ground.requests_for(caller.org_id, [before]).get(before.id)
        said = {"status": BidStatus.WITHDRAWN, "decided_at": clock.now()}
        # What a draft would have cost is no more known than what its rivals cost.
        after = before.model_copy(update={**said, "bid_request_id": request.id if request else before.bid_request_id})
        answer = views.bid(caller, after, request, version=before.version + 1)
        store.commit(caller, Update(before, after, [BidWithdrawn(**telling.of_bid(after))]), answer=answer)
        return views.bid(caller, after, request)

    return after_lost_races(act)


def unsealed(bids: Iterable[Bid], asked: Mapping[str, BidRequest]) -> list[Bid]:
    """Those that may still win and whose price is no secret."""
    return [bid for bid in ground.live(bids) if not is_sealed(asked.get(bid.id))]


def places_of(bids: Iterable[Bid], known: Mapping[str, Candidate]) -> dict[str, Ranked]:
    """The ranks of the bids that may still win."""
    offers = (candidates.offer_of(bid, known.get(bid.vendor_id)) for bid in ground.live(bids))
    return {place.offer.bid_id: place for place in ranked(offers)}


def _places_unless_sealed(org_id: str, bid: Bid, request: BidRequest | None) -> dict[str, Ranked]:
    """The ranks among a bid's rivals, as they are with this bid."""
    if is_sealed(request) or not bid.status.is_live:
        return {}
    return _places(org_id, [bid, *(each for each in ground.of_charter(org_id, bid.charter_id) if each.id != bid.id)])


def _places(org_id: str, rivals: Iterable[Bid]) -> dict[str, Ranked]:
    """The ranks of bids among those that are not sealed: a rank tells of the others' prices."""
    seen = unsealed(rivals, ground.requests_for(org_id, ground.live(rivals)))
    return places_of(seen, candidates.load(org_id, [bid.vendor_id for bid in seen]))


def listed(caller: Caller, query: BidQuery) -> Page[BidView]:
    """Bids as the caller may see them: a vendor its own. Newest first; for a charter oldest first, with ranks."""
    where: dict[str, str | int | bool] = {"status": query.status.value} if query.status else {}
    vendor_id = _whose(caller, query.vendor_id) if caller.is_outside else query.vendor_id
    if vendor_id is not None:
        if query.charter_id is not None:
            where["charter_id"] = query.charter_id
        partition = OF_VENDOR.partition(org=caller.org_id, vendor=vendor_id)
        found = page(Bid, OF_VENDOR, [partition], query, where=where, descending=True)
    elif query.charter_id is not None:
        partition = OF_CHARTER.partition(org=caller.org_id, charter=query.charter_id)
        found = page(Bid, OF_CHARTER, [partition], query, where=where)
    else:
        since = months(ids.made_at(caller.org_id), clock.now())
        partitions = [BY_MONTH.partition(org=caller.org_id, month=month) for month in reversed(since)]
        found = page(Bid, BY_MONTH, partitions, query, where=where, descending=True)
    return Page(items=_shown(caller, found.items, query.charter_id), next_cursor=found.next_cursor)


def _shown(caller: Caller, bids: Sequence[Bid], charter_id: str | None) -> list[BidView]:
    asked = ground.requests_for(caller.org_id, bids)
    places = _places(caller.org_id, ground.of_charter(caller.org_id, charter_id)) if charter_id and bids else {}
    return [views.bid(caller, bid, asked.get(bid.id), places) for bid in bids]
