"""Secrets that must be kept readable, wrapped under keys derived from the root secret (HKDF-SHA256, AES-256-GCM)."""

from __future__ import annotations

import base64
import os
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from coachway.core.runtime import settings


@cache
def _cipher(purpose: str, root: bytes) -> AESGCM:
    derivation = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"coachway sealing\0" + purpose.encode())
    return AESGCM(derivation.derive(root))


def encrypt(purpose: str, about: str, secret: bytes) -> str:
    """`secret` wrapped for `purpose`; it opens only together with `about`, the id of what it belongs to."""
    nonce = os.urandom(12)
    wrapped = _cipher(purpose, settings.root_secret()).encrypt(nonce, secret, about.encode())
    return base64.b64encode(nonce + wrapped).decode()


def decrypt(purpose: str, about: str, text: str) -> bytes:
    """What was sealed. Raises ValueError when it was not sealed here for this."""
    raw = base64.b64decode(text)
    try:
        return _cipher(purpose, settings.root_secret()).decrypt(raw[:12], raw[12:], about.encode())
    except InvalidTag:
        raise ValueError(f"this was not sealed for {purpose}") from None
