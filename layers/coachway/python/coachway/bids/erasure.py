"""Erasure of a client's personal data from bid requests, invitations and decisions. Vendors' offers stay."""

from collections.abc import Mapping
from typing import Final

from coachway.bids.model.bid import BY_CHARTER, Bid
from coachway.bids.model.bid_request import INVITATIONS_BY_REQUEST, REQUESTS_BY_CHARTER, BidInvitation, BidRequest
from coachway.contracts.bookings import CharterErased
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.queries import query_all
from coachway.erasure.service import RecordList, erase_lists

LISTS_OF_CHARTER: Final = (RecordList(BidRequest, REQUESTS_BY_CHARTER), RecordList(Bid, BY_CHARTER))
LISTS_OF_REQUEST: Final = (RecordList(BidInvitation, INVITATIONS_BY_REQUEST),)


def on_charter_erased(caller: Caller, delivery: Delivery) -> None:
    """Erase the client's personal data from the bidding for a charter."""
    event = delivery.parse(CharterErased)
    erase_lists(caller, event.client_id, LISTS_OF_CHARTER, charter=event.charter_id)
    partition = REQUESTS_BY_CHARTER.partition(org=caller.org_id, charter=event.charter_id)
    for request in query_all(BidRequest, partition, index=REQUESTS_BY_CHARTER.index):
        erase_lists(caller, event.client_id, LISTS_OF_REQUEST, request=request.id)


CONSUMERS: Final[Mapping[str, Consumer]] = {"charter.erased": on_charter_erased}
"""By event type. The queue receives these events and no others."""
