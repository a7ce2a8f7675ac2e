"""What happens to organizations and their people.

Links and codes are made again from a nonce: `core.links.token(PURPOSE, org_id, user_id, nonce)`, or `core.links.code`
for OTP. No event carries one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Final, Literal

from coachway.core.persistence.domain_events import Event
from coachway.core.types.personal import Personal

INVITATION: Final = "invitation"
PASSWORD_RESET: Final = "password-reset"  # noqa: S105 - the purpose of a link
OTP: Final = "otp"


class OrganizationRegistered(Event):
    """An organization signed up, with its first admin."""

    TYPE: ClassVar[str] = "organization.registered"
    name: str
    slug: str
    timezone: str
    currency: str
    admin_id: str
    admin_email: Annotated[str, Personal("user")]
    admin_first_name: Annotated[str, Personal("user")]


class OrganizationUpdated(Event):
    """Something about an organization was changed."""

    TYPE: ClassVar[str] = "organization.updated"


class UserCreated(Event):
    """A user was added, who can log in at once."""

    TYPE: ClassVar[str] = "user.created"
    user_id: str
    role: str


class UserInvited(Event):
    """A user was invited, or invited again: the link of `nonce` is the only one that is good."""

    TYPE: ClassVar[str] = "user.invited"
    user_id: str
    email: Annotated[str, Personal("user")]
    first_name: Annotated[str, Personal("user")]
    last_name: Annotated[str, Personal("user")]
    role: str
    organization_name: str
    invited_by: Annotated[str, Personal("user")]
    nonce: str
    expires_at: datetime


class UserJoined(Event):
    """An invitation was accepted."""

    TYPE: ClassVar[str] = "user.joined"
    user_id: str
    role: str


class UserUpdated(Event):
    """Something about a user was changed."""

    TYPE: ClassVar[str] = "user.updated"
    user_id: str


class UserDeleted(Event):
    """A user was removed."""

    TYPE: ClassVar[str] = "user.deleted"
    user_id: str


class UserSignedIn(Event):
    """A session began."""

    TYPE: ClassVar[str] = "user.signed_in"
    user_id: str
    session_id: str
    method: Literal["password", "otp"]
    second_factor: bool


class UserSignedOut(Event):
    """Sessions were ended, by their owner or because an admin, a new password or another right ended them."""

    TYPE: ClassVar[str] = "user.signed_out"
    user_id: str
    session_ids: list[str]
    reason: str


class RefreshTokenReused(Event):
    """A refresh token that was exchanged before came again, so its session was ended: somebody may have stolen it."""

    TYPE: ClassVar[str] = "user.refresh_token_reused"
    user_id: str
    session_id: str


class PasswordResetRequested(Event):
    """Somebody forgot a password. The link of `nonce` sets a new one, once."""

    TYPE: ClassVar[str] = "user.password_reset_requested"
    user_id: str
    email: Annotated[str, Personal("user")]
    first_name: Annotated[str, Personal("user")]
    organization_name: str
    nonce: str
    expires_at: datetime


class PasswordChanged(Event):
    """A password was changed by its owner, or set anew by a link."""

    TYPE: ClassVar[str] = "user.password_changed"
    user_id: str
    email: Annotated[str, Personal("user")]
    first_name: Annotated[str, Personal("user")]
    organization_name: str


class OtpRequested(Event):
    """Somebody asked for a one-time code: the one of `nonce`, sent to `recipient`."""

    TYPE: ClassVar[str] = "user.otp_requested"
    user_id: str
    channel: Literal["sms", "email"]
    recipient: Annotated[str, Personal("user")]
    first_name: Annotated[str, Personal("user")]
    organization_name: str
    nonce: str
    expires_at: datetime


class MfaEnabled(Event):
    """A user's log-ins need a second factor from now on."""

    TYPE: ClassVar[str] = "user.mfa_enabled"
    user_id: str


class MfaDisabled(Event):
    """A user's log-ins need no second factor any more."""

    TYPE: ClassVar[str] = "user.mfa_disabled"
    user_id: str


class RecoveryCodeUsed(Event):
    """A recovery code stood in for a second factor."""

    TYPE: ClassVar[str] = "user.recovery_code_used"
    user_id: str
    left: int


class RoleCreated(Event):
    """An organization made a role of its own."""

    TYPE: ClassVar[str] = "role.created"
    name: str
    permissions: list[str]


class RoleUpdated(Event):
    """A role was given other permissions."""

    TYPE: ClassVar[str] = "role.updated"
    name: str


class RoleDeleted(Event):
    """A role was removed."""

    TYPE: ClassVar[str] = "role.deleted"
    name: str


class ApiKeyCreated(Event):
    """A machine client was given a key."""

    TYPE: ClassVar[str] = "api_key.created"
    name: str
    permissions: list[str]


class ApiKeyDeleted(Event):
    """A machine client's key was revoked."""

    TYPE: ClassVar[str] = "api_key.deleted"
    name: str
