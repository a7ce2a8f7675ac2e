"""Sessions: where somebody is signed in. At most five; the oldest ends for a sixth."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime

from coachway.contracts.identity import RefreshTokenReused, UserSignedIn, UserSignedOut
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.idempotency import IdempotencyRecord, ReplayedRequest
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema, Page, PageQuery
from coachway.core.types import ids
from coachway.identity import in_memory_paging, roles
from coachway.identity.account_lookup import get_sessions, require_session, require_signed_in_user, retry_on_conflict
from coachway.identity.auth import lockout, tokens
from coachway.identity.auth.tokens import Issued, RefreshToken, SignedIn
from coachway.identity.errors import RecentLogInRequired
from coachway.identity.model import permissions as model_permissions
from coachway.identity.model.credentials import Session, Sessions
from coachway.identity.model.user import USERS, User
from coachway.identity.secrets import hashing


class SessionView(BaseSchema):
    """A place where the caller is signed in."""

    id: str
    ip: str
    agent: str
    created_at: AwareDatetime
    last_seen_at: AwareDatetime
    expires_at: AwareDatetime
    current: bool


Method = Literal["password", "otp"]


def begin_session(
    caller: Caller, user: User, *, method: Method, second_factor: bool, cookies: bool
) -> Issued[SignedIn]:
    """Begin a session of somebody who has proved who they are."""
    return retry_on_conflict(
        lambda: _begin_session(caller, user, get_sessions(user.org_id, user.id), method, second_factor, cookies)
    )


def begin_after_log_in(
    caller: Caller, user: User, existing: Sessions, clear_attempts: Op, *, method: Method, cookies: bool
) -> Issued[SignedIn]:
    """Begin a session and forget the failed attempts before it, in one transaction.

    `existing` was read before the password was verified; when it has changed since, it is read again.
    """
    try:
        return _begin_session(caller, user, existing, method, False, cookies, clear_attempts)
    except errors.ConcurrentUpdate:
        lockout.clear_failed_attempts(caller, user.org_id, user.id)
        return begin_session(caller, user, method=method, second_factor=False, cookies=cookies)


def _begin_session(
    caller: Caller,
    user: User,
    before: Sessions,
    method: Method,
    second_factor: bool,
    cookies: bool,
    *more: Op,
) -> Issued[SignedIn]:
    now = clock.now()
    refresh = RefreshToken.new(user, ids.new("ses"))
    session = Session(
        id=refresh.session_id,
        family=refresh.family_digest,
        current=refresh.current_digest,
        created_at=now,
        last_seen_at=now,
        expires_at=now + model_permissions.REFRESH_LIFE,
        ip=caller.ip,
        agent=caller.user_agent,
        cookies=cookies,
    )
    alive = [each for each in before.sessions if each.expires_at > now]
    newest = sorted([*alive, session], key=lambda each: each.created_at)[-model_permissions.MOST_SESSIONS :]
    began = UserSignedIn(user_id=user.id, session_id=session.id, method=method, second_factor=second_factor)
    answer = tokens.issue_tokens(user, roles.get_permissions(user.org_id, user.role), refresh, now, cookies=cookies)
    acting = replace(caller, org_id=user.org_id, user_id=user.id, role=user.role)
    store.commit(acting, _write_op(before, newest, began), *more, answer=answer.body)
    return answer


def _write_op(
    before: Sessions, sessions: list[Session], *events: UserSignedIn | UserSignedOut | RefreshTokenReused
) -> Op:
    after = before.model_copy(update={"sessions": sessions})
    return (
        Update(before, after, events) if before.version else Create(after, events, on_exists=errors.ConcurrentUpdate())
    )


def refresh_session(caller: Caller, text: str) -> Issued[SignedIn]:
    """Exchange a refresh token for the next one and a new access token.

    A token that was exchanged before ends its session: one of its two holders stole it. Raises Unauthenticated.
    """
    received = RefreshToken.read(text)
    acting = caller.in_organization(received.org_id)
    return retry_on_conflict(lambda: _refresh_once(acting, received))


def _refresh_once(caller: Caller, received: RefreshToken) -> Issued[SignedIn]:
    now = clock.now()
    stored = get_sessions(received.org_id, received.user_id)
    session = next((each for each in stored.sessions if each.id == received.session_id and each.expires_at > now), None)
    if session is None or not hashing.is_equal(session.family, received.family_digest):
        raise errors.Unauthenticated("this session has ended: log in again")
    others = [each for each in stored.sessions if each.id != session.id]
    if not hashing.is_equal(session.current, received.current_digest):
        _replay_first_response(caller)
        reused = RefreshTokenReused(user_id=received.user_id, session_id=session.id)
        store.commit(replace(caller, idempotency=None), _write_op(stored, others, reused))
        raise errors.Unauthenticated("this refresh token was used before, so its session has ended: log in again")
    user = store.find(User, USERS.key(org=received.org_id, id=received.user_id))
    if user is None or user.status != "active":
        raise errors.Unauthenticated("this account is not active")
    following = RefreshToken.new(user, session.id, received.family)
    seen = session.model_copy(
        update={
            "current": following.current_digest,
            "last_seen_at": now,
            "expires_at": now + model_permissions.REFRESH_LIFE,
            "ip": caller.ip,
            "agent": caller.user_agent,
        }
    )
    permissions = roles.get_permissions(user.org_id, user.role)
    answer = tokens.issue_tokens(user, permissions, following, now, cookies=session.cookies)
    store.commit(caller, _write_op(stored, [*others, seen]), answer=answer.body)
    return answer


def _replay_first_response(caller: Caller) -> None:
    """A retry under the Idempotency-Key of the first exchange is the same client asking again, not a thief."""
    first = store.find(IdempotencyRecord, caller.idempotency.location()) if caller.idempotency else None
    if first is not None:
        raise ReplayedRequest(first)


def end_sessions_op(org_id: str, user_id: str, reason: str, *, but: str = "") -> list[Op]:
    """The op that ends a user's sessions, except the one with the id `but`; none if there are none."""
    before = get_sessions(org_id, user_id)
    ended = [each.id for each in before.sessions if each.id != but]
    if not ended:
        return []
    remaining = [each for each in before.sessions if each.id == but]
    return [_write_op(before, remaining, UserSignedOut(user_id=user_id, session_ids=ended, reason=reason))]


