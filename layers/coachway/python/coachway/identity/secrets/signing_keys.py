"""The keys that sign access tokens (ES256): made at the first use, renewed by a timer, published as a JWKS.

A new key is published for a while before it signs, so that every function has read it when the first token arrives; a
replaced one stays published for longer than any token lives.
"""

from __future__ import annotations

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

PUBLISHED_FIRST: Final = timedelta(minutes=10)
"""Functions keep the public keys for five minutes."""
KEPT_AFTER: Final = timedelta(days=1)
"""The longest token signed with these keys lives for minutes."""
RENEWED_AT_MOST_EVERY: Final = timedelta(days=1)
_PURPOSE: Final = "signing-key"
_REMEMBERED_SECONDS: Final = 60

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
    """The keys that verify this deployment's access tokens."""

    keys: list[Jwk]


def signing(keys: Sequence[SigningKey], at: datetime) -> SigningKey:
    """The key that signs at that time: the newest one that has been published long enough, else the oldest."""
    ready = [key for key in keys if key.created_at + PUBLISHED_FIRST <= at]
    return max(ready, key=lambda key: key.created_at) if ready else min(keys, key=lambda key: key.created_at)


def still_needed(keys: Sequence[SigningKey], at: datetime) -> list[SigningKey]:
    """The keys, oldest first, without those that were replaced so long ago that no token of theirs is left."""
    ordered = sorted(keys, key=lambda key: key.created_at)
    replaced = [after.created_at + PUBLISHED_FIRST + KEPT_AFTER <= at for after in ordered[1:]]
    return [key for key, removed in zip(ordered, [*replaced, False], strict=True) if not removed]


def get_signing_keys() -> SigningKeys:
    """The deployment's keys, with a first one made if there was none."""
    record = store.find(SigningKeys, SIGNING_KEYS.key())
    if record is not None:
        return record
    try:
        first = SigningKeys(keys=[_new()])
        store.commit(_SYSTEM, Create(first))
    except errors.Conflict:  # somebody else was first
        return store.get(SigningKeys, SIGNING_KEYS.key())
    return first


def renew_signing_keys() -> SigningKeys:
    """Add a key, and drop those that nobody needs any more. Twice in a day is once."""
    before = get_signing_keys()
    if before.keys[-1].created_at + RENEWED_AT_MOST_EVERY > clock.now():
        return before
    return _with_another(before)


def _with_another(before: SigningKeys) -> SigningKeys:
    after = before.model_copy(update={"keys": [*still_needed(before.keys, clock.now()), _new()]})
    try:
        store.commit(_SYSTEM, Update(before, after))
    except errors.ConcurrentUpdate:  # somebody else was faster
        return get_signing_keys()
    return after


def build_jwks() -> Jwks:
    """The public halves."""
    return Jwks(keys=[Jwk(kid=key.kid, **key.public) for key in get_signing_keys().keys])


def sign(claims: dict[str, Any]) -> str:
    """A token of these claims. The private key is kept in the process for a minute."""
    kid, private = _signer(int(time.monotonic() // _REMEMBERED_SECONDS))
    return jwt.encode(claims, private, ALGORITHM, headers={"kid": kid})


@lru_cache(maxsize=1)
def _signer(period: int) -> tuple[str, EllipticCurvePrivateKey]:  # noqa: ARG001 - another period is another look
    stored = get_signing_keys().keys
    opened = _opened(stored)
    if not opened:  # the root secret was changed: nobody can sign with the keys that are kept
        stored = _with_another(get_signing_keys()).keys
        opened = _opened(stored)
    key = signing([each for each in stored if each.kid in opened], clock.now())
    return key.kid, opened[key.kid]


def _opened(keys: Sequence[SigningKey]) -> dict[str, EllipticCurvePrivateKey]:
    """The private halves, by key id, of the keys that were sealed under today's root secret."""
    result: dict[str, EllipticCurvePrivateKey] = {}
    for key in keys:
        try:
            private = load_der_private_key(encryption.decrypt(_PURPOSE, key.kid, key.sealed), None)
        except ValueError:
            continue
        if isinstance(private, EllipticCurvePrivateKey):
            result[key.kid] = private
    return result


def clear_cache() -> None:
    """Read the keys again at the next token, as a new process does."""
    _signer.cache_clear()


def _new() -> SigningKey:
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
