"""The keys that sign access tokens (ES256). They are created at the first use and rotated by a timer.

A new key is published before it signs, so that every function has read it when the first token arrives. A replaced key
stays published until all tokens that it signed have expired.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from coachway.core import errors, store
from coachway.core.auth.authentication import ALGORITHM, SIGNING_KEYS, SigningKey, SigningKeys
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Update
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.core.types import ids
from coachway.identity.secrets import encryption

PUBLICATION_LEAD_TIME: Final = timedelta(minutes=10)
"""How long a key is published before it signs. Functions cache public keys for five minutes."""
RETENTION_AFTER_REPLACEMENT: Final = timedelta(days=1)
"""How long a replaced key stays published. Tokens expire after minutes."""
MIN_ROTATION_INTERVAL: Final = timedelta(days=1)
_PURPOSE: Final = "signing-key"
_SIGNER_CACHE_SECONDS: Final = 60

_SYSTEM: Final = Caller.system("identity", "")


class Jwk(BaseSchema):
    """A public key (RFC 7517)."""

    kty: str
    crv: str
    x: str
    y: str
    kid: str
    alg: str = ALGORITHM
    use: str = "sig"


class Jwks(BaseSchema):
    """The public keys that verify the access tokens of this deployment (RFC 7517)."""

    keys: list[Jwk]


def select_signing_key(keys: Sequence[SigningKey], at: datetime) -> SigningKey:
    """Return the key that signs at a time: the newest that was published early enough, otherwise the oldest."""
    ready = [key for key in keys if key.created_at + PUBLICATION_LEAD_TIME <= at]
    return max(ready, key=lambda key: key.created_at) if ready else min(keys, key=lambda key: key.created_at)


def select_published_keys(keys: Sequence[SigningKey], at: datetime) -> list[SigningKey]:
    """Return the keys that still need to be published, oldest first."""
    ordered = sorted(keys, key=lambda key: key.created_at)
    lifetime = PUBLICATION_LEAD_TIME + RETENTION_AFTER_REPLACEMENT
    expired = [successor.created_at + lifetime <= at for successor in ordered[1:]]
    return [key for key, is_expired in zip(ordered, [*expired, False], strict=True) if not is_expired]


def get_signing_keys() -> SigningKeys:
    """Get the keys of the deployment. Creates the first key if there is none."""
    record = store.find(SigningKeys, SIGNING_KEYS.key())
    if record is not None:
        return record
    try:
        first = SigningKeys(keys=[_generate_key()])
        store.commit(_SYSTEM, Create(first))
    except errors.Conflict:  # another process created them first
        return store.get(SigningKeys, SIGNING_KEYS.key())
    return first


def rotate_signing_keys() -> SigningKeys:
    """Add a key and remove expired ones. Does nothing if a key was added less than a day ago."""
    before = get_signing_keys()
    if before.keys[-1].created_at + MIN_ROTATION_INTERVAL > clock.now():
        return before
    return _add_key(before)


def _add_key(before: SigningKeys) -> SigningKeys:
    after = before.model_copy(update={"keys": [*select_published_keys(before.keys, clock.now()), _generate_key()]})
    try:
        store.commit(_SYSTEM, Update(before, after))
    except errors.ConcurrentUpdate:  # another process rotated them first
        return get_signing_keys()
    return after


def build_jwks() -> Jwks:
    """Return the published keys as a JSON Web Key Set."""
    return Jwks(keys=[Jwk(kid=key.kid, **key.public) for key in get_signing_keys().keys])


def sign(claims: dict[str, Any]) -> str:
    """Return a signed token with these claims. The private key is cached for a minute."""
    kid, private = _signer(int(time.monotonic() // _SIGNER_CACHE_SECONDS))
    return jwt.encode(claims, private, ALGORITHM, headers={"kid": kid})


@lru_cache(maxsize=1)
def _signer(period: int) -> tuple[str, EllipticCurvePrivateKey]:  # noqa: ARG001 - a new period reads the keys again
    stored = get_signing_keys().keys
    private_keys = _decrypt_private_keys(stored)
    if not private_keys:  # the root secret has changed, so the stored keys cannot sign
        stored = _add_key(get_signing_keys()).keys
        private_keys = _decrypt_private_keys(stored)
    key = select_signing_key([each for each in stored if each.kid in private_keys], clock.now())
    return key.kid, private_keys[key.kid]


def _decrypt_private_keys(keys: Sequence[SigningKey]) -> dict[str, EllipticCurvePrivateKey]:
    """Return the private keys by key id, without those that were encrypted with another root secret."""
    result: dict[str, EllipticCurvePrivateKey] = {}
    for key in keys:
        try:
            private = load_der_private_key(encryption.decrypt(_PURPOSE, key.kid, key.sealed), None)
        except ValueError:
            continue
        if isinstance(private, EllipticCurvePrivateKey):
            result[key.kid] = private
    return result


def clear_signer_cache() -> None:
    """Read the keys again for the next token, as a new process does. For tests."""
    _signer.cache_clear()


def _generate_key() -> SigningKey:
    private = generate_private_key(SECP256R1())
    kid = ids.ulid()
    public = jwt.algorithms.ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return SigningKey(
        kid=kid,
        public={name: str(public[name]) for name in ("kty", "crv", "x", "y")},
        sealed=encryption.encrypt(_PURPOSE, kid, der),
        created_at=clock.now(),
    )
