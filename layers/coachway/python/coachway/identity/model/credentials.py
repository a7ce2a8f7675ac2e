"""What a user proves themselves with, and where they are signed in. Nothing in this module ever goes out."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

from pydantic import AwareDatetime, Field

from coachway.core.persistence.records import AccessPattern, Entity, Key, Record
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.core.types.personal import Personal
from coachway.identity.secrets import hashing

CREDENTIALS = AccessPattern(
    "what a user logs in with: digests, sealed secrets, nonces",
    pk="ORG#{org}#USER#{id}",
    sk="CREDENTIALS",
)
SESSIONS = AccessPattern(
    "where a user is signed in: at most five sessions",
    pk="ORG#{org}#USER#{id}",
    sk="SESSIONS",
)
LOCKOUTS = AccessPattern(
    "the wrong tries on an account, whether or not it exists; removed by TTL",
    pk="ORG#{org}#LOCKOUT#{who}",
    sk="LOCKOUT",
)


class PendingLink(BaseSchema):
    """A link or code that is out: what it was made from, and until when it is good."""

    nonce: str
    expires_at: AwareDatetime
    tries: int = 0


class Credentials(Entity):
    """What a user logs in with. `id` is the user's."""

    KIND: ClassVar[str] = "credentials"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset(
        {"password_hash", "totp", "totp_pending", "totp_step", "recovery", "invitation", "reset", "otp"}
    )

    password_hash: str = ""
    totp: str = ""
    """The secret of the authenticator, sealed; empty when there is none."""
    totp_pending: str = ""
    """The sealed secret of an authenticator that has not yet shown a code."""
    totp_step: int = 0
    """The last 30-second step whose code was taken: no code is taken twice."""
    recovery: list[str] = Field(default_factory=list)
    """Digests of the recovery codes that are left."""
    invitation: PendingLink | None = None
    reset: PendingLink | None = None
    otp: PendingLink | None = None

    def key(self) -> Key:
        return CREDENTIALS.key(org=self.org_id, id=self.id)


class Session(BaseSchema):
    """One place where a user is signed in."""

    id: str
    family: str
    """Digest of what all its refresh tokens share: without it, a wrong token is a guess and not a reused one."""
    current: str
    """Digest of the one refresh token that is good."""
    created_at: AwareDatetime
    last_seen_at: AwareDatetime
    expires_at: AwareDatetime
    ip: Annotated[str, Personal("user")]
    agent: Annotated[str, Personal("user")]
    cookies: bool = False


class Sessions(Entity):
    """All sessions of a user, in one item: that there are at most five is then a matter of one write."""

    KIND: ClassVar[str] = "sessions"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"sessions"})

    sessions: list[Session] = Field(default_factory=list)

    def key(self) -> Key:
        return SESSIONS.key(org=self.org_id, id=self.id)


class Lockout(Record):
    """The wrong tries on an account."""

    KIND: ClassVar[str] = "lockout"

    org_id: str
    who: str
    tries: int = 0
    last: AwareDatetime
    locked_until: AwareDatetime | None = None
    expires: int

    @staticmethod
    def key_of(org_id: str, lockout_id: str) -> Key:
        """The key of an account's failed attempts. The id may hold an email address, so the key has its digest."""
        return LOCKOUTS.key(org=org_id, who=hashing.short_digest(lockout_id))

    def key(self) -> Key:
        return LOCKOUTS.key(org=self.org_id, who=self.who)

    def attributes(self) -> dict[str, str | int | bool]:
        # For TTL alone: what DynamoDB has not removed yet is still there to be counted on.
        return {"expires_at": self.expires}


NOWHERE: Final = "org_00000000000000000000000000"
NOBODY: Final = "usr_00000000000000000000000000"
"""Looked up in the place of an account that is not there, so that it costs the same."""


def is_good(stored: PendingLink | None, nonce: str) -> bool:
    """Whether a link's nonce is the one that is out, and in time."""
    return stored is not None and hashing.is_equal(stored.nonce, nonce) and stored.expires_at > clock.now()
