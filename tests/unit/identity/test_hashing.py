"""Digests of passwords."""

from __future__ import annotations

from coachway.identity.secrets import hashing

PASSWORD = "correct horse battery staple"


def test_digest_password_is_argon2id_with_a_new_salt() -> None:
    digest = hashing.digest_password(PASSWORD)
    assert digest.startswith("$argon2id$")
    assert digest != hashing.digest_password(PASSWORD)


def test_verify_password_accepts_only_the_right_password() -> None:
    digest = hashing.digest_password(PASSWORD)
    assert hashing.verify_password(digest, PASSWORD)
    assert not hashing.verify_password(digest, f"{PASSWORD}r")


def test_verify_password_in_another_unicode_form_is_accepted() -> None:
    digest = hashing.digest_password("caf\u00e9 caf\u00e9 caf\u00e9")
    assert hashing.verify_password(digest, "cafe\u0301 cafe\u0301 cafe\u0301")


def test_verify_password_without_digest_is_refused() -> None:
    assert not hashing.verify_password("", "anything at all")


def test_no_user_digest_has_the_parameters_of_real_digests() -> None:
    real_digest = hashing.digest_password("anything at all")
    assert hashing.NO_USER_DIGEST.split("$")[1:4] == real_digest.split("$")[1:4]


def test_is_outdated_is_true_for_a_digest_with_less_work() -> None:
    assert not hashing.is_outdated(hashing.NO_USER_DIGEST)
    assert hashing.is_outdated(hashing.NO_USER_DIGEST.replace("t=2", "t=1"))
