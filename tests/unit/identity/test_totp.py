"""Codes of authenticators, and recovery codes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from coachway.core.runtime import settings
from coachway.core.types import ids
from coachway.identity.auth import totp
from coachway.identity.model.credentials import Credentials
from tests.unit.identity.builders import USER

NOW = datetime(2026, 3, 2, 12, 0, 10, tzinfo=UTC)


def set_up_authenticator() -> tuple[pyotp.TOTP, Credentials]:
    """An authenticator, and the credentials of its user."""
    secret = totp.new_secret()
    credentials = Credentials(id=USER.id, org_id=USER.org_id, totp=totp.encrypt_secret(USER.id, secret))
    return pyotp.TOTP(secret), credentials


@pytest.mark.parametrize(("seconds", "is_accepted"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_consume_code_accepts_the_current_previous_and_next_step(seconds: int, is_accepted: bool) -> None:
    authenticator, credentials = set_up_authenticator()
    code = authenticator.at(NOW + timedelta(seconds=seconds))
    assert (totp.consume_code(credentials, code, NOW) is not None) == is_accepted


def test_consume_code_used_or_earlier_is_refused() -> None:
    authenticator, credentials = set_up_authenticator()
    consumed = totp.consume_code(credentials, authenticator.at(NOW), NOW)
    assert consumed is not None
    after, is_recovery_code = consumed
    assert not is_recovery_code
    for seconds in (-30, 0):
        assert totp.consume_code(after, authenticator.at(NOW + timedelta(seconds=seconds)), NOW) is None
    assert totp.consume_code(after, authenticator.at(NOW + timedelta(seconds=30)), NOW) is not None


def test_consume_code_accepts_each_recovery_code_once() -> None:
    formatted_codes, digests = totp.new_recovery_codes(USER.id)
    codes = [code.replace("-", "") for code in formatted_codes]
    credentials = Credentials(id=USER.id, org_id=USER.org_id, recovery=digests)
    assert len(set(codes)) == 10
    consumed = totp.consume_code(credentials, codes[3], NOW)
    assert consumed is not None
    after, is_recovery_code = consumed
    assert is_recovery_code
    assert len(after.recovery) == 9
    assert totp.consume_code(after, codes[3], NOW) is None
    assert totp.consume_code(after, codes[4], NOW) is not None


def test_qr_code_holds_the_longest_names() -> None:
    account = "\N{BUS}" * 16 + "@" + "\N{LATIN SMALL LETTER E WITH ACUTE}" * 90 + ".example"
    uri = totp.otpauth_uri(totp.new_secret(), account, "\N{BUS}" * 200)
    assert pyotp.parse_uri(uri).issuer == "\N{BUS}" * 50
    assert totp.qr_code_data_uri(uri).startswith("data:image/svg+xml")


def test_consume_code_of_another_users_recovery_codes_is_refused() -> None:
    codes, digests = totp.new_recovery_codes(USER.id)
    credentials = Credentials(id=ids.new("usr"), org_id=USER.org_id, recovery=digests)
    assert totp.consume_code(credentials, codes[3], NOW) is None


def test_consume_code_after_change_of_root_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    authenticator, credentials = set_up_authenticator()
    monkeypatch.setattr(settings, "root_secret", lambda: b"another root secret")
    assert totp.consume_code(credentials, authenticator.at(NOW), NOW) is None


def test_consume_code_without_authenticator_is_refused() -> None:
    assert totp.consume_code(Credentials(id=USER.id, org_id=USER.org_id), "000000", NOW) is None


def test_otpauth_uri_contains_issuer_account_and_secret() -> None:
    uri = totp.otpauth_uri("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "ana@harbor.example", "Harbor Coach")
    assert uri.startswith(
        "otpauth://totp/Harbor%20Coach:ana%40harbor.example?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Harbor%20Coach"
    )


def test_qr_code_data_uri_is_an_svg_image() -> None:
    assert totp.qr_code_data_uri("otpauth://totp/x").startswith("data:image/svg+xml")
