"""Errors of bids and bid requests."""

from coachway.core.errors import Conflict


class VendorNotEligible(Conflict):
    """The vendor cannot run this trip. `errors` lists each reason: documents, service area, vehicles or equipment.

    Correct the vendor's data or documents, or bid with other vehicles.
    """

    code = "vendor_not_eligible"
    title = "The vendor is not eligible to bid"


class VendorNotInvited(Conflict):
    """Only invited vendors can bid on this bid request. Open a bid request that includes the vendor."""

    code = "vendor_not_invited"
    title = "The vendor was not invited"


class BidNotDraft(Conflict):
    """Only a draft can be changed. Withdraw the bid and create another one."""

    code = "bid_not_draft"
    title = "The bid is not a draft"


class BidRequestAlreadyOpen(Conflict):
    """Close or cancel the charter's open bid request first."""

    code = "bid_request_already_open"
    title = "A bid request is already open"


class NoVehiclesLeft(Conflict):
    """Every vehicle of the charter has a vendor or a driver. Release an award or an assignment first."""

    code = "no_vehicles_left"
    title = "No vehicles left to award"


class TooFewVehiclesLeft(Conflict):
    """The bid is for more vehicles than are left to award. Release an award, or choose a bid for fewer vehicles."""

    code = "too_few_vehicles_left"
    title = "Too few vehicles left to award"


class BidsNotAccepted(Conflict):
    """The bid request does not accept bids: it is closed, or its deadline has passed. Staff can extend the deadline."""

    code = "bidding_closed"
    title = "Bidding is closed"


class AlreadyBid(Conflict):
    """Withdraw the vendor's bid before declining the invitation."""

    code = "already_bid"
    title = "The vendor has already bid"


class BidsSealed(Conflict):
    """Prices are sealed until the deadline. Wait for it, or close bidding early."""

    code = "bids_sealed"
    title = "Bids are sealed"


class BidNoLongerValid(Conflict):
    """The bid's `valid_until` is in the past. Ask the vendor for a new bid."""

    code = "bid_expired"
    title = "The bid has expired"


class AwardNotReleasable(Conflict):
    """The bid is not awarded, was released before, or its trip has started, ended or been cancelled."""

    code = "award_not_releasable"
    title = "The award cannot be released"


class CharterNotOpenForBids(Conflict):
    """Quotes, booked charters, and confirmed charters with uncovered vehicles accept bids until the departure."""

    code = "charter_not_open_for_bids"
    title = "The charter does not accept bids"


class WebhookIdReused(Conflict):
    """The `webhook-id` was sent before with another body. Use a new ID for another bid."""

    code = "webhook_id_reused"
    title = "The webhook-id was used before"
