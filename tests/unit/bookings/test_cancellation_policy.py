"""Refunds of cancellations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.bookings.charters.cancellation_policy import refund_amount, refund_percent
from coachway.bookings.charters.rules import Actor
from coachway.identity.model.cancellation_policy import RefundTier

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


OWN_TIERS = [RefundTier(hours=336, percent=90), RefundTier(hours=72, percent=50)]


@pytest.mark.parametrize(
    ("notice", "percent"),
    [
        (timedelta(hours=336), 90),
        (timedelta(hours=336) - timedelta(seconds=1), 50),
        (timedelta(hours=72), 50),
        (timedelta(hours=72) - timedelta(seconds=1), 0),
        (timedelta(hours=72) - timedelta(microseconds=1), 50),  # in the client's favor
    ],
)
def test_refund_percent_with_own_tiers_depends_on_notice(notice: timedelta, percent: int) -> None:
    assert refund_percent(PICKUP, PICKUP - notice, Actor.CLIENT, OWN_TIERS) == percent


@pytest.mark.parametrize(
    ("pickup", "shift"),
    [
        ("2027-03-15T09:00", -1),  # the clocks went forward on March 14
        ("2027-11-08T09:00", 1),  # the clocks went back on November 7
    ],
)
def test_refund_percent_counts_elapsed_hours_when_the_clocks_change(pickup: str, shift: int) -> None:
    zone = ZoneInfo("America/New_York")
    local_pickup = datetime.fromisoformat(pickup).replace(tzinfo=zone)
    same_wall_clock = local_pickup - timedelta(hours=72)  # times of one zone are subtracted as the clocks show them
    assert (local_pickup.astimezone(UTC) - same_wall_clock.astimezone(UTC)) == timedelta(hours=72 + shift)
    assert refund_percent(local_pickup, same_wall_clock, Actor.CLIENT) == (100 if shift > 0 else 75)
    last_moment = (local_pickup.astimezone(UTC) - timedelta(hours=72)).astimezone(zone)
    assert refund_percent(local_pickup, last_moment, Actor.CLIENT) == 100
    assert refund_percent(local_pickup, last_moment + timedelta(seconds=1), Actor.CLIENT) == 75


@given(
    seconds=st.integers(-(10**5), 10**8),
    hours=st.lists(st.integers(0, 8760), min_size=1, max_size=10, unique=True),
    percents=st.lists(st.integers(0, 100), min_size=10, max_size=10),
)
def test_refund_percent_is_that_of_the_longest_tier_reached(
    seconds: int, hours: list[int], percents: list[int]
) -> None:
    ordered = zip(sorted(hours, reverse=True), sorted(percents, reverse=True), strict=False)
    tiers = [RefundTier(hours=hour, percent=percent) for hour, percent in ordered]
    reached = [tier.percent for tier in tiers if seconds >= tier.hours * 3600]
    assert refund_percent(PICKUP, PICKUP - timedelta(seconds=seconds), Actor.CLIENT, tiers) == max(reached, default=0)
