"""Instalments of charters."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.bookings.charters import instalments
from coachway.bookings.charters.instalments import Instalment, InstalmentKind, InstalmentStatus
from coachway.core.errors import Invalid
from coachway.identity.model.organization import PaymentPolicy

TRIP = date(2027, 3, 3)
USUAL = PaymentPolicy()
NO_DEPOSIT = PaymentPolicy(deposit_percent=0)


def schedule(
    total: int, days_before: int, policy: PaymentPolicy = USUAL, *, has_terms: bool = False
) -> list[Instalment]:
    accepted = TRIP - timedelta(days=days_before)
    return instalments.plan_instalments(total, has_terms=has_terms, accepted_on=accepted, trip_date=TRIP, policy=policy)


def summarize(parts: list[Instalment]) -> list[tuple[str, int, int | None]]:
    """Kind, cents, and days before the trip; None if due at acceptance."""
    return [(part.kind.value, part.amount, (TRIP - part.due_on).days if part.due_on else None) for part in parts]


@pytest.mark.parametrize(
    ("total", "days", "policy", "expected"),
    [
        (726_50, 60, USUAL, [("deposit", 181_63, None), ("balance", 544_87, 14)]),
        (100_02, 15, USUAL, [("deposit", 25_01, None), ("balance", 75_01, 14)]),
        (100_00, 14, USUAL, [("deposit", 100_00, None)]),
        (100_00, 3, USUAL, [("deposit", 100_00, None)]),
        (100_00, 0, USUAL, [("deposit", 100_00, None)]),
        (1, 60, USUAL, [("deposit", 1, None)]),
        (0, 60, USUAL, []),
        (100_00, 60, NO_DEPOSIT, [("balance", 100_00, 14)]),
        (100_00, 3, NO_DEPOSIT, [("balance", 100_00, 3)]),
        (100_00, 60, PaymentPolicy(deposit_percent=100), [("deposit", 100_00, None)]),
        (
            100_00,
            20,
            PaymentPolicy(deposit_percent=50, balance_days=0),
            [("deposit", 50_00, None), ("balance", 50_00, 0)],
        ),
    ],
)
def test_plan_instalments_of_policy_and_dates(
    total: int, days: int, policy: PaymentPolicy, expected: list[tuple[str, int, int | None]]
) -> None:
    assert summarize(schedule(total, days, policy)) == expected


def test_plan_instalments_for_client_with_terms_is_empty() -> None:
    assert schedule(726_50, 60, has_terms=True) == []


POLICIES = st.builds(PaymentPolicy, deposit_percent=st.integers(0, 100), balance_days=st.integers(0, 365))


@given(st.integers(0, 10_000_000_00), st.integers(0, 900), POLICIES, st.booleans())
def test_plan_instalments_adds_up_and_is_due_by_trip(
    total: int, days: int, policy: PaymentPolicy, has_terms: bool
) -> None:
    parts = schedule(total, days, policy, has_terms=has_terms)
    assert sum(part.amount for part in parts) == (0 if has_terms else total)
    assert all(part.amount > 0 for part in parts)
    instalments.require_valid_schedule(parts, 0 if has_terms else total, TRIP)
    assert instalments.amount_due_by(parts, TRIP) == sum(part.amount for part in parts)
    if policy.deposit_percent == 0:
        assert instalments.amount_due_to_book(parts) == 0
    elif parts:
        assert instalments.amount_due_to_book(parts) > 0


@given(st.integers(1, 1_000_000), st.integers(0, 100), POLICIES, st.integers(0, 1_200_000))
def test_open_instalments_applies_payments_in_order(total: int, days: int, policy: PaymentPolicy, paid: int) -> None:
    parts = schedule(total, days, policy)
    left = instalments.open_instalments(parts, paid)
    assert sum(left) == max(0, total - paid)
    touched = [short < part.amount for short, part in zip(left, parts, strict=True)]
    assert touched == sorted(touched, reverse=True)


DEPOSIT = Instalment(kind=InstalmentKind.DEPOSIT, amount=100)
BALANCE = Instalment(kind=InstalmentKind.BALANCE, amount=300, due_on=date(2027, 2, 17))


@pytest.mark.parametrize(
    ("part", "left", "accepted", "today", "expected"),
    [
        (DEPOSIT, 100, False, date(2027, 1, 1), InstalmentStatus.UPCOMING),
        (DEPOSIT, 100, True, date(2027, 1, 1), InstalmentStatus.DUE),
        (DEPOSIT, 0, True, date(2027, 1, 1), InstalmentStatus.PAID),
        (BALANCE, 300, True, date(2027, 2, 16), InstalmentStatus.UPCOMING),
        (BALANCE, 300, True, date(2027, 2, 17), InstalmentStatus.DUE),
        (BALANCE, 1, True, date(2027, 2, 18), InstalmentStatus.OVERDUE),
    ],
)
def test_instalment_status_by_date_and_amount(
    part: Instalment, left: int, accepted: bool, today: date, expected: InstalmentStatus
) -> None:
    assert instalments.instalment_status(part, left, accepted=accepted, today=today) is expected


@pytest.mark.parametrize(
    ("parts", "total", "wrong"),
    [
        ([DEPOSIT, BALANCE], 401, "add up to the price, 4.01, not 4.00"),
        ([BALANCE, DEPOSIT], 400, "the deposit first"),
        ([DEPOSIT, BALANCE.model_copy(update={"due_on": date(2027, 3, 4)})], 400, "by the trip date"),
    ],
)
def test_require_valid_schedule_rejects_inconsistent_instalments(
    parts: list[Instalment], total: int, wrong: str
) -> None:
    with pytest.raises(Invalid, match=wrong):
        instalments.require_valid_schedule(parts, total, TRIP)


def test_next_due_date_is_first_unpaid_one() -> None:
    assert instalments.next_due_date([DEPOSIT, BALANCE], 100) == date(2027, 2, 17)
    assert instalments.next_due_date([DEPOSIT, BALANCE], 400) is None
