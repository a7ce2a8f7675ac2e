"""Digests of passwords (argon2id), and of tokens and codes (SHA-256).

The argon2id parameters are OWASP's minimum (19 MiB, two passes, one lane) with twice the memory. A digest takes 50 to
100 ms on one of Lambda's processors. On emulators it takes less memory (`settings.password_memory_kib`).
"""

import hashlib
import hmac
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

from coachway.core.runtime import settings
from coachway.core.types.contact import normalize_address

if TYPE_CHECKING:
    from argon2 import PasswordHasher

TIME_COST: Final = 2
PARALLELISM: Final = 1

NO_USER_DIGEST: Final = (
    "$argon2id$v=19$m=38912,t=2,p=1$HnP3n7q0HfE+vYYsyYno9w$8xnALoSlzCMuM6ISeFkb7eY4PAa5DE/mFl7ZCiYwQt0"
)
"""A digest that belongs to no user. It is verified if there is no account, so that the response takes the same time."""


def _hasher() -> "PasswordHasher":
    return _create_hasher(settings.password_memory_kib())


@cache
def _create_hasher(memory_kib: int) -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=TIME_COST, memory_cost=memory_kib, parallelism=PARALLELISM)


def digest_password(password: str) -> str:
    """Return the argon2id digest of a password, with a new salt."""
    return _hasher().hash(_normalize_password(password))


def verify_password(digest: str, password: str) -> bool:
    """Whether `digest` is the digest of `password`. An empty digest never matches, but takes the same time."""
    from argon2.exceptions import VerificationError

    try:
        return _hasher().verify(digest or NO_USER_DIGEST, _normalize_password(password)) and bool(digest)
    except VerificationError:
        return False


def is_outdated(digest: str) -> bool:
    """Whether a password digest was computed with other parameters than the current ones."""
    return _hasher().check_needs_rehash(digest)


def _normalize_password(password: str) -> bytes:
    # Keyboards send é as one character or as two.
    return unicodedata.normalize("NFKC", password).encode()


def digest_bytes(secret: bytes | str) -> str:
    """Return the digest of a random secret, such as a token."""
    return hashlib.sha256(secret if isinstance(secret, bytes) else secret.encode()).hexdigest()


def is_equal(one: str, other: str) -> bool:
    """Whether two texts are equal, in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


def keyed_digest(scope: str, secret: str) -> str:
    """Return the digest of a short secret, such as a recovery code.

    The root secret is part of it, so that codes cannot be guessed from the table alone.
    """
    return hmac.new(settings.root_secret(), f"{scope}\0{secret}".encode(), hashlib.sha256).hexdigest()


def address_digest(address: str) -> str:
    """Return the digest of an email or phone that a link was sent to, the same for every spelling of it."""
    return keyed_digest("address", normalize_address(address))


def short_digest(text: str) -> str:
    """Return 32 hexadecimal digits that replace a text in a key, so that the key does not contain it."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]
