"""One-time codes by SMS or mail, for the people outside: clients, vendors and drivers."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, model_validator

from coachway.contracts.identity import OTP, OtpRequested
from coachway.core import errors, store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema, RequestSchema
from coachway.core.types.contact import Phone
from coachway.identity import organization_queries, rate_limits
from coachway.identity.account_lookup import Account, find_account, get_credentials, retry_on_conflict
from coachway.identity.auth import lockout, timing_equalizer
from coachway.identity.auth.login import active_user, complete_first_factor
from coachway.identity.auth.tokens import Issued, SignedIn
from coachway.identity.model import permissions
from coachway.identity.model.credentials import Credentials, PendingLink
from coachway.identity.model.field_types import GivenText, SixDigits
from coachway.identity.model.user import User
from coachway.identity.secrets import hashing


class Accepted(BaseSchema):
    """The same answer whether or not there is such an account."""

    status: Literal["accepted"] = "accepted"


class OtpRequest(RequestSchema):
    """Whose code, and where to: the email or the phone of the account."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"organization": "harbor", "phone": "+12125550123"}]})

    organization: GivenText
    email: GivenText | None = None
    phone: Phone | None = None

    @model_validator(mode="after")
    def _is_one(self) -> OtpRequest:
        if (self.email is None) == (self.phone is None):
            raise ValueError("email, phone: send one of the two")
        return self


class OtpVerification(OtpRequest):
    """The code that was sent."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"organization": "harbor", "phone": "+12125550123", "code": "123456"}]}
    )

    code: SixDigits
    cookies: bool = False


def request_code(caller: Caller, body: OtpRequest) -> Accepted:
    """Send a code, good once and for ten minutes, to an account that may log in so; it voids the one before."""
    rate_limits.by_address("otp-request", caller)
    account = find_account(body.organization, email=body.email, phone=body.phone)
    rate_limits.by_account("otp-request", f"{account.org_id}/{account.lockout_id}")
    user = _allowed_user(account)
    if user is None:
        timing_equalizer.equalize_link_request(caller, account.org_id)
        return Accepted()
    nonce = PendingLink(nonce=signed_links.new_nonce(), expires_at=clock.now() + permissions.OTP_LIFE)
    event = OtpRequested(
        user_id=user.id,
        channel="sms" if body.phone else "email",
        recipient=(user.phone if body.phone else user.email) or "",
        first_name=user.first_name,
        organization_name=organization_queries.get(user.org_id).display_name,
        nonce=nonce.nonce,
        expires_at=nonce.expires_at,
    )

    def ask() -> None:
        before = get_credentials(user)
        after = before.model_copy(update={"otp": nonce})
        store.commit(caller.in_organization(user.org_id), Update(before, after, [event]), answer=Accepted())

    retry_on_conflict(ask)
    return Accepted()


def verify_code(caller: Caller, body: OtpVerification) -> Issued[SignedIn]:
    """Log in with a code. Five wrong ones void it. Raises Unauthenticated, RateLimited for a locked account."""
    rate_limits.by_address("otp-verify", caller)
    account = find_account(body.organization, email=body.email, phone=body.phone)
    lockout.record_failed_attempt(caller, account.org_id, account.lockout_id)
    user = _allowed_user(account)
    if user is None:
        timing_equalizer.equalize_code_check(caller, account.org_id)
        raise _wrong_code_error()
    if not retry_on_conflict(lambda: _is_right_code(caller, user, body.code)):
        raise _wrong_code_error()
    return complete_first_factor(caller, user, method="otp", cookies=body.cookies)


def _wrong_code_error() -> errors.Unauthenticated:
    return errors.Unauthenticated("the code is wrong or too old: ask for another one")


def _allowed_user(account: Account) -> User | None:
    user = active_user(account)
    return user if user is not None and user.role in permissions.PARTY_PREFIX else None


def _is_right_code(caller: Caller, user: User, code: str) -> bool:
    """Use the code up, or count a wrong one: either way in one write, so no two tries can be made of one."""
    before = get_credentials(user)
    nonce = before.otp
    if nonce is None or nonce.expires_at <= clock.now() or nonce.tries >= permissions.MOST_OTP_TRIES:
        return False
    right = hashing.is_equal(signed_links.create_one_time_code(OTP, user.org_id, user.id, nonce.nonce), code)
    remaining = None if right else nonce.model_copy(update={"tries": nonce.tries + 1})
    after: Credentials = before.model_copy(update={"otp": remaining})
    store.commit(Caller.system("identity", user.org_id, caller.correlation_id), Update(before, after))
    return right
