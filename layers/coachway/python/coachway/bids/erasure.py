"""Erasing what requests for bids said of the trip of a client that was erased. What vendors bid stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from coachway.bids.request_model import INVITATIONS_FOR, REQUESTS_OF_CHARTER, BidRequest, Invitation
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.erasure import ERASED, RedactionMap, erase_at
from coachway.core.persistence.queries import query_all

_PERSONAL: Final[RedactionMap] = {"message": "", "pickup": ERASED, "dropoff": ERASED}


def on_charter_erased(caller: Caller, delivery: Delivery) -> None:
    """Erase where a trip went and what was asked of vendors, in its requests and invitations."""
    client_id = str(delivery.data["client_id"])
    partition = REQUESTS_OF_CHARTER.partition(org=caller.org_id, charter=delivery.aggregate_id)
    for request in query_all(BidRequest, partition, index=REQUESTS_OF_CHARTER.index):
        erase_at(caller, request.key().pk, [request], _PERSONAL, client_id)
        invited = INVITATIONS_FOR.partition(org=caller.org_id, request=request.id)
        for invitation in query_all(Invitation, invited, index=INVITATIONS_FOR.index):
            erase_at(caller, invitation.key().pk, [], _PERSONAL, client_id)


CONSUMERS: Final[Mapping[str, Consumer]] = {"charter.erased": on_charter_erased}
"""By event type. The queue receives these events and no others."""
