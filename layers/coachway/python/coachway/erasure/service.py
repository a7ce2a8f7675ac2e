"""Erasure of what capabilities store about a client: page by page, and again after an interruption.

Each capability lists which records hold personal data of a client, and by which access patterns they are found. What is
personal in these records and in their past events follows from the `Personal` marks of their fields.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from coachway.contracts.clients import ClientErasureContinued
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.domain_events import Envelope
from coachway.core.persistence.operations import MarkConsumed, Op, Update
from coachway.core.persistence.queries import query_all, query_page
from coachway.core.persistence.records import AccessPattern, Record
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.persistence.transaction_batches import batch_ops
from coachway.core.schemas import PageQuery
from coachway.erasure.model import ERASURE, Erasure
from coachway.erasure.redaction import Redaction

R = TypeVar("R", bound=Record)

PAGE_SIZE: Final = 25
"""Records that are erased per event; the next page starts with an event of its own."""
_BATCH_SIZE: Final = 25
"""Items that one transaction writes."""


def erase_partition(
    caller: Caller,
    redaction: Redaction,
    partition: str,
    models: Sequence[type[Record]],
    *ops: Op,
    record: Record | None = None,
) -> None:
    """Redact the past events of a partition, and `record` in it. `models` are the records whose changes they hold.

    `ops` are written with the last batch. Items that are redacted already are skipped, so this can be repeated.
    """
    events = query_all(Envelope, partition, prefix="EVENT#")
    redacted: list[tuple[Record, Record]] = [(each, redaction.redact_event(each, models)) for each in events]
    if record is not None:
        redacted.append((record, redaction.redact_record(record)))
    updates = [*(Update(before, after) for before, after in redacted if after != before), *ops]
    for batch in batch_ops(caller, updates, _BATCH_SIZE):
        store.commit(caller, *batch)


def read_stored(record: R) -> R | None:
    """The record as it is stored now, also if it is deleted; None if it was removed."""
    key = record.key()
    return next((each for each in query_all(type(record), key.pk, prefix=key.sk) if each.key() == key), None)


@retry_on_conflict
def erase_record(
    caller: Caller, client_id: str, record: Record, prepare: Callable[[Any], None] = lambda _stored: None
) -> None:
    """Redact a record and its past events. `prepare` is called with the stored record before."""
    stored = read_stored(record)
    if stored is not None:
        prepare(stored)
    erase_partition(caller, Redaction(client_id), record.key().pk, [type(record)], record=stored)


@dataclass(frozen=True, slots=True)
class RecordList:
    """Records that hold personal data of a client, the access pattern that finds them, and how each is erased."""

    model: type[Record]
    pattern: AccessPattern
    erase: Callable[[Caller, str, Any], None] = erase_record


def erase_lists(caller: Caller, client_id: str, lists: Sequence[RecordList], **parts: str) -> None:
    """Erase all records of bounded lists. `parts` are those of the partition keys, such as the id of a charter."""
    for records in lists:
        partition = records.pattern.partition(org=caller.org_id, **parts)
        for record in query_all(records.model, partition, index=records.pattern.index):
            records.erase(caller, client_id, record)


def erase_page(caller: Caller, delivery: Delivery, part: str, lists: Sequence[RecordList]) -> bool:
    """Erase the next page of what a capability, the `part`, stores about a client; return whether it was the last.

    The page after it is erased when its event arrives. An event for another part is ignored.
    """
    client_id, cursor = str(delivery.data["client_id"]), ""
    if delivery.type == ClientErasureContinued.TYPE:
        if delivery.data["part"] != part:
            return False
        cursor = str(delivery.data["cursor"])
    number, _, list_cursor = cursor.rpartition(":")
    for index in range(int(number or 0), len(lists)):
        following = _erase_list_page(caller, client_id, lists[index], list_cursor or None)
        if following is not None:
            _schedule_next_page(caller, delivery, part, f"{index}:{following}")
            return False
        list_cursor = ""
    return True


def _erase_list_page(caller: Caller, client_id: str, records: RecordList, cursor: str | None) -> str | None:
    partition = records.pattern.partition(org=caller.org_id, client=client_id)
    query = PageQuery(limit=PAGE_SIZE, cursor=cursor)
    try:
        page = query_page(records.model, records.pattern, [partition], query)
    except errors.Invalid:
        # A cursor of an earlier version: start again. Items that are erased already are skipped.
        page = query_page(records.model, records.pattern, [partition], PageQuery(limit=PAGE_SIZE))
    for record in page.items:
        records.erase(caller, client_id, record)
    return page.next_cursor


@retry_on_conflict
def _schedule_next_page(caller: Caller, delivery: Delivery, part: str, cursor: str) -> None:
    """Publish the event that continues a part at `cursor`, once per delivered event. Raises AlreadyConsumed."""
    client_id = str(delivery.data["client_id"])
    receipt = store.get(Erasure, ERASURE.key(org=caller.org_id, client=client_id))
    event = ClientErasureContinued(client_id=client_id, part=part, cursor=cursor)
    once = MarkConsumed(f"erasing-{part}", delivery.event_id)
    store.commit(caller, Update(receipt, receipt.model_copy(), [event]), once)
