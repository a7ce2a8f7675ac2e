"""What a payment, its reversal, a refund or a void does to an invoice: ops for the transaction of the payment itself.

after, ops = receipts.paid(house, invoice, charter, payment_id=…, cents=…)
store.commit(caller, Create(payment), *ops)
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from coachway.billing.invoices import service
from coachway.billing.invoices.model import Invoice
from coachway.billing.invoices.rules import InvoiceStatus, require_payable, status_for
from coachway.billing.invoices.service import InvoiceChanged
from coachway.billing.ledger import journal as ledger_journal
from coachway.billing.ledger import movements
from coachway.billing.ledger.accounts import Movement
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.clients import credit
from coachway.contracts.billing.invoices import (
    InvoiceOverdue,
    InvoicePaid,
    InvoicePaymentRecorded,
    InvoiceRefundBounced,
    InvoiceRefunded,
    InvoiceReopened,
)
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Op, Update
from coachway.core.persistence.records import Key
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.core.types.money import round_half_up
from coachway.identity.model.organization import ORGANIZATIONS, Organization


class InvoicePaymentContext(BaseSchema):
    """What a payment of an invoice stands on. `charter`: the one trip of an invoice that is for one."""

    invoice: Invoice
    charter: Charter | None
    house: Organization


def load_context(caller: Caller, invoice_id: str, *, expected: int | None = None) -> InvoicePaymentContext:
    """Reads it: two reads. Raises Missing, also for another client's invoice."""
    invoice = service.get(caller, invoice_id, expected=expected)
    house_key = ORGANIZATIONS.key(org=caller.org_id)
    key = _single(invoice)
    found = store.batch_get([house_key, *([key] if key else [])])
    charter = found.find(Charter, key) if key else None
    return InvoicePaymentContext(invoice=invoice, charter=charter, house=found.get(Organization, house_key))


def _single(invoice: Invoice) -> Key | None:
    if len(invoice.charter_ids) != 1:
        return None
    return CHARTER.key(org=invoice.org_id, id=invoice.charter_ids[0])


def apply_payment(
    on: InvoicePaymentContext, *, payment_id: str, cents: int, memo: str = ""
) -> tuple[Invoice, list[Op]]:
    """The invoice once `cents` more are paid, and the ops that make it so.

    Raises Conflict when it takes no payments, or less is due.
    """
    before = on.invoice
    require_payable(before.status, before.balance_due, cents)
    after = _with(on, before.amount_paid + cents)
    said = {**service.event_fields(after), "payment_id": payment_id, "amount": cents}
    fact = InvoicePaid(**said) if after.status is InvoiceStatus.PAID else InvoicePaymentRecorded(**said)
    movement = movements.payment_received(
        client_id=before.client_id,
        invoice_id=before.id,
        charter_id=on.charter.id if on.charter else None,
        cents=cents,
        currency=before.currency,
        memo=memo or f"Payment of {before.number}",
    )
    return after, [
        Update(before, after, _facts(before, after, fact), lost=InvoiceChanged()),
        *_on_charter(on, cents),
        *ledger_journal.journal_ops(on.house, movement, reference=payment_id),
        credit.settle_op(before.org_id, before.client_id, cents),
    ]


def apply_reversal(
    on: InvoicePaymentContext, *, payment_id: str, cents: int, memo: str = ""
) -> tuple[Invoice, list[Op]]:
    """The invoice once a payment of `cents` turned out to be none: that is due again."""
    before = on.invoice
    if cents > before.paid_since:
        raise errors.Conflict(f"only {before.paid_since / 100:.2f} was paid on it", title="that was not paid")
    after = _with(on, before.amount_paid - cents)
    fact = InvoiceReopened(**service.event_fields(after), payment_id=payment_id, amount=cents)
    movement = movements.payment_reversed(
        client_id=before.client_id,
        invoice_id=before.id,
        charter_id=on.charter.id if on.charter else None,
        cents=cents,
        currency=before.currency,
        memo=memo or f"Payment of {before.number} reversed",
    )
    return after, [
        Update(before, after, _facts(before, after, fact), lost=InvoiceChanged()),
        *_on_charter(on, -cents),
        *ledger_journal.journal_ops(on.house, movement, reference=payment_id),
        credit.invoice_op(before.org_id, before.client_id, cents),
    ]


