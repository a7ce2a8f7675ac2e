"""Login with a password. The response and the time it takes do not depend on what was wrong."""

from pydantic import ConfigDict

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.persistence.responses.idempotency import ResponseWithCookies
from coachway.core.runtime import clock
from coachway.core.schemas import RequestSchema
from coachway.identity import rate_limits
from coachway.identity.account_lookup import LoginAccount, find_account
from coachway.identity.auth import lockout, sessions, tokens
from coachway.identity.auth.sessions import Method
from coachway.identity.auth.tokens import LoginResult
from coachway.identity.model.credential_limits import MFA_TOKEN_LIFETIME
from coachway.identity.model.credentials import Credentials
from coachway.identity.model.field_types import LookupText, PasswordInput
from coachway.identity.model.user import User
from coachway.identity.secrets import hashing


class LoginRequest(RequestSchema):
    """An email and a password. With `cookies`, the tokens are set as http-only cookies."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"organization": "harbor", "email": "ana@harbor.example", "password": "correct horse battery staple"}
            ]
        }
    )

    organization: LookupText
    email: LookupText
    password: PasswordInput
    cookies: bool = False


def log_in(caller: Caller, body: LoginRequest) -> ResponseWithCookies[LoginResult]:
    """Begin a session, or ask for the second factor.

    Raises Unauthenticated if anything is wrong, RateLimited if the account is locked.
    """
    account = find_account(body.organization, email=body.email)
    limits = rate_limits.login_ops(caller, f"{account.org_id}/{account.lockout_id}")
    lockout_record = lockout.record_login(caller, account, limits)
    digest = account.credentials.password_hash if account.credentials else ""
    is_right = hashing.verify_password(digest, body.password)
    user = get_active_user(account) if is_right else None
    if user is None or account.credentials is None:
        raise errors.Unauthenticated("The organization, email or password is wrong.")
    _update_outdated_digest(caller, account.credentials, body.password)
    if user.mfa_enabled:
        return request_second_factor(user, "password")
    return sessions.begin_after_login(
        caller, user, account.sessions, lockout.clear_op(lockout_record), method="password", cookies=body.cookies
    )


def get_active_user(account: LoginAccount) -> User | None:
    """Return the user of an account if they are active."""
    return account.user if account.user is not None and account.user.status == "active" else None


def request_second_factor(user: User, method: Method) -> ResponseWithCookies[LoginResult]:
    """Return a token with which the user can send the code of their second factor."""
    seconds = int(MFA_TOKEN_LIFETIME.total_seconds())
    token = tokens.create_mfa_token(user, method, clock.now())
    return ResponseWithCookies(LoginResult(expires_in=seconds, mfa_required=True, mfa_token=token))


def _update_outdated_digest(caller: Caller, before: Credentials, password: str) -> None:
    """Replace a digest with outdated parameters. Only a login can, because it has the password."""
    if not hashing.is_outdated(before.password_hash):
        return
    after = before.model_copy(update={"password_hash": hashing.digest_password(password)})
    try:
        store.commit(Caller.system("identity", before.org_id, caller.correlation_id), Update(before, after))
    except errors.ConcurrentUpdate:
        return  # another request changed the credentials; the next login replaces the digest
