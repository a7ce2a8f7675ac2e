"""Status transitions of vendors, and their percentages."""

from __future__ import annotations

import pytest

from coachway.core import errors
from coachway.vendors import rules
from coachway.vendors.rules import TRANSITIONS, VendorStatus


@pytest.mark.parametrize("before", VendorStatus)
@pytest.mark.parametrize("after", VendorStatus)
def test_require_raises_for_transitions_that_are_not_allowed(before: VendorStatus, after: VendorStatus) -> None:
    if after in TRANSITIONS.allowed[before]:
        TRANSITIONS.require(before, after)
    else:
        with pytest.raises(errors.InvalidStatusTransition):
            TRANSITIONS.require(before, after)


def test_transitions_of_a_banned_or_rejected_vendor_do_not_lead_to_active() -> None:
    assert TRANSITIONS.allowed[VendorStatus.BANNED] == ()
    assert VendorStatus.ACTIVE not in TRANSITIONS.allowed[VendorStatus.REJECTED]
    assert set(TRANSITIONS.allowed) == set(VendorStatus)


def test_percentage_rounds_half_up_and_is_none_of_nothing() -> None:
    assert rules.calculate_percentage(2, 3) == 66.67
    assert rules.calculate_percentage(1, 800) == 0.13
    assert rules.calculate_percentage(0, 0) is None


def test_usable_rating_is_none_with_fewer_than_three_ratings() -> None:
    assert [rules.calculate_usable_rating(9 * count, count) for count in range(4)] == [None, None, None, 4.5]
