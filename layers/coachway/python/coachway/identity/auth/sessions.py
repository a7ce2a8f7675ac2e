"""Sessions of users. A user has at most five; a new session ends the oldest."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel

from coachway.contracts.identity import RefreshTokenReused, UserSignedIn, UserSignedOut
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.responses.idempotency import ResponseWithCookies
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema, Page, PageQuery
from coachway.core.types import ids
from coachway.core.user_reference import USERS
from coachway.identity import in_memory_paging, roles
from coachway.identity.account_lookup import get_sessions, require_logged_in_user, require_session
from coachway.identity.auth import lockout, tokens
from coachway.identity.auth.tokens import LoginResult, RefreshToken
from coachway.identity.errors import RecentLoginRequired
from coachway.identity.model.credential_limits import MAX_SESSIONS, RECENT_LOGIN_PERIOD, REFRESH_TOKEN_LIFETIME
from coachway.identity.model.credentials import Session, Sessions
from coachway.identity.model.user import User
from coachway.identity.secrets import hashing


class SessionView(BaseSchema):
    """A session of the caller. `current` is true for the session of this request."""

    id: str
    ip: str
    agent: str
    created_at: AwareDatetime
    last_seen_at: AwareDatetime
    expires_at: AwareDatetime
    current: bool


Body = TypeVar("Body", bound=BaseModel)
Method = Literal["password", "otp"]
_ENDED_BY_USER: Final = "ended by the user"


@retry_on_conflict
def begin_session(
    caller: Caller, user: User, *, method: Method, second_factor: bool, cookies: bool
) -> ResponseWithCookies[LoginResult]:
    """Begin a session of a user who has completed their login."""
    existing = get_sessions(user.org_id, user.id)
    return _begin_session(caller, user, existing, method, second_factor, cookies, build_login_body)


def begin_session_with_code(
    caller: Caller,
    user: User,
    consume_code_op: Op,
    build_body: Callable[[LoginResult], Body],
    *,
    method: Method,
    second_factor: bool,
    cookies: bool,
) -> ResponseWithCookies[Body]:
    """Begin a session and consume the code of the login in one transaction.

    The same request at the same time then finds either the unused code or the response of the first request.
    """
    existing = get_sessions(user.org_id, user.id)
    return _begin_session(caller, user, existing, method, second_factor, cookies, build_body, [consume_code_op])


def begin_after_login(
    caller: Caller, user: User, existing: Sessions, clear_attempts: Op, *, method: Method, cookies: bool
) -> ResponseWithCookies[LoginResult]:
    """Begin a session and remove the failed attempts in one transaction.

    `existing` was read before the password was verified. If it has changed since, it is read again.
    """
    try:
        return _begin_session(caller, user, existing, method, False, cookies, build_login_body, [clear_attempts])
    except errors.ConcurrentUpdate:
        lockout.clear_attempts(caller, user.org_id, user.id)
        return begin_session(caller, user, method=method, second_factor=False, cookies=cookies)


def _begin_session(
    caller: Caller,
    user: User,
    before: Sessions,
    method: Method,
    second_factor: bool,
    cookies: bool,
    build_body: Callable[[LoginResult], Body],
    more_ops: Sequence[Op] = (),
) -> ResponseWithCookies[Body]:
    now = clock.now()
    refresh = RefreshToken.new(user, ids.new("ses"))
    session = Session(
        id=refresh.session_id,
        family=refresh.family_digest,
        current=refresh.current_digest,
        created_at=now,
        last_seen_at=now,
        expires_at=now + REFRESH_TOKEN_LIFETIME,
        ip=caller.ip,
        agent=caller.user_agent,
        cookies=cookies,
    )
    active = [each for each in before.sessions if each.expires_at > now]
    newest = sorted([*active, session], key=lambda each: each.created_at)[-MAX_SESSIONS:]
    event = UserSignedIn(user_id=user.id, session_id=session.id, method=method, second_factor=second_factor)
    issued = tokens.issue_tokens(user, roles.get_permissions(user.org_id, user.role), refresh, now, cookies=cookies)
    response = ResponseWithCookies(build_body(issued.body), issued.cookies)
    acting = replace(caller, org_id=user.org_id, user_id=user.id, role=user.role)
    store.commit(acting, _write_op(before, newest, event), *more_ops, response=response)
    return response


def build_login_body(result: LoginResult) -> LoginResult:
    """Return the body of the response to a login: the tokens as they were issued."""
    return result


def _write_op(
    before: Sessions, sessions: list[Session], *events: UserSignedIn | UserSignedOut | RefreshTokenReused
) -> Op:
    after = before.model_copy(update={"sessions": sessions})
    return (
        Update(before, after, events) if before.version else Create(after, events, on_exists=errors.ConcurrentUpdate())
    )


def refresh_session(caller: Caller, text: str) -> ResponseWithCookies[LoginResult]:
    """Exchange a refresh token for a new one and a new access token.

    If the token was exchanged before, it may be stolen, so the session ends. Raises Unauthenticated.
    """
    token = RefreshToken.read(text)
    return _refresh_session(caller.in_organization(token.org_id), token)


@retry_on_conflict
def _refresh_session(caller: Caller, token: RefreshToken) -> ResponseWithCookies[LoginResult]:
    now = clock.now()
    stored = get_sessions(token.org_id, token.user_id)
    session = next((each for each in stored.sessions if each.id == token.session_id and each.expires_at > now), None)
    if session is None or not hashing.is_equal(session.family, token.family_digest):
        raise errors.Unauthenticated("This session has ended. Log in again.")
    others = [each for each in stored.sessions if each.id != session.id]
    if not hashing.is_equal(session.current, token.current_digest):
        store.require_first_request(caller)  # A retry with the same Idempotency-Key is not a reuse of the token.
        event = RefreshTokenReused(user_id=token.user_id, session_id=session.id)
        store.commit(caller.without_idempotency(), _write_op(stored, others, event))
        raise errors.Unauthenticated("This refresh token was used before, so the session has ended. Log in again.")
    user = store.find(User, USERS.key(org=token.org_id, id=token.user_id))
    if user is None or user.status != "active":
        raise errors.Unauthenticated("This account is not active.")
    next_token = RefreshToken.new(user, session.id, token.family)
    refreshed = session.model_copy(
        update={
            "current": next_token.current_digest,
            "last_seen_at": now,
            "expires_at": now + REFRESH_TOKEN_LIFETIME,
            "ip": caller.ip,
            "agent": caller.user_agent,
        }
    )
    permissions = roles.get_permissions(user.org_id, user.role)
    response = tokens.issue_tokens(user, permissions, next_token, now, cookies=session.cookies)
    store.commit(caller, _write_op(stored, [*others, refreshed]), response=response)
    return response


def end_sessions_ops(org_id: str, user_id: str, reason: str, *, except_id: str = "") -> list[Op]:
    """Return the operation that ends a user's sessions, except the one with id `except_id`; none if there are none."""
    before = get_sessions(org_id, user_id)
    ended_ids = [each.id for each in before.sessions if each.id != except_id]
    if not ended_ids:
        return []
    remaining = [each for each in before.sessions if each.id == except_id]
    return [_write_op(before, remaining, UserSignedOut(user_id=user_id, session_ids=ended_ids, reason=reason))]


