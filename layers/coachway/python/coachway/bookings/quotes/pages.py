"""The web page of a quote, and the quote and the itinerary as PDFs."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import ConfigDict, Field

from coachway.bookings import payment_schedule
from coachway.bookings.charter_text import build_formatter
from coachway.bookings.charters import agreed_terms, booking_contact
from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.quote_link import PURPOSE
from coachway.bookings.errors import QuoteBeingRevised, QuoteLinkReplaced, QuoteWithdrawn
from coachway.bookings.quotes import page_content
from coachway.bookings.quotes.links import open_link
from coachway.bookings.quotes.page_content import QuotePage, quote_state
from coachway.clients import service as clients
from coachway.clients.model import Client, Contact
from coachway.core import errors, store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.documents import card_form, html
from coachway.core.documents.card_form import CardFormContext
from coachway.core.http.response_types import FileResponse, HtmlResponse
from coachway.core.runtime import clock
from coachway.core.schemas import RequestSchema
from coachway.core.types.text import OptionalText, ShortNote
from coachway.core.user_reference import USERS
from coachway.identity import organization_queries
from coachway.identity.model.organization import Organization
from coachway.identity.model.user import User
from coachway.identity.organizations.branding import build_brand

TEMPLATES: Final = Path(__file__).parents[1] / "templates"


class AcceptForm(RequestSchema):
    """The form that accepts a quote. If the name or the checkbox is missing, the page shows the form again."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"revision_number": 1, "accepted_by": "Dana Lee", "agreed": True}]}
    )

    revision_number: Annotated[int, Field(ge=1, le=1_000_000, description="The revision that was read.")]
    accepted_by: OptionalText = ""
    agreed: bool = False


class DeclineQuoteForm(RequestSchema):
    """The form that declines a quote."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"revision_number": 1, "reason": "The date moved."}]})

    revision_number: Annotated[int, Field(ge=1, le=1_000_000, description="The revision that was read.")]
    reason: ShortNote = ""


def render_quote_page(token: str) -> HtmlResponse:
    """Render the page of a link's quote. Raises NotFound for a forged link."""
    return _render_current_quote(token)


def render_failed_payment(token: str, reason: str, *, status: int, base_path: str = "") -> HtmlResponse:
    """Render the page after a failed payment, at the address of the payment form.

    `base_path` is the relative path from the current address to the addresses of the page's forms.
    """
    return _render_current_quote(token, posted=True, status=status, payment_failure=reason, base_path=base_path)


def submit_acceptance_form(caller: Caller, token: str, form: AcceptForm) -> HtmlResponse:
    """Accept the quote and redirect to its page, or show the form again if the name or the checkbox is missing."""
    from coachway.bookings.quotes import responses  # imported late: showing the page does not need it

    name = form.accepted_by.strip()
    field_errors = {
        **({} if name else {"accepted_by": "Enter your name."}),
        **({} if form.agreed else {"agreed": "Check the box to accept."}),
    }
    if field_errors:
        return _render_current_quote(
            token, posted=True, status=422, values={"accepted_by": name}, field_errors=field_errors
        )
    body = responses.AcceptQuoteInput(revision_number=form.revision_number, accepted_by=" ".join(name.split()))
    return _redirect_after_answer(token, lambda: responses.accept_quote(caller, token, body))


def submit_decline_form(caller: Caller, token: str, form: DeclineQuoteForm) -> HtmlResponse:
    """Decline the quote and redirect to its page."""
    from coachway.bookings.quotes import responses  # imported late: showing the page does not need it

    body = responses.DeclineInput(revision_number=form.revision_number, reason=form.reason.strip())
    return _redirect_after_answer(token, lambda: responses.decline_quote(caller, token, body))


def record_opening(caller: Caller, token: str) -> None:
    """Record that a person opened the quote's page. Raises NotFound for a forged link."""
    from coachway.bookings.quotes import responses  # imported late: showing the page does not need it

    responses.record_opening(caller, token)


def get_itinerary_pdf(caller: Caller, charter_id: str) -> FileResponse:
    """The itinerary of a charter as a PDF. Raises NotFound."""
    from coachway.bookings import itinerary_pdf  # imported late: the layer `pdf` is large

    charter = charter_queries.get_charter(caller, charter_id)
    client = clients.get_client(caller, charter.client_id)
    pdf = itinerary_pdf.render_itinerary(charter, client, organization_queries.get_organization(caller.org_id))
    return pdf.build_response(f"itinerary-{charter.number}.pdf")


def get_quote_pdf(caller: Caller, charter_id: str) -> FileResponse:
    """The quote of a charter as a PDF, for the office. Raises NotFound."""
    charter = charter_queries.get_charter(caller, charter_id)
    return _build_quote_pdf(charter, organization_queries.get_organization(caller.org_id))


def get_quote_pdf_by_link(token: str) -> FileResponse:
    """The quote of a link as a PDF, for the client. Raises NotFound for a forged link, or QuoteLinkReplaced."""
    charter = open_link(token).charter
    return _build_quote_pdf(charter, organization_queries.get_organization(charter.org_id))


