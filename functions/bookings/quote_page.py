"""Routes of the quote page, and of the PDFs of quotes and itineraries."""

from coachway.bookings.charters.model import CharterId
from coachway.bookings.charters.quote_link import PURPOSE
from coachway.bookings.errors import QuoteBeingRevised, QuoteLinkReplaced, QuoteWithdrawn
from coachway.bookings.quotes import pages
from coachway.bookings.quotes.pages import AcceptForm, DeclineQuoteForm
from coachway.core import errors
from coachway.core.auth.signed_links import Token
from coachway.core.caller import Caller
from coachway.core.http.response_types import FileResponse, HtmlResponse
from coachway.core.http.routing import PUBLIC, ApiRouter
from coachway.identity.link_error_pages import build_error_page

api = ApiRouter("bookings", "Charters and their quotes.", health=False, error_page=build_error_page(PURPOSE))
app = api.app


@api.get("/pages/quotes/{token}", permission=PUBLIC, media="text/html", base="")
def get_quote_page(token: Token) -> HtmlResponse:
    """Show a quote as a web page.

    The page shows the trip, the price line by line and the cancellation terms, and has forms to accept or decline the
    quote. It works on phones and without scripts.
    """
    return pages.render_quote_page(token)


@api.post("/pages/quotes/{token}/accept", permission=PUBLIC, status=303, media="text/html", base="")
def accept_quote_on_page(caller: Caller, token: Token, form: AcceptForm) -> HtmlResponse:
    """Accept a quote from its page.

    Redirects to the page.
    """
    return pages.submit_acceptance_form(caller, token, form)


@api.post("/pages/quotes/{token}/decline", permission=PUBLIC, status=303, media="text/html", base="")
def decline_quote_on_page(caller: Caller, token: Token, form: DeclineQuoteForm) -> HtmlResponse:
    """Decline a quote from its page.

    Redirects to the page.
    """
    return pages.submit_decline_form(caller, token, form)


@api.post(
    "/pages/quotes/{token}/opened",
    permission=PUBLIC,
    status=204,
    base="",
    errors=(errors.NotFound, QuoteLinkReplaced),
)
def record_quote_opening(caller: Caller, token: Token) -> None:
    """Record that a person opened the page of a quote.

    The page's script sends this when the page is visible and somebody scrolls, moves or types. Loading the page records
    nothing, because programs that check links load it too. The first time of an unanswered quote is recorded as
    `quote_opened_at`, and the salesperson is told.
    """
    pages.record_opening(caller, token)


@api.get(
    "/pages/quotes/{token}/quote.pdf",
    permission=PUBLIC,
    media="application/pdf",
    base="",
    errors=(errors.NotFound, QuoteBeingRevised, QuoteLinkReplaced, QuoteWithdrawn),
)
def get_quote_pdf_by_link(token: Token) -> FileResponse:
    """Download a quote as a PDF from its page.

    It shows what the page shows: the trip, the price, and the terms.
    """
    return pages.get_quote_pdf_by_link(token)


@api.get("/charters/{charter_id}/quote.pdf", permission="charters:read", media="application/pdf")
def get_quote_pdf(caller: Caller, charter_id: CharterId) -> FileResponse:
    """Download a charter's quote as a PDF.

    It is the PDF of the client, also before the quote is sent: then it has the current cancellation policy and terms.
    """
    return pages.get_quote_pdf(caller, charter_id)


@api.get("/charters/{charter_id}/itinerary.pdf", permission="charters:read", media="application/pdf")
def get_itinerary_pdf(caller: Caller, charter_id: CharterId) -> FileResponse:
    """Download a charter's itinerary as a PDF.

    It lists the stops with local times. It contains no prices. A character that no font has is shown as its code point,
    and listed in the header `X-Missing-Characters`.
    """
    return pages.get_itinerary_pdf(caller, charter_id)
