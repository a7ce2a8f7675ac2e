"""Confirmation of an admin's email address by a link. The organization can then send more messages."""

from dataclasses import replace

from coachway.contracts.identity import EMAIL_CONFIRMATION, EmailConfirmationRequested, OrganizationConfirmed
from coachway.core import errors, store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.persistence.operations import CheckVersion, Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.identity import message_limits, organization_queries, rate_limits
from coachway.identity.account_lookup import get_credentials, get_user, require_logged_in_user
from coachway.identity.auth.otp import Accepted
from coachway.identity.model.credential_limits import CONFIRMATION_LIFETIME
from coachway.identity.model.credentials import Credentials, PendingLink, is_valid_link
from coachway.identity.model.organization import Organization
from coachway.identity.model.user import User


def request_confirmation(caller: Caller) -> Accepted:
    """Send the caller, who must be an admin, a link that confirms their email address.

    Sends nothing if the organization is confirmed.
    """
    user = require_logged_in_user(caller)
    if user.role != "admin" or not user.email:
        raise errors.Forbidden("Only an admin with an email address can confirm the organization.")
    organization = organization_queries.get_organization(caller.org_id)
    if organization.is_confirmed:
        return Accepted()
    link = PendingLink.create(user.email, CONFIRMATION_LIFETIME)
    event = EmailConfirmationRequested(
        user_id=user.id,
        email=user.email,
        first_name=user.first_name,
        organization_name=organization.display_name,
        nonce=link.nonce,
        expires_at=link.expires_at,
    )
    limit_ops = message_limits.message_ops(organization, "confirmation", user.email)

    @retry_on_conflict
    def save_link() -> None:
        before = get_credentials(user)
        after = before.model_copy(update={"confirmation": link})
        store.commit(caller, Update(before, after, [event]), *limit_ops, response=Accepted())

    save_link()
    return Accepted()


def open_confirmation(token: str) -> tuple[User, Credentials, Organization]:
    """Load what a link confirms. Raises NotFound if it is wrong, used, expired, or was sent to another address."""
    link = signed_links.verify_link_token(EMAIL_CONFIRMATION, "usr", token)
    user = get_user(link.org_id, link.subject_id)
    credentials = get_credentials(user)
    is_admin = user.status == "active" and user.role == "admin"
    if not is_admin or not is_valid_link(credentials.confirmation, link.nonce, user.email):
        raise errors.NotFound("This link was used or has expired. Request another one.")
    return user, credentials, organization_queries.get_organization(link.org_id)


def confirm_email(caller: Caller, token: str) -> tuple[User, Organization]:
    """Confirm an organization with the link of an email. Raises NotFound like `open_confirmation`."""
    rate_limits.count_by_address("link", caller)
    return _confirm_email(caller, token)


@retry_on_conflict
def _confirm_email(caller: Caller, token: str) -> tuple[User, Organization]:
    user, credentials, organization = open_confirmation(token)
    ops: list[Op] = [Update(credentials, credentials.model_copy(update={"confirmation": None}))]
    if not organization.is_confirmed:
        confirmed_organization = organization.model_copy(update={"is_confirmed": True})
        ops.append(Update(organization, confirmed_organization, [OrganizationConfirmed(user_id=user.id)]))
    acting = replace(caller, org_id=user.org_id, user_id=user.id, role=user.role)
    store.commit(acting, *ops, CheckVersion(user, errors.ConcurrentUpdate()))
    return user, organization
