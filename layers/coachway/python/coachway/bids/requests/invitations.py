"""Who is asked to bid: each vendor once, with a link of its own; and why the others are not."""

from __future__ import annotations

from typing import Final

from coachway.bids import event_payloads, vendor_candidates
from coachway.bids.eligibility import against_matching, reasons_against_bidding
from coachway.bids.model import BID, Bid
from coachway.bids.request_model import BID_REQUEST, BidRequest, Invitation, Matching, VendorMatch, invitation_id
from coachway.bids.rules import BidStatus, RequestStatus
from coachway.bids.vendor_candidates import Candidate
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.contracts.bids import BiddingDeclined, BiddingInvited, BiddingMatched
from coachway.core import errors, store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.vendors import bidding_access

_TOGETHER: Final = 45
"""Invitations, with an event each, in one transaction."""


def invite(caller: Caller, bid_request_id: str) -> int:
    """Invite whom a request names or matches; how many. Done again, it invites nobody twice."""
    return retry_on_conflict(lambda: _invite(caller, bid_request_id))()


def _invite(caller: Caller, bid_request_id: str) -> int:
    request = store.get(BidRequest, BID_REQUEST.key(org=caller.org_id, id=bid_request_id))
    if request.status is not RequestStatus.OPEN:
        return request.invited_count
    charter = store.get(Charter, CHARTER.key(org=caller.org_id, id=request.charter_id))
    wanted = [vendor.id for vendor in bidding_access.active(caller)] if request.matching else request.vendor_ids
    known = vendor_candidates.load_candidates(caller.org_id, wanted)
    matches = {vendor_id: _match(candidate, charter, request) for vendor_id, candidate in known.items()}
    chosen = [known[vendor_id] for vendor_id, match in matches.items() if match.invited]
    for start in range(0, len(chosen), _TOGETHER):
        _send(caller, request, charter, chosen[start : start + _TOGETHER])
    found = Matching(org_id=caller.org_id, bid_request_id=request.id, vendors=list(matches.values()))
    before = store.find(Matching, found.key())
    after = request.model_copy(update={"invited_at": clock.now(), "invited_count": len(chosen)})
    told = BiddingMatched(
        **event_payloads.of_request(after), invited=len(chosen), passed_over=len(matches) - len(chosen)
    )
    placed: Op = Create(found) if before is None else Update(before, found)
    store.commit(caller, Update(request, after, [told]), placed)
    return len(chosen)


def _match(candidate: Candidate, charter: Charter, request: BidRequest) -> VendorMatch:
    """A vendor that was named is invited whatever its vehicles have on board: its bid says what it sends."""
    trip = vendor_candidates.trip_of(charter, request)
    judge = against_matching if request.matching else reasons_against_bidding
    reasons = judge(trip, candidate.carrier(trip.last_day))
    return VendorMatch(
        vendor_id=candidate.vendor.id,
        vendor_name=candidate.vendor.business_name,
        invited=not reasons,
        reasons=reasons,
    )


def _send(caller: Caller, request: BidRequest, charter: Charter, some: list[Candidate]) -> None:
    made = [_invitation(request, candidate) for candidate in some]
    there = store.find_many(Invitation, [each.key() for each in made])
    ops: list[Op] = []
    for invitation, candidate in zip(made, some, strict=True):
        known = there.get(invitation.key())
        if known is None:
            ops.append(Create(invitation, [_told(invitation, request, charter, candidate)]))
        elif known.round < request.round and (again := _reinvitation(known, request.round)) is not None:
            ops.append(Update(known, again, [_told(again, request, charter, candidate)]))
    if ops:
        store.commit(caller, *ops)


def _reinvitation(known: Invitation, round_: int) -> Invitation | None:
    """The same invitation, for another mail; None for a vendor that declined, or whose bid may still win."""
    if known.is_accepted is None:
        return known.model_copy(update={"round": round_})
    bid = store.find(Bid, BID.key(org=known.org_id, id=known.bid_id)) if known.is_accepted else None
    if bid is None or bid.status.is_live or bid.status is BidStatus.ACCEPTED:
        return None
    return known.model_copy(update={"is_accepted": None, "responded_at": None, "bid_id": None, "round": round_})


def _invitation(request: BidRequest, candidate: Candidate) -> Invitation:
    return Invitation(
        id=invitation_id(request.id, candidate.vendor.id),
        org_id=request.org_id,
        bid_request_id=request.id,
        charter_id=request.charter_id,
        vendor_id=candidate.vendor.id,
        nonce=signed_links.new_nonce(),
        round=request.round,
    )


def _told(invitation: Invitation, request: BidRequest, charter: Charter, candidate: Candidate) -> BiddingInvited:
    return BiddingInvited(
        **event_payloads.of_request(request),
        invitation_id=invitation.id,
        vendor_id=candidate.vendor.id,
        vendor_name=candidate.vendor.business_name,
        vendor_email=candidate.vendor.primary_email,
        link_nonce=invitation.nonce,
        starts_at=charter.starts_at,
        timezone=charter.timezone,
        pickup=charter.stops[0].address,
        dropoff=charter.stops[-1].address,
        vehicle_class=charter.vehicle_class,
        vehicle_count=request.vehicle_count,
        passengers=charter.passengers,
        message=request.message,
    )


def decline(caller: Caller, invitation: Invitation, request: BidRequest, reason: str) -> None:
    """The vendor does not bid. Raises Conflict once bidding is closed, or the vendor has bid."""
    if request.status is not RequestStatus.OPEN:
        raise errors.Conflict(f"this bid request is {request.status}", title="bidding is closed")
    if invitation.is_accepted:
        raise errors.Conflict("withdraw the bid instead", title="you have bid already")
    said = {"is_accepted": False, "responded_at": clock.now(), "decline_reason": reason}
    told = BiddingDeclined(**event_payloads.of_request(request), vendor_id=invitation.vendor_id, reason=reason)
    store.commit(caller, Update(invitation, invitation.model_copy(update=said), [told]))
