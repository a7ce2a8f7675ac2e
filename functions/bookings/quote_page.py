"""Pages for clients, and papers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from coachway.bookings.charters.model import CharterId
from coachway.bookings.quotes import pages as service
from coachway.bookings.quotes.pages import AcceptForm, DeclineForm
from coachway.core.caller import Caller
from coachway.core.documents import html
from coachway.core.http.response_types import FileResponse, HtmlResponse
from coachway.core.http.routing import PUBLIC, ApiRouter

Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,200}$")]

api = ApiRouter("bookings", "Charters and their quotes.", health=False, error_page=html.error_page)
app = api.app


@api.get("/pages/quotes/{token}", permission=PUBLIC, media="text/html", base="")
def get_quote_page(caller: Caller, token: Token) -> HtmlResponse:
    """The page of a quote, for the client who was sent its link.

    Phone first, and without script. It tells the trip, the price line by line and the terms, and takes the answer.
    """
    return service.render_quote_page(caller, token)


@api.post("/pages/quotes/{token}/accept", permission=PUBLIC, status=303, media="text/html", base="")
def accept_quote_on_page(caller: Caller, token: Token, form: AcceptForm) -> HtmlResponse:
    """Accept a quote by its page's form, and go back to the page."""
    return service.accept_by_form(caller, token, form)


@api.post("/pages/quotes/{token}/decline", permission=PUBLIC, status=303, media="text/html", base="")
def decline_quote_on_page(caller: Caller, token: Token, form: DeclineForm) -> HtmlResponse:
    """Decline a quote by its page's form, and go back to the page."""
    return service.decline_by_form(caller, token, form)


@api.get("/charters/{charter_id}/itinerary.pdf", permission="charters:read", media="application/pdf")
def get_itinerary_pdf(caller: Caller, charter_id: CharterId) -> FileResponse:
    """The itinerary of a charter, to print: stops with their local times, and no prices."""
    return service.get_itinerary_pdf(caller, charter_id)
