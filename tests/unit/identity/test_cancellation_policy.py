"""Cancellation policies: which tiers are accepted, and how they are described."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from coachway.identity.model.cancellation_policy import (
    DEFAULT_TIERS,
    CancellationPolicy,
    RefundTier,
    default_policy,
    describe_tiers,
)


def build_policy(*tiers: tuple[int, int]) -> CancellationPolicy:
    return CancellationPolicy.model_validate({"tiers": [{"hours": hours, "percent": part} for hours, part in tiers]})


def test_policy_sorts_its_tiers() -> None:
    policy = build_policy((0, 0), (336, 100), (72, 50))
    assert [tier.hours for tier in policy.tiers] == [336, 72, 0]


def test_default_policy_is_valid() -> None:
    assert tuple(build_policy(*((tier.hours, tier.percent) for tier in DEFAULT_TIERS)).tiers) == DEFAULT_TIERS
    assert tuple(default_policy().tiers) == DEFAULT_TIERS


@pytest.mark.parametrize(
    ("tiers", "message"),
    [
        ([], "at least 1"),
        ([(72, 50), (72, 40)], "one tier for 72 hours"),
        ([(72, 50), (24, 60)], "must not refund less for more notice"),
        ([(8761, 50)], "less than or equal to 8760"),
        ([(-1, 50)], "greater than or equal to 0"),
        ([(1, 101)], "less than or equal to 100"),
        ([(hours, 100) for hours in range(11)], "at most 10"),
    ],
)
def test_policy_with_contradicting_tiers_is_refused(tiers: list[tuple[int, int]], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        build_policy(*tiers)


@pytest.mark.parametrize("hours", [1.5, "soon", None])
def test_tier_with_wrong_type_is_refused(hours: Any) -> None:
    with pytest.raises(ValidationError):
        RefundTier(hours=hours, percent=10)


TIERS = st.lists(st.tuples(st.integers(0, 8760), st.integers(0, 100)), min_size=1, max_size=10)


@given(TIERS)
def test_accepted_policies_never_refund_less_for_more_notice(tiers: list[tuple[int, int]]) -> None:
    try:
        policy = build_policy(*tiers)
    except ValidationError:
        return
    percents = [tier.percent for tier in policy.tiers]
    assert percents == sorted(percents, reverse=True)


def test_default_tiers_are_described_in_words() -> None:
    assert describe_tiers(DEFAULT_TIERS) == [
        "72 hours or more before the first pickup: we refund 100% of what you paid",
        "48 to 72 hours before: we refund 75% of what you paid",
        "24 to 48 hours before: we refund 50% of what you paid",
        "Less than 24 hours before: no refund",
    ]


@pytest.mark.parametrize(
    ("tiers", "texts"),
    [
        ([(0, 100)], ["Before the first pickup: we refund 100% of what you paid"]),
        (
            [(336, 100), (72, 50)],
            [
                "14 days (336 hours) or more before the first pickup: we refund 100% of what you paid",
                "72 hours to 14 days (336 hours) before: we refund 50% of what you paid",
                "Less than 72 hours before: no refund",
            ],
        ),
        (
            [(1, 10)],
            [
                "1 hour or more before the first pickup: we refund 10% of what you paid",
                "Less than 1 hour before: no refund",
            ],
        ),
    ],
)
def test_tiers_are_described_with_the_rest_without_refund(tiers: list[tuple[int, int]], texts: list[str]) -> None:
    assert describe_tiers(build_policy(*tiers).tiers) == texts