def apply_refund(on: InvoicePaymentContext, *, refund_id: str, cents: int, memo: str = "") -> tuple[Invoice, list[Op]]:
    """The invoice once `cents` of what was paid on it are given back: nothing is due again, less was earned.

    Raises Conflict when that is more than was paid and not given back yet.
    """
    before = on.invoice
    left = before.amount_paid - before.amount_refunded
    if cents > left:
        raise errors.Conflict(f"{left / 100:.2f} is left to give back", title="that is more than was paid")
    after = before.model_copy(update={"amount_refunded": before.amount_refunded + cents})
    fact = InvoiceRefunded(**service.event_fields(after), refund_id=refund_id, amount=cents)
    movement = _given_back(on, cents, tax_share(after) - tax_share(before), memo)
    return after, [
        Update(before, after, [fact], lost=InvoiceChanged()),
        *_on_charter(on, -cents),
        *ledger_journal.journal_ops(on.house, movement, reference=refund_id),
    ]


def apply_returned_refund(on: InvoicePaymentContext, *, refund_id: str, cents: int, memo: str) -> list[Op]:
    """The ops by which `cents` that were given back of an invoice are here again, as they did not arrive."""
    before = on.invoice
    after = before.model_copy(update={"amount_refunded": before.amount_refunded - cents})
    fact = InvoiceRefundBounced(**service.event_fields(after), refund_id=refund_id, amount=cents)
    movement = movements.reversal_of(_given_back(on, cents, tax_share(before) - tax_share(after), memo))
    return [
        Update(before, after, [fact], lost=InvoiceChanged()),
        *_on_charter(on, cents),
        *ledger_journal.journal_ops(on.house, movement, reference=refund_id),
    ]


def _given_back(on: InvoicePaymentContext, cents: int, tax: int, memo: str) -> Movement:
    return movements.payment_refunded(
        client_id=on.invoice.client_id,
        invoice_id=on.invoice.id,
        charter_id=on.charter.id if on.charter else None,
        cents=cents,
        tax=tax,
        currency=on.invoice.currency,
        memo=memo or f"Refund on {on.invoice.number}",
    )


def void_entries(house: Organization, before: Invoice) -> list[Op]:
    """The ops that book an invoice back, unless it comes to nothing; what is left of its payments is a deposit."""
    if before.total == 0:
        return []
    movement = movements.invoice_voided(
        client_id=before.client_id,
        invoice_id=before.id,
        charter_id=before.charter_ids[0] if len(before.charter_ids) == 1 else None,
        number=before.number,
        net=before.subtotal,
        tax=before.tax,
        paid=before.amount_paid,
        refunded=before.amount_refunded,
        tax_refunded=tax_share(before),
        currency=before.currency,
    )
    return ledger_journal.journal_ops(house, movement, reference=before.id)


def tax_share(invoice: Invoice) -> int:
    """Cents of tax in what was given back of an invoice so far: all of it once all is given back."""
    if invoice.total == 0:
        return 0
    return round_half_up(Decimal(invoice.tax * invoice.amount_refunded) / invoice.total)


def _with(on: InvoicePaymentContext, amount_paid: int) -> Invoice:
    """The invoice with so much paid, as it stands today."""
    before = on.invoice
    due: date = before.due_date or ledger_journal.today(on.house)
    status = status_for(before.total, amount_paid, due, ledger_journal.today(on.house))
    changed: dict[str, Any] = {
        "amount_paid": amount_paid,
        "balance_due": before.total - amount_paid,
        "status": status,
        "paid_at": clock.now() if status is InvoiceStatus.PAID else None,
    }
    return before.model_copy(update=changed)


def _facts(before: Invoice, after: Invoice, fact: Event) -> list[Event]:
    """`fact`, and that the invoice is overdue if that is seen here first: the timer passes by those that say so."""
    if after.status is not InvoiceStatus.OVERDUE or before.status is InvoiceStatus.OVERDUE:
        return [fact]
    return [fact, InvoiceOverdue(**service.event_fields(after), link_nonce=after.link_nonce)]


def _on_charter(on: InvoicePaymentContext, cents: int) -> list[Op]:
    """What was paid for a trip stands on it too: cancelling it refunds a share of that."""
    if on.charter is None:
        return []
    after = on.charter.model_copy(update={"amount_paid": max(0, on.charter.amount_paid + cents)})
    return [Update(on.charter, after, lost=InvoiceChanged())]
