"""Log-in by password. Whatever was wrong, the answer is the same, and so is the work done for it."""

from __future__ import annotations

from pydantic import ConfigDict

from coachway.core import clock, errors, store
from coachway.core.caller import Caller
from coachway.core.ops import Update
from coachway.core.schemas import Input
from coachway.identity import hashing, lockout, rules, sessions, throttle, tokens
from coachway.identity.accounts import Account, claimed
from coachway.identity.fields import GivenPassword, GivenText
from coachway.identity.model import User
from coachway.identity.proofs import Credentials
from coachway.identity.sessions import Method
from coachway.identity.tokens import Issued, SignedIn


class Login(Input):
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


def login(caller: Caller, body: Login) -> Issued[SignedIn]:
    """Begin a session, or ask for the second factor.

    Raises Unauthenticated whatever was wrong, TooMany for a locked account.
    """
    throttle.by_address("login", caller)
    account = claimed(body.organization, email=body.email)
    throttle.by_account("login", f"{account.org_id}/{account.who}")
    lockout.count(caller, account.org_id, account.who)
    digest = account.credentials.password_hash if account.credentials else ""
    right = hashing.password_matches(digest, body.password)
    user = active(account) if right else None
    if user is None or account.credentials is None:
        raise errors.Unauthenticated("organization, email or password is wrong")
    _rehash(caller, account.credentials, body.password)
    return first_factor_given(caller, user, method="password", cookies=body.cookies)


def active(account: Account) -> User | None:
    """The account's user, if they may log in at all."""
    return account.user if account.user is not None and account.user.status == "active" else None


def first_factor_given(caller: Caller, user: User, *, method: Method, cookies: bool) -> Issued[SignedIn]:
    """The session that a first factor opens, or the token with which to give a second one.

    With a second factor outstanding, the tries stand against the account until that one is right too.
    """
    if user.mfa_enabled:
        seconds = int(rules.MFA_LIFE.total_seconds())
        token = tokens.mfa_token(user, method, clock.now())
        return Issued(SignedIn(expires_in=seconds, mfa_required=True, mfa_token=token))
    lockout.forgive(caller, user.org_id, user.id)
    return sessions.opened(caller, user, method=method, second_factor=False, cookies=cookies)


def _rehash(caller: Caller, before: Credentials, password: str) -> None:
    """Digests made with less work than is asked for now are made again while the password is at hand."""
    if not hashing.is_outdated(before.password_hash):
        return
    after = before.model_copy(update={"password_hash": hashing.password_digest(password)})
    try:
        store.commit(Caller.system("identity", before.org_id, caller.correlation_id), Update(before, after))
    except errors.LostRace:
        return  # it was changed in the meantime: the next log-in will see to it
