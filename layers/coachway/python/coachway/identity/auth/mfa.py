"""Setting up, giving and taking away a second factor."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from coachway.contracts.identity import MfaDisabled, MfaEnabled, RecoveryCodeUsed
from coachway.core import errors, store
from coachway.core.auth import authentication
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.identity import organization_queries, rate_limits
from coachway.identity.account_lookup import get_credentials, require_signed_in_user, retry_on_conflict
from coachway.identity.auth import lockout, sessions, totp
from coachway.identity.auth.sessions import Method
from coachway.identity.auth.tokens import MFA_AUDIENCE, Issued
from coachway.identity.model.field_types import GivenToken
from coachway.identity.model.user import USERS, User


class MfaSetup(BaseSchema):
    """What an authenticator needs to know. Nothing is in force until `/auth/mfa/verify` has seen a code."""

    secret: str
    otpauth_uri: str
    qr: Annotated[str, Field(description="a QR code of the URI: a data: address of an SVG picture")]


class MfaCode(RequestSchema):
    """A code; with the `mfa_token` of a log-in that it completes, without one to confirm a set-up."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"mfa_token": "eyJ…", "code": "123456"}]})

    code: Annotated[
        str,
        StringConstraints(min_length=6, max_length=20, pattern=r"^[0-9A-Za-z -]+$"),
        Field(description="six digits, or a recovery code"),
    ]
    mfa_token: GivenToken | None = None
    cookies: bool = False


class MfaVerified(BaseSchema):
    """The tokens of a log-in; or, after a set-up, the recovery codes, which are shown once."""

    access_token: str | None = None
    refresh_token: str | None = None
    token_type: Literal["bearer", "cookie"] | None = None
    expires_in: Annotated[int | None, Field(description="seconds")] = None
    csrf_token: str | None = None
    mfa_enabled: bool = True
    recovery_codes: list[str] | None = None


def set_up_mfa(caller: Caller) -> MfaSetup:
    """A new secret for the caller's authenticator. Raises Conflict when there is one in force."""
    user = require_signed_in_user(caller)
    sessions.require_recent_log_in(caller)
    if user.mfa_enabled:
        raise errors.Conflict("a second factor is in force: remove it first")
    secret = totp.new_secret()
    address = totp.otpauth_uri(
        secret, user.email or user.phone or user.id, organization_queries.get(caller.org_id).name
    )
    answer = MfaSetup(secret=secret, otpauth_uri=address, qr=totp.qr_code_data_uri(address))

    def keep() -> None:
        before = get_credentials(user)
        after = before.model_copy(update={"totp_pending": totp.encrypt_secret(user.id, secret)})
        store.commit(caller, Update(before, after), answer=answer)

    retry_on_conflict(keep)
    return answer


def confirm_mfa(caller: Caller, body: MfaCode) -> MfaVerified:
    """Put the authenticator that was set up in force. The caller's other sessions end: they never gave a code."""
    rate_limits.by_address("mfa", caller)
    require_signed_in_user(caller)

    def confirm() -> MfaVerified:
        user = require_signed_in_user(caller)
        before = get_credentials(user)
        if user.mfa_enabled or not before.totp_pending:
            raise errors.Conflict("there is no set-up to confirm: begin with /auth/mfa/setup")
        step = totp.step_of(user.id, before.totp_pending, body.code.strip(), clock.now(), 0)
        if step is None:
            raise errors.Invalid.field("code", "must be the code that the authenticator shows now")
        codes, digests = totp.new_recovery_codes(user.id)
        secret = {"totp": before.totp_pending, "totp_pending": "", "totp_step": step, "recovery": digests}
        answer = MfaVerified(recovery_codes=codes)
        store.commit(
            caller,
            Update(user, user.model_copy(update={"mfa_enabled": True}), [MfaEnabled(user_id=user.id)]),
            Update(before, before.model_copy(update=secret)),
            *sessions.end_sessions_op(user.org_id, user.id, "a second factor came into force", but=caller.session_id),
            answer=answer,
        )
        return answer

    return retry_on_conflict(confirm)


def complete_mfa(caller: Caller, body: MfaCode, token: str) -> Issued[MfaVerified]:
    """Complete a log-in whose first factor was given. A code opens one session and no second one.

    Raises Unauthenticated for a wrong, used or late code or token; RateLimited for a locked account.
    """
    rate_limits.by_address("mfa", caller)
    claims = authentication.verify_token(token, MFA_AUDIENCE)
    org_id, user_id = str(claims["org"]), str(claims["sub"])
    lockout.record_failed_attempt(caller, org_id, user_id)
    user = retry_on_conflict(lambda: _verify_code(caller.in_organization(org_id), user_id, body.code))
    lockout.clear_failed_attempts(caller, org_id, user_id)
    method: Method = "otp" if claims.get("amr") == "otp" else "password"
    opened = sessions.begin_session(caller, user, method=method, second_factor=True, cookies=body.cookies)
    return Issued(MfaVerified(**opened.body.model_dump(include={*MfaVerified.model_fields})), opened.cookies)


def _verify_code(caller: Caller, user_id: str, code: str) -> User:
    user = store.find(User, USERS.key(org=caller.org_id, id=user_id))
    if user is None or user.status != "active" or not user.mfa_enabled:
        raise errors.Unauthenticated("log in again")
    before = get_credentials(user)
    used = totp.consume_code(before, code, clock.now())
    if used is None:
        raise errors.Unauthenticated("the code is wrong, too old, or was used before")
    after, by_recovery = used
    events = [RecoveryCodeUsed(user_id=user.id, left=len(after.recovery))] if by_recovery else []
    acting = Caller(caller.org_id, user.id, user.role, ip=caller.ip, correlation_id=caller.correlation_id)
    store.commit(acting, Update(before, after, events))
    return user


def remove_mfa(caller: Caller) -> None:
    """Take the caller's second factor away; needs a fresh log-in. Without one, nothing happens."""
    require_signed_in_user(caller)
    sessions.require_recent_log_in(caller)

    def remove() -> None:
        user = require_signed_in_user(caller)
        before = get_credentials(user)
        if not user.mfa_enabled and not before.totp_pending:
            return
        events = [MfaDisabled(user_id=user.id)] if user.mfa_enabled else []
        store.commit(
            caller,
            Update(user, user.model_copy(update={"mfa_enabled": False}), events),
            totp.disable_ops(before),
        )

    retry_on_conflict(remove)
