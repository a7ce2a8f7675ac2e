"""Cursors are good for their own query only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.core import errors
from coachway.core.persistence import cursor

text = st.text(max_size=40)
positions = st.builds(cursor.Position, st.integers(0, 99), text, text, text)


@given(positions, st.lists(text, max_size=4))
def test_a_cursor_gives_its_position_back(position: cursor.Position, query: list[str]) -> None:
    assert cursor.decode(cursor.encode(position, tuple(query)), tuple(query)) == position


@given(positions, st.lists(text, max_size=3))
def test_a_cursor_is_refused_by_any_other_query(position: cursor.Position, query: list[str]) -> None:
    made = cursor.encode(position, tuple(query))
    with pytest.raises(errors.Invalid):
        cursor.decode(made, (*query, "more"))


@given(st.text(max_size=100))
def test_rubbish_is_refused(rubbish: str) -> None:
    with pytest.raises(errors.Invalid):
        cursor.decode(rubbish, ("a",))
