"""Links and codes that go out by mail or SMS, without being kept anywhere.

A link's token carries where its subject lies (organization and id), a nonce, and a proof under the root secret. The
subject keeps only the nonce: give it a new one, and every older link is void. The mailer makes the same token again
from the event's nonce, so no event, log or table ever holds one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Final, NamedTuple

from coachway.core import errors
from coachway.core.runtime import settings
from coachway.core.types import ids

_NONCE_BYTES: Final = 12
_PROOF_BYTES: Final = 20


class LinkToken(NamedTuple):
    """What a genuine token says."""

    org_id: str
    subject_id: str
    nonce: str


def new_nonce() -> str:
    """A nonce for a new link or code."""
    return secrets.token_hex(_NONCE_BYTES)


def create_link_token(purpose: str, org_id: str, subject_id: str, nonce: str) -> str:
    """The token of a link for `purpose` (`quote`, `invitation`, …) to a subject (any prefixed id)."""
    payload = ids.to_bytes(org_id) + ids.to_bytes(subject_id) + bytes.fromhex(nonce)
    return base64.urlsafe_b64encode(payload + _proof(purpose, payload)).decode().rstrip("=")


def verify_link_token(purpose: str, subject_prefix: str, text: str) -> LinkToken:
    """What a token says. Raises NotFound when it was not made here for this purpose.

    The caller still has to compare the nonce with the subject's own.
    """
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    payload, proof = raw[: 32 + _NONCE_BYTES], raw[32 + _NONCE_BYTES :]
    if len(raw) != 32 + _NONCE_BYTES + _PROOF_BYTES or not hmac.compare_digest(proof, _proof(purpose, payload)):
        raise errors.NotFound("this link is not valid")
    return LinkToken(
        ids.from_bytes("org", payload[:16]), ids.from_bytes(subject_prefix, payload[16:32]), payload[32:].hex()
    )


def one_time_code(purpose: str, org_id: str, subject_id: str, nonce: str) -> str:
    """Six digits for a person to type."""
    payload = f"{org_id}\0{subject_id}\0{nonce}".encode()
    return f"{int.from_bytes(_proof(purpose, payload)) % 1_000_000:06d}"


def _proof(purpose: str, payload: bytes) -> bytes:
    return hmac.digest(settings.root_secret(), purpose.encode() + b"\0" + payload, hashlib.sha256)[:_PROOF_BYTES]
