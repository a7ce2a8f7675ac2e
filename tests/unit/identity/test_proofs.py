"""Digests, sealed secrets, refresh tokens and authenticators' codes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.core import errors
from coachway.core.runtime import settings
from coachway.core.types import ids
from coachway.identity.auth import totp as auth_totp
from coachway.identity.auth.tokens import RefreshToken
from coachway.identity.model.credentials import Credentials
from coachway.identity.model.user import User
from coachway.identity.secrets import encryption, hashing

AT = datetime(2026, 3, 2, 12, 0, 10, tzinfo=UTC)
USER = User(
    id=ids.new("usr"),
    org_id=ids.new("org"),
    email="a@b.example",
    first_name="A",
    last_name="B",
    role="staff",
    status="active",
)


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "root_secret", lambda: b"a secret of the tests")


def test_a_password_is_kept_as_argon2id_and_recognized() -> None:
    digest = hashing.digest_password("correct horse battery staple")
    assert digest.startswith("$argon2id$")
    assert hashing.verify_password(digest, "correct horse battery staple")
    assert not hashing.verify_password(digest, "correct horse battery stapler")
    assert digest != hashing.digest_password("correct horse battery staple")


def test_the_same_letters_from_another_keyboard_are_the_same_password() -> None:
    digest = hashing.digest_password("caf\u00e9 caf\u00e9 caf\u00e9")
    assert hashing.verify_password(digest, "cafe\u0301 cafe\u0301 cafe\u0301")


def test_where_there_is_no_password_none_is_right_and_the_work_is_the_same() -> None:
    assert not hashing.verify_password("", "anything at all")
    real = hashing.digest_password("anything at all").split("$")[1:4]
    assert hashing.NO_USER_DIGEST.split("$")[1:4] == real


def test_a_digest_made_with_less_work_is_outdated() -> None:
    assert not hashing.is_outdated(hashing.NO_USER_DIGEST)
    assert hashing.is_outdated(hashing.NO_USER_DIGEST.replace("t=2", "t=1"))


def test_what_is_sealed_opens_for_its_purpose_and_subject_only() -> None:
    kept = encryption.encrypt("totp", "usr_1", b"secret")
    assert b"secret" not in kept.encode()
    assert encryption.decrypt("totp", "usr_1", kept) == b"secret"
    for purpose, about in (("totp", "usr_2"), ("signing-key", "usr_1")):
        with pytest.raises(ValueError, match="not sealed"):
            encryption.decrypt(purpose, about, kept)


def test_a_refresh_token_reads_as_it_was_written() -> None:
    token = RefreshToken.new(USER, ids.new("ses"))
    assert RefreshToken.read(token.text) == token
    following = RefreshToken.new(USER, token.session_id, token.family)
    assert following.family_digest == token.family_digest
    assert following.current_digest != token.current_digest


@given(st.text(max_size=200) | st.binary(max_size=120).map(lambda raw: "cwr_" + raw.hex()))
def test_rubbish_is_no_refresh_token(text: str) -> None:
    with pytest.raises(errors.Unauthenticated):
        RefreshToken.read(text)


def authenticator() -> tuple[str, Credentials]:
    secret = auth_totp.new_secret()
    return secret, Credentials(id=USER.id, org_id=USER.org_id, totp=auth_totp.encrypt_secret(USER.id, secret))


@pytest.mark.parametrize(("seconds", "good"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_code_is_good_in_its_step_and_the_ones_beside(seconds: int, good: bool) -> None:
    secret, kept = authenticator()
    code = pyotp.TOTP(secret).at(AT + timedelta(seconds=seconds))
    assert (auth_totp.consume_code(kept, code, AT) is not None) == good


def test_a_code_is_taken_once_and_so_is_every_earlier_one() -> None:
    secret, kept = authenticator()
    totp = pyotp.TOTP(secret)
    used = auth_totp.consume_code(kept, totp.at(AT), AT)
    assert used is not None
    after, by_recovery = used
    assert not by_recovery
    for seconds in (-30, 0):
        assert auth_totp.consume_code(after, totp.at(AT + timedelta(seconds=seconds)), AT) is None
    assert auth_totp.consume_code(after, totp.at(AT + timedelta(seconds=30)), AT) is not None


def test_a_recovery_code_is_taken_once_however_it_is_typed() -> None:
    codes, digests = auth_totp.new_recovery_codes(USER.id)
    kept = Credentials(id=USER.id, org_id=USER.org_id, recovery=digests)
    assert len(set(codes)) == 10
    used = auth_totp.consume_code(kept, codes[3].upper().replace("-", " "), AT)
    assert used is not None
    after, by_recovery = used
    assert by_recovery
    assert len(after.recovery) == 9
    assert auth_totp.consume_code(after, codes[3], AT) is None
    assert auth_totp.consume_code(after, codes[4], AT) is not None
    assert auth_totp.consume_code(kept.model_copy(update={"id": ids.new("usr")}), codes[3], AT) is None


def test_an_authenticator_of_another_root_secret_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    secret, kept = authenticator()
    monkeypatch.setattr(settings, "root_secret", lambda: b"another secret of the tests")
    assert auth_totp.consume_code(kept, pyotp.TOTP(secret).at(AT), AT) is None


def test_without_an_authenticator_no_code_is_good() -> None:
    nothing = Credentials(id=USER.id, org_id=USER.org_id)
    assert auth_totp.consume_code(nothing, "000000", AT) is None


def test_the_picture_is_an_svg_in_a_data_address() -> None:
    address = auth_totp.otpauth_uri("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "ana@harbor.example", "Harbor Coach")
    assert address.startswith(
        "otpauth://totp/Harbor%20Coach:ana%40harbor.example?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Harbor%20Coach"
    )
    assert auth_totp.qr_code_data_uri(address).startswith("data:image/svg+xml")
