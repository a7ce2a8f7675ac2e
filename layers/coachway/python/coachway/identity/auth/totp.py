"""Codes of authenticators (TOTP, RFC 6238) and recovery codes. Each code can be used once."""

import hmac
import re
import secrets
from datetime import datetime
from typing import Final

from coachway.core.persistence.operations import Update
from coachway.identity.model.credential_limits import RECOVERY_CODE_COUNT
from coachway.identity.model.credentials import Credentials
from coachway.identity.secrets import encryption, hashing

STEP_SECONDS: Final = 30
_PURPOSE: Final = "totp"
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_MAX_ISSUER_LENGTH: Final = 50
_SIX_DIGITS: Final = re.compile(r"[0-9]{6}")


def new_secret() -> str:
    """Return a new secret for an authenticator: 160 bits in base32."""
    from pyotp import random_base32

    return random_base32()


def encrypt_secret(user_id: str, secret: str) -> str:
    """Encrypt a secret for storage in the credentials."""
    return encryption.encrypt(_PURPOSE, user_id, secret.encode())


def otpauth_uri(secret: str, account: str, issuer: str) -> str:
    """Return the `otpauth://` URI that authenticators read. A long issuer is cut to fit into a QR code."""
    from pyotp import TOTP

    return TOTP(secret).provisioning_uri(name=account, issuer_name=issuer[:_MAX_ISSUER_LENGTH])


def qr_code_data_uri(text: str) -> str:
    """Return a QR code as a `data:` URI of an SVG image."""
    import segno

    return segno.make(text, error="m").svg_data_uri(scale=4, border=4)


def find_step(user_id: str, stored: str, code: str, at: datetime, after: int) -> int | None:
    """Return the 30-second step of a code: the current, previous or next one. `stored` is the encrypted secret.

    Returns None if the code is wrong, or its step is not later than `after`.
    """
    from pyotp import TOTP

    if not stored:
        return None
    try:
        totp = TOTP(encryption.decrypt(_PURPOSE, user_id, stored).decode())
    except ValueError:  # encrypted with an earlier root secret: the user has to set it up again
        return None
    current = int(at.timestamp()) // STEP_SECONDS
    steps = (current - 1, current, current + 1)
    matching = [step for step in steps if hmac.compare_digest(totp.generate_otp(step), code)]
    return next((step for step in matching if step > after), None)


def new_recovery_codes(user_id: str) -> tuple[list[str], list[str]]:
    """Return ten recovery codes, and their digests to store."""
    codes = ["-".join(_random_letters(4) for _ in range(3)) for _ in range(RECOVERY_CODE_COUNT)]
    return codes, [_recovery_digest(user_id, code) for code in codes]


def _random_letters(count: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))


def consume_code(before: Credentials, code: str, at: datetime) -> tuple[Credentials, bool] | None:
    """Return the credentials after a `SecondFactorCode` is used, and whether it was a recovery code.

    Returns None if the code is wrong.
    """
    if _SIX_DIGITS.fullmatch(code):
        step = find_step(before.id, before.totp, code, at, before.totp_step)
        return None if step is None else (before.model_copy(update={"totp_step": step}), False)
    digest = _recovery_digest(before.id, code)
    remaining = [each for each in before.recovery if not hashing.is_equal(each, digest)]
    return None if len(remaining) == len(before.recovery) else (before.model_copy(update={"recovery": remaining}), True)


def disable_op(before: Credentials) -> Update:
    """Return the operation that removes the authenticator and the recovery codes. Used codes stay invalid."""
    return Update(before, before.model_copy(update={"totp": "", "totp_pending": "", "recovery": []}))


def _recovery_digest(user_id: str, code: str) -> str:
    return hashing.keyed_digest(f"recovery/{user_id}", code.replace("-", ""))
