"""Rules of invoices: status transitions, status by amount paid, terms and due times. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from coachway.billing.errors import AmountExceedsBalance, InvoiceHasPayments, InvoiceNotPayable
from coachway.clients import rules as client_rules
from coachway.clients.rules import TERM_DAYS, PaymentTerms
from coachway.core.state_machine import Transitions
from coachway.core.types.money import format_units


class InvoiceStatus(StrEnum):
    """The status of an invoice."""

    DRAFT = "draft"
    ISSUED = "issued"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    OVERDUE = "overdue"
    VOID = "void"

    @property
    def is_open(self) -> bool:
        """Whether the invoice has a balance to pay."""
        return self in {InvoiceStatus.ISSUED, InvoiceStatus.PARTIALLY_PAID, InvoiceStatus.OVERDUE}


_OPEN: Final = frozenset({InvoiceStatus.ISSUED, InvoiceStatus.PARTIALLY_PAID, InvoiceStatus.OVERDUE})

TRANSITIONS: Final = Transitions(
    "invoice",
    {
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
    },
)
"""A draft with deposits is issued as partially paid or paid. A reversed payment reopens an invoice."""


def status_for(total: int, paid: int, due_date: date, today: date) -> InvoiceStatus:
    """Return the status of an issued invoice with `paid` cents paid. It is overdue from the day after its due date."""
    if paid >= total:
        return InvoiceStatus.PAID
    if today > due_date:
        return InvoiceStatus.OVERDUE
    return InvoiceStatus.PARTIALLY_PAID if paid > 0 else InvoiceStatus.ISSUED


def describe_terms(terms: PaymentTerms, issue_date: date | None, due_date: date | None) -> str:
    """Return the terms for pages and PDFs. Those of the client do not apply if an instalment is due later."""
    if issue_date is not None and due_date is not None and due_date != client_rules.due_date(issue_date, terms):
        return "As agreed for the trip"
    return f"Net {TERM_DAYS[terms]} days" if TERM_DAYS[terms] else "Due on receipt"


def overdue_at(due_date: date, timezone: str) -> datetime:
    """Return the time at which an invoice becomes overdue, in UTC: the end of its due date in the given time zone."""
    return datetime.combine(due_date + timedelta(days=1), time(), ZoneInfo(timezone)).astimezone(UTC)


def format_number(prefix: str, year: int, code: str, sequence: int) -> str:
    """Return the number of an invoice, such as `INV-2026-HARBOR-00001`."""
    return f"{prefix}-{year}-{code}-{sequence:05d}"


def require_payable(status: InvoiceStatus, balance_due: int, cents: int) -> None:
    """Raise InvoiceNotPayable or AmountExceedsBalance unless `cents` can be paid on an invoice."""
    if status is InvoiceStatus.DRAFT:
        raise InvoiceNotPayable("This invoice is a draft. Issue it first.")
    if not status.is_open:
        raise InvoiceNotPayable(f"This invoice is {status}. It does not accept payments.")
    if cents > balance_due:
        balance = format_units(balance_due)
        raise AmountExceedsBalance(f"The balance of this invoice is {balance}. Pay {balance} or less.")


def require_voidable(status: InvoiceStatus, paid_since_issue: int) -> None:
    """Raise InvalidStatusTransition or InvoiceHasPayments unless an invoice can be voided.

    `paid_since_issue` is the amount paid since it was issued, less refunds, in cents.
    """
    TRANSITIONS.require(status, InvoiceStatus.VOID)
    if paid_since_issue > 0:
        raise InvoiceHasPayments(
            f"{format_units(paid_since_issue)} was paid on this invoice. Reverse or refund it first."
        )
