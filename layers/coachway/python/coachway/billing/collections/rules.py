"""Rules of collections: status transitions and waiting times between attempts. Pure."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final

from coachway.core.state_machine import Transitions

WAITS: Final = (timedelta(hours=1), timedelta(hours=24), timedelta(hours=72))
"""Waiting times between attempts after a decline. After the last attempt staff are notified."""


class CollectionStatus(StrEnum):
    """The status of a collection."""

    PLANNED = "planned"
    COLLECTING = "collecting"
    PAID = "paid"
    """Nothing is due now, by whatever payment."""
    FAILED = "failed"


TRANSITIONS: Final = Transitions(
    "collection",
    {
        CollectionStatus.PLANNED: frozenset({CollectionStatus.COLLECTING, CollectionStatus.PAID}),
        CollectionStatus.COLLECTING: frozenset({CollectionStatus.PAID, CollectionStatus.FAILED}),
        CollectionStatus.PAID: frozenset({CollectionStatus.PLANNED, CollectionStatus.COLLECTING}),
        CollectionStatus.FAILED: frozenset(
            {CollectionStatus.PLANNED, CollectionStatus.COLLECTING, CollectionStatus.PAID}
        ),
    },
)
"""A paid or failed collection is planned again for the next instalment. A failed one can be retried."""


def next_wait(tries: int) -> timedelta | None:
    """The waiting time after this many failed attempts, or None if there is no further attempt."""
    return WAITS[tries - 1] if 1 <= tries <= len(WAITS) else None
