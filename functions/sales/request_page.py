"""The page to request a quote."""

from coachway.core.caller import Caller
from coachway.core.errors import RateLimited
from coachway.core.http.response_types import HtmlResponse
from coachway.core.http.routing import PUBLIC, ApiRouter
from coachway.identity.model.field_types import Slug
from coachway.sales.leads import request_page
from coachway.sales.leads.request_page import QuoteRequestForm

api = ApiRouter(
    "sales",
    "Leads, and the agents who take care of them.",
    health=False,
    error_page=request_page.render_error_page,
)
app = api.app


@api.get("/pages/request-quote/{slug}", permission=PUBLIC, media="text/html", base="")
def get_request_page(slug: Slug) -> HtmlResponse:
    """Show the page to request a quote.

    For everybody. An organization can link to it from its website. It works on a phone and without JavaScript.
    """
    return request_page.render_request_page(slug)


@api.post(
    "/pages/request-quote/{slug}/send",
    permission=PUBLIC,
    status=303,
    media="text/html",
    base="",
    errors=(RateLimited,),
)
def send_request_on_page(caller: Caller, slug: Slug, form: QuoteRequestForm) -> HtmlResponse:
    """Request a quote on the page.

    Redirects to the confirmation. If a field is wrong, the page shows the form again with everything that was typed.
    """
    return request_page.submit_request_form(caller, slug, form)


@api.get("/pages/request-quote/{slug}/thanks", permission=PUBLIC, media="text/html", base="")
def get_request_thanks_page(slug: Slug) -> HtmlResponse:
    """Show the confirmation of a requested quote."""
    return request_page.render_thanks_page(slug)
