"""Erasure of the records of messages to a client."""

from __future__ import annotations

from typing import Final

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.operations import Remove, Update
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.retry import retry_on_conflict
from coachway.erasure.model import ERASURE, Erasure
from coachway.messaging.model import BY_RECIPIENT, Notification

_TOGETHER: Final = 50


def on_client_erased(caller: Caller, delivery: Delivery) -> None:
    """Remove the records of all messages to an erased client, then its addresses from the record of the erasure."""
    place = ERASURE.key(org=caller.org_id, client=str(delivery.data["client_id"]))
    for address in store.get(Erasure, place).addresses:
        partition = BY_RECIPIENT.partition(org=caller.org_id, recipient=address)
        existing = query_all(Notification, partition, index=BY_RECIPIENT.index)
        for start in range(0, len(existing), _TOGETHER):
            store.commit(caller, *map(Remove, existing[start : start + _TOGETHER]))

    def done() -> None:
        receipt = store.get(Erasure, place)
        store.commit(caller, Update(receipt, receipt.model_copy(update={"addresses": []})))

    retry_on_conflict(done)()
