"""The page of a bid invitation."""

from coachway.bids.requests import invitation_links
from coachway.bids.vendor_access import page
from coachway.bids.vendor_access.page import BidForm, DeclineInvitationForm, WithdrawalForm
from coachway.core.auth.signed_links import Token
from coachway.core.caller import Caller
from coachway.core.http.response_types import HtmlResponse
from coachway.core.http.routing import PUBLIC, ApiRouter
from coachway.identity.link_error_pages import build_error_page

api = ApiRouter(
    "bids",
    "Bids of vendors for charters: bid requests, bids and awards.",
    health=False,
    error_page=build_error_page(invitation_links.PURPOSE),
)
app = api.app


@api.get("/pages/bids/{bid_token}", permission=PUBLIC, media="text/html", base="")
def get_bid_page(caller: Caller, bid_token: Token) -> HtmlResponse:
    """Show a bid invitation page.

    For vendors with an invitation link. The page shows the trip, and has forms to bid, decline and withdraw. It works
    on a phone and without JavaScript.
    """
    return page.render_bid_page(caller, bid_token)


@api.post("/pages/bids/{bid_token}/bid", permission=PUBLIC, status=303, media="text/html", base="")
def submit_bid_on_page(caller: Caller, bid_token: Token, form: BidForm) -> HtmlResponse:
    """Submit a bid from the invitation page.

    Redirects to the page.
    """
    return page.submit_bid_form(caller, bid_token, form)


@api.post("/pages/bids/{bid_token}/decline", permission=PUBLIC, status=303, media="text/html", base="")
def decline_bidding_on_page(caller: Caller, bid_token: Token, form: DeclineInvitationForm) -> HtmlResponse:
    """Decline an invitation from its page.

    Redirects to the page.
    """
    return page.submit_decline_form(caller, bid_token, form)


@api.post("/pages/bids/{bid_token}/withdraw", permission=PUBLIC, status=303, media="text/html", base="")
def withdraw_bid_on_page(caller: Caller, bid_token: Token, form: WithdrawalForm) -> HtmlResponse:
    """Withdraw a bid from the invitation page.

    Redirects to the page.
    """
    return page.submit_withdrawal_form(caller, bid_token, form)
