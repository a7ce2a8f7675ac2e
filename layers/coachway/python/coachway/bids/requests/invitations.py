"""Invitations of vendors to bid, each with a link of its own, and the reasons why others are not invited."""

from typing import Final

from coachway.bids import event_payloads
from coachway.bids.errors import AlreadyBid, BidsNotAccepted
from coachway.bids.evaluation import vendor_candidates
from coachway.bids.evaluation.eligibility import matching_ineligibility_reasons, vendor_ineligibility_reasons
from coachway.bids.evaluation.vendor_candidates import CandidateVendor
from coachway.bids.model.bid import BID, Bid
from coachway.bids.model.bid_request import (
    BID_REQUEST,
    INVITATION,
    INVITATIONS_BY_VENDOR,
    BidInvitation,
    BidRequest,
    Matching,
    VendorMatch,
    invitation_id,
)
from coachway.bids.rules import BidStatus, RequestStatus
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.contracts.bids import BiddingDeclined, BiddingInvited, BiddingMatched
from coachway.core import store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.errors import ConcurrentUpdate
from coachway.core.party_reference import VENDOR
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import CheckVersion, Create, Op, Update
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.identity import message_limits, organization_queries
from coachway.vendors import active_vendors
from coachway.vendors.model import Vendor

_BATCH_SIZE: Final = 45
"""Invitations per transaction, with one event each."""
_MAX_SENT_AGAIN: Final = 200
"""The newest invitations of a vendor that are checked when its email changes."""


def invite_vendors(caller: Caller, bid_request_id: str) -> int:
    """Invite the vendors in a request, or all that match, and return how many. Safe to repeat."""
    return retry_on_conflict(lambda: _invite_vendors(caller, bid_request_id))()


def _invite_vendors(caller: Caller, bid_request_id: str) -> int:
    request = store.get(BidRequest, BID_REQUEST.key(org=caller.org_id, id=bid_request_id))
    if request.status is not RequestStatus.OPEN:
        return request.invited_count
    charter = store.get(Charter, CHARTER.key(org=caller.org_id, id=request.charter_id))
    vendor_ids = (
        [vendor.id for vendor in active_vendors.list_active_vendors(caller)] if request.matching else request.vendor_ids
    )
    candidates = vendor_candidates.load_candidates(caller.org_id, vendor_ids)
    matches = {vendor_id: _match_vendor(candidate, charter, request) for vendor_id, candidate in candidates.items()}
    _exclude_vendors_over_limit(request.org_id, matches)
    invited = [candidates[vendor_id] for vendor_id, match in matches.items() if match.invited]
    for start in range(0, len(invited), _BATCH_SIZE):
        _save_invitations(caller, request, charter, invited[start : start + _BATCH_SIZE])
    matching = Matching(org_id=caller.org_id, bid_request_id=request.id, vendors=list(matches.values()))
    before = store.find(Matching, matching.key())
    after = request.model_copy(update={"invited_at": clock.now(), "invited_count": len(invited)})
    event = BiddingMatched(
        **event_payloads.request_event_fields(after), invited=len(invited), passed_over=len(matches) - len(invited)
    )
    save_matching: Op = Create(matching) if before is None else Update(before, matching)
    store.commit(caller, Update(request, after, [event]), save_matching)
    return len(invited)


def _exclude_vendors_over_limit(org_id: str, matches: dict[str, VendorMatch]) -> None:
    """Exclude the vendors to whom the organization would send too many messages, and record the reason."""
    organization = organization_queries.get_organization(org_id)
    for match in matches.values():
        reason = message_limits.count_message(organization, "bid-invitation") if match.invited else None
        if reason is not None:
            match.invited, match.reasons = False, [reason]


def _match_vendor(candidate: CandidateVendor, charter: Charter, request: BidRequest) -> VendorMatch:
    """Decide whether to invite a vendor.

    A vendor in the request is invited without an equipment check, because its bid states the equipment.
    """
    trip = vendor_candidates.build_requirements(charter, request)
    find_reasons = matching_ineligibility_reasons if request.matching else vendor_ineligibility_reasons
    reasons = find_reasons(trip, candidate.capabilities(trip.last_day))
    return VendorMatch(
        vendor_id=candidate.vendor.id,
        vendor_name=candidate.vendor.business_name,
        invited=not reasons,
        reasons=reasons,
    )


def _save_invitations(caller: Caller, request: BidRequest, charter: Charter, batch: list[CandidateVendor]) -> None:
    invitations = [_build_invitation(request, candidate) for candidate in batch]
    stored = store.find_many(BidInvitation, [invitation.key() for invitation in invitations])
    ops: list[Op] = []
    for invitation, candidate in zip(invitations, batch, strict=True):
        existing = stored.get(invitation.key())
        if existing is None:
            ops.append(Create(invitation, [_invited_event(invitation, request, charter, candidate.vendor)]))
        elif existing.round < request.round and (renewed := _renew_invitation(existing, request.round)) is not None:
            renewed = _replace_outdated_link(renewed, candidate.vendor)
            ops.append(Update(existing, renewed, [_invited_event(renewed, request, charter, candidate.vendor)]))
    if ops:
        store.commit(caller, *ops)


