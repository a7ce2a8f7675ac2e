"""Paging of erasures: capabilities erase what they store about a client page by page."""

from __future__ import annotations

from typing import Final

from coachway.contracts.clients import ClientErasureContinued
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.erasure import ERASURE, Erasure
from coachway.core.persistence.operations import MarkConsumed, Update
from coachway.core.persistence.retry import retry_on_conflict

PAGE_SIZE: Final = 25
"""Records that are erased per event; the next page starts with an event of its own."""


def cursor_of(delivery: Delivery, part: str) -> str | None:
    """The cursor at which a part continues: None to start, empty if the event is for another part."""
    if delivery.type == ClientErasureContinued.TYPE:
        return str(delivery.data["cursor"]) if delivery.data["part"] == part else ""
    return None


@retry_on_conflict
def schedule_next_page(caller: Caller, delivery: Delivery, part: str, cursor: str) -> None:
    """Publish the event that continues a part at `cursor`, once per delivered event. Raises AlreadyConsumed."""
    client_id = str(delivery.data["client_id"])

    receipt = store.get(Erasure, ERASURE.key(org=caller.org_id, client=client_id))
    event = ClientErasureContinued(client_id=client_id, part=part, cursor=cursor)
    once = MarkConsumed(f"erasing-{part}", delivery.event_id)
    store.commit(caller, Update(receipt, receipt.model_copy(), [event]), once)
