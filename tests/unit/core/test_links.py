"""Links prove themselves, and only for their purpose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.core import errors
from coachway.core.auth import signed_links
from coachway.core.runtime import settings
from coachway.core.types import ids

ORG, CHARTER = ids.new("org"), ids.new("chr")


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "root_secret", lambda: b"secret")


def test_a_link_says_where_its_subject_lies() -> None:
    nonce = signed_links.new_nonce()
    text = signed_links.create_link_token("quote", ORG, CHARTER, nonce)
    assert signed_links.verify_link_token("quote", "chr", text) == (ORG, CHARTER, nonce)
    assert signed_links.create_link_token("quote", ORG, CHARTER, nonce) == text


def test_a_link_for_something_else_opens_nothing() -> None:
    text = signed_links.create_link_token("invitation", ORG, CHARTER, signed_links.new_nonce())
    with pytest.raises(errors.NotFound):
        signed_links.verify_link_token("quote", "chr", text)


def test_a_changed_link_opens_nothing() -> None:
    text = signed_links.create_link_token("quote", ORG, CHARTER, signed_links.new_nonce())
    for place in range(len(text)):
        other = "A" if text[place] != "A" else "B"
        forged = text[:place] + other + text[place + 1 :]
        if place == len(text) - 1 and len(text) % 4:
            continue  # the last character's low bits are padding
        with pytest.raises(errors.NotFound):
            signed_links.verify_link_token("quote", "chr", forged)


def test_another_deployments_link_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    text = signed_links.create_link_token("quote", ORG, CHARTER, signed_links.new_nonce())
    monkeypatch.setattr(settings, "root_secret", lambda: b"another")
    with pytest.raises(errors.NotFound):
        signed_links.verify_link_token("quote", "chr", text)


@given(st.text(max_size=200))
def test_rubbish_opens_nothing(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "root_secret", lambda: b"secret")
        with pytest.raises(errors.NotFound):
            signed_links.verify_link_token("quote", "chr", text)


def test_a_code_has_six_digits_and_follows_its_nonce() -> None:
    nonce = signed_links.new_nonce()
    code = signed_links.create_one_time_code("otp", ORG, CHARTER, nonce)
    assert code == signed_links.create_one_time_code("otp", ORG, CHARTER, nonce)
    assert len(code) == 6
    assert code.isdigit()