def _renew_invitation(existing: BidInvitation, round_: int) -> BidInvitation | None:
    """The invitation for another round; None if the vendor declined, or has an active or accepted bid."""
    if existing.is_accepted is None:
        return existing.model_copy(update={"round": round_})
    bid = store.find(Bid, BID.key(org=existing.org_id, id=existing.bid_id)) if existing.is_accepted else None
    if bid is None or bid.status.is_active or bid.status is BidStatus.ACCEPTED:
        return None
    return existing.model_copy(update={"is_accepted": None, "responded_at": None, "bid_id": None, "round": round_})


def _replace_outdated_link(invitation: BidInvitation, vendor: Vendor) -> BidInvitation:
    """Return the invitation with a new link if its link was not sent to the vendor's current email."""
    if invitation.is_sent_to(vendor.primary_email):
        return invitation
    return invitation.model_copy(update={"nonce": signed_links.new_nonce(), "vendor_email": vendor.primary_email})


def send_invitations_again(caller: Caller, vendor_id: str) -> None:
    """Replace the links of a vendor's open invitations, and send those without an answer to its current email."""
    partition = INVITATIONS_BY_VENDOR.partition(org=caller.org_id, vendor=vendor_id)
    index = INVITATIONS_BY_VENDOR.index
    for invitation in query_all(BidInvitation, partition, index=index, descending=True, limit=_MAX_SENT_AGAIN):
        _send_invitation_again(caller, invitation.id)


@retry_on_conflict
def _send_invitation_again(caller: Caller, invitation_id_: str) -> None:
    before = store.get(BidInvitation, INVITATION.key(org=caller.org_id, id=invitation_id_))
    request_key = BID_REQUEST.key(org=caller.org_id, id=before.bid_request_id)
    charter_key = CHARTER.key(org=caller.org_id, id=before.charter_id)
    vendor_key = VENDOR.key(org=caller.org_id, id=before.vendor_id)
    records = store.batch_get([request_key, charter_key, vendor_key])
    request, charter = records.find(BidRequest, request_key), records.find(Charter, charter_key)
    vendor = records.find(Vendor, vendor_key)
    if request is None or charter is None or vendor is None or request.status is not RequestStatus.OPEN:
        return
    after = _replace_outdated_link(before, vendor)
    if after is before:
        return
    events: list[Event] = []
    if before.is_accepted is None and not message_limits.count_message(
        organization_queries.get_organization(caller.org_id), "bid-invitation"
    ):
        events.append(_invited_event(after, request, charter, vendor))
    store.commit(caller, Update(before, after, events), CheckVersion(vendor, ConcurrentUpdate()))


def _build_invitation(request: BidRequest, candidate: CandidateVendor) -> BidInvitation:
    return BidInvitation(
        id=invitation_id(request.id, candidate.vendor.id),
        org_id=request.org_id,
        bid_request_id=request.id,
        charter_id=request.charter_id,
        vendor_id=candidate.vendor.id,
        nonce=signed_links.new_nonce(),
        vendor_email=candidate.vendor.primary_email,
        round=request.round,
    )


def _invited_event(invitation: BidInvitation, request: BidRequest, charter: Charter, vendor: Vendor) -> BiddingInvited:
    return BiddingInvited(
        **event_payloads.request_event_fields(request),
        invitation_id=invitation.id,
        vendor_id=vendor.id,
        vendor_name=vendor.business_name,
        vendor_email=vendor.primary_email,
        link_nonce=invitation.nonce,
        starts_at=charter.starts_at,
        timezone=charter.timezone,
        pickup=charter.stops[0].address,
        dropoff=charter.stops[-1].address,
        vehicle_class=_get_first_class(charter),
        vehicle_count=request.vehicle_count,
        vehicle_groups=request.vehicle_groups,
        passengers=charter.passengers,
        message=request.message,
    )


def _get_first_class(charter: Charter) -> str:
    """The class of the first vehicle to bid for."""
    return charter.get_vehicle_class(next(iter(charter.uncovered_vehicles), 1))


def decline_invitation(caller: Caller, invitation: BidInvitation, request: BidRequest, reason: str) -> None:
    """Decline an invitation. Raises BidsNotAccepted, AlreadyBid."""
    if request.status is not RequestStatus.OPEN:
        raise BidsNotAccepted(f"This bid request is {request.status.value}. It does not accept answers.")
    if invitation.is_accepted:
        raise AlreadyBid("You have submitted a bid. Withdraw it instead.")
    changes = {"is_accepted": False, "responded_at": clock.now(), "decline_reason": reason}
    event = BiddingDeclined(
        **event_payloads.request_event_fields(request), vendor_id=invitation.vendor_id, reason=reason
    )
    store.commit(caller, Update(invitation, invitation.model_copy(update=changes), [event]))
