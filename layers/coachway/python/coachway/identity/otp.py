"""One-time codes by SMS or mail, for the people outside: clients, vendors and drivers."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, model_validator

from coachway.core import clock, errors, links, store
from coachway.core.caller import Caller
from coachway.core.contact import Phone
from coachway.core.ops import Update
from coachway.core.schemas import Input, Shape
from coachway.identity import decoys, hashing, lockout, organizations, rules, throttle
from coachway.identity.accounts import Account, claimed, credentials_of, settled
from coachway.identity.events import OTP, OtpRequested
from coachway.identity.fields import GivenText, SixDigits
from coachway.identity.login import active, first_factor_given
from coachway.identity.model import User
from coachway.identity.proofs import Credentials, Nonce
from coachway.identity.tokens import Issued, SignedIn


class Accepted(Shape):
    """The same answer whether or not there is such an account."""

    status: Literal["accepted"] = "accepted"


class OtpRequest(Input):
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


def request(caller: Caller, body: OtpRequest) -> Accepted:
    """Send a code, good once and for ten minutes, to an account that may log in so; it voids the one before."""
    throttle.by_address("otp-request", caller)
    account = claimed(body.organization, email=body.email, phone=body.phone)
    throttle.by_account("otp-request", f"{account.org_id}/{account.who}")
    user = _allowed(account)
    if user is None:
        decoys.request(caller, account.org_id)
        return Accepted()
    nonce = Nonce(nonce=links.new_nonce(), expires_at=clock.now() + rules.OTP_LIFE)
    fact = OtpRequested(
        user_id=user.id,
        channel="sms" if body.phone else "email",
        recipient=(user.phone if body.phone else user.email) or "",
        first_name=user.first_name,
        organization_name=organizations.get(user.org_id).shown_as,
        nonce=nonce.nonce,
        expires_at=nonce.expires_at,
    )

    def ask() -> None:
        before = credentials_of(user)
        after = before.model_copy(update={"otp": nonce})
        store.commit(caller.within(user.org_id), Update(before, after, [fact]), answer=Accepted())

    settled(ask)
    return Accepted()


def verified(caller: Caller, body: OtpVerification) -> Issued[SignedIn]:
    """Log in with a code. Five wrong ones void it. Raises Unauthenticated, TooMany for a locked account."""
    throttle.by_address("otp-verify", caller)
    account = claimed(body.organization, email=body.email, phone=body.phone)
    lockout.count(caller, account.org_id, account.who)
    user = _allowed(account)
    if user is None:
        decoys.verification(caller, account.org_id)
        raise _wrong()
    if not settled(lambda: _is_right(caller, user, body.code)):
        raise _wrong()
    return first_factor_given(caller, user, method="otp", cookies=body.cookies)


def _wrong() -> errors.Unauthenticated:
    return errors.Unauthenticated("the code is wrong or too old: ask for another one")


def _allowed(account: Account) -> User | None:
    user = active(account)
    return user if user is not None and user.role in rules.PARTY_PREFIX else None


def _is_right(caller: Caller, user: User, code: str) -> bool:
    """Use the code up, or count a wrong one: either way in one write, so no two tries can be made of one."""
    before = credentials_of(user)
    nonce = before.otp
    if nonce is None or nonce.expires_at <= clock.now() or nonce.tries >= rules.MOST_OTP_TRIES:
        return False
    right = hashing.same(links.code(OTP, user.org_id, user.id, nonce.nonce), code)
    left = None if right else nonce.model_copy(update={"tries": nonce.tries + 1})
    after: Credentials = before.model_copy(update={"otp": left})
    store.commit(Caller.system("identity", user.org_id, caller.correlation_id), Update(before, after))
    return right
