"""Which GPS positions are trusted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.core.types.geo import Coordinates
from coachway.dispatch.tracking.geofence import Progress, follow_positions
from coachway.dispatch.tracking.position_encoding import GpsPosition, round_position
from coachway.dispatch.tracking.position_trust import (
    STANDSTILL,
    UntrustedReason,
    is_reachable,
    untrusted_reason,
)
from tests.tracks import generate, read_track
from tests.unit.dispatch.builders import planned_stops

START = datetime(2027, 3, 3, 14, tzinfo=UTC)
ON_THE_ROAD = (40.5, -74.3)
PLACES = [Coordinates(*generate.NEWARK), Coordinates(*generate.ATLANTIC_CITY)]


def create_position(seconds: float = 0, place: tuple[float, float] = ON_THE_ROAD, **fields: Any) -> GpsPosition:
    return round_position(START + timedelta(seconds=seconds), *place, **fields)


@pytest.mark.parametrize(
    ("position", "reason"),
    [
        (create_position(place=(0, 0)), "no_fix"),
        (create_position(place=(0.0004, -0.0002), accuracy_m=5), "no_fix"),
        (create_position(accuracy_m=3_000), "inaccurate"),
        (create_position(accuracy_m=201), "inaccurate"),
        (create_position(accuracy_m=200), None),
        (create_position(speed_mph=101), "impossible_speed"),
        (create_position(speed_mph=300), "impossible_speed"),
        (create_position(speed_mph=100), None),
        (create_position(place=(40.5, 74.3)), "too_far"),
        (create_position(place=(90, 180)), "too_far"),
        (create_position(place=(34.05, -118.24)), "too_far"),
        (create_position(place=(41.88, -87.63)), None),
    ],
)
def test_untrusted_reason_of_a_first_position(position: GpsPosition, reason: str | None) -> None:
    assert untrusted_reason(position, None, None, PLACES) == reason


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"seconds": 10, "speed_mph": 50}, "frozen"),
        ({"seconds": 10, "speed_mph": 5}, "frozen"),
        ({"seconds": 1, "speed_mph": 5}, None),
        ({"seconds": 10}, None),
        ({"seconds": 10, "speed_mph": 0}, None),
        ({"seconds": 600}, "frozen"),
        ({"seconds": 600, "speed_mph": 0}, None),
        ({"seconds": 600, "place": (40.50002, -74.3)}, None),
        ({"seconds": 10, "place": (40.51, -74.3)}, "unreachable"),
        ({"seconds": 30, "place": (40.51, -74.3)}, None),
    ],
)
def test_untrusted_reason_after_a_trusted_position(fields: dict[str, Any], reason: str | None) -> None:
    assert untrusted_reason(create_position(**fields), create_position(), START, PLACES) == reason


def test_untrusted_reason_of_a_vehicle_waiting_at_a_stop_is_none() -> None:
    before = create_position(place=generate.NEWARK)
    waiting = create_position(7200, place=generate.NEWARK)
    assert untrusted_reason(waiting, before, START, PLACES) is None


def test_follow_positions_of_a_frozen_receiver_keeps_the_last_trusted_position() -> None:
    frozen = [create_position(60 * minute) for minute in range(20)]
    result = follow_positions(Progress(), frozen, planned_stops("to-the-shore"))
    assert result.progress.seen_at == START + STANDSTILL - timedelta(minutes=1)
    assert set(result.untrusted.values()) == {UntrustedReason.FROZEN}
    moved = follow_positions(result.progress, [create_position(1260, (40.48, -74.3))], planned_stops("to-the-shore"))
    assert (moved.progress.seen_at, moved.untrusted) == (START + timedelta(seconds=1260), {})


NOISE = st.sampled_from(
    [
        {"latitude": 0.0, "longitude": 0.0},
        {"accuracy_m": 254},
        {"speed_mph": 180},
        {"latitude": 51.5, "longitude": -0.12},
        {"latitude": -40.5, "longitude": 74.3},
    ]
)


@settings(max_examples=8, deadline=None)
@given(noise=st.dictionaries(st.integers(0, 900), NOISE, max_size=30))
def test_follow_positions_with_untrusted_ones_gives_the_same_trip(noise: dict[int, dict[str, Any]]) -> None:
    track, stops = read_track("to-the-shore"), planned_stops("to-the-shore")
    bad = [
        track[index % len(track)]._replace(at=track[index % len(track)].at + timedelta(seconds=4), **fields)
        for index, fields in noise.items()
    ]
    expected = follow_positions(Progress(), track, stops)
    result = follow_positions(Progress(), sorted([*track, *bad]), stops)
    assert (result.progress, result.stop_events, result.counted) == (
        expected.progress,
        expected.stop_events,
        expected.counted,
    )
    assert set(result.untrusted) - set(expected.untrusted) == {position.at for position in bad}


ANYWHERE = st.builds(
    create_position,
    seconds=st.integers(0, 7200),
    place=st.tuples(st.floats(-90, 90), st.floats(-180, 180)) | st.tuples(st.floats(39, 41), st.floats(-75, -74)),
    speed_mph=st.none() | st.floats(0, 300),
    accuracy_m=st.none() | st.floats(0, 5000),
)


@given(position=ANYWHERE, previous=ANYWHERE)
def test_untrusted_reason_of_any_position_is_sound(position: GpsPosition, previous: GpsPosition) -> None:
    if previous.at > position.at:
        position, previous = previous, position
    reason = untrusted_reason(position, previous, previous.at, PLACES)
    if reason is None:
        assert is_reachable(previous, position)
        assert (position.accuracy_m or 0) <= 200
        assert (position.speed_mph or 0) <= 100
    # Nothing but an unreachable or frozen position depends on the one before.
    alone = untrusted_reason(position, None, None, PLACES)
    assert alone == (None if reason in {UntrustedReason.UNREACHABLE, UntrustedReason.FROZEN} else reason)
