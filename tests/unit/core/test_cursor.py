"""Cursors of pages, and the query that each belongs to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.core import errors
from coachway.core.persistence import cursor

text = st.text(max_size=40)
positions = st.builds(cursor.CursorPosition, st.integers(0, 99), text, text, text)


@given(positions, st.lists(text, max_size=4))
def test_decode_with_same_query_returns_position(position: cursor.CursorPosition, query: list[str]) -> None:
    assert cursor.decode(cursor.encode(position, tuple(query)), tuple(query)) == position


@given(positions, st.lists(text, max_size=3))
def test_decode_with_other_query_raises_invalid(position: cursor.CursorPosition, query: list[str]) -> None:
    encoded = cursor.encode(position, tuple(query))
    with pytest.raises(errors.Invalid):
        cursor.decode(encoded, (*query, "more"))


@given(st.text(max_size=100))
def test_decode_of_malformed_text_raises_invalid(malformed: str) -> None:
    with pytest.raises(errors.Invalid):
        cursor.decode(malformed, ("a",))
