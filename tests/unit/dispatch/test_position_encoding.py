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
def test_what_is_packed_comes_out_again(track: list[Fix]) -> None:
    assert decode_fixes(START, encode_fixes(START, track)) == track


@given(tracks)
def test_packing_needs_no_escaping_in_json(track: list[Fix]) -> None:
    assert not set(encode_fixes(START, track)) & set('"\\')


@given(tracks, tracks)
def test_what_comes_twice_is_kept_once_and_in_order(one: list[Fix], other: list[Fix]) -> None:
    together = merge_fixes(one, [*reversed(other), *one])
    assert [fix.at for fix in together] == sorted({fix.at for fix in [*one, *other]})
    assert set(one) <= set(together)


def test_a_fix_is_kept_to_the_millisecond_and_to_about_a_metre() -> None:
    fix = round_fix(START + timedelta(microseconds=1999), 40.7074049, -74.0112951, 61.6, 359.9, 3.4)
    assert fix == Fix(START + timedelta(milliseconds=1), 40.7074, -74.0113, 62, 0, 3)


def test_ten_minutes_of_a_fix_each_ten_seconds_fit_into_700_characters() -> None:
    track = read_track("to-the-shore")
    longest = max(len(encode_fixes(track[n].at, track[n : n + 60])) for n in range(0, len(track) - 60, 60))
    assert longest < 700
