"""The second factor: an authenticator's codes (TOTP, RFC 6238), each good once, and recovery codes for its loss."""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import datetime
from typing import Final

from coachway.core.persistence.operations import Update
from coachway.identity.model import permissions
from coachway.identity.model.credentials import Credentials
from coachway.identity.secrets import encryption, hashing

STEP_SECONDS: Final = 30
_PURPOSE: Final = "totp"
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_SIX: Final = re.compile(r"^[0-9]{6}$")


def new_secret() -> str:
    """A secret for an authenticator: 160 bits in base32."""
    from pyotp import random_base32

    return random_base32()


def encrypt_secret(user_id: str, secret: str) -> str:
    """The secret as it is kept."""
    return encryption.encrypt(_PURPOSE, user_id, secret.encode())


def otpauth_uri(secret: str, account: str, issuer: str) -> str:
    """The `otpauth://` address that authenticators take."""
    from pyotp import TOTP

    return TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def qr_code_data_uri(text: str) -> str:
    """A QR code, as a `data:` address of an SVG picture."""
    import segno

    return segno.make(text, error="m").svg_data_uri(scale=4, border=4)


def step_of(user_id: str, stored: str, code: str, at: datetime, after: int) -> int | None:
    """The 30-second step that a code belongs to: this one, the last or the next, but later than `after`; else None."""
    from pyotp import TOTP

    if not stored:
        return None
    try:
        totp = TOTP(encryption.decrypt(_PURPOSE, user_id, stored).decode())
    except ValueError:  # sealed under a root secret that was changed since: it has to be set up again
        return None
    now = int(at.timestamp()) // STEP_SECONDS
    result = [step for step in (now - 1, now, now + 1) if hmac.compare_digest(totp.generate_otp(step), code)]
    return next((step for step in result if step > after), None)


def new_recovery_codes(user_id: str) -> tuple[list[str], list[str]]:
    """Ten codes as their owner sees them, once, and their digests."""
    codes = [
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3))
        for _ in range(permissions.RECOVERY_CODES)
    ]
    return codes, [_recovery_digest(user_id, code) for code in codes]


def _four() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(4))


def consume_code(before: Credentials, code: str, at: datetime) -> tuple[Credentials, bool] | None:
    """The credentials after a code was used up, and whether it was a recovery code; None when it is not good."""
    typed = re.sub(r"[\s-]", "", code).lower()
    if _SIX.match(typed):
        step = step_of(before.id, before.totp, typed, at, before.totp_step)
        return None if step is None else (before.model_copy(update={"totp_step": step}), False)
    digest = _recovery_digest(before.id, typed)
    remaining = [each for each in before.recovery if not hashing.is_equal(each, digest)]
    return None if len(remaining) == len(before.recovery) else (before.model_copy(update={"recovery": remaining}), True)


def disable_ops(before: Credentials) -> Update:
    """The op that takes authenticator and recovery codes away. The step stays: a code of it is not good again."""
    return Update(before, before.model_copy(update={"totp": "", "totp_pending": "", "recovery": []}))


def _recovery_digest(user_id: str, code: str) -> str:
    return hashing.keyed_digest(f"recovery/{user_id}", code.replace("-", ""))
