"""Log-in by password. Whatever was wrong, the answer is the same, and so is the work done for it."""

from __future__ import annotations

from pydantic import ConfigDict

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.core.schemas import RequestSchema
from coachway.identity import rate_limits
from coachway.identity.account_lookup import Account, find_account
from coachway.identity.auth import lockout, sessions, tokens
from coachway.identity.auth.sessions import Method
from coachway.identity.auth.tokens import Issued, SignedIn
from coachway.identity.model import permissions
from coachway.identity.model.credentials import Credentials
from coachway.identity.model.field_types import GivenPassword, GivenText
from coachway.identity.model.user import User
from coachway.identity.secrets import hashing


class Login(RequestSchema):
    """A password, and whose. With `cookies` the tokens are set as http-only cookies."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"organization": "harbor", "email": "ana@harbor.example", "password": "correct horse battery staple"}
            ]
        }
    )

    organization: GivenText
    email: GivenText
    password: GivenPassword
    cookies: bool = False


def log_in(caller: Caller, body: Login) -> Issued[SignedIn]:
    """Begin a session, or ask for the second factor.

    Raises Unauthenticated whatever was wrong, RateLimited for a locked account.
    """
    account = find_account(body.organization, email=body.email)
    limits = rate_limits.log_in_ops(caller, f"{account.org_id}/{account.lockout_id}")
    attempt = lockout.record_failed_log_in(caller, account, limits)
    digest = account.credentials.password_hash if account.credentials else ""
    right = hashing.is_right_password(digest, body.password)
    user = active_user(account) if right else None
    if user is None or account.credentials is None:
        raise errors.Unauthenticated("organization, email or password is wrong")
    _rehash(caller, account.credentials, body.password)
    if user.mfa_enabled:
        return request_second_factor(user, "password")
    return sessions.begin_after_log_in(
        caller, user, account.sessions, lockout.clear_op(attempt), method="password", cookies=body.cookies
    )


def active_user(account: Account) -> User | None:
    """The account's user, if they may log in at all."""
    return account.user if account.user is not None and account.user.status == "active" else None


def complete_first_factor(caller: Caller, user: User, *, method: Method, cookies: bool) -> Issued[SignedIn]:
    """The session that a first factor opens, or the token with which to give a second one.

    While the second factor is missing, failed attempts are not forgotten.
    """
    if user.mfa_enabled:
        return request_second_factor(user, method)
    lockout.clear_failed_attempts(caller, user.org_id, user.id)
    return sessions.begin_session(caller, user, method=method, second_factor=False, cookies=cookies)


def request_second_factor(user: User, method: Method) -> Issued[SignedIn]:
    """The token with which to give the second factor."""
    seconds = int(permissions.MFA_LIFE.total_seconds())
    token = tokens.create_mfa_token(user, method, clock.now())
    return Issued(SignedIn(expires_in=seconds, mfa_required=True, mfa_token=token))


def _rehash(caller: Caller, before: Credentials, password: str) -> None:
    """Digests made with less work than is asked for now are made again while the password is at hand."""
    if not hashing.is_outdated(before.password_hash):
        return
    after = before.model_copy(update={"password_hash": hashing.digest_password(password)})
    try:
        store.commit(Caller.system("identity", before.org_id, caller.correlation_id), Update(before, after))
    except errors.ConcurrentUpdate:
        return  # it was changed in the meantime: the next log-in will see to it
