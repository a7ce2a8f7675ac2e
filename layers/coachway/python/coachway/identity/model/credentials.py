"""Credentials, sessions and lockouts of users. No response contains these records."""

from datetime import timedelta
from typing import Annotated, ClassVar, Final, Self

from pydantic import AwareDatetime, Field

from coachway.core.auth import signed_links
from coachway.core.persistence.records import AccessPattern, Entity, Key, Record, stored_as
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.core.types.personal import Personal
from coachway.identity.secrets import hashing

CREDENTIALS = AccessPattern(
    "the credentials of a user: digests, encrypted secrets, nonces",
    pk="ORG#{org}#USER#{id}",
    sk="CREDENTIALS",
)
SESSIONS = AccessPattern(
    "the sessions of a user, at most five",
    pk="ORG#{org}#USER#{id}",
    sk="SESSIONS",
)
LOCKOUTS = AccessPattern(
    "the failed login attempts on an account, even one that does not exist; removed by TTL",
    pk="ORG#{org}#LOCKOUT#{who}",
    sk="LOCKOUT",
)


class PendingLink(BaseSchema):
    """A link or code that was sent and not used: the nonce that it is computed from, and when it expires.

    It is valid only while its user has the email or phone that it was sent to.
    """

    nonce: str
    expires_at: AwareDatetime
    attempts: Annotated[int, stored_as("tries", "attempts")] = 0
    address_digest: str = ""
    """The digest of the email or phone. Empty in a link of an earlier release, which is valid for any address."""

    @classmethod
    def create(cls, address: str, lifetime: timedelta) -> Self:
        """Create a link or code that is sent to an address now."""
        nonce, expires_at = signed_links.new_nonce(), clock.now() + lifetime
        return cls(nonce=nonce, expires_at=expires_at, address_digest=hashing.address_digest(address))

    def is_sent_to(self, *addresses: str | None) -> bool:
        """Whether it was sent to one of these addresses."""
        digests = {hashing.address_digest(address) for address in addresses if address}
        return not self.address_digest or self.address_digest in digests


class Credentials(Entity):
    """The credentials of a user. `id` is the id of the user."""

    KIND: ClassVar[str] = "credentials"
    GRANTS_RIGHTS: ClassVar[bool] = True
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset(
        {"password_hash", "totp", "totp_pending", "totp_step", "recovery", "invitation", "reset", "otp", "confirmation"}
    )

    password_hash: str = ""
    totp: str = ""
    """The encrypted secret of the authenticator; empty if there is none."""
    totp_pending: str = ""
    """The encrypted secret of an authenticator that is being set up, until its first code is verified."""
    totp_step: int = 0
    """The last 30-second step whose code was used, so that no code is accepted twice."""
    recovery: list[str] = Field(default_factory=list)
    """Digests of the unused recovery codes."""
    invitation: PendingLink | None = None
    reset: PendingLink | None = None
    otp: PendingLink | None = None
    confirmation: PendingLink | None = None

    def key(self) -> Key:
        return CREDENTIALS.key(org=self.org_id, id=self.id)


class Session(BaseSchema):
    """One session of a user."""

    id: str
    family: str
    """The digest of the part that all refresh tokens of the session share: a reused token has it, a guess does not."""
    current: str
    """The digest of the only valid refresh token."""
    created_at: AwareDatetime
    last_seen_at: AwareDatetime
    expires_at: AwareDatetime
    ip: Annotated[str, Personal("user")]
    agent: Annotated[str, Personal("user")]
    cookies: bool = False


class Sessions(Entity):
    """All sessions of a user, in one item so that one write can enforce the limit of five."""

    KIND: ClassVar[str] = "sessions"
    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset({"sessions"})

    sessions: list[Session] = Field(default_factory=list)

    def key(self) -> Key:
        return SESSIONS.key(org=self.org_id, id=self.id)


class Lockout(Record):
    """The failed login attempts on an account."""

    KIND: ClassVar[str] = "lockout"

    org_id: str
    account_digest: Annotated[str, stored_as("who", "account_digest")]
    attempts: Annotated[int, stored_as("tries", "attempts")] = 0
    last_attempt_at: Annotated[AwareDatetime, stored_as("last", "last_attempt_at")]
    locked_until: AwareDatetime | None = None
    expires_at_epoch: Annotated[int, stored_as("expires", "expires_at_epoch")]

    @staticmethod
    def build_key(org_id: str, lockout_id: str) -> Key:
        """The key of an account's lockout. It contains a digest, because the id may contain an email address."""
        return LOCKOUTS.key(org=org_id, who=hashing.short_digest(lockout_id))

    def key(self) -> Key:
        return LOCKOUTS.key(org=self.org_id, who=self.account_digest)

    def attributes(self) -> dict[str, str | int | bool]:
        # Only for TTL: a record that DynamoDB has not removed yet still counts.
        return {"expires_at": self.expires_at_epoch}


NO_ORGANIZATION_ID: Final = "org_00000000000000000000000000"
NO_USER_ID: Final = "usr_00000000000000000000000000"
"""Read instead of an account that does not exist, so that the response takes the same time."""


def is_valid_link(stored: PendingLink | None, nonce: str, email: str | None) -> bool:
    """Whether `nonce` is that of the stored link, the link has not expired, and it was sent to `email`."""
    if stored is None or not hashing.is_equal(stored.nonce, nonce):
        return False
    return stored.expires_at > clock.now() and stored.is_sent_to(email)
