"""The life of an invoice: what follows what, how it stands once so much was paid, and when it is overdue. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from coachway.core import errors


class InvoiceStatus(StrEnum):
    """Where an invoice stands."""

    DRAFT = "draft"
    ISSUED = "issued"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    OVERDUE = "overdue"
    VOID = "void"

    @property
    def is_open(self) -> bool:
        """Whether something of it is still to be paid."""
        return self in {InvoiceStatus.ISSUED, InvoiceStatus.PARTIALLY_PAID, InvoiceStatus.OVERDUE}


_OPEN: Final = frozenset({InvoiceStatus.ISSUED, InvoiceStatus.PARTIALLY_PAID, InvoiceStatus.OVERDUE})

STEPS: Final[Mapping[InvoiceStatus, frozenset[InvoiceStatus]]] = {
    InvoiceStatus.DRAFT: frozenset({*_OPEN, InvoiceStatus.PAID, InvoiceStatus.VOID}),
    InvoiceStatus.ISSUED: frozenset(
        {InvoiceStatus.PARTIALLY_PAID, InvoiceStatus.PAID, InvoiceStatus.OVERDUE, InvoiceStatus.VOID}
    ),
    InvoiceStatus.PARTIALLY_PAID: frozenset(
        {InvoiceStatus.ISSUED, InvoiceStatus.PAID, InvoiceStatus.OVERDUE, InvoiceStatus.VOID}
    ),
    InvoiceStatus.OVERDUE: frozenset({InvoiceStatus.PAID, InvoiceStatus.VOID}),
    InvoiceStatus.PAID: frozenset({*_OPEN, InvoiceStatus.VOID}),
    InvoiceStatus.VOID: frozenset(),
}
"""A draft that was paid ahead is issued as partially paid or paid; a payment that is taken back opens it again."""


def require_step(status: InvoiceStatus, wanted: InvoiceStatus) -> None:
    """Raises Conflict unless `wanted` may follow."""
    if wanted not in STEPS[status]:
        raise errors.Conflict(f"this invoice is {status}, and cannot become {wanted}", title="that does not follow")


def status_for(total: int, paid: int, due_date: date, today: date) -> InvoiceStatus:
    """How an issued invoice stands of which `paid` cents were paid: overdue from the day after it was due."""
    if paid >= total:
        return InvoiceStatus.PAID
    if today > due_date:
        return InvoiceStatus.OVERDUE
    return InvoiceStatus.PARTIALLY_PAID if paid > 0 else InvoiceStatus.ISSUED


def overdue_at(due_date: date, timezone: str) -> datetime:
    """The moment at which an invoice is overdue: the end of its day in that time zone, in UTC."""
    return datetime.combine(due_date + timedelta(days=1), time(), ZoneInfo(timezone)).astimezone(UTC)


def number(prefix: str, year: int, code: str, n: int) -> str:
    """`INV-2026-HARBOR-00001`."""
    return f"{prefix}-{year}-{code}-{n:05d}"


def require_payable(status: InvoiceStatus, balance_due: int, cents: int) -> None:
    """Raises Conflict unless `cents` can be paid on an invoice."""
    if status is InvoiceStatus.DRAFT:
        raise errors.Conflict("this invoice is a draft: issue it first", title="this invoice takes no payments")
    if not status.is_open:
        raise errors.Conflict(f"this invoice is {status}", title="this invoice takes no payments")
    if cents > balance_due:
        left = f"{balance_due / 100:.2f}"
        raise errors.Conflict(f"only {left} is due on it: pay {left} or less", title="that is more than is due")


def require_voidable(status: InvoiceStatus, kept: int) -> None:
    """Raises Conflict when an invoice cannot be voided: it is already, or payments for it must be given back first.

    `kept`: cents that were paid on it since it was issued, less what was given back of all that was paid.
    """
    require_step(status, InvoiceStatus.VOID)
    if kept > 0:
        paid = f"{kept / 100:.2f} was paid on it: take that back or refund it first"
        raise errors.Conflict(paid, title="a paid invoice cannot be voided")
