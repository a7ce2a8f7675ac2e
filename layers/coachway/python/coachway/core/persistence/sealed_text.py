"""Texts that are stored compressed and encrypted (AES-GCM), with a key that the table does not contain."""

import base64
import os
import zlib


def seal_text(text: str, key: bytes) -> str:
    """Encrypt a text with a key of 32 bytes."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce, content = os.urandom(12), zlib.compress(text.encode(), level=1)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, content, None)).decode()


def open_text(sealed: str, key: bytes) -> str:
    """Decrypt a text."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    raw = base64.b64decode(sealed)
    content = AESGCM(key).decrypt(raw[:12], raw[12:], None)
    # An earlier release did not compress: then it is JSON, which begins with another letter.
    return (zlib.decompress(content) if content.startswith(b"x") else content).decode()
