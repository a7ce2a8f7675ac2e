"""Passwords that were forgotten, are set anew, or are changed."""

from __future__ import annotations

from dataclasses import replace

from pydantic import ConfigDict

from coachway.core import clock, errors, links, store
from coachway.core.caller import Caller
from coachway.core.ops import Update
from coachway.core.schemas import Input
from coachway.identity import decoys, hashing, lockout, organizations, rules, sessions, throttle
from coachway.identity.accounts import claimed, credentials_of, settled, signed_in, user_of
from coachway.identity.events import PASSWORD_RESET, PasswordChanged, PasswordResetRequested
from coachway.identity.fields import GivenPassword, GivenText, GivenToken, NewPassword
from coachway.identity.login import active
from coachway.identity.model import User
from coachway.identity.otp import Accepted
from coachway.identity.proofs import Nonce, is_good


class Forgotten(Input):
    """Whose password was forgotten."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"organization": "harbor", "email": "ana@harbor.example"}]}
    )

    organization: GivenText
    email: GivenText


class Reset(Input):
    """The token of the mail, and a new password."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"token": "AZ…", "password": "another correct horse battery"}]}
    )

    token: GivenToken
    password: NewPassword


class PasswordChange(Input):
    """The password as it is, and as it is to be."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "current_password": "correct horse battery staple",
                    "new_password": "another correct horse battery",
                }
            ]
        }
    )

    current_password: GivenPassword
    new_password: NewPassword


def forgotten(caller: Caller, body: Forgotten) -> Accepted:
    """Mail a link, good once and for an hour, to an account that can log in; it voids the one before."""
    throttle.by_address("forgot", caller)
    account = claimed(body.organization, email=body.email)
    throttle.by_account("forgot", f"{account.org_id}/{account.who}")
    user = active(account)
    if user is None or user.email is None:
        decoys.request(caller, account.org_id)
        return Accepted()
    nonce = Nonce(nonce=links.new_nonce(), expires_at=clock.now() + rules.RESET_LIFE)
    fact = PasswordResetRequested(
        user_id=user.id,
        email=user.email,
        first_name=user.first_name,
        organization_name=organizations.get(user.org_id).shown_as,
        nonce=nonce.nonce,
        expires_at=nonce.expires_at,
    )

    def ask() -> None:
        before = credentials_of(user)
        after = before.model_copy(update={"reset": nonce})
        store.commit(caller.within(user.org_id), Update(before, after, [fact]), answer=Accepted())

    settled(ask)
    return Accepted()


def reset(caller: Caller, body: Reset) -> None:
    """Set a new password by a mail's link: it ends all sessions and lifts a lock. A second factor stays in force.

    Raises Missing for a link that is wrong, void, used or too old.
    """
    throttle.by_address("link", caller)
    said = links.opened(PASSWORD_RESET, "usr", body.token)
    digest = hashing.password_digest(body.password)
    user = user_of(said.org_id, said.subject_id)

    def set_anew() -> None:
        held = credentials_of(user)
        if user.status != "active" or not is_good(held.reset, said.nonce):
            raise errors.Missing("this link was used, or is too old: ask for another one")
        acting = replace(caller, org_id=user.org_id, user_id=user.id, role=user.role)
        store.commit(
            acting,
            Update(held, held.model_copy(update={"password_hash": digest, "reset": None}), [_changed(user)]),
            *sessions.ending(user.org_id, user.id, "the password was set anew"),
        )

    settled(set_anew)
    lockout.forgive(caller, user.org_id, user.id)


def changed(caller: Caller, body: PasswordChange) -> None:
    """Change the caller's own password; it ends their other sessions. Wrong ones count as wrong log-ins do."""
    user = signed_in(caller)
    lockout.count(caller, user.org_id, user.id)
    if not hashing.password_matches(credentials_of(user).password_hash, body.current_password):
        raise errors.Invalid.field("current_password", "is not the one that you log in with")
    lockout.forgive(caller, user.org_id, user.id)
    if body.new_password == body.current_password:
        raise errors.Invalid.field("new_password", "must be another one")
    digest = hashing.password_digest(body.new_password)

    def change() -> None:
        held = credentials_of(user)
        store.commit(
            caller,
            Update(held, held.model_copy(update={"password_hash": digest, "reset": None}), [_changed(user)]),
            *sessions.ending(user.org_id, user.id, "the password was changed", but=caller.session_id),
        )

    settled(change)


def _changed(user: User) -> PasswordChanged:
    name = organizations.get(user.org_id).shown_as
    return PasswordChanged(user_id=user.id, email=user.email or "", first_name=user.first_name, organization_name=name)
