"""Ids sort by time, say what they name, and go through 16 bytes unchanged."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.core.runtime import clock
from coachway.core.types import ids


def test_ids_sort_by_the_time_they_were_made() -> None:
    start = datetime(2027, 3, 3, tzinfo=UTC)
    made = []
    for second in range(5):
        with clock.frozen(start + timedelta(seconds=second)):
            made.append(ids.new("chr"))
    assert made == sorted(made)
    assert ids.created_at_of(made[3]) == start + timedelta(seconds=3)


@given(st.binary(min_size=16, max_size=16))
def test_an_id_survives_its_bytes(raw: bytes) -> None:
    text = ids.from_bytes("cli", raw)
    assert ids.to_bytes(text) == raw
    assert ids.is_id(text, "cli")
    assert re.match(ids.pattern("cli"), text)


@pytest.mark.parametrize(
    "text", ["", "cli_", "chr_01JQZZZZZZZZZZZZZZZZZZZZZZ", "cli_01jqzzzzzzzzzzzzzzzzzzzzzz", "c_#"]
)
def test_what_is_no_client_id_is_told_apart(text: str) -> None:
    assert not ids.is_id(text, "cli")
