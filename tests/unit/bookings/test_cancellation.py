"""What a cancellation gives back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.bookings.charters.cancellation_policy import refund_amount, refund_percent
from coachway.bookings.charters.rules import Actor

PICKUP = datetime(2027, 3, 3, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "percent"),
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
def test_a_client_gets_back_a_share_by_the_time_left(left: timedelta, percent: int) -> None:
    assert refund_percent(PICKUP, PICKUP - left, Actor.CLIENT) == percent


def test_the_operator_gives_everything_back() -> None:
    assert refund_percent(PICKUP, PICKUP, Actor.STAFF) == 100


@given(paid=st.integers(0, 10**9), percent=st.integers(0, 100))
def test_never_more_than_was_paid(paid: int, percent: int) -> None:
    assert 0 <= refund_amount(paid, percent) <= paid


def test_half_a_cent_is_rounded_up() -> None:
    assert refund_amount(101, 50) == 51


@given(sooner=st.integers(0, 400), later=st.integers(0, 400))
def test_cancelling_earlier_never_gives_back_less(sooner: int, later: int) -> None:
    few, many = sorted((sooner, later))
    percents = [refund_percent(PICKUP, PICKUP - timedelta(hours=hours), Actor.CLIENT) for hours in (few, many)]
    assert percents[0] <= percents[1]
