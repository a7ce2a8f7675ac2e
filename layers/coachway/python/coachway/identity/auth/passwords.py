"""Password reset by an email link, and password change."""

from dataclasses import replace

from pydantic import ConfigDict

from coachway.contracts.identity import PASSWORD_RESET, PasswordChanged, PasswordResetRequested
from coachway.core import errors, store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.persistence.operations import CheckVersion, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.schemas import RequestSchema
from coachway.core.types.contact import normalize_email
from coachway.identity import organization_queries, rate_limits
from coachway.identity.account_lookup import find_account, get_credentials, get_user, require_logged_in_user
from coachway.identity.auth import lockout, sessions, timing_equalizer
from coachway.identity.auth.login import get_active_user
from coachway.identity.auth.otp import Accepted
from coachway.identity.auth.password_strength import require_strong_password
from coachway.identity.model.credential_limits import RESET_LINK_LIFETIME
from coachway.identity.model.credentials import PendingLink, is_valid_link
from coachway.identity.model.field_types import LookupText, NewPassword, PasswordInput, TokenInput
from coachway.identity.model.user import User
from coachway.identity.secrets import hashing


class PasswordResetRequest(RequestSchema):
    """The account whose password to reset."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"organization": "harbor", "email": "ana@harbor.example"}]}
    )

    organization: LookupText
    email: LookupText


class PasswordReset(RequestSchema):
    """The token of the email, and a new password."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"token": "AZ…", "password": "another correct horse battery"}]}
    )

    token: TokenInput
    password: NewPassword


class PasswordChange(RequestSchema):
    """The current password and a new one."""

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

    current_password: PasswordInput
    new_password: NewPassword


def request_reset(caller: Caller, body: PasswordResetRequest) -> Accepted:
    """Send a link that can be used once in an hour; earlier links become invalid.

    Sends nothing if the account does not exist or is not active.
    """
    rate_limits.count_by_address("forgot", caller)
    rate_limits.count_by_recipient("forgot", normalize_email(body.email))
    account = find_account(body.organization, email=body.email)
    rate_limits.count_by_account("forgot", f"{account.org_id}/{account.lockout_id}")
    user = get_active_user(account)
    if user is None or user.email is None:
        timing_equalizer.equalize_link_request(caller, account.org_id, Accepted())
        return Accepted()
    link = PendingLink.create(user.email, RESET_LINK_LIFETIME)
    event = PasswordResetRequested(
        user_id=user.id,
        email=user.email,
        first_name=user.first_name,
        organization_name=organization_queries.get_organization(user.org_id).display_name,
        nonce=link.nonce,
        expires_at=link.expires_at,
    )

    @retry_on_conflict
    def save_link() -> None:
        before = get_credentials(user)
        after = before.model_copy(update={"reset": link})
        store.commit(caller.in_organization(user.org_id), Update(before, after, [event]), response=Accepted())

    save_link()
    return Accepted()


def reset_password(caller: Caller, body: PasswordReset) -> None:
    """Set a new password with the link of an email.

    Ends all sessions and the lockout of the account. A second factor stays active. Raises NotFound if the link is
    wrong, used, expired or replaced by another one.
    """
    rate_limits.count_by_address("link", caller)
    link = signed_links.verify_link_token(PASSWORD_RESET, "usr", body.token)
    digest = ""

    @retry_on_conflict
    def save_password() -> None:
        nonlocal digest
        user = get_user(link.org_id, link.subject_id)
        before = get_credentials(user)
        if user.status != "active" or not is_valid_link(before.reset, link.nonce, user.email):
            raise errors.NotFound("This link was used or has expired. Request another one.")
        if not digest:
            organization = organization_queries.get_organization(user.org_id)
            require_strong_password("password", body.password, user, organization)
            digest = hashing.digest_password(body.password)
        acting = replace(caller, org_id=user.org_id, user_id=user.id, role=user.role)
        store.commit(
            acting,
            Update(before, before.model_copy(update={"password_hash": digest, "reset": None}), [_changed_event(user)]),
            *sessions.end_sessions_ops(user.org_id, user.id, "password reset"),
            CheckVersion(user, errors.ConcurrentUpdate()),
        )

    save_password()
    lockout.clear_attempts(caller, link.org_id, link.subject_id)


def change_password(caller: Caller, body: PasswordChange) -> None:
    """Change the caller's password. Ends their other sessions. A wrong current password counts as a failed attempt."""
    user = require_logged_in_user(caller)
    lockout.record_attempt(caller, user.org_id, user.id)
    if not hashing.verify_password(get_credentials(user).password_hash, body.current_password):
        raise errors.Invalid.field("current_password", "is wrong")
    lockout.clear_attempts(caller, user.org_id, user.id)
    if body.new_password == body.current_password:
        raise errors.Invalid.field("new_password", "must differ from the current password")
    organization = organization_queries.get_organization(user.org_id)
    require_strong_password("new_password", body.new_password, user, organization)
    digest = hashing.digest_password(body.new_password)

    @retry_on_conflict
    def save_password() -> None:
        before = get_credentials(user)
        store.commit(
            caller,
            Update(before, before.model_copy(update={"password_hash": digest, "reset": None}), [_changed_event(user)]),
            *sessions.end_sessions_ops(user.org_id, user.id, "password changed", except_id=caller.session_id),
        )

    save_password()


def _changed_event(user: User) -> PasswordChanged:
    name = organization_queries.get_organization(user.org_id).display_name
    return PasswordChanged(user_id=user.id, email=user.email or "", first_name=user.first_name, organization_name=name)
