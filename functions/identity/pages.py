"""Pages behind the links of mails."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from coachway.core import pages
from coachway.core.answers import Html
from coachway.core.caller import Caller
from coachway.core.http import ANYONE, Api
from coachway.identity import pages as service
from coachway.identity.pages import ChosenPassword

Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,200}$")]

api = Api("identity", "Organizations, users, sessions, API keys.", health=False, refusal=pages.refusal)
app = api.app


@api.get("/pages/invitations/{token}", needs=ANYONE, media="text/html", base="")
def invitation_page(token: Token) -> Html:
    """The page of an invitation, for whoever was sent its link."""
    return service.invitation(token)


@api.post("/pages/invitations/{token}", needs=ANYONE, media="text/html", base="", errors=(429,))
def join_on_page(caller: Caller, token: Token, form: ChosenPassword) -> Html:
    """Accept an invitation by its page's form."""
    return service.join(caller, token, form)


@api.get("/pages/password-resets/{token}", needs=ANYONE, media="text/html", base="")
def password_reset_page(token: Token) -> Html:
    """The page to set a new password, for whoever was sent its link."""
    return service.password_reset(token)


@api.post("/pages/password-resets/{token}", needs=ANYONE, media="text/html", base="", errors=(429,))
def set_password_on_page(caller: Caller, token: Token, form: ChosenPassword) -> Html:
    """Set a new password by its page's form."""
    return service.set_password(caller, token, form)
