"""Empty legs that a lead could use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from coachway.core.types.geo import Coordinates
from coachway.sales.leads.empty_leg_rules import PlannedLeg, match_empty_leg

NOON = datetime(2027, 5, 14, 16, tzinfo=UTC)
BOSTON = Coordinates(42.36, -71.06)
CAMBRIDGE = Coordinates(42.37, -71.11)
WORCESTER = Coordinates(42.26, -71.80)
LEG = PlannedLeg("chr_1", "CH-1", NOON, BOSTON, 200.0)


@pytest.mark.parametrize(
    ("pickup", "wait", "is_match"),
    [
        (CAMBRIDGE, timedelta(0), True),
        (CAMBRIDGE, timedelta(hours=4), True),
        (CAMBRIDGE, timedelta(hours=4, seconds=1), False),
        (CAMBRIDGE, timedelta(seconds=-1), False),
        (WORCESTER, timedelta(hours=1), False),
    ],
)
def test_leg_matches_within_30_miles_and_4_hours(pickup: Coordinates, wait: timedelta, is_match: bool) -> None:
    assert (match_empty_leg(pickup, NOON + wait, [LEG]) is not None) is is_match


def test_saving_is_what_the_way_to_the_pickup_leaves() -> None:
    match = match_empty_leg(CAMBRIDGE, NOON, [LEG._replace(miles=50.0), LEG, LEG._replace(miles=2.0)])
    assert match is not None
    assert (match.leg.miles, match.miles_to_pickup, match.saved_miles) == (200.0, 3.2, 196.8)
    assert match_empty_leg(CAMBRIDGE, NOON, [LEG._replace(miles=3.0)]) is None