def _build_quote_pdf(charter: Charter, organization: Organization) -> FileResponse:
    from coachway.bookings.quotes import quote_pdf  # imported late: the layer `pdf` is large

    page = _build_page(charter, organization)
    return quote_pdf.render_quote(charter, page, organization).build_response(f"quote-{charter.number}.pdf")


def _redirect_after_answer(token: str, send_answer: Callable[[], object]) -> HtmlResponse:
    try:
        send_answer()
    except errors.Conflict as conflict:
        return _render_current_quote(token, posted=True, status=409, rejection_reason=conflict.detail)
    except QuoteLinkReplaced:
        return _render_current_quote(token, posted=True)
    return HtmlResponse("", status=303, headers={"Location": f"../{token}"})


def _render_current_quote(
    token: str,
    *,
    posted: bool = False,
    status: int = 200,
    rejection_reason: str = "",
    payment_failure: str = "",
    base_path: str = "",
    values: Mapping[str, str] | None = None,
    field_errors: Mapping[str, str] | None = None,
) -> HtmlResponse:
    """Render the current quote. `posted` means that the address is that of a form, one level below the page."""
    organization = organization_queries.get_organization(signed_links.verify_link_token(PURPOSE, "chr", token).org_id)
    try:
        charter = open_link(token).charter
    except QuoteLinkReplaced as error:
        return _render_replaced_link(organization, error)
    return render_content(
        _build_page(charter, organization, rejection_reason, payment_failure),
        organization,
        base_path=base_path if posted else f"{token}/",
        status=status,
        values=values or {},
        field_errors=field_errors or {},
    )


def _build_page(
    charter: Charter, organization: Organization, rejection_reason: str = "", payment_failure: str = ""
) -> QuotePage:
    """Build the content. A quote that was not sent has the terms that it would be sent with. At most two reads."""
    client, contact, salesperson = _find_people(charter)
    if client is not None and charter.quote_sent_at is None and not charter.is_accepted:
        charter = charter.model_copy(update=agreed_terms.current_terms(client, organization))
    return page_content.build_quote_page(
        charter,
        ", ".join(each.name for each in (contact, client) if each is not None),
        build_formatter(organization),
        quote_state(charter, clock.now()),
        rejection_reason,
        payment_failure=payment_failure,
        parts=payment_schedule.list_instalments(charter, client, organization) if client else [],
        salesperson=f"{salesperson.first_name} {salesperson.last_name}" if salesperson else "",
        terms=organization_queries.get_terms_text(organization, charter.terms_digest),
        is_unopened=charter.quote_opened_at is None,
    )


def _find_people(charter: Charter) -> tuple[Client | None, Contact | None, User | None]:
    """The client, the contact and the salesperson; None if removed, or if the salesperson has left. One read."""
    user_key = USERS.key(org=charter.org_id, id=charter.salesperson_id)
    keys = booking_contact.people_keys(charter)
    records = store.batch_get([*keys, user_key] if charter.salesperson_id else keys)
    user = records.find(User, user_key)
    salesperson = user if user is not None and user.status == "active" else None
    return booking_contact.find_client(charter, records), booking_contact.find_contact(charter, records), salesperson


def _render_replaced_link(organization: Organization, error: QuoteLinkReplaced) -> HtmlResponse:
    title = "This link was replaced"
    advice = "It is no longer valid. Open the link in our latest message, or ask us for a new one."
    if isinstance(error, QuoteBeingRevised):
        title = "This quote is being revised"
        advice = "We are changing the trip or its price, so this version is no longer valid."
    elif isinstance(error, QuoteWithdrawn):
        title = "This quote was withdrawn"
        advice = f"{error.detail} If you did not expect this, contact us."
    return html.render_template(
        html.TEMPLATES,
        "error_page.html",
        brand=build_brand(organization),
        status=404,
        title=title,
        advice=advice,
        reference="",
    )


def render_content(
    quote: QuotePage,
    organization: Organization,
    *,
    base_path: str = "",
    status: int = 200,
    values: Mapping[str, str],
    field_errors: Mapping[str, str],
) -> HtmlResponse:
    """Render a quote's page. `base_path` is the relative path from its address to those of its forms."""
    card = None
    if quote.payment is not None:
        label, hint = f"Pay {quote.payment.amount_text}", "To pay another way, call us or reply to our email."
        card = CardFormContext.for_amount(
            f"{base_path}pay",
            label,
            quote.payment.amount,
            quote.payment.paid,
            payee=organization.name,
            alternative=hint,
        )
    return html.render_template(
        TEMPLATES,
        "quote.html",
        brand=build_brand(organization),
        status=status,
        more_style=card_form.STYLE if card else "",
        extra_policy=card.content_policy if card else "",
        script=(TEMPLATES / "opened.js").read_text() if quote.reports_opening else "",
        quote=quote,
        card=card,
        base_path=base_path,
        values={"accepted_by": "", "reason": "", **values},
        errors=field_errors,
    )
