"""Events of organizations, users, roles and API keys.

No event contains a link or a code. Consumers compute them from the nonce with `create_link_token` and
`create_one_time_code` of `core.auth.signed_links`.
"""

from datetime import datetime
from typing import Annotated, ClassVar, Final, Literal

from coachway.core.persistence.domain_events import Event
from coachway.core.types.personal import Personal

INVITATION: Final = "invitation"
PASSWORD_RESET: Final = "password-reset"  # noqa: S105 - the purpose of a link
EMAIL_CONFIRMATION: Final = "email-confirmation"
OTP: Final = "otp"


class OrganizationRegistered(Event):
    """An organization was registered, with its first admin."""

    TYPE: ClassVar[str] = "organization.registered"
    name: str
    slug: str
    timezone: str
    currency: str
    admin_id: str
    admin_email: Annotated[str, Personal("user")]
    admin_first_name: Annotated[str, Personal("user")]


class OrganizationUpdated(Event):
    """The settings of an organization were changed."""

    TYPE: ClassVar[str] = "organization.updated"


class _LinkRequested(Event):
    """A user requested a link by email. `nonce` is its secret part."""

    user_id: str
    email: Annotated[str, Personal("user")]
    first_name: Annotated[str, Personal("user")]
    organization_name: str
    nonce: str
    expires_at: datetime


class EmailConfirmationRequested(_LinkRequested):
    """An admin requested a link that confirms their email address. The link of `nonce` can be used once."""

    TYPE: ClassVar[str] = "user.email_confirmation_requested"


class OrganizationConfirmed(Event):
    """An admin of the organization confirmed their email address."""

    TYPE: ClassVar[str] = "organization.confirmed"
    user_id: str


class UserCreated(Event):
    """A user who can log in immediately was created."""

    TYPE: ClassVar[str] = "user.created"
    user_id: str
    role: str


class UserInvited(Event):
    """A user was invited or invited again. Only the link of `nonce` is valid."""

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
    """A user accepted an invitation."""

    TYPE: ClassVar[str] = "user.joined"
    user_id: str
    role: str


class UserUpdated(Event):
    """A user was changed."""

    TYPE: ClassVar[str] = "user.updated"
    user_id: str


class UserDeleted(Event):
    """A user was deleted."""

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
    """Sessions of a user ended: by the user, or by a new password or a change of the user's permissions."""

    TYPE: ClassVar[str] = "user.signed_out"
    user_id: str
    session_ids: list[str]
    reason: str


class RefreshTokenReused(Event):
    """A refresh token was used twice. It may be stolen, so its session ended."""

    TYPE: ClassVar[str] = "user.refresh_token_reused"
    user_id: str
    session_id: str


class PasswordResetRequested(_LinkRequested):
    """A user requested a password reset. The link of `nonce` can be used once."""

    TYPE: ClassVar[str] = "user.password_reset_requested"


class PasswordChanged(Event):
    """A password was changed by its user or reset with a link."""

    TYPE: ClassVar[str] = "user.password_changed"
    user_id: str
    email: Annotated[str, Personal("user")]
    first_name: Annotated[str, Personal("user")]
    organization_name: str


class OtpRequested(Event):
    """A user requested a one-time code, which is computed from `nonce` and sent to `recipient`."""

    TYPE: ClassVar[str] = "user.otp_requested"
    user_id: str
    channel: Literal["sms", "email"]
    recipient: Annotated[str, Personal("user")]
    first_name: Annotated[str, Personal("user")]
    organization_name: str
    nonce: str
    expires_at: datetime


class MfaEnabled(Event):
    """A user activated a second factor."""

    TYPE: ClassVar[str] = "user.mfa_enabled"
    user_id: str


class MfaDisabled(Event):
    """The second factor of a user was removed."""

    TYPE: ClassVar[str] = "user.mfa_disabled"
    user_id: str


class RecoveryCodeUsed(Event):
    """A user logged in with a recovery code. `left` is the number of unused ones."""

    TYPE: ClassVar[str] = "user.recovery_code_used"
    user_id: str
    left: int


class RoleCreated(Event):
    """An organization created a role."""

    TYPE: ClassVar[str] = "role.created"
    name: str
    permissions: list[str]


class RoleUpdated(Event):
    """A role was changed."""

    TYPE: ClassVar[str] = "role.updated"
    name: str


class RoleDeleted(Event):
    """A role was deleted."""

    TYPE: ClassVar[str] = "role.deleted"
    name: str


class ApiKeyCreated(Event):
    """An API key was created."""

    TYPE: ClassVar[str] = "api_key.created"
    name: str
    permissions: list[str]


class ApiKeyDeleted(Event):
    """An API key was revoked."""

    TYPE: ClassVar[str] = "api_key.deleted"
    name: str
