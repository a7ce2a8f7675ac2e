"""What a series still has to tell: quotes and events that did not fit into the transaction that made its charters.

A parcel is written with the series and removed by the transaction that delivers it: what is in it is told once, and
never before the series exists. Whoever comes first delivers: the request that made the series, or the timer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import ClassVar, Final

from pydantic import AwareDatetime, Field

from coachway.bookings.charters import drafting
from coachway.bookings.charters.drafting import Draft
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence import domain_events
from coachway.core.persistence.operations import Create, Op, Remove
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.records import AccessPattern, Entity, Key, Record
from coachway.core.runtime import clock
from coachway.core.runtime.logging import logger
from coachway.core.types import ids
from coachway.core.types.datetimes import sortable
from coachway.pricing.quote_model import Quote

_CHARTERS_PER_BATCH: Final = 8
"""Small enough for one item of 400 KB; three items for each charter and one for the parcel stay under 100."""
_PENDING_AGE: Final = timedelta(minutes=1)
"""Younger parcels are still in the hands of the request that packed them."""

BATCH = AccessPattern(
    "what a series still has to tell",
    pk="ORG#{org}#SERIES#{series}",
    sk="PARCEL#{number}",
)
UNDELIVERED = AccessPattern(
    "parcels that were not delivered yet, oldest first, of all organizations: only the timer reads it",
    index="gsi1",
    pk="SERIES_PARCELS",
    sk="{packed}#{series}#{number}",
)


class OutboxBatch(Record):
    """The quotes of some charters, and the events that they begin with."""

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
        made = sortable(self.packed_at)
        return {"gsi1": UNDELIVERED.key(packed=made, series=self.series_id, number=self.number)}


def pack_batches(caller: Caller, series_id: str, made: Sequence[Draft]) -> list[OutboxBatch]:
    """Everything that drafts have to tell, in as few parcels as fit."""
    found: list[OutboxBatch] = []
    for start in range(0, len(made), _CHARTERS_PER_BATCH):
        quotes: list[Quote] = []
        envelopes: list[domain_events.Envelope] = []
        for draft in made[start : start + _CHARTERS_PER_BATCH]:
            envelopes.append(_envelope(caller, drafting.charter_created_event(draft.charter), draft.charter))
            for op in draft.quote_ops:
                if isinstance(op, Create) and isinstance(op.record, Quote):
                    quotes.append(op.record)
                    envelopes += [_envelope(caller, fact, op.record) for fact in op.events]
        found.append(
            OutboxBatch(
                org_id=caller.org_id,
                series_id=series_id,
                number=len(found),
                quotes=quotes,
                envelopes=envelopes,
            )
        )
    return found


def _envelope(caller: Caller, fact: domain_events.Event, about: Entity) -> domain_events.Envelope:
    return domain_events.envelope(
        caller, fact, event_id=ids.ulid(), aggregate_id=about.id, aggregate_pk=about.key().pk, changes=[]
    )


def deliver_batches(caller: Caller, parcels: Iterable[OutboxBatch]) -> int:
    """Write what is in the parcels; returns how many were delivered. What fails is left to the timer."""
    delivered = 0
    for parcel in parcels:
        ops: list[Op] = [Remove(parcel), *(Create(each) for each in (*parcel.quotes, *parcel.envelopes))]
        try:
            # Nothing of it is the answer to a request: that was given with the series.
            store.commit(Caller.system("series", parcel.org_id, caller.correlation_id), *ops)
            delivered += 1
        except errors.ConcurrentUpdate:
            logger.info("a parcel was delivered by somebody else", series_id=parcel.series_id)
        except Exception:  # the series exists: what is left is the timer's
            logger.exception("a parcel could not be delivered; the timer will", series_id=parcel.series_id)
    return delivered


def deliver_pending() -> int:
    """Deliver parcels that a request left lying; returns how many."""
    before = sortable(clock.now() - _PENDING_AGE)
    lying = query_all(OutboxBatch, UNDELIVERED.partition(), index="gsi1", most=100)
    return deliver_batches(Caller.system("series", ""), [each for each in lying if sortable(each.packed_at) <= before])
