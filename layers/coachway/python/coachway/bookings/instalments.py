"""The instalments in which a trip is paid.

A client with payment terms is invoiced after the trip and pays nothing in advance. Any other client pays a deposit when
it accepts the quote, which books the trip, and the balance some days before the trip. If the balance would be due by
the day of acceptance, the deposit is the whole price.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from coachway.core import errors
from coachway.core.schemas import RequestSchema
from coachway.core.types.datetimes import Day
from coachway.core.types.money import NonNegativeApiAmount, format_units, round_half_up
from coachway.identity.model.organization import PaymentPolicy


class InstalmentKind(StrEnum):
    """The kind of an instalment."""

    DEPOSIT = "deposit"
    BALANCE = "balance"


class Instalment(RequestSchema):
    """A part of the price. Without `due_on` it is due when the quote is accepted, and paying it books the trip."""

    kind: InstalmentKind
    amount: Annotated[NonNegativeApiAmount, Field(gt=0)]
    due_on: Annotated[Day | None, Field(description="Due date. Omit if due when the quote is accepted.")] = None


class InstalmentStatus(StrEnum):
    """The payment status of an instalment."""

    UPCOMING = "upcoming"
    DUE = "due"
    OVERDUE = "overdue"
    PAID = "paid"


def plan_instalments(
    total: int, *, has_terms: bool, accepted_on: date, trip_date: date, policy: PaymentPolicy
) -> list[Instalment]:
    """The instalments in order of their due dates. `total` is in cents; dates are local to the first stop."""
    if has_terms or total <= 0:
        return []
    balance_due_on = trip_date - timedelta(days=policy.balance_days)
    if policy.deposit_percent == 0:
        return [Instalment(kind=InstalmentKind.BALANCE, amount=total, due_on=max(balance_due_on, accepted_on))]
    deposit = round_half_up(Decimal(total) * policy.deposit_percent / 100)
    if balance_due_on <= accepted_on or deposit in (0, total):
        return [Instalment(kind=InstalmentKind.DEPOSIT, amount=total)]
    return [
        Instalment(kind=InstalmentKind.DEPOSIT, amount=deposit),
        Instalment(kind=InstalmentKind.BALANCE, amount=total - deposit, due_on=balance_due_on),
    ]


def sum_due_to_book(parts: Sequence[Instalment]) -> int:
    """Cents that must be paid before the trip is booked."""
    return sum(part.amount for part in parts if part.due_on is None)


def sum_due_by(parts: Sequence[Instalment], day: date) -> int:
    """Cents that must be paid by the end of `day`, including the deposit."""
    return sum(part.amount for part in parts if part.due_on is None or part.due_on <= day)


def find_day_due_earlier(parts: Sequence[Instalment], agreed: Sequence[Instalment], paid: int) -> date | None:
    """The first day by which `parts` demand more than `agreed` and than the `paid` cents, or None.

    It is `date.min` for what is due when the quote is accepted.
    """
    days = sorted({part.due_on or date.min for part in parts})
    return next((day for day in days if sum_due_by(parts, day) > max(sum_due_by(agreed, day), paid)), None)


def find_next_due_date(parts: Sequence[Instalment], paid: int) -> date | None:
    """The due date of the first dated instalment that `paid` cents do not cover, or None."""
    for part, open_amount in zip(parts, calculate_open_amounts(parts, paid), strict=True):
        if open_amount and part.due_on is not None:
            return part.due_on
    return None


def find_last_due_date(parts: Sequence[Instalment], paid: int) -> date | None:
    """The due date of the last dated instalment that `paid` cents do not cover, or None."""
    open_dates = (
        part.due_on for part, open_amount in zip(parts, calculate_open_amounts(parts, paid), strict=True) if open_amount
    )
    return max((day for day in open_dates if day is not None), default=None)


def calculate_open_amounts(parts: Sequence[Instalment], paid: int) -> list[int]:
    """The open cents of each instalment after `paid` cents are applied to them in order."""
    open_amounts = []
    for part in parts:
        applied = min(paid, part.amount)
        open_amounts.append(part.amount - applied)
        paid -= applied
    return open_amounts


def derive_instalment_status(part: Instalment, open_amount: int, *, accepted: bool, today: date) -> InstalmentStatus:
    """The status of an instalment with `open_amount` cents open."""
    if open_amount == 0:
        return InstalmentStatus.PAID
    if part.due_on is None:
        return InstalmentStatus.DUE if accepted else InstalmentStatus.UPCOMING
    if part.due_on < today:
        return InstalmentStatus.OVERDUE
    return InstalmentStatus.DUE if part.due_on == today else InstalmentStatus.UPCOMING


def require_valid_schedule(parts: Sequence[Instalment], total: int, trip_date: date) -> None:
    """Raise Invalid unless the parts add up to the price, in order of due dates, none of them after the trip."""
    amount = sum(part.amount for part in parts)
    if amount != total:
        message = f"must add up to the price, {format_units(total)}, not {format_units(amount)}"
        raise errors.Invalid.field("instalments", message)
    days = [part.due_on or date.min for part in parts]
    if days != sorted(days):
        raise errors.Invalid.field("instalments", "must be in order of their due dates, the deposit first")
    if days and days[-1] > trip_date:
        raise errors.Invalid.field("instalments", f"must be due by the trip date, {trip_date}")
