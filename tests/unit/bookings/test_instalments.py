"""Instalments of charters."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.bookings import instalments
from coachway.bookings.instalments import Instalment, InstalmentKind, InstalmentStatus
from coachway.core.errors import Invalid
from coachway.identity.model.organization import PaymentPolicy

TRIP_DATE = date(2027, 3, 3)
DEFAULT_POLICY = PaymentPolicy()
NO_DEPOSIT = PaymentPolicy(deposit_percent=0)


def plan(
    total: int, days_before: int, policy: PaymentPolicy = DEFAULT_POLICY, *, has_terms: bool = False
) -> list[Instalment]:
    accepted_on = TRIP_DATE - timedelta(days=days_before)
    return instalments.plan_instalments(
        total, has_terms=has_terms, accepted_on=accepted_on, trip_date=TRIP_DATE, policy=policy
    )


def summarize(parts: list[Instalment]) -> list[tuple[str, int, int | None]]:
    """Kind, cents, and days before the trip; None if due at acceptance."""
    return [(part.kind.value, part.amount, (TRIP_DATE - part.due_on).days if part.due_on else None) for part in parts]


@pytest.mark.parametrize(
    ("total", "days", "policy", "expected"),
    [
        (726_50, 60, DEFAULT_POLICY, [("deposit", 181_63, None), ("balance", 544_87, 14)]),
        (100_02, 15, DEFAULT_POLICY, [("deposit", 25_01, None), ("balance", 75_01, 14)]),
        (100_00, 14, DEFAULT_POLICY, [("deposit", 100_00, None)]),
        (100_00, 3, DEFAULT_POLICY, [("deposit", 100_00, None)]),
        (100_00, 0, DEFAULT_POLICY, [("deposit", 100_00, None)]),
        (1, 60, DEFAULT_POLICY, [("deposit", 1, None)]),
        (0, 60, DEFAULT_POLICY, []),
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
def test_plan_instalments_depends_on_policy_and_dates(
    total: int, days: int, policy: PaymentPolicy, expected: list[tuple[str, int, int | None]]
) -> None:
    assert summarize(plan(total, days, policy)) == expected


def test_plan_instalments_for_client_with_terms_is_empty() -> None:
    assert plan(726_50, 60, has_terms=True) == []


POLICIES = st.builds(PaymentPolicy, deposit_percent=st.integers(0, 100), balance_days=st.integers(0, 365))


@given(st.integers(0, 10_000_000_00), st.integers(0, 900), POLICIES, st.booleans())
def test_plan_instalments_adds_up_and_is_due_by_trip(
    total: int, days: int, policy: PaymentPolicy, has_terms: bool
) -> None:
    parts = plan(total, days, policy, has_terms=has_terms)
    assert sum(part.amount for part in parts) == (0 if has_terms else total)
    assert all(part.amount > 0 for part in parts)
    instalments.require_valid_schedule(parts, 0 if has_terms else total, TRIP_DATE)
    assert instalments.sum_due_by(parts, TRIP_DATE) == sum(part.amount for part in parts)
    if policy.deposit_percent == 0:
        assert instalments.sum_due_to_book(parts) == 0
    elif parts:
        assert instalments.sum_due_to_book(parts) > 0


@given(st.integers(1, 1_000_000), st.integers(0, 100), POLICIES, st.integers(0, 1_200_000))
def test_open_instalments_applies_payments_in_order(total: int, days: int, policy: PaymentPolicy, paid: int) -> None:
    parts = plan(total, days, policy)
    open_amounts = instalments.calculate_open_amounts(parts, paid)
    assert sum(open_amounts) == max(0, total - paid)
    has_payment = [amount < part.amount for amount, part in zip(open_amounts, parts, strict=True)]
    assert has_payment == sorted(has_payment, reverse=True)


DEPOSIT = Instalment(kind=InstalmentKind.DEPOSIT, amount=100)
BALANCE = Instalment(kind=InstalmentKind.BALANCE, amount=300, due_on=date(2027, 2, 17))


@pytest.mark.parametrize(
    ("part", "open_amount", "accepted", "today", "expected"),
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
    part: Instalment, open_amount: int, accepted: bool, today: date, expected: InstalmentStatus
) -> None:
    assert instalments.derive_instalment_status(part, open_amount, accepted=accepted, today=today) is expected


@pytest.mark.parametrize(
    ("parts", "total", "message"),
    [
        ([DEPOSIT, BALANCE], 401, "add up to the price, 4.01, not 4.00"),
        ([BALANCE, DEPOSIT], 400, "the deposit first"),
        ([DEPOSIT, BALANCE.model_copy(update={"due_on": date(2027, 3, 4)})], 400, "by the trip date"),
    ],
)
def test_require_valid_schedule_rejects_inconsistent_instalments(
    parts: list[Instalment], total: int, message: str
) -> None:
    with pytest.raises(Invalid, match=message):
        instalments.require_valid_schedule(parts, total, TRIP_DATE)


def test_next_due_date_is_first_unpaid_one() -> None:
    assert instalments.find_next_due_date([DEPOSIT, BALANCE], 100) == date(2027, 2, 17)
    assert instalments.find_next_due_date([DEPOSIT, BALANCE], 400) is None
