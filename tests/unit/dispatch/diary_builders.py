"""Strategies for duty blocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from coachway.core.types import ids
from coachway.core.types.geo import Coordinates
from coachway.dispatch.diaries.model import DutyBlock

START = datetime(2027, 3, 1, tzinfo=UTC)
places = st.none() | st.builds(Coordinates, st.floats(-89, 89), st.floats(-179, 179))


@st.composite
def duty_blocks(draw: st.DrawFn) -> DutyBlock:
    """A duty block of up to 20 days within half a year, with the drives from and to the garage."""
    starts_at = START + timedelta(minutes=draw(st.integers(0, 60 * 24 * 180)))
    before, trip, after = (draw(st.integers(0, most)) for most in (300, 60 * 24 * 20, 300))
    pickup_at = starts_at + timedelta(minutes=before)
    dropoff_at = pickup_at + timedelta(minutes=trip + 1)
    return DutyBlock(
        assignment_id=ids.new("asg"),
        charter_id="chr_1",
        number="CH-2027-000001",
        starts_at=starts_at,
        pickup_at=pickup_at,
        dropoff_at=dropoff_at,
        ends_at=dropoff_at + timedelta(minutes=after),
        pickup_place=draw(places),
        dropoff_place=draw(places),
    )
