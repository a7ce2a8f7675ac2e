"""Bids: make, change, submit, withdraw, find, compare.

What tells of it imports the events: those who only read do without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from pydantic import BaseModel

from coachway.bids import candidates, telling, views
from coachway.bids.bidding import (
    BID_REQUEST,
    INVITATION,
    UNDER_WAY,
    BidRequest,
    CharterBidding,
    Invitation,
    invitation_id,
)
from coachway.bids.candidates import Candidate
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
from coachway.bids.rules import BidStatus, Ranked, RequestStatus, ranked, require_bid_step, valid_until
from coachway.bookings.model import CHARTER, Charter
from coachway.bookings.rules import Status
from coachway.core import clock, errors, ids, store
from coachway.core.caller import Caller
from coachway.core.events import Event
from coachway.core.listing import everything, months, page
from coachway.core.model import Changes, Page, Shape, changed
from coachway.core.ops import Create, Op, Update
from coachway.core.retrying import after_lost_races

MOST_BIDS = 1000
"""Bids for one charter that are compared."""


class Ground(Shape):
    """What a bid stands on: the charter, its bidding, the request under way."""

    charter: Charter
    bidding: CharterBidding | None
    request: BidRequest | None


def ground(caller: Caller, charter_id: str) -> Ground:
    """What a bid for a charter stands on. Raises Missing. One read, two while a request is under way."""
    head, under_way = (
        CHARTER.key(org=caller.org_id, id=charter_id),
        UNDER_WAY.key(org=caller.org_id, charter=charter_id),
    )
    found = store.gather([head, under_way])
    bidding = found.find(CharterBidding, under_way)
    request = None
    if bidding is not None and bidding.bid_request_id is not None:
        request = request_of(caller.org_id, bidding.bid_request_id)
    return Ground(charter=found.get(Charter, head), bidding=bidding, request=request)


def request_of(org_id: str, bid_request_id: str | None) -> BidRequest | None:
    """The request that a bid answers, if it answers one."""
    if bid_request_id is None:
        return None
    return store.find(BidRequest, BID_REQUEST.key(org=org_id, id=bid_request_id))


def create(caller: Caller, wanted: BidInput) -> BidView:
    """Begin a bid. Raises Missing, Conflict when the vendor may not bid: the refusal names each missing thing."""
    from coachway.bids.events import BidCreated

    bid, on, _ = _drafted(caller, wanted)
    told = BidCreated(**telling.of_bid(bid))
    store.commit(caller, Create(bid, [told]), answer=views.bid(caller, bid, on.request, version=1))
    return views.bid(caller, bid, on.request)


def place(caller: Caller, wanted: BidInput, *, told: Callable[[Bid], BaseModel] | None = None) -> tuple[Bid, Ground]:
    """Make and submit a bid in one transaction, as pages and webhooks do. Raises as `create` does.

    `told` makes the answer that an Idempotency-Key remembers.
    """
    from coachway.bids.events import BidCreated

    bid, on, _ = _drafted(caller, wanted)
    _stamp(bid, on.request)
    facts = [BidCreated(**telling.of_bid(bid)), _submitted(bid)]
    answer = told(bid) if told else None
    try:
        store.commit(caller, Create(bid, facts), *_answered(caller, bid), answer=answer)
    except errors.LostRace:  # the invitation was looked at meanwhile
        store.commit(caller, Create(bid, facts), *_answered(caller, bid), answer=answer)
    return bid, on


def _drafted(caller: Caller, wanted: BidInput) -> tuple[Bid, Ground, Candidate]:
    vendor_id = _whose(caller, wanted.vendor_id)
    on = ground(caller, wanted.charter_id)
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
        vehicle_count=wanted.vehicle_count or on.charter.vehicle_count,
        terms=BidTerms(**wanted.model_dump(include=set(BidTerms.model_fields))),
        currency=on.charter.quote.currency,
    )
    candidates.require_eligible(bid, on.charter, on.request, candidate)
    return bid, on, candidate


def _whose(caller: Caller, vendor_id: str | None) -> str:
    if caller.is_outside:
        if caller.role != "vendor" or vendor_id not in {None, caller.party_id}:
            raise errors.Missing("there is no such vendor")
        return caller.party_id
    if vendor_id is None:
        raise errors.Invalid.field("vendor_id", "must be given")
    return vendor_id


def require_open(on: Ground, vendor_id: str) -> None:
    """Raises Conflict when nobody, or not this vendor, may bid for the charter now."""
    if on.charter.status not in {Status.QUOTE, Status.BOOKED} or on.charter.starts_at <= clock.now():
        raise errors.Conflict(f"this charter is {on.charter.status}", title="this charter takes no bids")
    if on.request is None:
        return
    if on.request.status is not RequestStatus.OPEN:
        raise errors.Conflict(f"this bid request is {on.request.status}", title="bidding is closed")
    if not on.request.matching and vendor_id not in on.request.vendor_ids:
        raise errors.Conflict("only vendors that were invited may bid", title="vendor was not invited")


def get(caller: Caller, bid_id: str, *, expected: int | None = None) -> Bid:
    """A bid. Raises Missing, also for another vendor's; Stale when `expected` is not its version."""
    found = store.get(Bid, BID.key(org=caller.org_id, id=bid_id), expected=expected)
    if caller.is_outside and not views.acts_for(caller, found.vendor_id):
        raise errors.Missing("there is no such bid")
    return found


