"""Reads of accounts: by the slug and the email or phone of a login, and by a verified token."""

from collections.abc import Iterable
from dataclasses import dataclass

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.runtime import clock
from coachway.core.types.contact import normalize_email, phone_spellings
from coachway.core.user_reference import USERS
from coachway.identity.model.credentials import (
    CREDENTIALS,
    NO_ORGANIZATION_ID,
    NO_USER_ID,
    SESSIONS,
    Credentials,
    Lockout,
    Session,
    Sessions,
)
from coachway.identity.model.user import SLUGS, SlugHolder, User


@dataclass(frozen=True, slots=True)
class LoginAccount:
    """The account of a login. It can have no user; failed attempts are then still counted under `lockout_id`."""

    org_id: str
    lockout_id: str
    user: User | None
    credentials: Credentials | None
    sessions: Sessions
    lockout: Lockout | None


def find_account(slug: str, *, email: str | None = None, phone: str | None = None) -> LoginAccount:
    """Find the account with an email or phone in the organization of a slug, with all records that a login needs.

    Makes three calls to the table, whether or not the account exists.
    """
    holder = store.find(SlugHolder, SLUGS.key(slug=slug))
    org_id = holder.organization_id if holder else NO_ORGANIZATION_ID
    unique_name = "user-phone" if email is None else "user-email"
    spellings = phone_spellings(phone or "") if email is None else (normalize_email(email),)
    user_id = store.find_unique_owner(org_id, unique_name, *spellings)
    account_id, lockout_id = user_id or NO_USER_ID, user_id or f"{slug}/{spellings[0]}"
    keys = [pattern.key(org=org_id, id=account_id) for pattern in (USERS, CREDENTIALS, SESSIONS)]
    lockout_key = Lockout.build_key(org_id, lockout_id)
    batch = store.batch_get([*keys, lockout_key])
    user, credentials = batch.find(User, keys[0]), batch.find(Credentials, keys[1])
    sessions = batch.find(Sessions, keys[2]) or Sessions(id=account_id, org_id=org_id)
    lockout = batch.find(Lockout, lockout_key)
    if user is None or credentials is None:
        return LoginAccount(org_id, lockout_id, None, None, sessions, lockout)
    return LoginAccount(org_id, lockout_id, user, credentials, sessions, lockout)


def get_user(org_id: str, user_id: str) -> User:
    """Get a user. Raises NotFound."""
    return store.get(User, USERS.key(org=org_id, id=user_id))


def get_credentials(user: User) -> Credentials:
    """Get the credentials of a user. Raises NotFound."""
    return store.get(Credentials, CREDENTIALS.key(org=user.org_id, id=user.id))


def get_sessions(org_id: str, user_id: str) -> Sessions:
    """Get the sessions of a user, with version 0 if there never was one."""
    record = store.find(Sessions, SESSIONS.key(org=org_id, id=user_id))
    return record or Sessions(id=user_id, org_id=org_id)


def require_session(caller: Caller) -> tuple[Sessions, Session]:
    """Return all sessions of the caller's user, and that of the token. Raises Unauthenticated if it has ended."""
    stored = get_sessions(caller.org_id, caller.user_id)
    return stored, require_active(stored.sessions, caller.session_id)


def require_active(sessions: Iterable[Session], session_id: str) -> Session:
    """Return the session with an id. Raises Unauthenticated if it has ended."""
    for session in sessions:
        if session.id == session_id and session.expires_at > clock.now():
            return session
    raise errors.Unauthenticated("This session has ended. Log in again.")


def require_logged_in_user(caller: Caller) -> User:
    """Return the caller's user. Raises Forbidden for an API key, Unauthenticated if the session has ended."""
    if caller.role == "api_key":
        raise errors.Forbidden("API keys have no account. Log in as a user.")
    user_key = USERS.key(org=caller.org_id, id=caller.user_id)
    sessions_key = SESSIONS.key(org=caller.org_id, id=caller.user_id)
    batch = store.batch_get([user_key, sessions_key])
    stored = batch.find(Sessions, sessions_key)
    require_active(stored.sessions if stored else [], caller.session_id)
    user = batch.find(User, user_key)
    if user is None or user.status != "active":
        raise errors.Unauthenticated("This account is not active.")
    return user
