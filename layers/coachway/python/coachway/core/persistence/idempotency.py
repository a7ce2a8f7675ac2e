"""`Idempotency-Key`: the first answer, kept in the same transaction as what it tells of.

The record's key hides the caller's key, and for answers that carry a secret (a token, an API key shown once) the answer
is sealed under the caller's own key and body, which the table does not hold.
"""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass, field
from typing import ClassVar, Final

from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.runtime import clock

KEPT_SECONDS: Final = 24 * 3600

FIRST_ANSWERS = AccessPattern(
    "the first answer given to an Idempotency-Key, kept a day, or to a vendor's webhook-id, kept forty",
    pk="ORG#{org}#IDEMPOTENCY#{digest}",
    sk="IDEMPOTENCY",
)


class IdempotencyRecord(Record):
    """What was answered to the first request with this key."""

    KIND: ClassVar[str] = "idempotency"

    org_id: str
    digest: str
    body_digest: str
    status: int
    answer: str
    expires: int

    def key(self) -> Key:
        return FIRST_ANSWERS.key(org=self.org_id, digest=self.digest)

    def expires_at(self) -> int:
        return self.expires


class ReplayedRequest(Exception):
    """The key was used before; not an error of the caller's."""

    def __init__(self, first: IdempotencyRecord) -> None:
        super().__init__("the key was used before")
        self.first = first


@dataclass(slots=True)
class IdempotentRequest:
    """One request that carries an Idempotency-Key. The store writes `record(…)` with whatever the request commits."""

    scope: str
    """Whose keys these are: the organization and user, or the address of somebody unknown."""
    org_id: str
    route: str
    key: str
    body: bytes
    status: int
    secret: bool = False
    kept_seconds: int = KEPT_SECONDS
    recorded: str | None = field(default=None)
    """The answer written with a commit, if one was."""

    @property
    def digest(self) -> str:
        return _digest(self.scope.encode(), self.route.encode(), self.key.encode())

    @property
    def body_digest(self) -> str:
        return _digest(b"body", self.key.encode(), self.body)

    def record(self, answer: str) -> IdempotencyRecord:
        """The item that remembers `answer`, a JSON text."""
        return IdempotencyRecord(
            org_id=self.org_id or "PUBLIC",
            digest=self.digest,
            body_digest=self.body_digest,
            status=self.status,
            answer=self._sealed(answer) if self.secret else answer,
            expires=clock.epoch() + self.kept_seconds,
        )

    def answer_of(self, first: IdempotencyRecord) -> str | None:
        """The first answer, if it was given to this very body; None if the body differs."""
        if first.body_digest != self.body_digest:
            return None
        return self._opened(first.answer) if self.secret else first.answer

    def location(self) -> Key:
        """Where the record lies."""
        return FIRST_ANSWERS.key(org=self.org_id or "PUBLIC", digest=self.digest)

    @property
    def _sealing_key(self) -> bytes:
        return hashlib.sha256(b"answer\0" + self.key.encode() + b"\0" + self.body).digest()

    def _sealed(self, answer: str) -> str:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(12)
        return base64.b64encode(nonce + AESGCM(self._sealing_key).encrypt(nonce, answer.encode(), None)).decode()

    def _opened(self, sealed: str) -> str:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        raw = base64.b64decode(sealed)
        return AESGCM(self._sealing_key).decrypt(raw[:12], raw[12:], None).decode()


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