def shown(caller: Caller, bid_id: str) -> BidView:
    """A bid as the caller may see it, with its rank unless it is sealed."""
    bid = get(caller, bid_id)
    request = request_of(caller.org_id, bid.bid_request_id)
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
    on = ground(caller, before.charter_id)
    after = before.model_copy(
        update={
            **wanted.model_dump(exclude={"vendor_id", "charter_id", "vehicle_count", *BidTerms.model_fields}),
            "vehicle_count": wanted.vehicle_count or on.charter.vehicle_count,
            "terms": BidTerms(**wanted.model_dump(include=set(BidTerms.model_fields))),
            "charter_revision": on.charter.revision_number,
        }
    )
    store.commit(caller, Update(before, after, [BidUpdated(**telling.of_bid(after))]))
    return views.bid(caller, after, on.request)


def submit(caller: Caller, bid_id: str) -> BidView:
    """Submit a draft. Raises Conflict when bidding is closed or the vendor may not bid any more."""
    return after_lost_races(lambda: _submit(caller, bid_id))


def _submit(caller: Caller, bid_id: str) -> BidView:
    before = get(caller, bid_id)
    require_bid_step(before.status, BidStatus.SUBMITTED)
    on = ground(caller, before.charter_id)
    require_open(on, before.vendor_id)
    candidate = candidates.load(caller.org_id, [before.vendor_id]).get(before.vendor_id)
    after = before.model_copy(update={"bid_request_id": on.request.id if on.request else None})
    candidates.require_eligible(after, on.charter, on.request, candidate)
    _stamp(after, on.request)
    places = _places_unless_sealed(caller.org_id, after, on.request)
    answer = views.bid(caller, after, on.request, places, version=before.version + 1)
    store.commit(caller, Update(before, after, [_submitted(after)]), *_answered(caller, after), answer=answer)
    return views.bid(caller, after, on.request, places)


def _stamp(bid: Bid, request: BidRequest | None) -> None:
    now = clock.now()
    bid.status, bid.submitted_at = BidStatus.SUBMITTED, now
    bid.valid_until = valid_until(now, request.deadline if request else None)


def _submitted(bid: Bid) -> Event:
    from coachway.bids.events import BidSubmitted

    return BidSubmitted(**telling.of_bid(bid), submitted_at=bid.submitted_at, valid_until=bid.valid_until)


def _answered(caller: Caller, bid: Bid) -> list[Op]:
    """That a vendor's invitation, if it has one, is answered."""
    if bid.bid_request_id is None:
        return []
    key = INVITATION.key(org=caller.org_id, id=invitation_id(bid.bid_request_id, bid.vendor_id))
    known = store.find(Invitation, key)
    if known is None:
        return []
    said = {"is_accepted": True, "responded_at": clock.now(), "bid_id": bid.id}
    return [Update(known, known.model_copy(update=said))]


def withdraw(caller: Caller, bid_id: str) -> BidView:
    """Take a bid back. Raises Conflict once it was decided."""
    from coachway.bids.events import BidWithdrawn

    def act() -> BidView:
        before = get(caller, bid_id)
        require_bid_step(before.status, BidStatus.WITHDRAWN)
        request = request_of(caller.org_id, before.bid_request_id)
        after = before.model_copy(update={"status": BidStatus.WITHDRAWN, "decided_at": clock.now()})
        answer = views.bid(caller, after, request, version=before.version + 1)
        store.commit(caller, Update(before, after, [BidWithdrawn(**telling.of_bid(after))]), answer=answer)
        return views.bid(caller, after, request)

    return after_lost_races(act)


def of_charter(org_id: str, charter_id: str) -> list[Bid]:
    """All bids for a charter, oldest first."""
    partition = OF_CHARTER.partition(org=org_id, charter=charter_id)
    return everything(Bid, partition, index=OF_CHARTER.index, most=MOST_BIDS)


def live(bids: Iterable[Bid]) -> list[Bid]:
    """Those that may still win."""
    return [bid for bid in bids if bid.status.is_live]


def places_of(bids: Iterable[Bid], known: Mapping[str, Candidate]) -> dict[str, Ranked]:
    """The ranks of the bids that may still win."""
    offers = (candidates.offer_of(bid, known.get(bid.vendor_id)) for bid in live(bids))
    return {place.offer.bid_id: place for place in ranked(offers)}


def _places_unless_sealed(org_id: str, bid: Bid, request: BidRequest | None) -> dict[str, Ranked]:
    """The ranks among a bid's rivals, as they are with this bid."""
    if is_sealed(request) or not bid.status.is_live:
        return {}
    return _places(org_id, [bid, *(each for each in of_charter(org_id, bid.charter_id) if each.id != bid.id)])


def _places(org_id: str, rivals: Iterable[Bid]) -> dict[str, Ranked]:
    """The ranks of bids among those that are not sealed: a rank tells of the others' prices."""
    alive = live(rivals)
    asked = requests_of(org_id, alive)
    seen = [bid for bid in alive if not is_sealed(asked.get(bid.bid_request_id))]
    return places_of(seen, candidates.load(org_id, [bid.vendor_id for bid in seen]))


def is_sealed(request: BidRequest | None) -> bool:
    """Whether prices and ranks of the bids that answer a request, if they do, are hidden."""
    return request is not None and request.is_sealed


def requests_of(org_id: str, bids: Iterable[Bid]) -> dict[str | None, BidRequest]:
    """The requests that bids answer, by id."""
    keys = {each.bid_request_id: BID_REQUEST.key(org=org_id, id=each.bid_request_id) for each in bids}
    keys.pop(None, None)
    kept = store.find_many(BidRequest, keys.values()) if keys else {}
    return {request_id: kept[key] for request_id, key in keys.items() if key in kept}


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
    asked = requests_of(caller.org_id, bids)
    places = _places(caller.org_id, of_charter(caller.org_id, charter_id)) if charter_id and bids else {}
    return [views.bid(caller, bid, asked.get(bid.bid_request_id), places) for bid in bids]
