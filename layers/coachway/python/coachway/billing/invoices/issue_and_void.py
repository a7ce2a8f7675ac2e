"""Issues invoices, and voids them: number, ledger, credit and event in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from coachway.billing.invoices import payment_effects, service
from coachway.billing.invoices.model import Invoice
from coachway.billing.invoices.rules import InvoiceStatus, number, overdue_at, require_voidable, status_for
from coachway.billing.invoices.service import BILLABLE, InvoiceChanged, retry_on_invoice_change
from coachway.billing.ledger import journal as ledger_journal
from coachway.billing.ledger import movements
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.clients import credit
from coachway.clients.model import Client
from coachway.clients.rules import due_date
from coachway.contracts.billing.invoices import InvoiceIssued, InvoicePaid, InvoiceVoided
from coachway.core import errors, store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import COUNTER, CheckVersion, Op, Update
from coachway.core.runtime import clock
from coachway.identity.model.organization import ORGANIZATIONS, Organization


def issue(caller: Caller, invoice_id: str, expected: int | None = None) -> Invoice:
    """Give a draft its number: from now on it is owed. What was paid ahead for its trips is taken off.

    Raises Conflict when it is no draft, or a trip on it was changed or cancelled since it was drafted.
    """
    return retry_on_invoice_change(lambda: _issue(caller, service.get(caller, invoice_id, expected=expected)))


def _issue(caller: Caller, before: Invoice) -> Invoice:
    if before.status is not InvoiceStatus.DRAFT:
        raise errors.Conflict(f"this invoice is {before.status}", title="this invoice was issued already")
    house_key, client_key = ORGANIZATIONS.key(org=caller.org_id), CLIENT.key(org=caller.org_id, id=before.client_id)
    year_hint = f"invoice-{clock.now():%Y}"
    keys = [CHARTER.key(org=caller.org_id, id=each) for each in before.charter_ids]
    # The counter among them: in a process that has issued nothing yet, the first number tried is the next one.
    found = store.batch_get([house_key, client_key, COUNTER.key(org=caller.org_id, name=year_hint), *keys])
    house, client = found.get(Organization, house_key), found.find(Client, client_key)
    charters = [found.get(Charter, key) for key in keys]
    _require_unchanged(before, charters)
    now = clock.now()
    today = ledger_journal.today(house, now)
    due = due_date(today, client.payment_terms if client else before.payment_terms)
    # With something taken off, trips may have been paid for beyond it: that stays a deposit.
    ahead = min(before.total, sum(_paid_ahead(before, charter) for charter in charters))
    booked = {charter.id: charter.credit_reserved for charter in charters if charter.credit_reserved}
    status = status_for(before.total, ahead, due, today)
    after = before.model_copy(
        update={
            "status": status,
            "payment_terms": client.payment_terms if client else before.payment_terms,
            "issue_date": today,
            "due_date": due,
            "overdue_at": overdue_at(due, house.timezone),
            "issued_at": now,
            "paid_at": now if status is InvoiceStatus.PAID else None,
            "paid_ahead": ahead,
            "amount_paid": ahead,
            "balance_due": before.total - ahead,
            "link_nonce": signed_links.new_nonce(),
            "credit_booked": booked,
        }
    )

    def build(n: int) -> list[Op]:
        after.number = number(house.number_prefixes.invoice, today.year, house.number_code, n)
        facts: list[Event] = [InvoiceIssued(**service.event_fields(after))]
        if status is InvoiceStatus.PAID:
            facts.append(InvoicePaid(**service.event_fields(after), payment_id="", amount=0))
        return [
            Update(before, after, facts, lost=InvoiceChanged()),
            *map(_invoiced, charters),
            *_booked(house, after),
            credit.invoice_op(caller.org_id, after.client_id, after.total - ahead, booked=sum(booked.values())),
        ]

    store.commit_with_sequence(caller, f"invoice-{today.year}", build, answer=after)
    return after


def _require_unchanged(draft: Invoice, charters: Sequence[Charter]) -> None:
    revisions = {line.charter_id: line.charter_revision for line in draft.lines}
    for charter in charters:
        if charter.status not in BILLABLE or charter.invoice_id != draft.id:
            why = f"{charter.number} is {charter.status}: void this draft"
            raise errors.Conflict(why, title="a trip on it cannot be invoiced any more")
        if charter.revision_number != revisions[charter.id]:
            why = f"{charter.number} was changed since: void this draft and make another"
            raise errors.Conflict(why, title="a trip on it has another price now")


def _paid_ahead(draft: Invoice, charter: Charter) -> int:
    """Cents that were paid for a trip before, up to its price."""
    price = sum(line.amount + line.tax for line in draft.lines if line.charter_id == charter.id)
    return min(charter.amount_paid, price)


def _invoiced(charter: Charter) -> Op:
    """What was paid for it must still be that; what it was booked for on credit is on the invoice now."""
    if charter.credit_reserved == 0:
        return CheckVersion(charter, InvoiceChanged())
    return Update(charter, charter.model_copy(update={"credit_reserved": 0}), lost=InvoiceChanged())


def _booked(house: Organization, invoice: Invoice) -> list[Op]:
    """The entry of an invoice, unless it comes to nothing."""
    if invoice.total == 0:
        return []
    movement = movements.invoice_issued(
        client_id=invoice.client_id,
        invoice_id=invoice.id,
        number=invoice.number,
        net=invoice.subtotal,
        tax=invoice.tax,
        paid_ahead=invoice.paid_ahead,
        currency=invoice.currency,
        charter_id=invoice.charter_ids[0] if len(invoice.charter_ids) == 1 else None,
    )
    return ledger_journal.journal_ops(house, movement, reference=invoice.id)


def void(caller: Caller, invoice_id: str, reason: str, expected: int | None = None) -> Invoice:
    """Make an invoice not owed. Its trips can be invoiced again; what was paid ahead for them is a deposit again.

    Raises Conflict when what was paid since must be taken back or refunded first.
    """
    return retry_on_invoice_change(lambda: _void(caller, service.get(caller, invoice_id, expected=expected), reason))


def _void(caller: Caller, before: Invoice, reason: str) -> Invoice:
    require_voidable(before.status, before.paid_since - before.amount_refunded)
    house_key = ORGANIZATIONS.key(org=caller.org_id)
    keys = [CHARTER.key(org=caller.org_id, id=each) for each in before.charter_ids]
    found = store.batch_get([house_key, *keys])
    charters = [charter for key in keys if (charter := found.find(Charter, key)) is not None]
    after = before.model_copy(
        update={"status": InvoiceStatus.VOID, "voided_at": clock.now(), "void_reason": reason, "balance_due": 0}
    )
    ops: list[Op] = [
        Update(before, after, [InvoiceVoided(**service.event_fields(after), reason=reason)], lost=InvoiceChanged())
    ]
    again = 0
    for charter in charters:
        # A trip that was cancelled since is not on credit again.
        booked = before.credit_booked.get(charter.id, 0) if charter.status in BILLABLE else 0
        again += booked
        changed = charter.model_copy(update={"invoice_id": None, "credit_reserved": charter.credit_reserved + booked})
        ops.append(Update(charter, changed, lost=InvoiceChanged()))
    if before.status is not InvoiceStatus.DRAFT:
        ops += payment_effects.void_entries(found.get(Organization, house_key), before)
        ops.append(credit.invoice_op(caller.org_id, before.client_id, -before.balance_due, booked=-again))
    store.commit(caller, *ops, answer=after)
    return after
