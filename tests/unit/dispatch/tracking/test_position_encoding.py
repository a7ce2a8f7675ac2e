from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from coachway.dispatch.tracking.position_encoding import (
    GpsPosition,
    decode_positions,
    encode_positions,
    merge_in_time_order,
    round_position,
)
from tests.tracks import read_track

START = datetime(2027, 3, 3, 14, tzinfo=UTC)

positions = st.builds(
    lambda ms, *rest: round_position(START + timedelta(milliseconds=ms), *rest),
    st.integers(0, 600_000),
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.none() | st.floats(0, 500),
    st.none() | st.floats(0, 360),
    st.none() | st.floats(0, 100_000),
)
tracks = st.lists(positions, max_size=40, unique_by=lambda position: position.at).map(sorted)


@given(tracks)
def test_decode_positions_inverts_encode_positions(track: list[GpsPosition]) -> None:
    assert decode_positions(START, encode_positions(START, track)) == track


@given(tracks)
def test_encode_positions_needs_no_escaping_in_json(track: list[GpsPosition]) -> None:
    assert not set(encode_positions(START, track)) & set('"\\')


@given(tracks, tracks)
def test_merge_in_time_order_with_duplicates_keeps_each_once_in_order(
    one: list[GpsPosition], other: list[GpsPosition]
) -> None:
    merged = merge_in_time_order(one, [*reversed(other), *one])
    assert [position.at for position in merged] == sorted({position.at for position in [*one, *other]})
    assert set(merged) <= {*one, *other}
    assert merge_in_time_order(other, one) == merged


def test_round_position_rounds_to_milliseconds_and_meters() -> None:
    position = round_position(START + timedelta(microseconds=1999), 40.7074049, -74.0112951, 61.6, 359.9, 3.4)
    assert position == GpsPosition(START + timedelta(milliseconds=1), 40.7074, -74.0113, 62, 0, 3)


def test_encode_positions_of_ten_minutes_takes_less_than_700_characters() -> None:
    track = read_track("to-the-shore")
    longest = max(len(encode_positions(track[n].at, track[n : n + 60])) for n in range(0, len(track) - 60, 60))
    assert longest < 700
