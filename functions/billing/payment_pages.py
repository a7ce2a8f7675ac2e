"""Pages of invoices, and card payments on pages."""

from coachway.billing.ids import PaymentId
from coachway.billing.invoices import links as invoice_links
from coachway.billing.invoices import page as invoice_page
from coachway.bookings.charters import quote_link
from coachway.core.auth.signed_links import Token
from coachway.core.caller import Caller
from coachway.core.documents.card_form import CardForm
from coachway.core.http.response_types import HtmlResponse
from coachway.core.http.routing import PUBLIC, ApiRouter
from coachway.identity.link_error_pages import build_error_page

api = ApiRouter(
    "billing",
    "Invoices, payments, refunds, payables, and the ledger.",
    health=False,
    error_page=build_error_page(invoice_links.PURPOSE, quote_link.PURPOSE),
)
app = api.app


@api.get("/pages/invoices/{invoice_token}", permission=PUBLIC, media="text/html", base="")
def get_invoice_page(caller: Caller, invoice_token: Token) -> HtmlResponse:
    """Show an invoice page.

    For the client who was sent the link. The page shows the invoice and accepts a card payment; Stripe's script turns
    the card into a token.
    """
    return invoice_page.render_page(caller, invoice_token)


@api.post("/pages/invoices/{invoice_token}/pay", permission=PUBLIC, status=303, media="text/html", base="")
def pay_invoice_on_page(caller: Caller, invoice_token: Token, form: CardForm) -> HtmlResponse:
    """Pay an invoice by card.

    Submits the form of the invoice page. Redirects to the page.
    """
    from coachway.billing.payments import checkout_pages  # slow to import, and the page does not need it

    return checkout_pages.pay_invoice(caller, invoice_token, form)


@api.get(
    "/pages/invoices/{invoice_token}/payments/{payment_id}", permission=PUBLIC, status=303, media="text/html", base=""
)
def return_to_invoice_page(caller: Caller, invoice_token: Token, payment_id: PaymentId) -> HtmlResponse:
    """Return from the bank to an invoice.

    The bank redirects the payer here after the confirmation of a payment. Redirects to the invoice page.
    """
    from coachway.billing.payments import checkout_pages  # slow to import, and the page does not need it

    return checkout_pages.complete_invoice_payment(caller, invoice_token, payment_id)


@api.get("/pages/quotes/{token}/payments/{payment_id}", permission=PUBLIC, status=303, media="text/html", base="")
def return_to_quote_page(caller: Caller, token: Token, payment_id: PaymentId) -> HtmlResponse:
    """Return from the bank to a quote.

    The bank redirects the payer here after the confirmation of a payment. Redirects to the quote page.
    """
    from coachway.billing.payments import checkout_pages  # slow to import, and the page does not need it

    return checkout_pages.complete_quote_payment(caller, token, payment_id)


@api.post("/pages/quotes/{token}/pay", permission=PUBLIC, status=303, media="text/html", base="")
def pay_quote_on_page(caller: Caller, token: Token, form: CardForm) -> HtmlResponse:
    """Pay a quote by card.

    Submits the form of the quote page, for the deposit or the balance. Redirects to the page.
    """
    from coachway.billing.payments import checkout_pages  # slow to import, and the page does not need it

    return checkout_pages.pay_quote(caller, token, form)
