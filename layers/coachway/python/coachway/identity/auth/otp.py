"""Login of clients, vendors and drivers with one-time codes, sent by SMS or email."""

from dataclasses import replace
from typing import Literal, Self

from pydantic import ConfigDict, model_validator

from coachway.contracts.identity import OTP, OtpRequested
from coachway.core import errors, store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.persistence.responses.idempotency import ResponseWithCookies
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types.contact import Phone, normalize_address
from coachway.identity import organization_queries, rate_limits
from coachway.identity.account_lookup import LoginAccount, find_account, get_credentials
from coachway.identity.auth import lockout, sessions, timing_equalizer
from coachway.identity.auth.login import get_active_user, request_second_factor
from coachway.identity.auth.tokens import LoginResult
from coachway.identity.model.credential_limits import MAX_OTP_ATTEMPTS, OTP_LIFETIME
from coachway.identity.model.credentials import PendingLink
from coachway.identity.model.field_types import LookupText, OneTimeCode
from coachway.identity.model.permissions import PARTY_ID_PREFIXES
from coachway.identity.model.user import User
from coachway.identity.secrets import hashing


class Accepted(BaseSchema):
    """The response, which is the same whether or not the account exists."""

    status: Literal["accepted"] = "accepted"


class OtpRequest(RequestSchema):
    """The email or phone of the account to which the code is sent."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"organization": "harbor", "phone": "+12125550123"}]})

    organization: LookupText
    email: LookupText | None = None
    phone: Phone | None = None

    @model_validator(mode="after")
    def _require_one_address(self) -> Self:
        if (self.email is None) == (self.phone is None):
            raise ValueError("email, phone: send one of the two")
        return self


class OtpVerification(OtpRequest):
    """The code that was sent."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"organization": "harbor", "phone": "+12125550123", "code": "123456"}]}
    )

    code: OneTimeCode
    cookies: bool = False


def request_code(caller: Caller, body: OtpRequest) -> Accepted:
    """Send a code that can be used once in ten minutes; earlier codes become invalid.

    Sends nothing if the account does not exist or cannot log in with codes.
    """
    rate_limits.count_by_address("otp-request", caller)
    rate_limits.count_by_recipient("otp-request", normalize_address(body.phone or body.email or ""))
    account = find_account(body.organization, email=body.email, phone=body.phone)
    rate_limits.count_by_account("otp-request", f"{account.org_id}/{account.lockout_id}")
    user = _get_code_user(account)
    if user is None:
        timing_equalizer.equalize_link_request(caller, account.org_id, Accepted())
        return Accepted()
    recipient = (user.phone if body.phone else user.email) or ""
    code = PendingLink.create(recipient, OTP_LIFETIME)
    event = OtpRequested(
        user_id=user.id,
        channel="sms" if body.phone else "email",
        recipient=recipient,
        first_name=user.first_name,
        organization_name=organization_queries.get_organization(user.org_id).display_name,
        nonce=code.nonce,
        expires_at=code.expires_at,
    )

    @retry_on_conflict
    def save_code() -> None:
        before = get_credentials(user)
        after = before.model_copy(update={"otp": code})
        store.commit(caller.in_organization(user.org_id), Update(before, after, [event]), response=Accepted())

    save_code()
    return Accepted()


def verify_code(caller: Caller, body: OtpVerification) -> ResponseWithCookies[LoginResult]:
    """Log in with a code, which becomes invalid after five wrong attempts.

    Raises Unauthenticated if anything is wrong, RateLimited if the account is locked.
    """
    rate_limits.count_by_address("otp-verify", caller)
    account = find_account(body.organization, email=body.email, phone=body.phone)
    lockout.record_attempt(caller, account.org_id, account.lockout_id)
    user = _get_code_user(account)
    if user is None:
        timing_equalizer.equalize_code_check(caller, account.org_id)
        raise _wrong_code_error()
    response = _log_in_with_code(caller, user, body)
    if not user.mfa_enabled:
        lockout.clear_attempts(caller, user.org_id, user.id)
    return response


def _wrong_code_error() -> errors.Unauthenticated:
    return errors.Unauthenticated("The code is wrong or expired. Request another one.")


def _get_code_user(account: LoginAccount) -> User | None:
    """Return the active user of an account if their role can log in with codes."""
    user = get_active_user(account)
    return user if user is not None and user.role in PARTY_ID_PREFIXES else None


@retry_on_conflict
def _log_in_with_code(caller: Caller, user: User, body: OtpVerification) -> ResponseWithCookies[LoginResult]:
    """Consume the code and begin a session, or ask for the second factor.

    One write consumes the code or counts the wrong attempt, so that races are safe.
    """
    before = get_credentials(user)
    pending = before.otp
    if pending is None or pending.expires_at <= clock.now() or pending.attempts >= MAX_OTP_ATTEMPTS:
        raise _wrong_code_error()
    if not pending.is_sent_to(user.email, user.phone):
        raise _wrong_code_error()
    system = Caller.system("identity", user.org_id, caller.correlation_id)
    expected = signed_links.create_one_time_code(OTP, user.org_id, user.id, pending.nonce)
    if not hashing.is_equal(expected, body.code):
        counted_code = pending.model_copy(update={"attempts": pending.attempts + 1})
        store.commit(system, Update(before, before.model_copy(update={"otp": counted_code})))
        raise _wrong_code_error()
    consume_code_op = Update(before, before.model_copy(update={"otp": None}))
    if user.mfa_enabled:
        response = request_second_factor(user, "otp")
        store.commit(replace(system, idempotency=caller.idempotency), consume_code_op, response=response)
        return response
    return sessions.begin_session_with_code(
        caller,
        user,
        consume_code_op,
        sessions.build_login_body,
        method="otp",
        second_factor=False,
        cookies=body.cookies,
    )
