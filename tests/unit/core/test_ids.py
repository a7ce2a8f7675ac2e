"""Ids: order by time, type prefixes, and conversion to bytes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.core.runtime import clock
from coachway.core.types import ids


def test_new_ids_sort_by_creation_time() -> None:
    start = datetime(2027, 3, 3, tzinfo=UTC)
    created = []
    for second in range(5):
        with clock.frozen(start + timedelta(seconds=second)):
            created.append(ids.new("chr"))
    assert created == sorted(created)
    assert ids.get_created_at(created[3]) == start + timedelta(seconds=3)


@given(st.binary(min_size=16, max_size=16))
def test_id_from_bytes_converts_back_to_the_same_bytes(raw: bytes) -> None:
    text = ids.from_bytes("cli", raw)
    assert ids.to_bytes(text) == raw
    assert ids.is_id(text, "cli")
    assert re.match(ids.pattern("cli"), text)


@pytest.mark.parametrize(
    "text", ["", "cli_", "chr_01JQZZZZZZZZZZZZZZZZZZZZZZ", "cli_01jqzzzzzzzzzzzzzzzzzzzzzz", "c_#"]
)
def test_is_id_of_other_text_is_false(text: str) -> None:
    assert not ids.is_id(text, "cli")
