"""Erasure of a client's personal data from requests for bids, invitations and decisions. What vendors offered stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from coachway.bids import model as bid_model
from coachway.bids.model import Bid
from coachway.bids.request_model import INVITATIONS_FOR, REQUESTS_OF_CHARTER, BidRequest, Invitation
from coachway.contracts.bookings import CharterErased
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.queries import query_all
from coachway.erasure.service import RecordList, erase_lists

LISTS_OF_CHARTER: Final = (RecordList(BidRequest, REQUESTS_OF_CHARTER), RecordList(Bid, bid_model.OF_CHARTER))
LISTS_OF_REQUEST: Final = (RecordList(Invitation, INVITATIONS_FOR),)


def on_charter_erased(caller: Caller, delivery: Delivery) -> None:
    """Erase the client's personal data from the bidding for a charter."""
    erased = delivery.parse(CharterErased)
    erase_lists(caller, erased.client_id, LISTS_OF_CHARTER, charter=erased.charter_id)
    partition = REQUESTS_OF_CHARTER.partition(org=caller.org_id, charter=erased.charter_id)
    for request in query_all(BidRequest, partition, index=REQUESTS_OF_CHARTER.index):
        erase_lists(caller, erased.client_id, LISTS_OF_REQUEST, request=request.id)


CONSUMERS: Final[Mapping[str, Consumer]] = {"charter.erased": on_charter_erased}
"""By event type. The queue receives these events and no others."""
