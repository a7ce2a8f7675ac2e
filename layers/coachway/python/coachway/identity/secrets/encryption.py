"""Encryption of stored secrets with keys derived from the root secret (HKDF-SHA256, AES-256-GCM)."""

import base64
import os
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from coachway.core.runtime import settings

_NONCE_BYTES = 12


@cache
def _cipher(purpose: str, root_secret: bytes) -> AESGCM:
    derivation = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"coachway sealing\0" + purpose.encode())
    return AESGCM(derivation.derive(root_secret))


def encrypt(purpose: str, owner_id: str, secret: bytes) -> str:
    """Encrypt a secret. It can be decrypted only for the same purpose and the same owner, such as a user."""
    nonce = os.urandom(_NONCE_BYTES)
    encrypted = _cipher(purpose, settings.root_secret()).encrypt(nonce, secret, owner_id.encode())
    return base64.b64encode(nonce + encrypted).decode()


def decrypt(purpose: str, owner_id: str, text: str) -> bytes:
    """Decrypt a secret. Raises ValueError if it was encrypted for another purpose, owner or root secret."""
    raw = base64.b64decode(text)
    try:
        return _cipher(purpose, settings.root_secret()).decrypt(
            raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], owner_id.encode()
        )
    except InvalidTag:
        raise ValueError(f"The secret was not encrypted for {purpose}.") from None
