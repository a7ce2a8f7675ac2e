"""The page of an invitation to bid."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from coachway.bids import pages as service
from coachway.bids.pages import BidForm, DeclineForm
from coachway.core import pages
from coachway.core.answers import Html
from coachway.core.caller import Caller
from coachway.core.http import ANYONE, Api

Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,200}$")]

api = Api("bids", "Vendors bid for trips: requests, bids, and the award.", health=False, refusal=pages.refusal)
app = api.app


@api.get("/pages/bids/{bid_token}", needs=ANYONE, media="text/html", base="")
def bid_page(caller: Caller, bid_token: Token) -> Html:
    """The page of an invitation, for the vendor who was sent its link.

    Phone first, and without script. It tells the trip and takes the bid.
    """
    return service.show(caller, bid_token)


@api.post("/pages/bids/{bid_token}/bid", needs=ANYONE, status=303, media="text/html", base="")
def bid_on_page(caller: Caller, bid_token: Token, form: BidForm) -> Html:
    """Bid by the page's form, and go back to the page."""
    return service.bid(caller, bid_token, form)


@api.post("/pages/bids/{bid_token}/decline", needs=ANYONE, status=303, media="text/html", base="")
def decline_on_bid_page(caller: Caller, bid_token: Token, form: DeclineForm) -> Html:
    """Decline by the page's form, and go back to the page."""
    return service.decline(caller, bid_token, form)


@api.post("/pages/bids/{bid_token}/withdraw", needs=ANYONE, status=303, media="text/html", base="")
def withdraw_on_bid_page(caller: Caller, bid_token: Token) -> Html:
    """Take the bid back by the page's button, and go back to the page."""
    return service.withdraw(caller, bid_token)
