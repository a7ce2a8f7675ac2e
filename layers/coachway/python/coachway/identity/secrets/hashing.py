"""Passwords as argon2id digests, tokens and codes as SHA-256 digests.

19 MiB, two passes, one lane is OWASP's choice where memory is dear; twice its memory costs 50 to 100 ms on one of
Lambda's processors.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

from coachway.core.runtime import settings

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MEMORY_KIB: Final = 38 * 1024
PASSES: Final = 2
LANES: Final = 1

NOBODYS: Final = "$argon2id$v=19$m=38912,t=2,p=1$HnP3n7q0HfE+vYYsyYno9w$8xnALoSlzCMuM6ISeFkb7eY4PAa5DE/mFl7ZCiYwQt0"
"""The digest of a password that nobody knows: compared with when there is no account, so that it takes as long."""


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)


def digest_password(password: str) -> str:
    """The argon2id digest of a password, with a salt of its own."""
    return _hasher().hash(_typed(password))


def is_right_password(digest: str, password: str) -> bool:
    """Whether the digest is of this password. Without a digest the same work is done, and the answer is no."""
    from argon2.exceptions import VerificationError

    try:
        return _hasher().verify(digest or NOBODYS, _typed(password)) and bool(digest)
    except VerificationError:
        return False


def is_outdated(digest: str) -> bool:
    """Whether a digest was made with less work than is asked for now."""
    return _hasher().check_needs_rehash(digest)


def _typed(password: str) -> bytes:
    # One keyboard sends é as one character and another as two.
    return unicodedata.normalize("NFKC", password).encode()


def digest_bytes(secret: bytes | str) -> str:
    """The digest of a secret that has enough entropy of its own."""
    return hashlib.sha256(secret if isinstance(secret, bytes) else secret.encode()).hexdigest()


def is_equal(one: str, other: str) -> bool:
    """Whether two digests are equal, in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


def keyed_digest(about: str, secret: str) -> str:
    """The digest of a secret that people type: under the root secret, so that the table alone cannot be searched."""
    return hmac.new(settings.root_secret(), f"{about}\0{secret}".encode(), hashlib.sha256).hexdigest()


def short_digest(text: str) -> str:
    """32 hexadecimal digits that stand for a text in a key, so that the key does not show it."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]
