"""Routes of payments, and of when charters are paid for."""

from __future__ import annotations

from coachway.billing.ids import PaymentId
from coachway.billing.payments import queries as payment_queries
from coachway.billing.payments.model import Payment, PaymentInput, PaymentQuery
from coachway.bookings import payment_schedule
from coachway.bookings.charters.model import CharterId
from coachway.bookings.errors import (
    CharterClosed,
    ClientPaysByInvoice,
    ClientRemoved,
    DepositAlreadyCovered,
    InstalmentDateRequired,
    PaymentScheduleAccepted,
)
from coachway.bookings.payment_schedule import PaymentSchedule, PaymentScheduleInput
from coachway.core.caller import Caller
from coachway.core.http.routing import ApiRouter
from coachway.core.schemas import Page

api = ApiRouter("billing", "Invoices, payments, refunds, payables, and the ledger.", health=False)
app = api.app

CLIENTS = ("client",)


@api.post("/payments/process", permission="payments:write", external_roles=CLIENTS, status=201, errors=(404,))
def process_payment(caller: Caller, body: PaymentInput) -> Payment:
    """Take a payment by card, for an invoice or ahead for a charter.

    The payment that covers a deposit books its charter. A card that is declined answers 409 with the bank's reason, and
    the payment is kept as failed. `pending` when Stripe did not say in time what became of it: look again, and do not
    pay again. Clients pay what is theirs.
    """
    from coachway.billing.payments import card_payments  # the other routes do without what books and settles

    return card_payments.charge_card(caller, body)


@api.get("/payments", permission="billing:read", external_roles=CLIENTS, errors=(404,))
def list_payments(caller: Caller, query: PaymentQuery) -> Page[Payment]:
    """List payments, newest first.

    Clients see their own.
    """
    return payment_queries.listed(caller, query)


@api.get("/payments/{payment_id}", permission="billing:read", external_roles=CLIENTS)
def get_payment(caller: Caller, payment_id: PaymentId) -> Payment:
    """Get a payment."""
    return payment_queries.get(caller, payment_id)


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
        PaymentScheduleAccepted,
    ),
)
def set_payment_schedule(
    caller: Caller, charter_id: CharterId, body: PaymentScheduleInput, if_match: int | None
) -> PaymentSchedule:
    """Set a charter's payment schedule.

    The instalments must add up to the price. One without `due_on` is due when the quote is accepted, and paying it
    books the trip. An empty list returns to the organization's payment policy.
    """
    return payment_schedule.set_schedule(caller, charter_id, body, if_match)
