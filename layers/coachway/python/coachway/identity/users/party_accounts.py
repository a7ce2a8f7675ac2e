"""Log-ins of outside people that come and go with whom they act for: a driver and the driver's user are one write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypedDict

from coachway.contracts.identity import UserCreated, UserDeleted, UserUpdated
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Op, Remove, Update
from coachway.core.persistence.queries import query_all
from coachway.core.runtime import clock
from coachway.core.schemas import PageQuery
from coachway.core.types import ids
from coachway.erasure.redaction import Redaction
from coachway.erasure.service import erase_partition
from coachway.identity import roles
from coachway.identity.account_lookup import get_credentials, get_sessions
from coachway.identity.auth import sessions
from coachway.identity.model.credentials import CREDENTIALS, SESSIONS, Credentials, Sessions
from coachway.identity.model.user import USERS, User

Role = Literal["client", "vendor", "driver"]

_ENDING: Final = ("status", "party_id", "phone")
"""What ends a user's sessions when it changes; a phone, because the old one may be in other hands."""


class Known(TypedDict):
    """What a party knows of its user. The phone, or else the email, is where one-time codes go."""

    first_name: str
    last_name: str
    phone: str
    email: str | None


def create_user_ops(org_id: str, role: Role, party_id: str, existing: Known) -> tuple[str, list[Op]]:
    """The id of a new user who can log in by one-time codes at once, and the ops that make them.

    Their commit raises Duplicate for a phone or an email that another user has.
    """
    user = User(id=ids.new("usr"), org_id=org_id, role=role, party_id=party_id, status="active", **existing)
    created = UserCreated(user_id=user.id, role=role)
    return user.id, [Create(user, [created]), Create(Credentials(id=user.id, org_id=org_id))]


def link_user_ops(org_id: str, user_id: str, role: Role, party_id: str, existing: Known) -> list[Op]:
    """The ops by which a user who is there already acts for a party from now on.

    Raises NotFound, and Conflict for a user of another role or who acts for somebody.
    """
    before = store.get(User, USERS.key(org=org_id, id=user_id))
    if before.role != role or before.party_id is not None or before.status != "active":
        raise errors.Conflict(f"user_id: must be an active user of the role {role} who acts for nobody yet")
    email = existing["email"] or before.email
    return _changing(before, {**existing, "email": email, "party_id": party_id})


def sync_user_ops(org_id: str, user_id: str, existing: Known, status: Literal["active", "disabled"] | None) -> list[Op]:
    """The ops by which a user is called and reached as their party now is; none if nothing changes.

    `status` lets them in or keeps them out; None leaves that as it is. Another phone or status ends their sessions.
    """
    before = store.find(User, USERS.key(org=org_id, id=user_id))
    if before is None:
        return []
    return _changing(before, {**existing, "status": status or before.status})


def delete_user_ops(org_id: str, user_id: str) -> list[Op]:
    """The ops that remove a user, what they log in with, and their sessions."""
    before = store.find(User, USERS.key(org=org_id, id=user_id))
    if before is None:
        return []
    stored = get_sessions(org_id, user_id)
    return [
        Update(before, before.model_copy(update={"deleted_at": clock.now()}), [UserDeleted(user_id=user_id)]),
        Remove(get_credentials(before)),
        *([Remove(stored)] if stored.version else []),
    ]


def list_users_of_party(org_id: str, role: Role, party_id: str) -> list[User]:
    """The users who act for a party: all users of its role are looked through."""
    result: list[User] = []
    query = PageQuery(limit=100)
    while True:
        batch = roles.list_users_of_role(org_id, role, query)
        result += [each for each in batch.items if each.party_id == party_id]
        if batch.next_cursor is None:
            return result
        query = PageQuery(limit=100, cursor=batch.next_cursor)


def erase_user(caller: Caller, user: User) -> None:
    """Remove a user permanently, and redact the user's past events."""
    partition = user.key().pk
    stored: list[Op] = [
        Remove(each)
        for model, place in ((Credentials, CREDENTIALS), (Sessions, SESSIONS))
        for each in query_all(model, partition, prefix=place.sk)
    ]
    erase_partition(caller, Redaction(of="user"), partition, [User], Remove(user), *stored)


def _changing(before: User, fields: Mapping[str, object]) -> list[Op]:
    after = before.model_copy(update=dict(fields))
    if after == before:
        return []
    ends = any(getattr(before, name) != getattr(after, name) for name in _ENDING)
    ended = (
        sessions.end_sessions_op(before.org_id, before.id, "their rights or their phone were changed") if ends else []
    )
    return [Update(before, after, [UserUpdated(user_id=before.id)]), *ended]
