"""What we owe vendors, as rules: which status may follow which, when it falls due, and what is paid together. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from coachway.core import errors


class PayableStatus(StrEnum):
    """Where something that we owe stands."""

    OPEN = "open"
    DUE = "due"
    PAID = "paid"
    VOID = "void"

    @property
    def is_owed(self) -> bool:
        """Whether it is still to be paid."""
        return self in {PayableStatus.OPEN, PayableStatus.DUE}


STEPS: Final[Mapping[PayableStatus, frozenset[PayableStatus]]] = {
    PayableStatus.OPEN: frozenset({PayableStatus.DUE, PayableStatus.PAID, PayableStatus.VOID}),
    PayableStatus.DUE: frozenset({PayableStatus.PAID, PayableStatus.VOID}),
    PayableStatus.PAID: frozenset(),
    PayableStatus.VOID: frozenset(),
}
"""Paid ahead of its day, or on it; void when the trip does not take place, or it was a mistake."""

_LONG_AGO: Final = date(1970, 1, 2)

MOST_WRITES: Final = 100
_BESIDES: Final = 9
"""Writes of a payment besides those for what is paid and whom: the month's totals, and the Idempotency-Key."""


def require_step(status: PayableStatus, wanted: PayableStatus, what: str = "this payable") -> None:
    """Raises Conflict, naming `what`, unless `wanted` may follow."""
    if wanted not in STEPS[status]:
        raise errors.Conflict(f"{what} is {status}, and cannot become {wanted}", title="that does not follow")


def falls_due_at(due_date: date, timezone: str) -> datetime:
    """The beginning of the day in that time zone, in UTC; of one long ago, some moment that is over."""
    # The first day of time has no beginning in the east.
    return datetime.combine(max(due_date, _LONG_AGO), time(), ZoneInfo(timezone)).astimezone(UTC)


def status_at(due_date: date, timezone: str, now: datetime) -> PayableStatus:
    """How something that is owed begins: what should have been paid already is due at once."""
    return PayableStatus.DUE if falls_due_at(due_date, timezone) <= now else PayableStatus.OPEN


def writes_of(vendors: Sequence[str]) -> int:
    """How many writes it takes to pay payables of these vendors, one each, all together."""
    return 3 * len(set(vendors)) + 2 * len(vendors) + _BESIDES


def require_together(vendors: Sequence[str]) -> None:
    """Raises Invalid when paying these together is more than one transaction can hold."""
    if writes_of(vendors) > MOST_WRITES:
        raise errors.Invalid.field(
            "payable_ids", "are too many to be paid together: up to 40 of one vendor, or 18 of as many vendors"
        )
