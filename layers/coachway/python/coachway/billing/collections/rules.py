"""What is due and not paid is collected: when it is tried again, and when it is given up. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

from coachway.core import errors

WAITS: Final = (timedelta(hours=1), timedelta(hours=24), timedelta(hours=72))
"""After a card was declined, until it is tried again; then staff are told."""


class CollectionStatus(StrEnum):
    """Where the collecting of a payment stands."""

    PLANNED = "planned"
    COLLECTING = "collecting"
    PAID = "paid"
    """Nothing more is due now, whoever paid it."""
    FAILED = "failed"


STEPS: Final[Mapping[CollectionStatus, frozenset[CollectionStatus]]] = {
    CollectionStatus.PLANNED: frozenset({CollectionStatus.COLLECTING, CollectionStatus.PAID}),
    CollectionStatus.COLLECTING: frozenset({CollectionStatus.PAID, CollectionStatus.FAILED}),
    CollectionStatus.PAID: frozenset({CollectionStatus.PLANNED, CollectionStatus.COLLECTING}),
    CollectionStatus.FAILED: frozenset({CollectionStatus.PLANNED, CollectionStatus.COLLECTING, CollectionStatus.PAID}),
}
"""One that was paid or failed begins anew with the next instalment; one that failed can be taken up again."""


def require_step(status: CollectionStatus, wanted: CollectionStatus) -> None:
    """Raises Conflict unless `wanted` may follow."""
    if wanted not in STEPS[status]:
        raise errors.Conflict(f"this collection is {status}, and cannot become {wanted}", title="that does not follow")


def next_wait(tries: int) -> timedelta | None:
    """How long to wait after this many tries that failed, the first among them; None: it is given up."""
    return WAITS[tries - 1] if 1 <= tries <= len(WAITS) else None
