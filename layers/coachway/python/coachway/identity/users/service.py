"""The people of an organization."""

from __future__ import annotations

from coachway.contracts.identity import MfaDisabled, UserCreated, UserDeleted, UserUpdated
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Create, IncrementCounters, Op, Remove, Update
from coachway.core.persistence.queries import months_between, query_page
from coachway.core.runtime import clock
from coachway.core.schemas import Page, PartialUpdate, apply_changes
from coachway.core.types import ids
from coachway.identity import roles
from coachway.identity.account_lookup import get_credentials, get_sessions, require_active_session, retry_on_conflict
from coachway.identity.auth import sessions, totp
from coachway.identity.errors import LastAdmin
from coachway.identity.model import permissions
from coachway.identity.model.credentials import Credentials
from coachway.identity.model.user import ADMINS, USERS, USERS_LIST, NewUser, User, UserQuery, UserSettings
from coachway.identity.secrets.hashing import digest_password


def list_users(caller: Caller, query: UserQuery) -> Page[User]:
    """The users of the caller's organization, newest first."""
    where: dict[str, str] = {"status": query.status} if query.status else {}
    if query.role:
        return roles.list_users_of_role(caller.org_id, query.role, query, where)
    since = months_between(ids.created_at_of(caller.org_id), clock.now())
    partitions = [USERS_LIST.partition(org=caller.org_id, month=month) for month in reversed(since)]
    return query_page(User, USERS_LIST, partitions, query, where=where, descending=True)


def get(caller: Caller, user_id: str, expected: int | None = None) -> User:
    """A user of the caller's organization. Raises NotFound, PreconditionFailed."""
    return store.get(User, USERS.key(org=caller.org_id, id=user_id), expected=expected)


def create_user(caller: Caller, body: NewUser) -> User:
    """Add somebody who can log in at once. Raises Duplicate for an email or phone that another user has."""
    require_active_session(caller)
    role = roles.grant_checks(caller, body.role)
    if body.password is None and body.role not in permissions.PARTY_PREFIX:
        raise errors.Invalid.field("password", "is needed for this role; or send an invitation")
    existing = body.model_dump(exclude={"password"})
    user = User(id=ids.new("usr"), org_id=caller.org_id, status="active", **existing)
    digest = digest_password(body.password) if body.password else ""
    store.commit(
        caller,
        Create(user, [UserCreated(user_id=user.id, role=user.role)]),
        Create(Credentials(id=user.id, org_id=caller.org_id, password_hash=digest)),
        *role,
        *admin_count_ops(None, user),
    )
    return user


def update_user(caller: Caller, user_id: str, changes: PartialUpdate[UserSettings], expected: int | None) -> User:
    """Change a user. Another role or status, or another party, ends their sessions.

    Raises Forbidden for a user or a role with more rights than the caller's, Conflict for the last admin.
    """
    require_active_session(caller)

    def update() -> User:
        before = get(caller, user_id, expected)
        after = apply_changes(before, changes)
        if before.status == "invited" and after.status != "invited":
            raise errors.Conflict("this user has not yet accepted the invitation: delete them, or wait")
        roles.require_role_not_above_caller(caller, before.role)
        role = roles.grant_checks(caller, after.role) if after.role != before.role else []
        rights = ("role", "status", "party_id")
        lost = any(getattr(before, name) != getattr(after, name) for name in rights)
        ends = sessions.end_sessions_op(caller.org_id, user_id, "an admin changed their rights") if lost else []
        events: list[Event] = [UserUpdated(user_id=user_id)]
        if before.mfa_enabled and not after.mfa_enabled:
            ends.append(totp.disable_ops(get_credentials(before)))
            events.append(MfaDisabled(user_id=user_id))
        store.commit(caller, Update(before, after, events), *role, *ends, *admin_count_ops(before, after))
        return after

    return retry_on_conflict(update)


def delete_user(caller: Caller, user_id: str, expected: int | None) -> None:
    """Remove a user, what they log in with, and their sessions. Raises Forbidden, Conflict for the last admin."""
    require_active_session(caller)

    def delete() -> None:
        before = get(caller, user_id, expected)
        roles.require_role_not_above_caller(caller, before.role)
        after = before.model_copy(update={"deleted_at": clock.now()})
        stored = get_sessions(caller.org_id, user_id)
        store.commit(
            caller,
            Update(before, after, [UserDeleted(user_id=user_id)]),
            Remove(get_credentials(before)),
            *([Remove(stored)] if stored.version else []),
            *admin_count_ops(before, after),
        )

    retry_on_conflict(delete)


def admin_count_ops(before: User | None, after: User) -> list[Op]:
    """The op that keeps count of active admins, and refuses to let the last one go; none if nothing changes."""
    by = int(after.is_active_admin) - int(before is not None and before.is_active_admin)
    if by == 0:
        return []
    last = LastAdmin("This is the last active admin. Make another user an admin first.")
    return [
        IncrementCounters(ADMINS.key(org=after.org_id), {"n": by}, "admin_count", at_least={"n": 1}, on_failure=last)
    ]
