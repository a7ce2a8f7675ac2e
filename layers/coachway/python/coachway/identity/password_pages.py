"""Pages to accept an invitation or reset a password, opened by links in emails."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import ConfigDict, Field

from coachway.contracts.identity import INVITATION, PASSWORD_RESET
from coachway.core import errors
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.documents import html
from coachway.core.http.response_types import HtmlResponse
from coachway.core.runtime import settings
from coachway.core.schemas import RequestSchema
from coachway.identity import organization_queries
from coachway.identity.account_lookup import get_credentials, get_user
from coachway.identity.auth import passwords
from coachway.identity.auth.password_strength import weakness_reason
from coachway.identity.auth.passwords import PasswordReset
from coachway.identity.model.credentials import is_valid_link
from coachway.identity.model.organization import Organization
from coachway.identity.model.user import User
from coachway.identity.organizations.branding import build_brand
from coachway.identity.users import invitations
from coachway.identity.users.invitations import InvitationAcceptance

TEMPLATES: Final = Path(__file__).parent / "templates"
MIN_LENGTH: Final = 12
MAX_LENGTH: Final = 128


class PasswordForm(RequestSchema):
    """The form of the page. If the password is not allowed, the page shows the form again with the error."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"password": "correct horse battery staple"}]})

    password: Annotated[str, Field(max_length=4000)] = ""


@dataclass(frozen=True, slots=True)
class _PageText:
    title: str
    intro: str
    button: str
    done: str


@dataclass(frozen=True, slots=True)
class _NextPage:
    url: str
    label: str
    hint: str


def show_invitation(token: str) -> HtmlResponse:
    """Return the page of an invitation. Raises NotFound if the link is wrong, used, expired or replaced."""
    user, organization = _load_link(INVITATION, token)
    return _form_page(user, organization, _invitation_text(user, organization))


def submit_invitation(caller: Caller, token: str, form: PasswordForm) -> HtmlResponse:
    """Accept an invitation with the password of the form. Raises NotFound like `show_invitation`."""
    user, organization = _load_link(INVITATION, token)
    text = _invitation_text(user, organization)
    error = _password_error(form.password, user, organization)
    if error:
        return _form_page(user, organization, text, error)
    invitations.accept_invitation(caller, InvitationAcceptance(token=token, password=form.password))
    return _done_page(user, organization, text)


def show_password_reset(token: str) -> HtmlResponse:
    """Return the page of a password reset. Raises NotFound if the link is wrong, used, expired or replaced."""
    user, organization = _load_link(PASSWORD_RESET, token)
    return _form_page(user, organization, _reset_text(user))


def submit_password_reset(caller: Caller, token: str, form: PasswordForm) -> HtmlResponse:
    """Set the password of the form. Raises NotFound like `show_password_reset`."""
    user, organization = _load_link(PASSWORD_RESET, token)
    text = _reset_text(user)
    error = _password_error(form.password, user, organization)
    if error:
        return _form_page(user, organization, text, error)
    passwords.reset_password(caller, PasswordReset(token=token, password=form.password))
    return _done_page(user, organization, text)


def _load_link(purpose: str, token: str) -> tuple[User, Organization]:
    """Return the user of a link and their organization. Does not use the link: mail filters open links, too."""
    link = signed_links.verify_link_token(purpose, "usr", token)
    user = get_user(link.org_id, link.subject_id)
    credentials = get_credentials(user)
    if purpose == INVITATION:
        pending, status = credentials.invitation, "invited"
    else:
        pending, status = credentials.reset, "active"
    if user.status != status or not is_valid_link(pending, link.nonce, user.email):
        raise errors.NotFound("This link was used or has expired. Ask for another one.")
    return user, organization_queries.get_organization(link.org_id)


def _password_error(password: str, user: User, organization: Organization) -> str:
    if not password:
        return "Enter a password."
    if len(password) < MIN_LENGTH:
        return f"The password has {len(password)} characters. It needs at least {MIN_LENGTH}."
    if len(password) > MAX_LENGTH:
        return f"The password can have at most {MAX_LENGTH} characters."
    reason = weakness_reason(password, user, organization)
    return f"The password {reason}" if reason else ""


def _invitation_text(user: User, organization: Organization) -> _PageText:
    return _PageText(
        title=f"Welcome, {user.first_name}",
        intro=f"{organization.display_name} has invited you to join. Choose a password to accept the invitation.",
        button="Accept the invitation",
        done="Your account is ready",
    )


def _reset_text(user: User) -> _PageText:
    return _PageText(
        title="Set a new password",
        intro=f"For {user.first_name} {user.last_name}. All your sessions will end.",
        button="Set the password",
        done="Your password is set",
    )


def _form_page(user: User, organization: Organization, text: _PageText, error: str = "") -> HtmlResponse:
    return html.render_template(
        TEMPLATES,
        "choose_password.html",
        brand=build_brand(organization),
        status=422 if error else 200,
        text=text,
        email=user.email or "",
        error=error,
        min_length=MIN_LENGTH,
    )


def _done_page(user: User, organization: Organization, text: _PageText) -> HtmlResponse:
    return html.render_template(
        TEMPLATES,
        "password_set.html",
        brand=build_brand(organization),
        text=text,
        email=user.email or "",
        slug=organization.slug,
        next_page=_next_page(user),
    )


def _next_page(user: User) -> _NextPage:
    """The page on which the user can log in and work."""
    if user.role == "driver":
        hint = "Log in with the code that is sent to your phone, then answer offers and check in for your trips."
        return _NextPage(f"{settings.public_url()}/pages/driver", "Open the driver page", hint)
    hint = "Every operation can be tried out there: log in with POST /auth/login, then enter the token at Authorize."
    return _NextPage(f"{settings.public_url()}/api/v1/docs", "Open the API", hint)
