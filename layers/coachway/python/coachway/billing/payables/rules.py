"""Rules of payables: status transitions, due times, and the maximum size of a joint payout. Pure."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from coachway.core import errors
from coachway.core.state_machine import Transitions


class PayableStatus(StrEnum):
    """The status of a payable."""

    OPEN = "open"
    DUE = "due"
    PAID = "paid"
    VOID = "void"

    @property
    def is_owed(self) -> bool:
        """Whether the payable is unpaid and not void."""
        return self in {PayableStatus.OPEN, PayableStatus.DUE}


TRANSITIONS: Final = Transitions(
    "payable",
    {
        PayableStatus.OPEN: frozenset({PayableStatus.DUE, PayableStatus.PAID, PayableStatus.VOID}),
        PayableStatus.DUE: frozenset({PayableStatus.PAID, PayableStatus.VOID}),
        PayableStatus.PAID: frozenset(),
        PayableStatus.VOID: frozenset(),
    },
)
"""A payable can be paid before its due date. It is voided if its trip is cancelled or it was created by mistake."""

_EARLIEST: Final = date(1970, 1, 2)

MAX_WRITES: Final = 100
_OTHER_WRITES: Final = 9
"""Writes of a joint payout besides those per payable and vendor: monthly totals and the idempotency record."""


def calculate_due_time(due_date: date, timezone: str) -> datetime:
    """Return the start of the due date in the given time zone, in UTC. Not earlier than 1970."""
    # For time zones east of UTC, the start of the earliest date is before the first datetime of Python.
    return datetime.combine(max(due_date, _EARLIEST), time(), ZoneInfo(timezone)).astimezone(UTC)


def choose_initial_status(due_date: date, timezone: str, now: datetime) -> PayableStatus:
    """Return the status of a new payable: due if its due date has begun, else open."""
    return PayableStatus.DUE if calculate_due_time(due_date, timezone) <= now else PayableStatus.OPEN


def count_writes(vendor_ids: Sequence[str]) -> int:
    """Return the number of writes of a joint payout. `vendor_ids` has one item per payable."""
    return 3 * len(set(vendor_ids)) + 2 * len(vendor_ids) + _OTHER_WRITES


def require_payable_together(vendor_ids: Sequence[str]) -> None:
    """Raise Invalid if a joint payout has more writes than one transaction can hold."""
    if count_writes(vendor_ids) > MAX_WRITES:
        raise errors.Invalid.field(
            "payable_ids", "must have at most 40 payables of one vendor, or 18 of different vendors", "too_long"
        )
