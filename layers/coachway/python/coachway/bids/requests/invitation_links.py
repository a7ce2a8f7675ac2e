"""The signed link in an invitation. Its holder acts for the vendor."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from coachway.bids.bidding_context import list_bids_of_charter
from coachway.bids.model.bid import BID, Bid
from coachway.bids.model.bid_request import BID_REQUEST, INVITATION, BidInvitation, BidRequest
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.core import errors, store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.party_reference import VENDOR
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.vendors.model import Vendor

PURPOSE: Final = "bid"


@dataclass(frozen=True, slots=True)
class LinkedInvitation:
    """The invitation of a valid link, with its records."""

    caller: Caller
    """The holder of the link, who acts for the vendor."""
    invitation: BidInvitation
    request: BidRequest
    charter: Charter
    vendor: Vendor
    bid: Bid | None
    """The vendor's last bid that answers the invitation."""
    bids_by_class: Mapping[str, Bid]
    """The vendor's last bid for each vehicle class."""

    @property
    def is_mixed(self) -> bool:
        """Whether the charter has several vehicle classes, for each of which the vendor can bid."""
        return bool(self.charter.vehicle_groups)


def open_invitation_link(caller: Caller, token: str) -> LinkedInvitation:
    """Load the invitation of a token.

    Raises NotFound if the token is not valid, a record is missing, or the vendor's email has changed since it was sent.
    """
    payload = signed_links.verify_link_token(PURPOSE, "ivt", token)
    invitation = store.find(BidInvitation, INVITATION.key(org=payload.org_id, id=payload.subject_id))
    if invitation is None or invitation.nonce != payload.nonce:
        raise errors.NotFound("This invitation was not found.")
    org_id = payload.org_id
    request_key = BID_REQUEST.key(org=org_id, id=invitation.bid_request_id)
    charter_key = CHARTER.key(org=org_id, id=invitation.charter_id)
    vendor_key = VENDOR.key(org=org_id, id=invitation.vendor_id)
    bid_key = BID.key(org=org_id, id=invitation.bid_id or "none")
    batch = store.batch_get([request_key, charter_key, vendor_key, bid_key])
    vendor = batch.get(Vendor, vendor_key)
    if invitation.vendor_email and not invitation.is_sent_to(vendor.primary_email):
        raise errors.NotFound(
            "The email that this invitation was sent to has changed. Use the link in a later message."
        )
    holder = replace(caller, org_id=org_id, user_id="bid-link", role="vendor", party_id=invitation.vendor_id)
    charter, bid = batch.get(Charter, charter_key), batch.find(Bid, bid_key)
    bids = [bid] if bid else []
    if charter.vehicle_groups:
        bids = [each for each in list_bids_of_charter(org_id, charter.id) if each.vendor_id == vendor.id]
    return LinkedInvitation(
        holder,
        invitation,
        batch.get(BidRequest, request_key),
        charter,
        vendor,
        bid,
        {each.vehicle_type: each for each in bids},
    )


def record_view(linked: LinkedInvitation) -> None:
    """Record when the vendor first opened the invitation."""
    if linked.invitation.viewed_at is not None:
        return
    viewed = linked.invitation.model_copy(update={"viewed_at": clock.now()})
    try:
        store.commit(linked.caller, Update(linked.invitation, viewed))
    except errors.ConcurrentUpdate:
        return  # The vendor answered at the same time. Keep the answer, without the time of the view.
