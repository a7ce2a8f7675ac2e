"""Tokens of signed links, and one-time codes."""

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


def test_verify_link_token_returns_organization_subject_and_nonce() -> None:
    nonce = signed_links.new_nonce()
    text = signed_links.create_link_token("quote", ORG, CHARTER, nonce)
    assert signed_links.verify_link_token("quote", "chr", text) == (ORG, CHARTER, nonce)
    assert signed_links.create_link_token("quote", ORG, CHARTER, nonce) == text


def test_verify_token_of_other_purpose_raises_not_found() -> None:
    text = signed_links.create_link_token("invitation", ORG, CHARTER, signed_links.new_nonce())
    with pytest.raises(errors.NotFound):
        signed_links.verify_link_token("quote", "chr", text)


def test_verify_changed_token_raises_not_found() -> None:
    text = signed_links.create_link_token("quote", ORG, CHARTER, signed_links.new_nonce())
    for index in range(len(text)):
        replacement = "A" if text[index] != "A" else "B"
        forged = text[:index] + replacement + text[index + 1 :]
        if index == len(text) - 1 and len(text) % 4:
            continue  # the last character's low bits are padding
        with pytest.raises(errors.NotFound):
            signed_links.verify_link_token("quote", "chr", forged)


def test_verify_token_of_other_deployment_raises_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    text = signed_links.create_link_token("quote", ORG, CHARTER, signed_links.new_nonce())
    monkeypatch.setattr(settings, "root_secret", lambda: b"another")
    with pytest.raises(errors.NotFound):
        signed_links.verify_link_token("quote", "chr", text)


@given(st.text(max_size=200))
def test_verify_any_other_text_raises_not_found(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "root_secret", lambda: b"secret")
        with pytest.raises(errors.NotFound):
            signed_links.verify_link_token("quote", "chr", text)


def test_one_time_code_has_six_digits_and_depends_on_its_nonce() -> None:
    nonce = signed_links.new_nonce()
    code = signed_links.create_one_time_code("otp", ORG, CHARTER, nonce)
    assert code == signed_links.create_one_time_code("otp", ORG, CHARTER, nonce)
    assert len(code) == 6
    assert code.isdigit()
