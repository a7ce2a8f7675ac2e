"""The pages that clients see, and the paper that drivers carry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import ConfigDict, Field

from coachway.bookings import payment_schedule
from coachway.bookings.charter_text import brand_of, formatter_of
from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.model import Charter
from coachway.bookings.quotes import page_content
from coachway.bookings.quotes.links import PURPOSE, LinkReplaced, open_link
from coachway.bookings.quotes.page_content import QuotePage, quote_state
from coachway.clients import service as clients
from coachway.clients.model import Client
from coachway.core import errors
from coachway.core.auth import signed_links as tokens
from coachway.core.caller import Caller
from coachway.core.documents import card_form, html
from coachway.core.documents.card_form import CardFormContext
from coachway.core.http.response_types import FileResponse, HtmlResponse
from coachway.core.runtime import clock
from coachway.core.schemas import RequestSchema
from coachway.identity import organization_queries
from coachway.identity.model.organization import Organization

TEMPLATES: Final = Path(__file__).parents[1] / "templates"


class AcceptForm(RequestSchema):
    """What the form posts that accepts a quote; a name or tick that is missing is asked for on the page."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"revision_number": 1, "accepted_by": "Dana Lee", "agreed": True}]}
    )

    revision_number: Annotated[int, Field(ge=1, le=1_000_000, description="the revision that was seen")]
    accepted_by: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f]*$")] = ""
    agreed: bool = False


class DeclineForm(RequestSchema):
    """What the form posts that declines a quote."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"revision_number": 1, "reason": "The date moved."}]})

    revision_number: Annotated[int, Field(ge=1, le=1_000_000, description="the revision that was seen")]
    reason: Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")] = ""


def render_quote_page(caller: Caller, token: str) -> HtmlResponse:
    """The page of the quote that a link leads to. Raises Missing for a link that was not made here."""
    return _render_current_quote(caller, token)


def render_failed_payment(caller: Caller, token: str, why: str, *, status: int, here: str = "") -> HtmlResponse:
    """The same, drawn by whoever could not take a payment, at the address of the form that asked for it.

    `here` leads from any other address to those of its forms.
    """
    return _render_current_quote(caller, token, posted=True, status=status, unpaid=why, here=here)


def accept_by_form(caller: Caller, token: str, form: AcceptForm) -> HtmlResponse:
    """Book, and lead back to the quote's page; a name or tick that is missing is asked for."""
    from coachway.bookings.quotes import responses  # the page does without what books

    name = form.accepted_by.strip()
    wrong = {
        **({} if name else {"accepted_by": "Enter your name."}),
        **({} if form.agreed else {"agreed": "Tick the box to accept."}),
    }
    if wrong:
        return _render_current_quote(caller, token, posted=True, status=422, sent={"accepted_by": name}, wrong=wrong)
    wanted = responses.AcceptInput(revision_number=form.revision_number, accepted_by=" ".join(name.split()))
    return _redirect_after(caller, token, lambda: responses.accept_quote(caller, token, wanted))


def decline_by_form(caller: Caller, token: str, form: DeclineForm) -> HtmlResponse:
    """Decline, and lead back to the quote's page."""
    from coachway.bookings.quotes import responses  # the page does without what books

    wanted = responses.DeclineInput(revision_number=form.revision_number, reason=form.reason.strip())
    return _redirect_after(caller, token, lambda: responses.decline_quote(caller, token, wanted))


def get_itinerary_pdf(caller: Caller, charter_id: str) -> FileResponse:
    """The itinerary of a charter. Raises Missing."""
    from coachway.bookings import itinerary_pdf  # ReportLab stays out of the quote page's cold start

    charter = charter_queries.get_charter(caller, charter_id)
    client = clients.get(caller, charter.client_id)
    paper = itinerary_pdf.render_itinerary(charter, client, organization_queries.get(caller.org_id))
    return FileResponse(paper, "application/pdf", f"itinerary-{charter.number}.pdf", inline=True)


def _redirect_after(caller: Caller, token: str, answer: Callable[[], object]) -> HtmlResponse:
    try:
        answer()
    except errors.Conflict as refusal:
        return _render_current_quote(caller, token, posted=True, status=409, trouble=refusal.detail)
    except LinkReplaced:
        return _render_current_quote(caller, token, posted=True)
    return HtmlResponse("", status=303, headers={"Location": f"../{token}"})


def _render_current_quote(
    caller: Caller,
    token: str,
    *,
    posted: bool = False,
    status: int = 200,
    trouble: str = "",
    unpaid: str = "",
    here: str = "",
    sent: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
) -> HtmlResponse:
    """The quote as it is now. `posted`: the page's address is that of a form, one step further down."""
    organization = organization_queries.get(tokens.verify_link_token(PURPOSE, "chr", token).org_id)
    try:
        charter = open_link(token).charter
    except LinkReplaced:
        return _render_replaced_link(organization)
    words = formatter_of(organization)
    client = _find_client(caller, charter)
    parts = payment_schedule.instalments_of(charter, client, organization) if client else []
    name, state = client.name if client else "", quote_state(charter, clock.now())
    quote = page_content.build_quote_page(charter, name, words, state, trouble, unpaid=unpaid, parts=parts)
    return render_content(
        quote, organization, here=here if posted else f"{token}/", status=status, sent=sent or {}, wrong=wrong or {}
    )


def _find_client(caller: Caller, charter: Charter) -> Client | None:
    """None for one who was removed."""
    try:
        return clients.get(caller.within(charter.org_id), charter.client_id)
    except errors.NotFound:
        return None


def _render_replaced_link(organization: Organization) -> HtmlResponse:
    return html.html(
        html.TEMPLATES,
        "refusal.html",
        brand=brand_of(organization),
        status=404,
        title="There is a newer version of this quote",
        advice="This link is not valid any more. Open the link in our latest message to you.",
        reference="",
    )


def render_content(
    quote: QuotePage,
    organization: Organization,
    *,
    here: str = "",
    status: int = 200,
    sent: Mapping[str, str],
    wrong: Mapping[str, str],
) -> HtmlResponse:
    """The page of a quote. `here` leads from the page's address to that of its forms; `wrong` names fields."""
    card = None
    if quote.asked is not None:
        label, otherwise = f"Pay {quote.asked.said}", "Call us, or reply to our email, to pay another way."
        card = CardFormContext.of(f"{here}pay", label, quote.asked.amount, quote.asked.paid, otherwise)
    return html.html(
        TEMPLATES,
        "quote.html",
        brand=brand_of(organization),
        status=status,
        more_style=card_form.STYLE if card else "",
        also=card.policy if card else "",
        quote=quote,
        card=card,
        here=here,
        sent={"accepted_by": "", "reason": "", **sent},
        errors=wrong,
    )
