"""Who is asked to bid: each vendor once, with a link of its own; and why the others are not."""

from __future__ import annotations

from typing import Final

from coachway.bids import event_payloads, vendor_candidates
from coachway.bids.eligibility import against_matching, reasons_against_bidding
from coachway.bids.errors import AlreadyBid, BiddingClosed
from coachway.bids.model import BID, Bid
from coachway.bids.request_model import BID_REQUEST, BidRequest, Invitation, Matching, VendorMatch, invitation_id
from coachway.bids.rules import BidStatus, RequestStatus
from coachway.bids.vendor_candidates import Candidate
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.contracts.bids import BiddingDeclined, BiddingInvited, BiddingMatched
from coachway.core import store
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
    requested = (
        [vendor.id for vendor in bidding_access.list_active_vendors(caller)] if request.matching else request.vendor_ids
    )
    candidates = vendor_candidates.load_candidates(caller.org_id, requested)
    matches = {vendor_id: _match_vendors(candidate, charter, request) for vendor_id, candidate in candidates.items()}
    chosen = [candidates[vendor_id] for vendor_id, match in matches.items() if match.invited]
    for start in range(0, len(chosen), _TOGETHER):
        _send(caller, request, charter, chosen[start : start + _TOGETHER])
    result = Matching(org_id=caller.org_id, bid_request_id=request.id, vendors=list(matches.values()))
    before = store.find(Matching, result.key())
    after = request.model_copy(update={"invited_at": clock.now(), "invited_count": len(chosen)})
    event = BiddingMatched(
        **event_payloads.request_event_fields(after), invited=len(chosen), passed_over=len(matches) - len(chosen)
    )
    placed: Op = Create(result) if before is None else Update(before, result)
    store.commit(caller, Update(request, after, [event]), placed)
    return len(chosen)


def _match_vendors(candidate: Candidate, charter: Charter, request: BidRequest) -> VendorMatch:
    """A vendor that was named is invited whatever its vehicles have on board: its bid says what it sends."""
    trip = vendor_candidates.build_trip(charter, request)
    judge = against_matching if request.matching else reasons_against_bidding
    reasons = judge(trip, candidate.carrier(trip.last_day))
    return VendorMatch(
        vendor_id=candidate.vendor.id,
        vendor_name=candidate.vendor.business_name,
        invited=not reasons,
        reasons=reasons,
    )


def _send(caller: Caller, request: BidRequest, charter: Charter, batch: list[Candidate]) -> None:
    created = [_build_invitation(request, candidate) for candidate in batch]
    there = store.find_many(Invitation, [each.key() for each in created])
    ops: list[Op] = []
    for invitation, candidate in zip(created, batch, strict=True):
        existing = there.get(invitation.key())
        if existing is None:
            ops.append(Create(invitation, [_invited_event(invitation, request, charter, candidate)]))
        elif existing.round < request.round and (again := _reinvitation(existing, request.round)) is not None:
            ops.append(Update(existing, again, [_invited_event(again, request, charter, candidate)]))
    if ops:
        store.commit(caller, *ops)


def _reinvitation(existing: Invitation, round_: int) -> Invitation | None:
    """The same invitation, for another mail; None for a vendor that declined, or whose bid may still win."""
    if existing.is_accepted is None:
        return existing.model_copy(update={"round": round_})
    bid = store.find(Bid, BID.key(org=existing.org_id, id=existing.bid_id)) if existing.is_accepted else None
    if bid is None or bid.status.is_live or bid.status is BidStatus.ACCEPTED:
        return None
    return existing.model_copy(update={"is_accepted": None, "responded_at": None, "bid_id": None, "round": round_})


def _build_invitation(request: BidRequest, candidate: Candidate) -> Invitation:
    return Invitation(
        id=invitation_id(request.id, candidate.vendor.id),
        org_id=request.org_id,
        bid_request_id=request.id,
        charter_id=request.charter_id,
        vendor_id=candidate.vendor.id,
        nonce=signed_links.new_nonce(),
        round=request.round,
    )


def _invited_event(
    invitation: Invitation, request: BidRequest, charter: Charter, candidate: Candidate
) -> BiddingInvited:
    return BiddingInvited(
        **event_payloads.request_event_fields(request),
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


def decline_invitation(caller: Caller, invitation: Invitation, request: BidRequest, reason: str) -> None:
    """The vendor does not bid. Raises Conflict once bidding is closed, or the vendor has bid."""
    if request.status is not RequestStatus.OPEN:
        raise BiddingClosed(f"This bid request is {request.status.value}.")
    if invitation.is_accepted:
        raise AlreadyBid("You have submitted a bid. Withdraw it instead.")
    fields = {"is_accepted": False, "responded_at": clock.now(), "decline_reason": reason}
    event = BiddingDeclined(
        **event_payloads.request_event_fields(request), vendor_id=invitation.vendor_id, reason=reason
    )
    store.commit(caller, Update(invitation, invitation.model_copy(update=fields), [event]))
