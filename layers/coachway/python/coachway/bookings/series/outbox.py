"""Outbox of a new series: quotes, events and search entries that did not fit into the transaction of its charters.

Batches are stored together with the series. The transaction that delivers a batch also removes it, so its content is
written exactly once, and never before the series exists. The request that creates the series delivers its batches; the
timer delivers the rest.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Final

from pydantic import AwareDatetime, Field

from coachway.bookings.charters import drafting
from coachway.bookings.charters.drafting import CharterDraft
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence import domain_events
from coachway.core.persistence.operations import Create, Op, Remove, WriteSearchEntries
from coachway.core.persistence.records import AccessPattern, Entity, Key, Record
from coachway.core.persistence.transaction_batches import batch_ops
from coachway.core.runtime import clock
from coachway.core.runtime.logging import logger
from coachway.core.types import ids
from coachway.core.types.datetimes import sortable
from coachway.pricing.quote_model import Quote

_CHARTERS_PER_BATCH: Final = 6
"""A batch fits into one item of 400 KB, and its delivery into one transaction of 100 items: per charter three items, a
check of its version, and at most twelve search entries."""

BATCH = AccessPattern(
    "batches of quotes and events of a new series, until they are delivered",
    pk="ORG#{org}#SERIES#{series}",
    sk="PARCEL#{number}",
)
UNDELIVERED = AccessPattern(
    "undelivered batches of all organizations, oldest first, for the timer",
    index="gsi1",
    pk="SERIES_PARCELS",
    sk="{packed}#{series}#{number}",
)


class OutboxBatch(Record):
    """The quotes of up to six charters, and the first events of the charters and quotes."""

    KIND: ClassVar[str] = "series_parcel"

    org_id: str
    series_id: str
    number: int
    packed_at: AwareDatetime = Field(default_factory=clock.now)
    quotes: list[Quote]
    envelopes: list[domain_events.Envelope]

    def key(self) -> Key:
        return BATCH.key(org=self.org_id, series=self.series_id, number=f"{self.number:02d}")

    def indexes(self) -> Mapping[str, Key]:
        packed_at = sortable(self.packed_at)
        return {"gsi1": UNDELIVERED.key(packed=packed_at, series=self.series_id, number=self.number)}


def pack_batches(caller: Caller, series_id: str, drafts: Sequence[CharterDraft]) -> list[OutboxBatch]:
    """Divide the quotes and first events of drafts into batches."""
    batches: list[OutboxBatch] = []
    for start in range(0, len(drafts), _CHARTERS_PER_BATCH):
        quotes: list[Quote] = []
        envelopes: list[domain_events.Envelope] = []
        for draft in drafts[start : start + _CHARTERS_PER_BATCH]:
            envelopes.append(_build_envelope(caller, drafting.charter_created_event(draft.charter), draft.charter))
            for op in draft.quote_ops:
                if isinstance(op, Create) and isinstance(op.record, Quote):
                    quotes.append(op.record)
                    envelopes += [_build_envelope(caller, event, op.record) for event in op.events]
        batches.append(
            OutboxBatch(
                org_id=caller.org_id,
                series_id=series_id,
                number=len(batches),
                quotes=quotes,
                envelopes=envelopes,
            )
        )
    return batches


def _build_envelope(caller: Caller, event: domain_events.Event, record: Entity) -> domain_events.Envelope:
    return domain_events.build_envelope(
        caller, event, event_id=ids.ulid(), aggregate_id=record.id, aggregate_pk=record.key().pk, changes=[]
    )


def _search_ops(batch: OutboxBatch) -> list[Op]:
    """Return the operations that write the search entries of the charters of a batch, as the charters are now."""
    keys = [CHARTER.key(org=batch.org_id, id=quote.charter_id) for quote in batch.quotes if quote.charter_id]
    stale = errors.Conflict("A charter changed while its search entries were written. The timer repeats it.")
    return [WriteSearchEntries(charter, stale) for charter in store.find_many(Charter, keys).values()]


def _deliver(caller: Caller, batch: OutboxBatch) -> None:
    ops: list[Op] = [Remove(batch), *(Create(each) for each in (*batch.quotes, *batch.envelopes))]
    search_ops = _search_ops(batch)
    if len(batch.quotes) > _CHARTERS_PER_BATCH:
        # Batches of earlier releases have eight charters. Entries can be written twice.
        for some_ops in batch_ops(caller, search_ops, store.MAX_WRITES):
            store.commit(caller, *some_ops)
        search_ops = []
    store.commit(caller, *ops, *search_ops)


def deliver_batches(caller: Caller, batches: Iterable[OutboxBatch]) -> int:
    """Write the content of batches, and return the number delivered. The timer retries batches that fail."""
    delivered = 0
    for batch in batches:
        try:
            # A caller without an idempotency key: the series' transaction already stored the response for the key.
            _deliver(Caller.system("series", batch.org_id, caller.correlation_id), batch)
            delivered += 1
        except errors.ConcurrentUpdate:
            logger.info("batch already delivered by another process", series_id=batch.series_id)
        except Exception:  # the series exists; the timer retries
            logger.exception("batch could not be delivered; the timer retries it", series_id=batch.series_id)
    return delivered
