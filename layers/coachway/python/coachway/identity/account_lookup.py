"""Finding accounts: by what somebody claims to be, and by a verified token."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom
from typing import Final, TypeVar

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.runtime import clock
from coachway.core.types.contact import same_mailbox
from coachway.identity.model.credentials import CREDENTIALS, NOBODY, NOWHERE, SESSIONS, Credentials, Session, Sessions
from coachway.identity.model.user import SLUGS, USERS, SlugHolder, User

T = TypeVar("T")
_TRIES: Final = 12


@dataclass(frozen=True, slots=True)
class Account:
    """What a claim led to. Where it led nowhere, there is no user, but an id to count wrong tries under."""

    org_id: str
    who: str
    user: User | None = None
    credentials: Credentials | None = None


def find_account(slug: str, *, email: str | None = None, phone: str | None = None) -> Account:
    """The account of an organization's slug and an email or phone.

    Asks the table equally often whether or not there is such an organization or account.
    """
    holder = store.find(SlugHolder, SLUGS.key(slug=slug))
    org_id = holder.organization_id if holder else NOWHERE
    name, value = ("user-email", same_mailbox(email)) if email is not None else ("user-phone", phone or "")
    user_id = store.owner_of(org_id, name, value)
    user = store.find(User, USERS.key(org=org_id, id=user_id or NOBODY))
    credentials = store.find(Credentials, CREDENTIALS.key(org=org_id, id=user_id or NOBODY))
    if user is None or credentials is None:
        return Account(org_id, f"{slug}/{value}")
    return Account(org_id, user.id, user, credentials)


def user_of(org_id: str, user_id: str) -> User:
    """A user. Raises Missing."""
    return store.get(User, USERS.key(org=org_id, id=user_id))


def credentials_of(user: User) -> Credentials:
    """What a user logs in with. Raises Missing."""
    return store.get(Credentials, CREDENTIALS.key(org=user.org_id, id=user.id))


def sessions_of(org_id: str, user_id: str) -> Sessions:
    """Where a user is signed in; version 0 when that was never written."""
    found = store.find(Sessions, SESSIONS.key(org=org_id, id=user_id))
    return found or Sessions(id=user_id, org_id=org_id)


def session_of(caller: Caller) -> tuple[Sessions, Session]:
    """The session that the caller's token belongs to. Raises Unauthenticated when it has ended."""
    kept = sessions_of(caller.org_id, caller.user_id)
    for each in kept.sessions:
        if each.id == caller.session_id and each.expires_at > clock.now():
            return kept, each
    raise errors.Unauthenticated("this session has ended: log in again")


def signed_in(caller: Caller) -> User:
    """The caller's own user. Raises Forbidden for an API key, Unauthenticated when the session has ended."""
    if caller.role == "api_key":
        raise errors.Forbidden("this is for people: log in")
    session_of(caller)
    user = store.find(User, USERS.key(org=caller.org_id, id=caller.user_id))
    if user is None or user.status != "active":
        raise errors.Unauthenticated("this account is not active")
    return user


def require_active_session(caller: Caller) -> None:
    """Whoever changes people and rights must be signed in now, not only when the token was made."""
    if caller.session_id:
        session_of(caller)


def retry_on_conflict(work: Callable[[], T]) -> T:
    """Do `work`, which reads anew each time, until it loses no race. Raises LostRace after many."""
    for attempt in range(_TRIES):
        try:
            return work()
        except errors.ConcurrentUpdate:
            time.sleep(SystemRandom().uniform(0, 0.005 * 2 ** min(attempt, 6)))
    return work()
