"""Fields that all events of a bid or a bid request have."""

from typing import Any

from coachway.bids.model.bid import Bid
from coachway.bids.model.bid_request import BidRequest


def bid_event_fields(bid: Bid) -> dict[str, Any]:
    """The fields that every event of a bid has. They contain no price."""
    return {
        "bid_id": bid.id,
        "bid_request_id": bid.bid_request_id,
        "vendor_id": bid.vendor_id,
        "vendor_name": bid.vendor_name,
        "vendor_email": bid.vendor_email,
        "charter_id": bid.charter_id,
        "number": bid.charter_number,
        "vehicle_count": bid.vehicle_count,
    }


def request_event_fields(request: BidRequest) -> dict[str, Any]:
    """The fields that every event of a bid request has."""
    return {
        "bid_request_id": request.id,
        "charter_id": request.charter_id,
        "number": request.charter_number,
        "deadline": request.deadline,
    }
