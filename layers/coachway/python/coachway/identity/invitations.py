"""Invitations: a mail with a link, good once and for a week; a second invitation voids the first."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import AwareDatetime, ConfigDict, Field

from coachway.core import clock, errors, ids, links, store
from coachway.core.caller import Caller
from coachway.core.contact import same_mailbox
from coachway.core.ops import Create, Op, Update
from coachway.core.schemas import Input, Shape
from coachway.identity import hashing, organizations, roles, rules, throttle
from coachway.identity.accounts import credentials_of, settled, still, user_of
from coachway.identity.events import INVITATION, UserInvited, UserJoined
from coachway.identity.fields import GivenToken, NewPassword
from coachway.identity.model import USERS, Invitation, Status, User
from coachway.identity.proofs import Credentials, Nonce, is_good
from coachway.identity.users import admins_counted


class Invited(Shape):
    """Somebody invited. The token also goes out by mail."""

    id: str
    email: str
    role: str
    status: Status
    invitation_token: str
    expires_at: AwareDatetime


class Acceptance(Input):
    """The token of an invitation, and the password to log in with from now on."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"token": "AZ…", "password": "correct horse battery staple"}]}
    )

    token: GivenToken
    password: NewPassword


class Joined(Shape):
    """A user who can log in now."""

    id: str
    email: Annotated[str | None, Field()]
    role: str


def invite(caller: Caller, body: Invitation) -> Invited:
    """Invite somebody, or again somebody who has not accepted yet.

    Raises Duplicate for an address that another user has, Forbidden for a role with more rights than the caller's.
    """
    still(caller)
    return issued(caller, body, *roles.grantable(caller, body.role))


def issued(caller: Caller, body: Invitation, *role: Op) -> Invited:
    """The invitation of somebody to a role that is the caller's to give; `role` holds as long as these ops do."""
    organization = organizations.get(caller.org_id)
    inviter = store.find(User, USERS.key(org=caller.org_id, id=caller.user_id))
    name = f"{inviter.first_name} {inviter.last_name}" if inviter else organization.name
    nonce = Nonce(nonce=links.new_nonce(), expires_at=clock.now() + rules.INVITATION_LIFE)

    def write() -> User:
        user, ops = _again(caller, body, nonce) or _first(caller, body, nonce)
        fact = UserInvited(
            user_id=user.id,
            email=body.email,
            first_name=user.first_name,
            last_name=user.last_name,
            role=user.role,
            organization_name=organization.shown_as,
            invited_by=name,
            nonce=nonce.nonce,
            expires_at=nonce.expires_at,
        )
        ops[0].events = [fact]
        store.commit(caller, *ops, *role, answer=_told(user, nonce))
        return user

    return _told(settled(write), nonce)


def _told(user: User, nonce: Nonce) -> Invited:
    return Invited(
        id=user.id,
        email=user.email or "",
        role=user.role,
        status=user.status,
        invitation_token=links.token(INVITATION, user.org_id, user.id, nonce.nonce),
        expires_at=nonce.expires_at,
    )


def _first(caller: Caller, body: Invitation, nonce: Nonce) -> tuple[User, list[Create | Update]]:
    user = User(id=ids.new("usr"), org_id=caller.org_id, status="invited", **body.model_dump())
    return user, [Create(user), Create(Credentials(id=user.id, org_id=caller.org_id, invitation=nonce))]


def _again(caller: Caller, body: Invitation, nonce: Nonce) -> tuple[User, list[Create | Update]] | None:
    """The same person, if they are invited already: names and role are those of the newest invitation."""
    known = store.owner_of(caller.org_id, "user-email", same_mailbox(body.email))
    before = store.find(User, USERS.key(org=caller.org_id, id=known)) if known else None
    if before is None or before.status != "invited":
        return None
    roles.held_by(caller, before.role)
    after = User.model_validate({**before.model_dump(), **body.model_dump()})
    held = credentials_of(before)
    return after, [Update(before, after), Update(held, held.model_copy(update={"invitation": nonce}))]


def accept(caller: Caller, body: Acceptance) -> Joined:
    """Accept an invitation. Raises Missing for a link that is wrong, void, used or too old."""
    throttle.by_address("link", caller)
    said = links.opened(INVITATION, "usr", body.token)
    digest = hashing.password_digest(body.password)

    def join() -> Joined:
        user = user_of(said.org_id, said.subject_id)
        held = credentials_of(user)
        if not is_good(held.invitation, said.nonce):
            raise errors.Missing("this invitation was used, or is too old: ask for another one")
        after = user.model_copy(update={"status": "active"})
        kept = held.model_copy(update={"invitation": None, "password_hash": digest})
        ops: list[Op] = [
            Update(user, after, [UserJoined(user_id=user.id, role=user.role)]),
            Update(held, kept),
            *admins_counted(user, after),
        ]
        answer = Joined(id=user.id, email=user.email, role=user.role)
        acting = replace(caller, org_id=user.org_id, user_id=user.id, role=user.role)
        store.commit(acting, *ops, answer=answer)
        return answer

    return settled(join)
