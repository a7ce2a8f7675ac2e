"""Text form of refresh tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.core import errors
from coachway.core.types import ids
from coachway.identity.auth.tokens import RefreshToken
from tests.unit.identity.builders import USER


def test_read_returns_the_token_that_was_written() -> None:
    token = RefreshToken.new(USER, ids.new("ses"))
    assert RefreshToken.read(token.text) == token


def test_new_with_family_shares_only_the_family() -> None:
    token = RefreshToken.new(USER, ids.new("ses"))
    next_token = RefreshToken.new(USER, token.session_id, token.family)
    assert next_token.family_digest == token.family_digest
    assert next_token.current_digest != token.current_digest


@given(st.text(max_size=200) | st.binary(max_size=120).map(lambda raw: "cwr_" + raw.hex()))
def test_read_of_other_text_is_refused(text: str) -> None:
    with pytest.raises(errors.Unauthenticated):
        RefreshToken.read(text)
