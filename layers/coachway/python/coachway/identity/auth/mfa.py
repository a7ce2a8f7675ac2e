"""The second factor of logins: set up, confirm, verify, remove."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from coachway.contracts.identity import MfaDisabled, MfaEnabled, RecoveryCodeUsed
from coachway.core import errors, store
from coachway.core.auth import authentication
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.persistence.responses.idempotency import ResponseWithCookies
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.user_reference import USERS
from coachway.identity import organization_queries, rate_limits
from coachway.identity.account_lookup import get_credentials, require_logged_in_user
from coachway.identity.auth import lockout, sessions, totp
from coachway.identity.auth.sessions import Method
from coachway.identity.auth.tokens import MFA_AUDIENCE, LoginResult
from coachway.identity.model.field_types import SecondFactorCode, TokenInput
from coachway.identity.model.user import User


class MfaSetup(BaseSchema):
    """The secret for an authenticator. It is active after `/auth/mfa/verify` has accepted a code."""

    secret: str
    otpauth_uri: str
    qr: Annotated[str, Field(description="A QR code of the URI: a `data:` URI of an SVG image.")]


class MfaCode(RequestSchema):
    """A code. Send the `mfa_token` of a login to complete it; omit it to confirm a set-up."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"mfa_token": "eyJ…", "code": "123456"}]})

    code: Annotated[SecondFactorCode, Field(description="Six digits, or a recovery code.")]
    mfa_token: TokenInput | None = None
    cookies: bool = False


class MfaVerified(BaseSchema):
    """The tokens of a completed login, or the recovery codes of a confirmed set-up, which are shown only once."""

    access_token: str | None = None
    refresh_token: str | None = None
    token_type: Literal["bearer", "cookie"] | None = None
    expires_in: Annotated[int | None, Field(description="Seconds until the access token expires.")] = None
    csrf_token: str | None = None
    mfa_enabled: bool = True
    recovery_codes: list[str] | None = None


def set_up_mfa(caller: Caller) -> MfaSetup:
    """Create a secret for the caller's authenticator. Raises Conflict if a second factor is active."""
    user = require_logged_in_user(caller)
    sessions.require_recent_login(caller)
    if user.mfa_enabled:
        raise errors.Conflict("A second factor is active. Remove it first.")
    secret = totp.new_secret()
    account_name = user.email or user.phone or user.id
    uri = totp.otpauth_uri(secret, account_name, organization_queries.get_organization(caller.org_id).name)
    response = MfaSetup(secret=secret, otpauth_uri=uri, qr=totp.qr_code_data_uri(uri))

    @retry_on_conflict
    def save_pending_secret() -> None:
        before = get_credentials(user)
        after = before.model_copy(update={"totp_pending": totp.encrypt_secret(user.id, secret)})
        store.commit(caller, Update(before, after), response=response)

    save_pending_secret()
    return response


def confirm_mfa(caller: Caller, body: MfaCode) -> MfaVerified:
    """Activate the authenticator that was set up. Ends the caller's other sessions, which had no second factor."""
    rate_limits.count_by_address("mfa", caller)
    require_logged_in_user(caller)
    return _activate_authenticator(caller, body.code)


@retry_on_conflict
def _activate_authenticator(caller: Caller, code: str) -> MfaVerified:
    user = require_logged_in_user(caller)
    before = get_credentials(user)
    if user.mfa_enabled or not before.totp_pending:
        raise errors.Conflict("There is no set-up to confirm. Begin with /auth/mfa/setup.")
    step = totp.find_step(user.id, before.totp_pending, code, clock.now(), 0)
    if step is None:
        raise errors.Invalid.field("code", "must be the current code of the authenticator")
    codes, digests = totp.new_recovery_codes(user.id)
    fields = {"totp": before.totp_pending, "totp_pending": "", "totp_step": step, "recovery": digests}
    response = MfaVerified(recovery_codes=codes)
    store.commit(
        caller,
        Update(user, user.model_copy(update={"mfa_enabled": True}), [MfaEnabled(user_id=user.id)]),
        Update(before, before.model_copy(update=fields)),
        *sessions.end_sessions_ops(user.org_id, user.id, "second factor activated", except_id=caller.session_id),
        response=response,
    )
    return response


def complete_mfa(caller: Caller, body: MfaCode, token: str) -> ResponseWithCookies[MfaVerified]:
    """Complete a login whose first factor was right. A code can be used for one session only.

    Raises Unauthenticated if the code or token is wrong, used or expired, RateLimited if the account is locked.
    """
    store.require_first_request(caller)
    rate_limits.count_by_address("mfa", caller)
    claims = authentication.verify_token(token, MFA_AUDIENCE)
    org_id, user_id = str(claims["org"]), str(claims["sub"])
    lockout.record_attempt(caller, org_id, user_id)
    method: Method = "otp" if claims.get("amr") == "otp" else "password"
    response = _begin_session(caller.in_organization(org_id), user_id, body, method)
    lockout.clear_attempts(caller, org_id, user_id)
    return response


@retry_on_conflict
def _begin_session(caller: Caller, user_id: str, body: MfaCode, method: Method) -> ResponseWithCookies[MfaVerified]:
    user = store.find(User, USERS.key(org=caller.org_id, id=user_id))
    if user is None or user.status != "active" or not user.mfa_enabled:
        raise errors.Unauthenticated("The login is no longer valid. Log in again.")
    before = get_credentials(user)
    consumed = totp.consume_code(before, body.code, clock.now())
    if consumed is None:
        raise errors.Unauthenticated("The code is wrong, expired or was used before.")
    after, is_recovery_code = consumed
    events = [RecoveryCodeUsed(user_id=user.id, left=len(after.recovery))] if is_recovery_code else []
    return sessions.begin_session_with_code(
        caller,
        user,
        Update(before, after, events),
        _build_verified,
        method=method,
        second_factor=True,
        cookies=body.cookies,
    )


def _build_verified(tokens: LoginResult) -> MfaVerified:
    return MfaVerified(**tokens.model_dump(include={*MfaVerified.model_fields}))


def remove_mfa(caller: Caller) -> None:
    """Remove the caller's second factor. Does nothing if there is none. Raises RecentLoginRequired."""
    require_logged_in_user(caller)
    sessions.require_recent_login(caller)
    _deactivate_authenticator(caller)


@retry_on_conflict
def _deactivate_authenticator(caller: Caller) -> None:
    user = require_logged_in_user(caller)
    before = get_credentials(user)
    if not user.mfa_enabled and not before.totp_pending:
        return
    events = [MfaDisabled(user_id=user.id)] if user.mfa_enabled else []
    store.commit(
        caller,
        Update(user, user.model_copy(update={"mfa_enabled": False}), events),
        totp.disable_op(before),
    )
