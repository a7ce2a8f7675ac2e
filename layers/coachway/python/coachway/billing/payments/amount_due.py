"""Amounts due: the balance of an invoice, or the due instalments of a charter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from coachway.billing.errors import CharterAlreadyInvoiced, CharterNotPayable
from coachway.billing.invoices import payment_effects
from coachway.billing.invoices.rules import require_payable
from coachway.bookings import instalments, payment_schedule
from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.model import Charter
from coachway.bookings.charters.rules import CharterStatus
from coachway.bookings.instalments import Instalment
from coachway.clients.model import Client
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.operations import CheckVersion, Op
from coachway.identity.model.organization import ORGANIZATIONS, Organization

_UNPAYABLE: Final = frozenset({CharterStatus.DECLINED, CharterStatus.EXPIRED, CharterStatus.CANCELLED})


@dataclass(frozen=True, slots=True)
class AmountDue:
    """The amount due of an invoice or a charter, in cents.

    `due` is due now, `offered` is what the payment page offers to pay: the amount due or, if nothing is due, the next
    instalment. `maximum` is the most that can be paid, and `paid` was paid before. Commit a payment together with
    `conditions`, which fail if the invoice or charter has changed.
    """

    client_id: str
    number: str
    currency: str
    due: int
    offered: int
    maximum: int
    paid: int
    conditions: Sequence[Op]
    invoice_id: str | None = None
    charter_id: str | None = None


def load_invoice_amount_due(caller: Caller, invoice_id: str) -> AmountDue:
    """Load the amount due of an invoice. Raises NotFound, InvoiceNotPayable."""
    context = payment_effects.load_payment_context(caller, invoice_id)
    invoice = context.invoice
    require_payable(invoice.status, invoice.balance_due, 1)
    conflict = errors.ConcurrentUpdate("This invoice was changed by another request. Read it again, then retry.")
    return AmountDue(
        client_id=invoice.client_id,
        number=invoice.number,
        currency=invoice.currency,
        due=invoice.balance_due,
        offered=invoice.balance_due,
        maximum=invoice.balance_due,
        paid=invoice.amount_paid,
        conditions=[CheckVersion(invoice, conflict)],
        invoice_id=invoice.id,
    )


def load_charter_amount_due(caller: Caller, charter_id: str) -> AmountDue:
    """Load the amount due of a charter. Raises NotFound, CharterNotPayable, CharterAlreadyInvoiced."""
    charter = charter_queries.get_charter(caller, charter_id)
    if caller.is_external and caller.party_id != charter.client_id:
        raise errors.NotFound("The charter was not found.")
    if charter.status in _UNPAYABLE:
        raise CharterNotPayable(f"This charter is {charter.status}. It does not accept payments.")
    if charter.status is CharterStatus.QUOTE and not charter.is_accepted:
        raise CharterNotPayable("The client has not accepted the quote yet.")
    if charter.invoice_id is not None:
        raise CharterAlreadyInvoiced(f"This charter is on invoice {charter.invoice_id}. Pay that invoice.")
    conflict = errors.ConcurrentUpdate("This charter was changed by another request. Read it again, then retry.")
    parts = _list_instalments(charter)
    due = max(0, instalments.sum_due_by(parts, payment_schedule.local_today(charter)) - charter.amount_paid)
    return AmountDue(
        client_id=charter.client_id,
        number=charter.number,
        currency=charter.quote.currency,
        due=due,
        offered=due or _next_open_amount(parts, charter.amount_paid),
        maximum=max(0, charter.quote.total - charter.amount_paid),
        paid=charter.amount_paid,
        conditions=[CheckVersion(charter, conflict)],
        charter_id=charter.id,
    )


def _list_instalments(charter: Charter) -> Sequence[Instalment]:
    client_key, organization_key = (
        CLIENT.key(org=charter.org_id, id=charter.client_id),
        ORGANIZATIONS.key(org=charter.org_id),
    )
    records = store.batch_get([client_key, organization_key])
    client = records.find(Client, client_key)
    if client is None:
        return []
    return payment_schedule.list_instalments(charter, client, records.get(Organization, organization_key))


def _next_open_amount(parts: Sequence[Instalment], paid: int) -> int:
    return next((amount for amount in instalments.calculate_open_amounts(parts, paid) if amount), 0)
