"""Routes of payments and payment schedules."""

from coachway.billing.errors import (
    AmountExceedsBalance,
    CharterAlreadyInvoiced,
    CharterNotPayable,
    InvoiceNotPayable,
    NothingDue,
    PaymentInProgress,
)
from coachway.billing.ids import PaymentId
from coachway.billing.payments import queries as payment_queries
from coachway.billing.payments.model import Payment, PaymentInput, PaymentQuery
from coachway.billing.stripe.client import CardDeclined
from coachway.bookings import payment_schedule
from coachway.bookings.charters.model import CharterId
from coachway.bookings.charters.trip_model import ClientId
from coachway.bookings.errors import (
    CharterClosed,
    ClientPaysByInvoice,
    ClientRemoved,
    DepositAlreadyCovered,
    InstalmentDateRequired,
    InstalmentEarlierThanAgreed,
    PaymentScheduleAccepted,
)
from coachway.bookings.payment_schedule import PaymentSchedule, PaymentScheduleInput
from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.http.routing import ApiRouter
from coachway.core.schemas import Page

api = ApiRouter("billing", "Invoices, payments, refunds, payables, and the ledger.", health=False)
app = api.app

CLIENTS = ("client",)


@api.post(
    "/payments/process",
    permission="payments:write",
    external_roles=CLIENTS,
    status=201,
    errors=(
        errors.NotFound,
        AmountExceedsBalance,
        CardDeclined,
        CharterAlreadyInvoiced,
        CharterNotPayable,
        InvoiceNotPayable,
        NothingDue,
        PaymentInProgress,
        errors.RateLimited,
    ),
)
def charge_card(caller: Caller, body: PaymentInput) -> Payment:
    """Charge a card.

    Pays an invoice, or a charter in advance. A payment that covers the deposit books the charter. A declined card
    returns 409 `card_declined`, and the payment is stored as failed. If the payment is `pending`, its result is not
    known yet: get the payment later, and do not pay again. Clients can pay their own invoices and charters.
    """
    from coachway.billing.payments import card_payments  # slow to import, and the other routes do not need it

    return card_payments.charge_card(caller, body)


@api.get("/payments", permission="billing:read", external_roles=CLIENTS, errors=(errors.NotFound,))
def list_payments(caller: Caller, query: PaymentQuery) -> Page[Payment]:
    """List payments.

    Newest first. Clients see their own.
    """
    return payment_queries.list_payments(caller, query)


@api.get("/payments/{payment_id}", permission="billing:read", external_roles=CLIENTS)
def get_payment(caller: Caller, payment_id: PaymentId) -> Payment:
    """Get a payment."""
    return payment_queries.show_payment(caller, payment_id)


@api.delete(
    "/clients/{client_id}/saved-card",
    permission="payments:write",
    external_roles=CLIENTS,
    errors=(errors.NotFound, errors.UpstreamUnavailable),
)
def remove_saved_card(caller: Caller, client_id: ClientId) -> None:
    """Remove a client's saved card.

    Withdraws the client's consent to later charges: no announced charge is made any more. An email tells the client
    what to pay instead. Clients can remove their own.
    """
    from coachway.billing.collections import service as collections  # slow to import, and other routes do not need it

    collections.remove_saved_card(caller, client_id)


@api.get(
    "/charters/{charter_id}/payment-schedule",
    permission="billing:read",
    external_roles=CLIENTS,
    errors=(ClientRemoved,),
)
def get_payment_schedule(caller: Caller, charter_id: CharterId) -> PaymentSchedule:
    """Get a charter's payment schedule.

    Returns the agreed instalments, or those of the organization's payment policy. The list is empty for clients with
    payment terms, who are invoiced after the trip.
    """
    return payment_schedule.get_schedule(caller, charter_id)


@api.put(
    "/charters/{charter_id}/payment-schedule",
    permission="charters:write",
    errors=(
        CharterClosed,
        ClientPaysByInvoice,
        ClientRemoved,
        DepositAlreadyCovered,
        InstalmentDateRequired,
        InstalmentEarlierThanAgreed,
        PaymentScheduleAccepted,
    ),
)
def set_payment_schedule(
    caller: Caller, charter_id: CharterId, body: PaymentScheduleInput, if_match: int | None
) -> PaymentSchedule:
    """Set a charter's payment schedule.

    The instalments must add up to the price. One without `due_on` is due when the quote is accepted, and paying it
    books the trip. An empty list returns to the organization's payment policy. After the client has accepted a
    schedule, it can be replaced by one that is due later, but not earlier.
    """
    return payment_schedule.set_schedule(caller, charter_id, body, if_match)
