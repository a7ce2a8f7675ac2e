"""Erasure of the records of a client's messages."""

from typing import Final

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.operations import Remove, Update
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.retry import retry_on_conflict
from coachway.erasure.model import ERASURE, Erasure
from coachway.messaging.model import BY_RECIPIENT, Notification

_BATCH_SIZE: Final = 50


def on_client_erased(caller: Caller, delivery: Delivery) -> None:
    """Delete the records of all messages to an erased client, finally also its addresses on the erasure record."""
    erasure_key = ERASURE.key(org=caller.org_id, client=str(delivery.data["client_id"]))
    stored = store.get(Erasure, erasure_key)
    for address in stored.addresses:
        partition = BY_RECIPIENT.partition(org=caller.org_id, recipient=address)
        notifications = query_all(Notification, partition, index=BY_RECIPIENT.index)
        for start in range(0, len(notifications), _BATCH_SIZE):
            store.commit(caller, *map(Remove, notifications[start : start + _BATCH_SIZE]))

    def clear_addresses() -> None:
        erasure = store.get(Erasure, erasure_key)
        store.commit(caller, Update(erasure, erasure.model_copy(update={"addresses": []})))

    if stored.is_last_run:
        retry_on_conflict(clear_addresses)()
