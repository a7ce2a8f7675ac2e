"""Encryption of stored secrets."""

from __future__ import annotations

import pytest

from coachway.identity.secrets import encryption


def test_encrypt_result_does_not_contain_the_secret() -> None:
    assert "secret" not in encryption.encrypt("totp", "usr_1", b"secret")


def test_decrypt_with_purpose_and_owner_returns_the_secret() -> None:
    encrypted = encryption.encrypt("totp", "usr_1", b"secret")
    assert encryption.decrypt("totp", "usr_1", encrypted) == b"secret"


@pytest.mark.parametrize(("purpose", "owner_id"), [("totp", "usr_2"), ("signing-key", "usr_1")])
def test_decrypt_for_another_purpose_or_owner_is_refused(purpose: str, owner_id: str) -> None:
    encrypted = encryption.encrypt("totp", "usr_1", b"secret")
    with pytest.raises(ValueError, match="was not encrypted for"):
        encryption.decrypt(purpose, owner_id, encrypted)
