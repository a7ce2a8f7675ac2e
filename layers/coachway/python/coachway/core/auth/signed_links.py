"""Signed links and one-time codes sent by email or SMS. They are not stored anywhere.

The token of a link contains the ids of the organization and the subject, a nonce, and a signature with the root secret.
The subject stores only the nonce: a new nonce makes all older links invalid. The messaging capability computes the same
token from the nonce in the event, so no event, log or table contains a token.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Annotated, Final, NamedTuple

from pydantic import Field

from coachway.core import errors
from coachway.core.runtime import settings
from coachway.core.types import ids

_NONCE_BYTES: Final = 12
_SIGNATURE_BYTES: Final = 20

Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,200}$")]
"""The token of a link, as a parameter of a route."""


class LinkToken(NamedTuple):
    """The content of a verified token."""

    org_id: str
    subject_id: str
    nonce: str


def new_nonce() -> str:
    """Return a nonce for a new link or code."""
    return secrets.token_hex(_NONCE_BYTES)


def create_link_token(purpose: str, org_id: str, subject_id: str, nonce: str) -> str:
    """Return the token of a link for `purpose` (`quote`, `invitation`, …) to a subject (any prefixed id)."""
    payload = ids.to_bytes(org_id) + ids.to_bytes(subject_id) + bytes.fromhex(nonce)
    return base64.urlsafe_b64encode(payload + _sign(purpose, payload)).decode().rstrip("=")


def verify_link_token(purpose: str, subject_prefix: str, text: str) -> LinkToken:
    """Return the content of a token. Raises NotFound unless it was signed by this deployment for this purpose.

    The caller must still compare the nonce with that of the subject.
    """
    payload = _find_signed_payload(purpose, text)
    if payload is None:
        raise errors.NotFound("This link is not valid. Check that it is complete.")
    return LinkToken(
        ids.from_bytes("org", payload[:16]), ids.from_bytes(subject_prefix, payload[16:32]), payload[32:].hex()
    )


def find_organization_id(purpose: str, text: str) -> str | None:
    """Return the organization of a link that this deployment signed, even if the link is used, expired or replaced."""
    payload = _find_signed_payload(purpose, text)
    return None if payload is None else ids.from_bytes("org", payload[:16])


def _find_signed_payload(purpose: str, text: str) -> bytes | None:
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    payload, signature = raw[: 32 + _NONCE_BYTES], raw[32 + _NONCE_BYTES :]
    is_signed = len(raw) == 32 + _NONCE_BYTES + _SIGNATURE_BYTES and hmac.compare_digest(
        signature, _sign(purpose, payload)
    )
    return payload if is_signed else None


def create_one_time_code(purpose: str, org_id: str, subject_id: str, nonce: str) -> str:
    """Return a code of six digits."""
    payload = f"{org_id}\0{subject_id}\0{nonce}".encode()
    return f"{int.from_bytes(_sign(purpose, payload)) % 1_000_000:06d}"


def _sign(purpose: str, payload: bytes) -> bytes:
    return hmac.digest(settings.root_secret(), purpose.encode() + b"\0" + payload, hashlib.sha256)[:_SIGNATURE_BYTES]