def list_sessions(caller: Caller, query: PageQuery) -> Page[SessionView]:
    """The caller's sessions, newest first."""
    require_signed_in_user(caller)
    now = clock.now()
    stored = [each for each in get_sessions(caller.org_id, caller.user_id).sessions if each.expires_at > now]
    views = [_build_view(each, caller) for each in sorted(stored, key=lambda each: each.id, reverse=True)]
    return in_memory_paging.build_page(views, lambda each: each.id, query, ("sessions", caller.org_id, caller.user_id))


def get_session(caller: Caller, session_id: str) -> SessionView:
    """One of the caller's sessions. Raises NotFound."""
    require_signed_in_user(caller)
    return _build_view(_find_own(get_sessions(caller.org_id, caller.user_id), session_id, clock.now()), caller)


def end_session(caller: Caller, session_id: str) -> None:
    """End one of the caller's sessions. Raises NotFound."""
    require_signed_in_user(caller)

    def end() -> None:
        stored = get_sessions(caller.org_id, caller.user_id)
        _find_own(stored, session_id, clock.now())
        remaining = [each for each in stored.sessions if each.id != session_id]
        event = UserSignedOut(user_id=caller.user_id, session_ids=[session_id], reason="ended by its owner")
        store.commit(caller, _write_op(stored, remaining, event))

    retry_on_conflict(end)


def sign_out(caller: Caller) -> tuple[str, ...]:
    """End the session of the caller's token. Returns what takes its cookies away."""
    _, session = require_session(caller)
    end_session(caller, session.id)
    return tokens.clear_session_cookies() if session.cookies else ()


def end_other_sessions(caller: Caller) -> None:
    """End all of the caller's sessions but this one."""
    require_signed_in_user(caller)

    def end() -> None:
        ops = end_sessions_op(caller.org_id, caller.user_id, "ended by its owner", but=caller.session_id)
        if ops:
            store.commit(caller, *ops)

    retry_on_conflict(end)


def require_recent_log_in(caller: Caller) -> None:
    """Raises Forbidden when the caller's session did not begin just now: a stolen token must not do everything."""
    _, session = require_session(caller)
    if session.created_at + model_permissions.RECENT < clock.now():
        raise RecentLogInRequired("Log in again to do this.")


def _find_own(stored: Sessions, session_id: str, now: datetime) -> Session:
    for each in stored.sessions:
        if each.id == session_id and each.expires_at > now:
            return each
    raise errors.NotFound("The session was not found.")


def _build_view(session: Session, caller: Caller) -> SessionView:
    return SessionView(**session.model_dump(exclude={"current"}), current=session.id == caller.session_id)
