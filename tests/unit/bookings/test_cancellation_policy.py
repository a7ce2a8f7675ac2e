"""Refunds of cancellations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.bookings.charters.cancellation_policy import refund_amount, refund_percent
from coachway.bookings.charters.rules import Actor

PICKUP = datetime(2027, 3, 3, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("notice", "percent"),
    [
        (timedelta(hours=72), 100),
        (timedelta(hours=72) - timedelta(seconds=1), 75),
        (timedelta(hours=48), 75),
        (timedelta(hours=48) - timedelta(seconds=1), 50),
        (timedelta(hours=24), 50),
        (timedelta(hours=24) - timedelta(seconds=1), 0),
        (timedelta(), 0),
        (timedelta(hours=-5), 0),
    ],
)
def test_refund_percent_of_client_depends_on_notice(notice: timedelta, percent: int) -> None:
    assert refund_percent(PICKUP, PICKUP - notice, Actor.CLIENT) == percent


def test_refund_percent_of_operator_is_100() -> None:
    assert refund_percent(PICKUP, PICKUP, Actor.STAFF) == 100


@given(paid=st.integers(0, 10**9), percent=st.integers(0, 100))
def test_refund_amount_never_exceeds_amount_paid(paid: int, percent: int) -> None:
    assert 0 <= refund_amount(paid, percent) <= paid


def test_refund_amount_rounds_half_cents_up() -> None:
    assert refund_amount(101, 50) == 51


@given(st.tuples(st.integers(0, 400), st.integers(0, 400)))
def test_refund_percent_never_decreases_with_notice(hours: tuple[int, int]) -> None:
    shorter, longer = (
        refund_percent(PICKUP, PICKUP - timedelta(hours=notice), Actor.CLIENT) for notice in sorted(hours)
    )
    assert shorter <= longer
