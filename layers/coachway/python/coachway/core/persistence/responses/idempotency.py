"""`Idempotency-Key`: the first response is stored in the same transaction as the changes of the request.

The key of the record is a digest of the caller's key. The response is encrypted with a key derived from the caller's
key and body, which the table does not contain: it may hold a secret that is shown only once, a sealed price or personal
data. Cookies are stored with the body, so that a browser that repeats a request gets its session.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Final, Generic, TypeVar

from coachway.core.persistence.records import AccessPattern, Key, Record, stored_as
from coachway.core.persistence.sealed_text import open_text, seal_text
from coachway.core.runtime import clock

RETENTION_SECONDS: Final = 24 * 3600

FIRST_RESPONSES = AccessPattern(
    "the first response to an Idempotency-Key (kept for 1 day) or to the webhook-id of a vendor (kept for 40 days)",
    pk="ORG#{org}#IDEMPOTENCY#{digest}",
    sk="IDEMPOTENCY",
)


Body = TypeVar("Body")


@dataclass(frozen=True, slots=True)
class ResponseWithCookies(Generic[Body]):
    """The body of a response, and the cookies that it sets."""

    body: Body
    cookies: tuple[str, ...] = ()


class IdempotencyRecord(Record):
    """The response to the first request with this key."""

    KIND: ClassVar[str] = "idempotency"

    org_id: str
    digest: str
    body_digest: str
    status: int
    response: Annotated[str, stored_as("answer", "response")]
    expires: int

    def key(self) -> Key:
        return FIRST_RESPONSES.key(org=self.org_id, digest=self.digest)

    def expires_at(self) -> int:
        return self.expires


class ReplayedRequest(Exception):
    """The Idempotency-Key was used before. Not an error: the first response is sent again."""

    def __init__(self, first: IdempotencyRecord) -> None:
        super().__init__("The Idempotency-Key was used before.")
        self.first = first


@dataclass(slots=True)
class IdempotentRequest:
    """One request with an Idempotency-Key. The store writes `record(…)` together with the changes of the request."""

    scope: str
    """Who the key belongs to: the user, or the IP address of a caller that the route does not authenticate."""
    org_id: str
    route: str
    key: str
    body: bytes
    """The body, and the query if there is one."""
    status: int
    retention_seconds: int = RETENTION_SECONDS
    credentials: bytes = b""
    """The token or cookie that a caller sent to a route that does not authenticate. Only its holder gets the response
    again: users behind one IP address can send the same key and body."""
    recorded: str | None = field(default=None)
    """The response that was written with a commit, if any."""

    @property
    def digest(self) -> str:
        return _digest(self.scope.encode(), self.route.encode(), self.key.encode(), *self._credential_parts)

    @property
    def body_digest(self) -> str:
        return _digest(b"body", self.key.encode(), self.body)

    def record(self, response: str) -> IdempotencyRecord:
        """Return the record that stores `response`, as `format_response` returns it."""
        return IdempotencyRecord(
            org_id=self.org_id or "PUBLIC",
            digest=self.digest,
            body_digest=self.body_digest,
            status=self.status,
            response=seal_text(response, self._encryption_key),
            expires=clock.epoch() + self.retention_seconds,
        )

    def read_response(self, first: IdempotencyRecord) -> str | None:
        """Return the first response, or None if that request had another body or query. See `parse_response`."""
        if first.body_digest != self.body_digest:
            return None
        # An earlier release stored JSON.
        is_json = first.response.startswith(("{", "[")) or first.response == "null"
        return first.response if is_json else open_text(first.response, self._encryption_key)

    def location(self) -> Key:
        """Return the key of the record."""
        return FIRST_RESPONSES.key(org=self.org_id or "PUBLIC", digest=self.digest)

    @property
    def _encryption_key(self) -> bytes:
        parts = (b"answer", self.key.encode(), self.body, *self._credential_parts)
        return hashlib.sha256(b"\0".join(parts)).digest()

    @property
    def _credential_parts(self) -> tuple[bytes, ...]:
        return (self.credentials,) if self.credentials else ()


_COOKIE_LINE: Final = "Set-Cookie: "


def format_response(text: str, cookies: Sequence[str]) -> str:
    """Return the stored form of a response: a line for each cookie, then the JSON text."""
    return "".join(f"{_COOKIE_LINE}{cookie}\n" for cookie in cookies) + text


def parse_response(stored: str) -> ResponseWithCookies[str]:
    """Return the JSON text and the cookies of a stored response."""
    cookies = []
    while stored.startswith(_COOKIE_LINE):
        line, _, stored = stored.partition("\n")
        cookies.append(line.removeprefix(_COOKIE_LINE))
    return ResponseWithCookies(stored, tuple(cookies))


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
