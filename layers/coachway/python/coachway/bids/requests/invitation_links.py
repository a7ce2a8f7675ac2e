"""The secure link by which a vendor answers its invitation: whoever holds it acts for the vendor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from coachway.bids.model import BID, Bid
from coachway.bids.request_model import BID_REQUEST, INVITATION, BidRequest, Invitation
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.core import errors, store
from coachway.core.auth import signed_links as tokens
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.vendors.model import VENDOR, Vendor

PURPOSE: Final = "bid"


@dataclass(frozen=True, slots=True)
class Invited:
    """What a genuine link leads to."""

    caller: Caller
    """The holder, acting for the vendor."""
    invitation: Invitation
    request: BidRequest
    charter: Charter
    vendor: Vendor
    bid: Bid | None


def open_invitation_link(caller: Caller, token: str) -> Invited:
    """What a token leads to. Raises NotFound for a forged one, or when what it leads to is gone."""
    payload = tokens.verify_link_token(PURPOSE, "ivt", token)
    invitation = store.find(Invitation, INVITATION.key(org=payload.org_id, id=payload.subject_id))
    if invitation is None or invitation.nonce != payload.nonce:
        raise errors.NotFound("this invitation is no longer there")
    org_id = payload.org_id
    request_key = BID_REQUEST.key(org=org_id, id=invitation.bid_request_id)
    charter_key = CHARTER.key(org=org_id, id=invitation.charter_id)
    vendor_key = VENDOR.key(org=org_id, id=invitation.vendor_id)
    bid_key = BID.key(org=org_id, id=invitation.bid_id or "none")
    batch = store.batch_get([request_key, charter_key, vendor_key, bid_key])
    holder = replace(caller, org_id=org_id, user_id="bid-link", role="vendor", party_id=invitation.vendor_id)
    return Invited(
        holder,
        invitation,
        batch.get(BidRequest, request_key),
        batch.get(Charter, charter_key),
        batch.get(Vendor, vendor_key),
        batch.find(Bid, bid_key),
    )


def record_view(invited: Invited) -> None:
    """Keep when the vendor first looked. A race lost to its own answer does not matter."""
    if invited.invitation.viewed_at is not None:
        return
    looked = invited.invitation.model_copy(update={"viewed_at": clock.now()})
    try:
        store.commit(invited.caller, Update(invited.invitation, looked))
    except errors.ConcurrentUpdate:
        return
