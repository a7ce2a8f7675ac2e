"""The page that confirms an admin's email address. Opening it changes nothing, because mail filters also open links."""

from coachway.core.caller import Caller
from coachway.core.documents import html
from coachway.core.http.response_types import HtmlResponse
from coachway.identity.auth import email_confirmation
from coachway.identity.model.organization import Organization
from coachway.identity.model.user import User
from coachway.identity.organizations.branding import build_brand
from coachway.identity.password_pages import TEMPLATES


def show_confirmation(token: str) -> HtmlResponse:
    """Return the page of a link. Raises NotFound if the link is wrong, used, expired or replaced."""
    user, _, organization = email_confirmation.open_confirmation(token)
    return _render(user, organization, confirmed=False)


def submit_confirmation(caller: Caller, token: str) -> HtmlResponse:
    """Confirm the address. Raises NotFound like `show_confirmation`."""
    user, organization = email_confirmation.confirm_email(caller, token)
    return _render(user, organization, confirmed=True)


def _render(user: User, organization: Organization, *, confirmed: bool) -> HtmlResponse:
    return html.render_template(
        TEMPLATES,
        "confirm_email.html",
        brand=build_brand(organization),
        title="Your email address is confirmed" if confirmed else "Confirm your email address",
        email=user.email or "",
        confirmed=confirmed,
    )
