"""The pages behind the links of mails: where an invited person, or one who forgot it, chooses a password."""

from __future__ import annotations

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
from coachway.core.schemas import RequestSchema
from coachway.identity import organization_queries
from coachway.identity.account_lookup import get_credentials, get_user
from coachway.identity.auth import passwords
from coachway.identity.model.credentials import is_good
from coachway.identity.model.organization import Organization
from coachway.identity.model.user import User
from coachway.identity.organizations.branding import build_brand
from coachway.identity.users import invitations

TEMPLATES: Final = Path(__file__).parent / "templates"
SHORTEST: Final = 12
LONGEST: Final = 128


class ChosenPassword(RequestSchema):
    """What the form posts; a password that will not do is asked for again on the page."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"password": "correct horse battery staple"}]})

    password: Annotated[str, Field(max_length=4000)] = ""


@dataclass(frozen=True, slots=True)
class _Wording:
    title: str
    lead: str
    button: str
    done: str


def show_invitation(token: str) -> HtmlResponse:
    """The page of an invitation. Raises NotFound for a link that is wrong, void, used or too old."""
    user, organization = _linked(INVITATION, token)
    return _form(user, organization, _joining(user, organization))


def submit_invitation(caller: Caller, token: str, form: ChosenPassword) -> HtmlResponse:
    """Accept an invitation with the password that was chosen. Raises NotFound like `invitation`."""
    user, organization = _linked(INVITATION, token)
    words = _joining(user, organization)
    trouble = _trouble(form.password)
    if trouble:
        return _form(user, organization, words, trouble)
    invitations.accept(caller, invitations.Acceptance(token=token, password=form.password))
    return _done(user, organization, words)


def show_password_reset(token: str) -> HtmlResponse:
    """The page of a forgotten password. Raises NotFound for a link that is wrong, void, used or too old."""
    user, organization = _linked(PASSWORD_RESET, token)
    return _form(user, organization, _resetting(user))


def set_password(caller: Caller, token: str, form: ChosenPassword) -> HtmlResponse:
    """Set the password that was chosen. Raises NotFound like `password_reset`."""
    user, organization = _linked(PASSWORD_RESET, token)
    words = _resetting(user)
    trouble = _trouble(form.password)
    if trouble:
        return _form(user, organization, words, trouble)
    passwords.reset_password(caller, passwords.Reset(token=token, password=form.password))
    return _done(user, organization, words)


def _linked(purpose: str, token: str) -> tuple[User, Organization]:
    """Whose link it is; asking does not use it up, so that a mail filter that looks at links does no harm."""
    payload = signed_links.verify_link_token(purpose, "usr", token)
    user = get_user(payload.org_id, payload.subject_id)
    owned = get_credentials(user)
    stored, status = (owned.invitation, "invited") if purpose == INVITATION else (owned.reset, "active")
    if user.status != status or not is_good(stored, payload.nonce):
        raise errors.NotFound("this link was used, or is too old: ask for another one")
    return user, organization_queries.get(payload.org_id)


def _trouble(password: str) -> str:
    if not password:
        return "Enter a password."
    if len(password) < SHORTEST:
        return f"This has {len(password)} characters. It needs at least {SHORTEST}."
    if len(password) > LONGEST:
        return f"It may have at most {LONGEST} characters."
    return ""


def _joining(user: User, organization: Organization) -> _Wording:
    return _Wording(
        title=f"Welcome, {user.first_name}",
        lead=f"{organization.display_name} has invited you to join. Choose a password, and you are in.",
        button="Accept the invitation",
        done="You are in",
    )


def _resetting(user: User) -> _Wording:
    return _Wording(
        title="Set a new password",
        lead=f"For {user.first_name} {user.last_name}. You will be signed out everywhere else.",
        button="Set the password",
        done="Your password is set",
    )


def _form(user: User, organization: Organization, words: _Wording, trouble: str = "") -> HtmlResponse:
    return html.html(
        TEMPLATES,
        "choose_password.html",
        brand=build_brand(organization),
        status=422 if trouble else 200,
        words=words,
        email=user.email or "",
        trouble=trouble,
        shortest=SHORTEST,
    )


def _done(user: User, organization: Organization, words: _Wording) -> HtmlResponse:
    return html.html(
        TEMPLATES,
        "password_chosen.html",
        brand=build_brand(organization),
        words=words,
        email=user.email or "",
        slug=organization.slug,
    )
