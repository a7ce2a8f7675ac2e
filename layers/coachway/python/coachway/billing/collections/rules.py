"""Rules of collections: status transitions and waiting times between attempts. Pure."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

from coachway.bookings.charters.rules import CharterStatus
from coachway.core.state_machine import Transitions

WAITS: Final = (timedelta(hours=1), timedelta(hours=24), timedelta(hours=72))
"""Waiting times between attempts. After the last attempt, staff are notified."""

COLLECTED_STATUSES: Final = frozenset(
    {CharterStatus.BOOKED, CharterStatus.CONFIRMED, CharterStatus.IN_PROGRESS, CharterStatus.COMPLETED}
)
"""Statuses of charters whose instalments are collected."""


class CollectionStatus(StrEnum):
    """The status of a collection."""

    PLANNED = "planned"
    ANNOUNCED = "announced"
    """An email has announced the amount and the date to the client."""
    COLLECTING = "collecting"
    PAID = "paid"
    """Nothing is due now. The payment can have been made in another way."""
    FAILED = "failed"


TRANSITIONS: Final = Transitions(
    "collection",
    {
        CollectionStatus.PLANNED: frozenset({CollectionStatus.ANNOUNCED, CollectionStatus.PAID}),
        CollectionStatus.ANNOUNCED: frozenset(
            {
                CollectionStatus.PLANNED,
                CollectionStatus.ANNOUNCED,
                CollectionStatus.COLLECTING,
                CollectionStatus.PAID,
            }
        ),
        CollectionStatus.COLLECTING: frozenset({CollectionStatus.PAID, CollectionStatus.FAILED}),
        CollectionStatus.PAID: frozenset({CollectionStatus.PLANNED}),
        CollectionStatus.FAILED: frozenset(
            {
                CollectionStatus.PLANNED,
                CollectionStatus.ANNOUNCED,
                CollectionStatus.COLLECTING,
                CollectionStatus.PAID,
            }
        ),
    },
)
"""A paid or failed collection is planned again for the next instalment. A failed one can be retried, which announces it
again, or resumed with its workflow. An announcement without a card is repeated after the client has agreed to it."""


def next_wait(attempts: int) -> timedelta | None:
    """Return the waiting time after this many failed attempts, or None after the last one."""
    return WAITS[attempts - 1] if 1 <= attempts <= len(WAITS) else None
