"""Finding accounts: by what somebody claims to be, and by a verified token."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import SystemRandom
from typing import Final, TypeVar

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.runtime import clock
from coachway.core.types.contact import normalize_email
from coachway.identity.model.credentials import (
    CREDENTIALS,
    NOBODY,
    NOWHERE,
    SESSIONS,
    Credentials,
    Lockout,
    Session,
    Sessions,
)
from coachway.identity.model.user import SLUGS, USERS, SlugHolder, User

T = TypeVar("T")
_TRIES: Final = 12


@dataclass(frozen=True, slots=True)
class Account:
    """The account that was claimed. Without a user, `lockout_id` still counts failed attempts under the claim."""

    org_id: str
    lockout_id: str
    user: User | None
    credentials: Credentials | None
    sessions: Sessions
    lockout: Lockout | None


def find_account(slug: str, *, email: str | None = None, phone: str | None = None) -> Account:
    """The account of an organization's slug and an email or phone, with all that a log-in needs of it.

    Makes three calls, whether or not there is such an organization or account.
    """
    holder = store.find(SlugHolder, SLUGS.key(slug=slug))
    org_id = holder.organization_id if holder else NOWHERE
    name, value = ("user-email", normalize_email(email)) if email is not None else ("user-phone", phone or "")
    user_id = store.find_unique_owner(org_id, name, value)
    account_id, lockout_id = user_id or NOBODY, user_id or f"{slug}/{value}"
    keys = [pattern.key(org=org_id, id=account_id) for pattern in (USERS, CREDENTIALS, SESSIONS)]
    lockout_key = Lockout.key_of(org_id, lockout_id)
    batch = store.batch_get([*keys, lockout_key])
    user, credentials = batch.find(User, keys[0]), batch.find(Credentials, keys[1])
    sessions = batch.find(Sessions, keys[2]) or Sessions(id=account_id, org_id=org_id)
    lockout = batch.find(Lockout, lockout_key)
    if user is None or credentials is None:
        return Account(org_id, lockout_id, None, None, sessions, lockout)
    return Account(org_id, lockout_id, user, credentials, sessions, lockout)


def get_user(org_id: str, user_id: str) -> User:
    """A user. Raises NotFound."""
    return store.get(User, USERS.key(org=org_id, id=user_id))


def get_credentials(user: User) -> Credentials:
    """What a user logs in with. Raises NotFound."""
    return store.get(Credentials, CREDENTIALS.key(org=user.org_id, id=user.id))


def get_sessions(org_id: str, user_id: str) -> Sessions:
    """Where a user is signed in; version 0 when that was never written."""
    record = store.find(Sessions, SESSIONS.key(org=org_id, id=user_id))
    return record or Sessions(id=user_id, org_id=org_id)


def require_session(caller: Caller) -> tuple[Sessions, Session]:
    """The session that the caller's token belongs to. Raises Unauthenticated when it has ended."""
    sessions = get_sessions(caller.org_id, caller.user_id)
    return sessions, _require_active(sessions.sessions, caller.session_id)


def _require_active(sessions: Iterable[Session], session_id: str) -> Session:
    for session in sessions:
        if session.id == session_id and session.expires_at > clock.now():
            return session
    raise errors.Unauthenticated("This session has ended. Log in again.")


def require_signed_in_user(caller: Caller) -> User:
    """The caller's own user. Raises Forbidden for an API key, Unauthenticated when the session has ended."""
    if caller.role == "api_key":
        raise errors.Forbidden("API keys have no account. Log in as a user.")
    user_key = USERS.key(org=caller.org_id, id=caller.user_id)
    sessions_key = SESSIONS.key(org=caller.org_id, id=caller.user_id)
    batch = store.batch_get([user_key, sessions_key])
    sessions = batch.find(Sessions, sessions_key)
    _require_active(sessions.sessions if sessions else [], caller.session_id)
    user = batch.find(User, user_key)
    if user is None or user.status != "active":
        raise errors.Unauthenticated("This account is not active.")
    return user


def require_active_session(caller: Caller) -> None:
    """Whoever changes people and rights must be signed in now, not only when the token was made."""
    if caller.session_id:
        require_session(caller)


def retry_on_conflict(build_answer: Callable[[], T]) -> T:
    """Do `work`, which reads anew each time, until it loses no race. Raises ConcurrentUpdate after many."""
    for attempt in range(_TRIES):
        try:
            return build_answer()
        except errors.ConcurrentUpdate:
            time.sleep(SystemRandom().uniform(0, 0.005 * 2 ** min(attempt, 6)))
    return build_answer()
