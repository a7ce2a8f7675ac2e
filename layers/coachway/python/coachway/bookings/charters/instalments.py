"""When a trip is paid for. Pure.

A client with terms is invoiced when the trip is over: nothing is due before. Anybody else pays a share when the quote
is accepted, which is what books the trip, and the rest some days before it; all at once if that day has come already.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from coachway.core import errors
from coachway.core.schemas import RequestSchema
from coachway.core.types.datetimes import Day
from coachway.core.types.money import PositiveAmount, round_half_up
from coachway.identity.model.organization import PaymentPolicy


class InstalmentKind(StrEnum):
    """What a part of the price is called."""

    DEPOSIT = "deposit"
    BALANCE = "balance"


class Instalment(RequestSchema):
    """A part of the price. Without a day it is due when the quote is accepted, and books the trip once it is paid."""

    kind: InstalmentKind
    amount: Annotated[PositiveAmount, Field(gt=0)]
    due_on: Annotated[Day | None, Field(description="left out: when the quote is accepted")] = None


class InstalmentStatus(StrEnum):
    """How an instalment stands."""

    UPCOMING = "upcoming"
    DUE = "due"
    OVERDUE = "overdue"
    PAID = "paid"


def plan_instalments(
    total: int, *, has_terms: bool, accepted_on: date, trip_date: date, policy: PaymentPolicy
) -> list[Instalment]:
    """What is paid when, in the order in which it is due; `total` in cents. Days are those of the trip's first stop."""
    if has_terms or total <= 0:
        return []
    due_on = trip_date - timedelta(days=policy.balance_days)
    if policy.deposit_percent == 0:
        return [Instalment(kind=InstalmentKind.BALANCE, amount=total, due_on=max(due_on, accepted_on))]
    deposit = round_half_up(Decimal(total) * policy.deposit_percent / 100)
    if due_on <= accepted_on or deposit in (0, total):
        return [Instalment(kind=InstalmentKind.DEPOSIT, amount=total)]
    return [
        Instalment(kind=InstalmentKind.DEPOSIT, amount=deposit),
        Instalment(kind=InstalmentKind.BALANCE, amount=total - deposit, due_on=due_on),
    ]


def amount_due_to_book(parts: Sequence[Instalment]) -> int:
    """Cents that must be paid before the trip is booked."""
    return sum(part.amount for part in parts if part.due_on is None)


def amount_due_by(parts: Sequence[Instalment], day: date) -> int:
    """Cents that must be paid by the end of a day, the deposit among them."""
    return sum(part.amount for part in parts if part.due_on is None or part.due_on <= day)


def next_due_date(parts: Sequence[Instalment], paid: int) -> date | None:
    """The day on which the first instalment is due that `paid` cents do not cover, if it has one."""
    for part, short in zip(parts, open_instalments(parts, paid), strict=True):
        if short and part.due_on is not None:
            return part.due_on
    return None


def open_instalments(parts: Sequence[Instalment], paid: int) -> list[int]:
    """What is left of each instalment once `paid` cents went to them in their order."""
    left = []
    for part in parts:
        used = min(paid, part.amount)
        left.append(part.amount - used)
        paid -= used
    return left


def instalment_status(part: Instalment, left: int, *, accepted: bool, today: date) -> InstalmentStatus:
    """How an instalment stands of which `left` cents are open."""
    if left == 0:
        return InstalmentStatus.PAID
    if part.due_on is None:
        return InstalmentStatus.DUE if accepted else InstalmentStatus.UPCOMING
    if part.due_on < today:
        return InstalmentStatus.OVERDUE
    return InstalmentStatus.DUE if part.due_on == today else InstalmentStatus.UPCOMING


def require_valid_schedule(parts: Sequence[Instalment], total: int, trip_date: date) -> None:
    """Raises Invalid unless the parts are the whole price, in the order of their days, none after the trip."""
    said = sum(part.amount for part in parts)
    if said != total:
        message = f"must add up to the price, {total / 100:.2f}, and not {said / 100:.2f}"
        raise errors.Invalid.field("instalments", message)
    days = [part.due_on or date.min for part in parts]
    if days != sorted(days):
        raise errors.Invalid.field("instalments", "must be in the order in which they are due, the deposit first")
    if days and days[-1] > trip_date:
        raise errors.Invalid.field("instalments", f"must be due by the day of the trip, {trip_date}")
