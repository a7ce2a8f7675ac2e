"""Pages to accept an invitation, reset a password or confirm an email address."""

from coachway.contracts.identity import INVITATION, PASSWORD_RESET
from coachway.core.auth.signed_links import Token
from coachway.core.caller import Caller
from coachway.core.errors import RateLimited
from coachway.core.http.response_types import HtmlResponse
from coachway.core.http.routing import PUBLIC, ApiRouter
from coachway.identity import email_confirmation_page
from coachway.identity import password_pages as service
from coachway.identity.link_error_pages import build_error_page
from coachway.identity.password_pages import PasswordForm

api = ApiRouter(
    "identity",
    "Organizations, users, sessions and API keys.",
    health=False,
    error_page=build_error_page(INVITATION, PASSWORD_RESET),
)
app = api.app


@api.get("/pages/invitations/{token}", permission=PUBLIC, media="text/html", base="")
def get_invitation_page(token: Token) -> HtmlResponse:
    """Show an invitation page."""
    return service.show_invitation(token)


@api.post("/pages/invitations/{token}", permission=PUBLIC, media="text/html", base="", errors=(RateLimited,))
def accept_invitation_on_page(caller: Caller, token: Token, form: PasswordForm) -> HtmlResponse:
    """Accept an invitation from its page."""
    return service.submit_invitation(caller, token, form)


@api.get("/pages/password-resets/{token}", permission=PUBLIC, media="text/html", base="")
def get_password_reset_page(token: Token) -> HtmlResponse:
    """Show the password reset page."""
    return service.show_password_reset(token)


@api.post("/pages/password-resets/{token}", permission=PUBLIC, media="text/html", base="", errors=(RateLimited,))
def set_password_on_page(caller: Caller, token: Token, form: PasswordForm) -> HtmlResponse:
    """Set a new password from the reset page."""
    return service.submit_password_reset(caller, token, form)


@api.get("/pages/confirmations/{token}", permission=PUBLIC, media="text/html", base="")
def get_confirmation_page(token: Token) -> HtmlResponse:
    """Show the page that confirms an email address."""
    return email_confirmation_page.show_confirmation(token)


@api.post("/pages/confirmations/{token}", permission=PUBLIC, media="text/html", base="", errors=(RateLimited,))
def confirm_email_on_page(caller: Caller, token: Token) -> HtmlResponse:
    """Confirm an email address from its page."""
    return email_confirmation_page.submit_confirmation(caller, token)
