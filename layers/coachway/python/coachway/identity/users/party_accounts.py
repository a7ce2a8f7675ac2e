"""Users of clients, vendors and drivers. They are created, changed and deleted in one transaction with their party."""

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
from coachway.core.user_reference import USERS
from coachway.erasure.redaction import Redaction
from coachway.erasure.service import erase_partition
from coachway.identity import roles
from coachway.identity.account_lookup import get_credentials, get_sessions
from coachway.identity.auth import sessions
from coachway.identity.model.credentials import CREDENTIALS, SESSIONS, Credentials, Sessions
from coachway.identity.model.user import User

PartyRole = Literal["client", "vendor", "driver"]

_SESSION_ENDING_FIELDS: Final = ("status", "party_id", "phone")
"""A change of these fields ends the user's sessions. The phone is one, because it may have another owner now."""


class PartyContact(TypedDict):
    """The name and addresses of a party's user. One-time codes go to the phone or the email."""

    first_name: str
    last_name: str
    phone: str
    email: str | None


def create_user_ops(org_id: str, role: PartyRole, party_id: str, contact: PartyContact) -> tuple[str, list[Op]]:
    """Return the id of a new user, who can log in with one-time codes, and the operations that create them.

    The transaction fails with Duplicate if another user has the phone or email.
    """
    user = User(id=ids.new("usr"), org_id=org_id, role=role, party_id=party_id, status="active", **contact)
    created = UserCreated(user_id=user.id, role=role)
    return user.id, [Create(user, [created]), Create(Credentials(id=user.id, org_id=org_id))]


def link_user_ops(org_id: str, user_id: str, role: PartyRole, party_id: str, contact: PartyContact) -> list[Op]:
    """Return the operations that make an existing user act for a party.

    Raises NotFound, or Conflict if the user has another role or acts for a party already.
    """
    before = store.get(User, USERS.key(org=org_id, id=user_id))
    if before.role != role or before.party_id is not None or before.status != "active":
        raise errors.Conflict(f"user_id: must be an active user with the role {role} and without a party_id")
    email = contact["email"] or before.email
    return _update_ops(before, {**contact, "email": email, "party_id": party_id})


def sync_user_ops(
    org_id: str, user_id: str, contact: PartyContact, status: Literal["active", "disabled"] | None
) -> list[Op]:
    """Return the operations that copy changes of a party to its user; none if nothing changes.

    A `status` of None leaves the status of the user. A change of phone or status ends their sessions.
    """
    before = store.find(User, USERS.key(org=org_id, id=user_id))
    if before is None:
        return []
    return _update_ops(before, {**contact, "status": status or before.status})


def delete_user_ops(org_id: str, user_id: str) -> list[Op]:
    """Return the operations that delete a user with their credentials and sessions."""
    before = store.find(User, USERS.key(org=org_id, id=user_id))
    if before is None:
        return []
    stored_sessions = get_sessions(org_id, user_id)
    return [
        Update(before, before.model_copy(update={"deleted_at": clock.now()}), [UserDeleted(user_id=user_id)]),
        Remove(get_credentials(before)),
        *([Remove(stored_sessions)] if stored_sessions.version else []),
    ]


def list_users_of_party(org_id: str, role: PartyRole, party_id: str) -> list[User]:
    """List the users who act for a party. Reads all users of its role."""
    users: list[User] = []
    query = PageQuery(limit=100)
    while True:
        page = roles.list_users_of_role(org_id, role, query)
        users += [each for each in page.items if each.party_id == party_id]
        if page.next_cursor is None:
            return users
        query = PageQuery(limit=100, cursor=page.next_cursor)


def erase_user(caller: Caller, user: User) -> None:
    """Delete a user permanently, and redact the personal data in the user's events."""
    partition = user.key().pk
    removals: list[Op] = [
        Remove(each)
        for model, pattern in ((Credentials, CREDENTIALS), (Sessions, SESSIONS))
        for each in query_all(model, partition, prefix=pattern.sk)
    ]
    erase_partition(caller, Redaction(data_subject="user"), partition, [User], Remove(user), *removals)


def _update_ops(before: User, fields: Mapping[str, object]) -> list[Op]:
    after = before.model_copy(update=dict(fields))
    if after == before:
        return []
    update = Update(before, after, [UserUpdated(user_id=before.id)])
    if all(getattr(before, name) == getattr(after, name) for name in _SESSION_ENDING_FIELDS):
        return [update]
    return [
        update,
        *sessions.end_sessions_ops(before.org_id, before.id, "the user's permissions or phone were changed"),
    ]
