"""How capabilities erase, piece by piece, what they keep of a client that was erased."""

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
"""Things that are erased in one go, which takes seconds; the next begins with an event of its own."""


def cursor_of(delivery: Delivery, part: str) -> str | None:
    """Where a part has to go on: None for the beginning, empty if the event is not for this part."""
    if delivery.type == ClientErasureContinued.TYPE:
        return str(delivery.data["cursor"]) if delivery.data["part"] == part else ""
    return None


def schedule_next_page(caller: Caller, delivery: Delivery, part: str, cursor: str) -> None:
    """Have a part go on behind `cursor`: once, however often its event is delivered. Raises AlreadyConsumed."""
    client_id = str(delivery.data["client_id"])

    def tell() -> None:
        receipt = store.get(Erasure, ERASURE.key(org=caller.org_id, client=client_id))
        told = ClientErasureContinued(client_id=client_id, part=part, cursor=cursor)
        once = MarkConsumed(f"erasing-{part}", delivery.event_id)
        store.commit(caller, Update(receipt, receipt.model_copy(), [told]), once)

    retry_on_conflict(tell)()
