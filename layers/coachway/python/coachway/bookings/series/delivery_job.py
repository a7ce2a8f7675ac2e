"""Deliver the batches of new series that their request did not deliver."""

from datetime import timedelta
from typing import Final

from coachway.bookings.series import outbox
from coachway.bookings.series.outbox import UNDELIVERED, OutboxBatch
from coachway.core.caller import Caller
from coachway.core.persistence.queries import query_all
from coachway.core.runtime import clock
from coachway.core.types.datetimes import sortable

_PENDING_AGE: Final = timedelta(minutes=1)
"""The timer skips younger batches, because the request that created them may still deliver them."""


def run() -> int:
    """Deliver batches that their request did not deliver, and return the number delivered."""
    cutoff = sortable(clock.now() - _PENDING_AGE)
    pending = query_all(OutboxBatch, UNDELIVERED.partition(), index="gsi1", limit=100)
    return outbox.deliver_batches(
        Caller.system("series", ""), [each for each in pending if sortable(each.packed_at) <= cutoff]
    )
