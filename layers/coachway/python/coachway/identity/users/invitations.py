"""Invitations of users by email. The link can be used once in a week; a new invitation replaces an earlier one."""

from dataclasses import replace

from pydantic import AwareDatetime, ConfigDict

from coachway.contracts.identity import INVITATION, UserInvited, UserJoined
from coachway.core import errors, store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.party_reference import require_party
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types import ids
from coachway.core.types.contact import normalize_email
from coachway.core.types.stored_values import STORED
from coachway.core.user_reference import USERS
from coachway.identity import message_limits, organization_queries, rate_limits, roles
from coachway.identity.account_lookup import get_credentials, get_user
from coachway.identity.auth.password_strength import require_strong_password
from coachway.identity.model.credential_limits import INVITATION_LIFETIME
from coachway.identity.model.credentials import Credentials, PendingLink, is_valid_link
from coachway.identity.model.field_types import NewPassword, TokenInput
from coachway.identity.model.organization import Organization
from coachway.identity.model.user import User, UserInvitation, UserStatus
from coachway.identity.secrets import hashing
from coachway.identity.users.admin_count import admin_count_ops


class SentInvitation(BaseSchema):
    """An invitation that was sent. The email contains the same token."""

    id: str
    email: str
    role: str
    status: UserStatus
    invitation_token: str
    expires_at: AwareDatetime


class InvitationAcceptance(RequestSchema):
    """The token of an invitation, and the password of the new user."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"token": "AZ…", "password": "correct horse battery staple"}]}
    )

    token: TokenInput
    password: NewPassword


class JoinedUser(BaseSchema):
    """A user who accepted an invitation and can log in now."""

    id: str
    email: str | None
    role: str


def invite_user(caller: Caller, body: UserInvitation) -> SentInvitation:
    """Invite a user, or invite again a user who has not accepted yet.

    Raises RateLimited, Duplicate if another user has the email, PermissionsExceeded if the role has permissions that
    the caller does not have.
    """
    require_party(caller.org_id, body.party_id)
    return issue_invitation(caller, body, *roles.grant_check_ops(caller, body.role))


def issue_invitation(caller: Caller, body: UserInvitation, *role_checks: Op) -> SentInvitation:
    """Invite a user without checking the caller's permissions. `role_checks` are part of the transaction."""
    link = PendingLink.create(body.email, INVITATION_LIFETIME)
    organization = organization_queries.get_organization(caller.org_id)
    limit_ops = message_limits.message_ops(organization, "invitation", body.email)

    @retry_on_conflict
    def save_invitation() -> SentInvitation:
        user, ops = _reinvite_ops(caller, body, link) or _new_user_ops(caller, body, link)
        ops[0].events = [build_invited_event(caller, user, organization, link)]
        response = _build_sent_invitation(user, link)
        store.commit(caller, *ops, *role_checks, *limit_ops, response=response)
        return response

    return save_invitation()


def build_invited_event(caller: Caller, user: User, organization: Organization, link: PendingLink) -> UserInvited:
    """Build the event that sends the link of an invitation."""
    inviter = store.find(User, USERS.key(org=caller.org_id, id=caller.user_id))
    return UserInvited(
        user_id=user.id,
        email=user.email or "",
        first_name=user.first_name,
        last_name=user.last_name,
        role=user.role,
        organization_name=organization.display_name,
        invited_by=f"{inviter.first_name} {inviter.last_name}" if inviter else organization.name,
        nonce=link.nonce,
        expires_at=link.expires_at,
    )


def _build_sent_invitation(user: User, link: PendingLink) -> SentInvitation:
    return SentInvitation(
        id=user.id,
        email=user.email or "",
        role=user.role,
        status=user.status,
        invitation_token=signed_links.create_link_token(INVITATION, user.org_id, user.id, link.nonce),
        expires_at=link.expires_at,
    )


def _new_user_ops(caller: Caller, body: UserInvitation, link: PendingLink) -> tuple[User, list[Create | Update]]:
    user = User(id=ids.new("usr"), org_id=caller.org_id, status="invited", **body.model_dump())
    return user, [Create(user), Create(Credentials(id=user.id, org_id=caller.org_id, invitation=link))]


def _reinvite_ops(caller: Caller, body: UserInvitation, link: PendingLink) -> tuple[User, list[Create | Update]] | None:
    """Return the user with the new name and role, and the operations. None if no invited user has the email."""
    user_id = store.find_unique_owner(caller.org_id, "user-email", normalize_email(body.email))
    before = store.find(User, USERS.key(org=caller.org_id, id=user_id)) if user_id else None
    if before is None or before.status != "invited":
        return None
    roles.require_role_not_above_caller(caller, before.role)
    after = User.model_validate({**before.model_dump(), **body.model_dump()}, context=STORED)
    credentials = get_credentials(before)
    return after, [Update(before, after), Update(credentials, credentials.model_copy(update={"invitation": link}))]


def accept_invitation(caller: Caller, body: InvitationAcceptance) -> JoinedUser:
    """Accept an invitation. Raises NotFound if the link is wrong, used, expired or replaced by another one."""
    rate_limits.count_by_address("link", caller)
    link = signed_links.verify_link_token(INVITATION, "usr", body.token)
    digest = ""

    @retry_on_conflict
    def activate_user() -> JoinedUser:
        nonlocal digest
        user = get_user(link.org_id, link.subject_id)
        credentials = get_credentials(user)
        if not is_valid_link(credentials.invitation, link.nonce, user.email):
            raise errors.NotFound("This invitation was used or has expired. Ask for another one.")
        if not digest:
            organization = organization_queries.get_organization(user.org_id)
            require_strong_password("password", body.password, user, organization)
            digest = hashing.digest_password(body.password)
        active_user = user.model_copy(update={"status": "active"})
        response = JoinedUser(id=user.id, email=user.email, role=user.role)
        store.commit(
            replace(caller, org_id=user.org_id, user_id=user.id, role=user.role),
            Update(user, active_user, [UserJoined(user_id=user.id, role=user.role)]),
            Update(credentials, credentials.model_copy(update={"invitation": None, "password_hash": digest})),
            *admin_count_ops(user, active_user),
            response=response,
        )
        return response

    return activate_user()
