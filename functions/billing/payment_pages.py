"""The page of an invoice, and where cards go that are entered on pages."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from coachway.billing.ids import PaymentId
from coachway.billing.invoices import page as service
from coachway.core.caller import Caller
from coachway.core.documents import html
from coachway.core.documents.card_form import CardForm
from coachway.core.http.response_types import HtmlResponse
from coachway.core.http.routing import PUBLIC, ApiRouter

Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,200}$")]

api = ApiRouter(
    "billing", "Invoices, payments, refunds, payables, and the ledger.", health=False, error_page=html.error_page
)
app = api.app


@api.get("/pages/invoices/{invoice_token}", permission=PUBLIC, media="text/html", base="")
def get_invoice_page(caller: Caller, invoice_token: Token) -> HtmlResponse:
    """The page of an invoice, for the client who was sent its link.

    Phone first. It tells what is due for what, and takes a card: Stripe's script makes a token of it.
    """
    return service.show(caller, invoice_token)


@api.post("/pages/invoices/{invoice_token}/pay", permission=PUBLIC, status=303, media="text/html", base="")
def pay_invoice_on_page(caller: Caller, invoice_token: Token, form: CardForm) -> HtmlResponse:
    """Pay an invoice by its page's form, and go back to the page."""
    from coachway.billing.payments import checkout_pages  # the page does without what books and settles

    return checkout_pages.pay(caller, invoice_token, form)


@api.get(
    "/pages/invoices/{invoice_token}/payments/{payment_id}", permission=PUBLIC, status=303, media="text/html", base=""
)
def return_to_invoice_page(caller: Caller, invoice_token: Token, payment_id: PaymentId) -> HtmlResponse:
    """Come back from the bank, where a payment was to be confirmed, and be led to the invoice's page."""
    from coachway.billing.payments import checkout_pages  # the page does without what books and settles

    return checkout_pages.paid(caller, invoice_token, payment_id)


@api.get("/pages/quotes/{token}/payments/{payment_id}", permission=PUBLIC, status=303, media="text/html", base="")
def return_to_quote_page(caller: Caller, token: Token, payment_id: PaymentId) -> HtmlResponse:
    """Come back from the bank, where a payment was to be confirmed, and be led to the quote's page."""
    from coachway.billing.payments import checkout_pages  # the page does without what books and settles

    return checkout_pages.paid_quote(caller, token, payment_id)


@api.post("/pages/quotes/{token}/pay", permission=PUBLIC, status=303, media="text/html", base="")
def pay_quote_on_page(caller: Caller, token: Token, form: CardForm) -> HtmlResponse:
    """Pay the deposit, or the rest, of a trip by the form of its quote's page, and go back to the page."""
    from coachway.billing.payments import checkout_pages  # the page does without what books and settles

    return checkout_pages.pay_quote(caller, token, form)