def list_sessions(caller: Caller, query: PageQuery) -> Page[SessionView]:
    """List the caller's sessions, newest first."""
    require_logged_in_user(caller)
    now = clock.now()
    active = [each for each in get_sessions(caller.org_id, caller.user_id).sessions if each.expires_at > now]
    views = [_build_view(each, caller) for each in sorted(active, key=lambda each: each.id, reverse=True)]
    return in_memory_paging.build_page(views, lambda each: each.id, query, ("sessions", caller.org_id, caller.user_id))


def get_session(caller: Caller, session_id: str) -> SessionView:
    """Get one of the caller's sessions. Raises NotFound."""
    require_logged_in_user(caller)
    return _build_view(_get_own_session(get_sessions(caller.org_id, caller.user_id), session_id, clock.now()), caller)


def end_session(caller: Caller, session_id: str) -> None:
    """End one of the caller's sessions. Raises NotFound."""
    require_logged_in_user(caller)
    _end_session(caller, session_id)


@retry_on_conflict
def _end_session(caller: Caller, session_id: str, cleared_cookies: tuple[str, ...] = ()) -> None:
    stored = get_sessions(caller.org_id, caller.user_id)
    _get_own_session(stored, session_id, clock.now())
    remaining = [each for each in stored.sessions if each.id != session_id]
    event = UserSignedOut(user_id=caller.user_id, session_ids=[session_id], reason=_ENDED_BY_USER)
    store.commit(caller, _write_op(stored, remaining, event), response=ResponseWithCookies(None, cleared_cookies))


def log_out(caller: Caller) -> tuple[str, ...]:
    """End the session of the caller's token. Returns the cookie headers that clear its cookies, if it has any."""
    _, session = require_session(caller)
    cookies = tokens.clear_session_cookies() if session.cookies else ()
    _end_session(caller, session.id, cookies)
    return cookies


def end_other_sessions(caller: Caller) -> None:
    """End all of the caller's sessions except the current one."""
    require_logged_in_user(caller)
    _end_other_sessions(caller)


@retry_on_conflict
def _end_other_sessions(caller: Caller) -> None:
    ops = end_sessions_ops(caller.org_id, caller.user_id, _ENDED_BY_USER, except_id=caller.session_id)
    if ops:
        store.commit(caller, *ops)


def require_recent_login(caller: Caller) -> None:
    """Raise RecentLoginRequired unless the caller logged in within 15 minutes. It limits what a stolen token can do."""
    _, session = require_session(caller)
    if session.created_at + RECENT_LOGIN_PERIOD < clock.now():
        raise RecentLoginRequired("This action requires a recent login. Log in again.")


def _get_own_session(stored: Sessions, session_id: str, now: datetime) -> Session:
    for each in stored.sessions:
        if each.id == session_id and each.expires_at > now:
            return each
    raise errors.NotFound("The session was not found.")


def _build_view(session: Session, caller: Caller) -> SessionView:
    return SessionView(**session.model_dump(exclude={"current"}), current=session.id == caller.session_id)
