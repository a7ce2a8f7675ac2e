"""Issue and void invoices: number, ledger entry, client credit and event in one transaction."""

from collections.abc import Sequence

from coachway.billing.errors import InvoiceChanged, InvoiceOutdated
from coachway.billing.invoices import drafts, payment_effects, queries, service
from coachway.billing.invoices.model import Invoice
from coachway.billing.invoices.rules import InvoiceStatus, format_number, overdue_at, require_voidable, status_for
from coachway.billing.invoices.service import BILLABLE
from coachway.billing.ledger import journal, movements
from coachway.bookings import instalments
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.clients import credit
from coachway.clients.model import Client
from coachway.clients.rules import due_date
from coachway.contracts.billing.invoices import InvoiceIssued, InvoicePaid, InvoiceVoided
from coachway.core import store
from coachway.core.auth import signed_links
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import COUNTER, CheckVersion, Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.identity.model.organization import ORGANIZATIONS, Organization


@retry_on_conflict
def issue_invoice(caller: Caller, invoice_id: str, expected: int | None = None) -> Invoice:
    """Issue a draft: give it a number, make it payable, and apply the deposits for its trips.

    It is due by the client's payment terms, but not before the last agreed instalment of its trips.
    Raises InvoiceNotDraft. Raises InvoiceOutdated or CharterNotBillable if a trip changed after the draft was created.
    """
    return _issue_draft(caller, queries.get_invoice(caller, invoice_id, expected=expected))


def _issue_draft(caller: Caller, before: Invoice) -> Invoice:
    service.require_draft(before)
    organization_key, client_key = (
        ORGANIZATIONS.key(org=caller.org_id),
        CLIENT.key(org=caller.org_id, id=before.client_id),
    )
    counter_name = f"invoice-{clock.now():%Y}"
    keys = [CHARTER.key(org=caller.org_id, id=charter_id) for charter_id in before.charter_ids]
    # Load the counter too, so that a new process tries the right number first.
    records = store.batch_get([organization_key, client_key, COUNTER.key(org=caller.org_id, name=counter_name), *keys])
    organization, client = records.get(Organization, organization_key), records.find(Client, client_key)
    charters = [records.get(Charter, key) for key in keys]
    _require_unchanged(before, charters)
    now = clock.now()
    today = journal.local_date(organization, now)
    address = drafts.load_billing_address(before.org_id, before.client_id)
    current = drafts.apply_terms(before, client, address, charters)
    paid_in_advance = current.paid_in_advance
    agreed_dates = (instalments.find_last_due_date(charter.instalments, charter.amount_paid) for charter in charters)
    due_by_terms = due_date(today, current.payment_terms)
    due_on = max([due_by_terms, *(day for day in agreed_dates if day is not None)])
    credit_booked = {charter.id: charter.credit_reserved for charter in charters if charter.credit_reserved}
    status = status_for(before.total, paid_in_advance, due_on, today)
    after = current.model_copy(
        update={
            "status": status,
            "issue_date": today,
            "due_date": due_on,
            "overdue_at": overdue_at(due_on, organization.timezone),
            "issued_at": now,
            "paid_at": now if status is InvoiceStatus.PAID else None,
            "link_nonce": signed_links.new_nonce(),
            "credit_booked": credit_booked,
        }
    )

    def build_ops(sequence: int) -> list[Op]:
        after.number = format_number(
            organization.number_prefixes.invoice, today.year, organization.number_code, sequence
        )
        events: list[Event] = [InvoiceIssued(**service.event_fields(after))]
        if status is InvoiceStatus.PAID:
            events.append(InvoicePaid(**service.event_fields(after), payment_id="", amount=0))
        return [
            Update(before, after, events, on_stale=InvoiceChanged()),
            *map(_release_reserved_credit_op, charters),
            *_journal_ops(organization, after),
            credit.invoice_credit_op(
                caller.org_id, after.client_id, after.total - paid_in_advance, booked=sum(credit_booked.values())
            ),
        ]

    store.commit_with_sequence(caller, f"invoice-{today.year}", build_ops, response=after)
    return after


def _require_unchanged(draft: Invoice, charters: Sequence[Charter]) -> None:
    revisions = {line.charter_id: line.charter_revision for line in draft.lines}
    service.require_billable_on(draft, charters)
    for charter in charters:
        if charter.revision_number != revisions[charter.id]:
            raise InvoiceOutdated(f"Charter {charter.number} has changed. Update this draft, then issue it.")


def _release_reserved_credit_op(charter: Charter) -> Op:
    """Return the operation that releases the credit reserved for a trip, because the invoice now uses it."""
    if charter.credit_reserved == 0:
        return CheckVersion(charter, InvoiceChanged())
    return Update(charter, charter.model_copy(update={"credit_reserved": 0}), on_stale=InvoiceChanged())


def _journal_ops(organization: Organization, invoice: Invoice) -> list[Op]:
    """Return the operations of the journal entry. Empty for an invoice of zero."""
    if invoice.total == 0:
        return []
    movement = movements.build_invoice_issued(
        client_id=invoice.client_id,
        invoice_id=invoice.id,
        number=invoice.number,
        net=invoice.subtotal,
        tax=invoice.tax,
        paid_in_advance=invoice.paid_in_advance,
        currency=invoice.currency,
        charter_id=invoice.charter_ids[0] if len(invoice.charter_ids) == 1 else None,
    )
    return journal.journal_ops(organization, movement, reference=invoice.id)


@retry_on_conflict
def void_invoice(
    caller: Caller, invoice_id: str, reason: str, expected: int | None = None, *, message: str = ""
) -> Invoice:
    """Void an invoice. Its trips can be invoiced again, and the deposits applied to it become deposits again.

    The client receives `message`, not the reason.

    Raises InvoiceHasPayments if payments were made after it was issued: reverse or refund them first.
    """
    return _void_invoice(caller, queries.get_invoice(caller, invoice_id, expected=expected), reason, message)


def _void_invoice(caller: Caller, before: Invoice, reason: str, message: str) -> Invoice:
    require_voidable(before.status, before.paid_since - before.amount_refunded)
    organization_key = ORGANIZATIONS.key(org=caller.org_id)
    keys = [CHARTER.key(org=caller.org_id, id=charter_id) for charter_id in before.charter_ids]
    records = store.batch_get([organization_key, *keys])
    charters = [charter for key in keys if (charter := records.find(Charter, key)) is not None]
    after = before.model_copy(
        update={"status": InvoiceStatus.VOID, "voided_at": clock.now(), "void_reason": reason, "balance_due": 0}
    )
    event = InvoiceVoided(**service.event_fields(after), reason=reason, message_to_client=message)
    ops: list[Op] = [Update(before, after, [event], on_stale=InvoiceChanged())]
    credit_to_reserve = 0
    for charter in charters:
        # A cancelled trip needs no credit.
        credit_booked = before.credit_booked.get(charter.id, 0) if charter.status in BILLABLE else 0
        credit_to_reserve += credit_booked
        changed = charter.model_copy(
            update={"invoice_id": None, "credit_reserved": charter.credit_reserved + credit_booked}
        )
        ops.append(Update(charter, changed, on_stale=InvoiceChanged()))
    if before.status is not InvoiceStatus.DRAFT:
        ops += payment_effects.void_journal_ops(records.get(Organization, organization_key), before)
        ops.append(
            credit.invoice_credit_op(caller.org_id, before.client_id, -before.balance_due, booked=-credit_to_reserve)
        )
    store.commit(caller, *ops, response=after)
    return after
