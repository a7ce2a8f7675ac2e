"""Users of an organization."""

from typing import Final

from coachway.contracts.identity import MfaDisabled, UserCreated, UserDeleted, UserUpdated
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.party_reference import require_party
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Create, Remove, Update
from coachway.core.persistence.queries import months_between, query_page
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import Page, PartialUpdate, apply_changes
from coachway.core.types import ids
from coachway.core.types.contact import normalize_email
from coachway.core.user_reference import USERS
from coachway.identity import message_limits, organization_queries, roles
from coachway.identity.account_lookup import get_credentials, get_sessions
from coachway.identity.auth import sessions, totp
from coachway.identity.auth.password_strength import require_strong_password
from coachway.identity.contact_address import correction_ops
from coachway.identity.model.credential_limits import INVITATION_LIFETIME
from coachway.identity.model.credentials import Credentials, PendingLink
from coachway.identity.model.permissions import PARTY_ID_PREFIXES
from coachway.identity.model.user import USERS_LIST, NewUser, User, UserQuery, UserSettings
from coachway.identity.secrets.hashing import digest_password
from coachway.identity.users.admin_count import admin_count_ops
from coachway.identity.users.invitations import build_invited_event

_PERMISSIONS_CHANGED: Final = "an admin changed the user's permissions"


def list_users(caller: Caller, query: UserQuery) -> Page[User]:
    """List the users of the caller's organization, newest first."""
    where: dict[str, str] = {"status": query.status} if query.status else {}
    if query.role:
        return roles.list_users_of_role(caller.org_id, query.role, query, where)
    months = months_between(ids.get_created_at(caller.org_id), clock.now())
    partitions = [USERS_LIST.partition(org=caller.org_id, month=month) for month in reversed(months)]
    return query_page(User, USERS_LIST, partitions, query, where=where, descending=True)


def get_user(caller: Caller, user_id: str, expected: int | None = None) -> User:
    """Get a user of the caller's organization. Raises NotFound, or PreconditionFailed for another version."""
    return store.get(User, USERS.key(org=caller.org_id, id=user_id), expected=expected)


def create_user(caller: Caller, body: NewUser) -> User:
    """Create a user who can log in immediately. Raises Duplicate if another user has the email or phone."""
    role_checks = roles.grant_check_ops(caller, body.role)
    if body.password is None and body.role not in PARTY_ID_PREFIXES:
        raise errors.Invalid.field("password", "is required for this role, unless you invite the user")
    require_party(caller.org_id, body.party_id)
    fields = body.model_dump(exclude={"password"})
    user = User(id=ids.new("usr"), org_id=caller.org_id, status="active", **fields)
    digest = ""
    if body.password:
        organization = organization_queries.get_organization(caller.org_id)
        require_strong_password("password", body.password, user, organization)
        digest = digest_password(body.password)
    store.commit(
        caller,
        Create(user, [UserCreated(user_id=user.id, role=user.role)]),
        Create(Credentials(id=user.id, org_id=caller.org_id, password_hash=digest)),
        *role_checks,
        *admin_count_ops(None, user),
    )
    return user


def update_user(caller: Caller, user_id: str, changes: PartialUpdate[UserSettings], expected: int | None) -> User:
    """Update a user. A change of role, status or party ends their sessions.

    A change of email or phone voids the links and codes that were sent to the old one. An invitation is sent again.

    Raises PermissionsExceeded if the user or the new role has permissions that the caller does not have, LastAdmin if
    no admin would be left.
    """
    return _update_user(caller, user_id, changes, expected)


@retry_on_conflict
def _update_user(caller: Caller, user_id: str, changes: PartialUpdate[UserSettings], expected: int | None) -> User:
    before = get_user(caller, user_id, expected)
    after = apply_changes(before, changes)
    if before.status == "invited" and after.status != "invited":
        raise errors.Conflict("This user has not accepted the invitation yet. Wait, or delete the user.")
    roles.require_role_not_above_caller(caller, before.role)
    if after.party_id != before.party_id:
        require_party(caller.org_id, after.party_id)
    role_checks = roles.grant_check_ops(caller, after.role) if after.role != before.role else []
    has_new_permissions = any(getattr(before, name) != getattr(after, name) for name in ("role", "status", "party_id"))
    more_ops = sessions.end_sessions_ops(caller.org_id, user_id, _PERMISSIONS_CHANGED) if has_new_permissions else []
    events: list[Event] = [UserUpdated(user_id=user_id)]
    if before.mfa_enabled and not after.mfa_enabled:
        more_ops.append(totp.disable_op(get_credentials(before)))
        events.append(MfaDisabled(user_id=user_id))
    if (
        after.status == "invited"
        and after.email
        and normalize_email(after.email) != normalize_email(before.email or "")
    ):
        # The link in the earlier email is void, because it was sent to another address.
        link = PendingLink.create(after.email, INVITATION_LIFETIME)
        credentials = get_credentials(before)
        more_ops.append(Update(credentials, credentials.model_copy(update={"invitation": link})))
        organization = organization_queries.get_organization(caller.org_id)
        events.append(build_invited_event(caller, after, organization, link))
        more_ops += message_limits.message_ops(organization, "invitation", after.email)
    more_ops += [*correction_ops(before, after), *admin_count_ops(before, after)]
    store.commit(caller, Update(before, after, events), *role_checks, *more_ops)
    return after


def delete_user(caller: Caller, user_id: str, expected: int | None) -> None:
    """Delete a user with their credentials and sessions. Raises PermissionsExceeded or LastAdmin."""
    _delete_user(caller, user_id, expected)


@retry_on_conflict
def _delete_user(caller: Caller, user_id: str, expected: int | None) -> None:
    before = get_user(caller, user_id, expected)
    roles.require_role_not_above_caller(caller, before.role)
    after = before.model_copy(update={"deleted_at": clock.now()})
    stored_sessions = get_sessions(caller.org_id, user_id)
    store.commit(
        caller,
        Update(before, after, [UserDeleted(user_id=user_id)]),
        Remove(get_credentials(before)),
        *([Remove(stored_sessions)] if stored_sessions.version else []),
        *admin_count_ops(before, after),
    )
