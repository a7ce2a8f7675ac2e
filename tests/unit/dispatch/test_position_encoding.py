from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from coachway.dispatch.tracking.position_encoding import Fix, decode_fixes, encode_fixes, merge_fixes, round_fix
from tests.tracks import read_track

START = datetime(2027, 3, 3, 14, tzinfo=UTC)

fixes = st.builds(
    lambda ms, *rest: round_fix(START + timedelta(milliseconds=ms), *rest),
    st.integers(0, 600_000),
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.none() | st.floats(0, 500),
    st.none() | st.floats(0, 360),
    st.none() | st.floats(0, 100_000),
)
tracks = st.lists(fixes, max_size=40, unique_by=lambda fix: fix.at).map(sorted)


@given(tracks)
def test_decode_fixes_inverts_encode_fixes(track: list[Fix]) -> None:
    assert decode_fixes(START, encode_fixes(START, track)) == track


@given(tracks)
def test_encode_fixes_needs_no_escaping_in_json(track: list[Fix]) -> None:
    assert not set(encode_fixes(START, track)) & set('"\\')


@given(tracks, tracks)
def test_merge_fixes_with_duplicates_keeps_each_once_in_order(one: list[Fix], other: list[Fix]) -> None:
    merged = merge_fixes(one, [*reversed(other), *one])
    assert [fix.at for fix in merged] == sorted({fix.at for fix in [*one, *other]})
    assert set(one) <= set(merged)


def test_round_fix_rounds_to_milliseconds_and_meters() -> None:
    fix = round_fix(START + timedelta(microseconds=1999), 40.7074049, -74.0112951, 61.6, 359.9, 3.4)
    assert fix == Fix(START + timedelta(milliseconds=1), 40.7074, -74.0113, 62, 0, 3)


def test_encode_fixes_of_ten_minutes_takes_less_than_700_characters() -> None:
    track = read_track("to-the-shore")
    longest = max(len(encode_fixes(track[n].at, track[n : n + 60])) for n in range(0, len(track) - 60, 60))
    assert longest < 700
