"""Erasure of an erased client's leads and proposals."""

from collections.abc import Mapping
from typing import Final

from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.erasure.service import erase_page
from coachway.sales.leads import erasure as lead_erasure
from coachway.sales.proposals import erasure as proposal_erasure

_PART: Final = "sales"


def erase_records_of_client(caller: Caller, delivery: Delivery) -> None:
    """Erase the next page of a client's leads, then of its proposals."""
    erase_page(caller, delivery, _PART, (*lead_erasure.LISTS_OF_CLIENT, *proposal_erasure.LISTS_OF_CLIENT))


CONSUMERS: Final[Mapping[str, Consumer]] = {
    "client.erased": erase_records_of_client,
    "client.erasure_continued": erase_records_of_client,
}
"""Consumers by event type; the template is generated from them."""
