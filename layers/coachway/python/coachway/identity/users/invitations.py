"""Invitations: a mail with a link, good once and for a week; a second invitation voids the first."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import AwareDatetime, ConfigDict, Field

from coachway.contracts.identity import INVITATION, UserInvited, UserJoined
from coachway.core import errors, store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types import ids
from coachway.core.types.contact import normalize_email
from coachway.identity import organization_queries, rate_limits, roles
from coachway.identity.account_lookup import get_credentials, get_user, require_active_session, retry_on_conflict
from coachway.identity.model import permissions
from coachway.identity.model.credentials import Credentials, PendingLink, is_good
from coachway.identity.model.field_types import GivenToken, NewPassword
from coachway.identity.model.user import USERS, Invitation, Status, User
from coachway.identity.secrets import hashing
from coachway.identity.users.service import admin_count_ops


class Invited(BaseSchema):
    """Somebody invited. The token also goes out by mail."""

    id: str
    email: str
    role: str
    status: Status
    invitation_token: str
    expires_at: AwareDatetime


class Acceptance(RequestSchema):
    """The token of an invitation, and the password to log in with from now on."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"token": "AZ…", "password": "correct horse battery staple"}]}
    )

    token: GivenToken
    password: NewPassword


class Joined(BaseSchema):
    """A user who can log in now."""

    id: str
    email: Annotated[str | None, Field()]
    role: str


def invite(caller: Caller, body: Invitation) -> Invited:
    """Invite somebody, or again somebody who has not accepted yet.

    Raises Duplicate for an address that another user has, Forbidden for a role with more rights than the caller's.
    """
    require_active_session(caller)
    return issue_invitation(caller, body, *roles.grant_checks(caller, body.role))


def issue_invitation(caller: Caller, body: Invitation, *role: Op) -> Invited:
    """The invitation of somebody to a role that is the caller's to give; `role` holds as long as these ops do."""
    organization = organization_queries.get(caller.org_id)
    inviter = store.find(User, USERS.key(org=caller.org_id, id=caller.user_id))
    name = f"{inviter.first_name} {inviter.last_name}" if inviter else organization.name
    nonce = PendingLink(nonce=signed_links.new_nonce(), expires_at=clock.now() + permissions.INVITATION_LIFE)

    def write() -> User:
        user, ops = _again(caller, body, nonce) or _first(caller, body, nonce)
        event = UserInvited(
            user_id=user.id,
            email=body.email,
            first_name=user.first_name,
            last_name=user.last_name,
            role=user.role,
            organization_name=organization.display_name,
            invited_by=name,
            nonce=nonce.nonce,
            expires_at=nonce.expires_at,
        )
        ops[0].events = [event]
        store.commit(caller, *ops, *role, answer=_invited_event(user, nonce))
        return user

    return _invited_event(retry_on_conflict(write), nonce)


def _invited_event(user: User, nonce: PendingLink) -> Invited:
    return Invited(
        id=user.id,
        email=user.email or "",
        role=user.role,
        status=user.status,
        invitation_token=signed_links.create_link_token(INVITATION, user.org_id, user.id, nonce.nonce),
        expires_at=nonce.expires_at,
    )


def _first(caller: Caller, body: Invitation, nonce: PendingLink) -> tuple[User, list[Create | Update]]:
    user = User(id=ids.new("usr"), org_id=caller.org_id, status="invited", **body.model_dump())
    return user, [Create(user), Create(Credentials(id=user.id, org_id=caller.org_id, invitation=nonce))]


def _again(caller: Caller, body: Invitation, nonce: PendingLink) -> tuple[User, list[Create | Update]] | None:
    """The same person, if they are invited already: names and role are those of the newest invitation."""
    existing = store.find_unique_owner(caller.org_id, "user-email", normalize_email(body.email))
    before = store.find(User, USERS.key(org=caller.org_id, id=existing)) if existing else None
    if before is None or before.status != "invited":
        return None
    roles.require_role_not_above_caller(caller, before.role)
    after = User.model_validate({**before.model_dump(), **body.model_dump()})
    owned = get_credentials(before)
    return after, [Update(before, after), Update(owned, owned.model_copy(update={"invitation": nonce}))]


def accept(caller: Caller, body: Acceptance) -> Joined:
    """Accept an invitation. Raises NotFound for a link that is wrong, void, used or too old."""
    rate_limits.by_address("link", caller)
    payload = signed_links.verify_link_token(INVITATION, "usr", body.token)
    digest = hashing.digest_password(body.password)

    def join() -> Joined:
        user = get_user(payload.org_id, payload.subject_id)
        owned = get_credentials(user)
        if not is_good(owned.invitation, payload.nonce):
            raise errors.NotFound("this invitation was used, or is too old: ask for another one")
        after = user.model_copy(update={"status": "active"})
        stored = owned.model_copy(update={"invitation": None, "password_hash": digest})
        ops: list[Op] = [
            Update(user, after, [UserJoined(user_id=user.id, role=user.role)]),
            Update(owned, stored),
            *admin_count_ops(user, after),
        ]
        answer = Joined(id=user.id, email=user.email, role=user.role)
        acting = replace(caller, org_id=user.org_id, user_id=user.id, role=user.role)
        store.commit(acting, *ops, answer=answer)
        return answer

    return retry_on_conflict(join)
