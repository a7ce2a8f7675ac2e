"""Routes of the proposal page and of the PDF."""

from coachway.core.auth.signed_links import Token
from coachway.core.caller import Caller
from coachway.core.http.response_types import FileResponse, HtmlResponse
from coachway.core.http.routing import PUBLIC, ApiRouter
from coachway.identity.link_error_pages import build_error_page
from coachway.sales.proposals import pages
from coachway.sales.proposals.links import PURPOSE
from coachway.sales.proposals.model import ProposalId
from coachway.sales.proposals.pages import AcceptProposalForm, ChoiceQuery, DeclineProposalForm

api = ApiRouter("sales", "Leads, and proposals of several quotes.", health=False, error_page=build_error_page(PURPOSE))
app = api.app


@api.get("/pages/proposals/{proposal_token}", permission=PUBLIC, media="text/html", base="")
def get_proposal_page(proposal_token: Token) -> HtmlResponse:
    """Show a proposal as a web page.

    The page shows the quotes side by side, and has a form to choose among them. It works on phones and without scripts.
    """
    return pages.render_proposal_page(proposal_token)


@api.get("/pages/proposals/{proposal_token}/review", permission=PUBLIC, media="text/html", base="")
def get_proposal_review_page(proposal_token: Token, query: ChoiceQuery) -> HtmlResponse:
    """Show what is about to be accepted.

    Lists exactly the chosen quotes with their sum, and has the form to accept them. It changes nothing.
    """
    return pages.render_review_page(proposal_token, query)


@api.post("/pages/proposals/{proposal_token}/accept", permission=PUBLIC, status=303, media="text/html", base="")
def accept_proposal_on_page(caller: Caller, proposal_token: Token, form: AcceptProposalForm) -> HtmlResponse:
    """Accept quotes of a proposal from its page.

    Redirects to the page.
    """
    return pages.submit_acceptance_form(caller, proposal_token, form)


@api.post("/pages/proposals/{proposal_token}/decline", permission=PUBLIC, status=303, media="text/html", base="")
def decline_proposal_on_page(caller: Caller, proposal_token: Token, form: DeclineProposalForm) -> HtmlResponse:
    """Decline a proposal from its page.

    Redirects to the page.
    """
    return pages.submit_decline_form(caller, proposal_token, form)


@api.get("/pages/proposals/{proposal_token}/pdf", permission=PUBLIC, media="application/pdf", base="")
def get_proposal_pdf_by_link(proposal_token: Token) -> FileResponse:
    """Download a proposal as a PDF by its link.

    It shows what the page shows.
    """
    from coachway.sales.proposals import pdf  # imported late: the layer `pdf` is large

    return pdf.get_pdf_by_link(proposal_token)


@api.get("/sales/proposals/{proposal_id}/pdf", permission="sales:read", media="application/pdf")
def get_proposal_pdf(caller: Caller, proposal_id: ProposalId) -> FileResponse:
    """Get the PDF of a proposal.

    The PDF of a draft has the current revisions of its quotes. A character that no font has is shown as its code point,
    and listed in the header `X-Missing-Characters`.
    """
    from coachway.sales.proposals import pdf  # imported late: the layer `pdf` is large

    return pdf.get_pdf(caller, proposal_id)
