"""Passwords that were forgotten, are set anew, or are changed."""

from __future__ import annotations

from dataclasses import replace

from pydantic import ConfigDict

from coachway.contracts.identity import PASSWORD_RESET, PasswordChanged, PasswordResetRequested
from coachway.core import errors, store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.core.schemas import RequestSchema
from coachway.identity import organization_queries, rate_limits
from coachway.identity.account_lookup import (
    find_account,
    get_credentials,
    get_user,
    require_signed_in_user,
    retry_on_conflict,
)
from coachway.identity.auth import lockout, sessions, timing_equalizer
from coachway.identity.auth.login import active_user
from coachway.identity.auth.otp import Accepted
from coachway.identity.model import permissions
from coachway.identity.model.credentials import PendingLink, is_good
from coachway.identity.model.field_types import GivenPassword, GivenText, GivenToken, NewPassword
from coachway.identity.model.user import User
from coachway.identity.secrets import hashing


class Forgotten(RequestSchema):
    """Whose password was forgotten."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"organization": "harbor", "email": "ana@harbor.example"}]}
    )

    organization: GivenText
    email: GivenText


class Reset(RequestSchema):
    """The token of the mail, and a new password."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"token": "AZ…", "password": "another correct horse battery"}]}
    )

    token: GivenToken
    password: NewPassword


class PasswordChange(RequestSchema):
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


def request_reset(caller: Caller, body: Forgotten) -> Accepted:
    """Mail a link, good once and for an hour, to an account that can log in; it voids the one before."""
    rate_limits.by_address("forgot", caller)
    account = find_account(body.organization, email=body.email)
    rate_limits.by_account("forgot", f"{account.org_id}/{account.lockout_id}")
    user = active_user(account)
    if user is None or user.email is None:
        timing_equalizer.equalize_link_request(caller, account.org_id)
        return Accepted()
    nonce = PendingLink(nonce=signed_links.new_nonce(), expires_at=clock.now() + permissions.RESET_LIFE)
    event = PasswordResetRequested(
        user_id=user.id,
        email=user.email,
        first_name=user.first_name,
        organization_name=organization_queries.get(user.org_id).display_name,
        nonce=nonce.nonce,
        expires_at=nonce.expires_at,
    )

    def ask() -> None:
        before = get_credentials(user)
        after = before.model_copy(update={"reset": nonce})
        store.commit(caller.in_organization(user.org_id), Update(before, after, [event]), answer=Accepted())

    retry_on_conflict(ask)
    return Accepted()


def reset_password(caller: Caller, body: Reset) -> None:
    """Set a new password by a mail's link: it ends all sessions and lifts a lock. A second factor stays in force.

    Raises NotFound for a link that is wrong, void, used or too old.
    """
    rate_limits.by_address("link", caller)
    payload = signed_links.verify_link_token(PASSWORD_RESET, "usr", body.token)
    digest = hashing.digest_password(body.password)
    user = get_user(payload.org_id, payload.subject_id)

    def set_anew() -> None:
        owned = get_credentials(user)
        if user.status != "active" or not is_good(owned.reset, payload.nonce):
            raise errors.NotFound("this link was used, or is too old: ask for another one")
        acting = replace(caller, org_id=user.org_id, user_id=user.id, role=user.role)
        store.commit(
            acting,
            Update(owned, owned.model_copy(update={"password_hash": digest, "reset": None}), [_changed_event(user)]),
            *sessions.end_sessions_op(user.org_id, user.id, "the password was set anew"),
        )

    retry_on_conflict(set_anew)
    lockout.clear_failed_attempts(caller, user.org_id, user.id)


def change_password(caller: Caller, body: PasswordChange) -> None:
    """Change the caller's own password; it ends their other sessions. Wrong ones count as wrong log-ins do."""
    user = require_signed_in_user(caller)
    lockout.record_failed_attempt(caller, user.org_id, user.id)
    if not hashing.is_right_password(get_credentials(user).password_hash, body.current_password):
        raise errors.Invalid.field("current_password", "is not the one that you log in with")
    lockout.clear_failed_attempts(caller, user.org_id, user.id)
    if body.new_password == body.current_password:
        raise errors.Invalid.field("new_password", "must be another one")
    digest = hashing.digest_password(body.new_password)

    def change() -> None:
        owned = get_credentials(user)
        store.commit(
            caller,
            Update(owned, owned.model_copy(update={"password_hash": digest, "reset": None}), [_changed_event(user)]),
            *sessions.end_sessions_op(user.org_id, user.id, "the password was changed", but=caller.session_id),
        )

    retry_on_conflict(change)


def _changed_event(user: User) -> PasswordChanged:
    name = organization_queries.get(user.org_id).display_name
    return PasswordChanged(user_id=user.id, email=user.email or "", first_name=user.first_name, organization_name=name)
