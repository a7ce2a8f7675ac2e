"""The ledger agrees with charters, invoices and credit after any sequence of service calls."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from coachway.billing.invoices import lifecycle as invoice_lifecycle
from coachway.billing.invoices import payment_effects, receivables
from coachway.billing.invoices import queries as invoice_queries
from coachway.billing.invoices import service as invoices
from coachway.billing.invoices.model import ExtraInput, Invoice, InvoiceInput, InvoiceQuery
from coachway.billing.ledger import journal
from coachway.billing.ledger.accounts import CLIENT_ACCOUNTS, LedgerAccount
from coachway.billing.payments import manual_payments
from coachway.billing.payments.model import PaymentMethod, RecordPaymentInput
from coachway.billing.refunds.trip_payments import find_refundable_amount
from coachway.bookings.charters import lifecycle
from coachway.bookings.charters.status_schemas import CancelInput
from coachway.clients import credit
from coachway.clients import service as clients
from coachway.core import errors, store
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.identity import organization_queries
from tests.integration.billing import builders
from tests.integration.billing.builders import MANAGER
from tests.integration.bookings.builders import CLIENT_ID, ORG, STAFF
from tests.ledger_balances import sum_by_account, sum_by_client
from tests.state_machines import machine_settings

NOW = datetime(2027, 1, 10, 17, tzinfo=UTC)


class BillingMachine(RuleBasedStateMachine):
    """Charters are booked, paid in advance, invoiced, paid, refunded, voided and cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = clock.frozen(NOW)
        self.clock.__enter__()
        self.charter_ids: list[str] = []
        self.paid_in = self.refunded = 0

    def teardown(self) -> None:
        self.clock.__exit__(None, None, None)

    @initialize()
    def create_organization(self) -> None:
        builders.clear_table()
        builders.set_up_organization()
        self.charter_ids.append(builders.create_completed_charter().id)

    def list_invoices(self) -> list[Invoice]:
        return invoice_queries.list_invoices(MANAGER, InvoiceQuery(limit=100)).items

    def draw_invoice(self, data: st.DataObject, *statuses: str) -> Invoice | None:
        candidates = [invoice for invoice in self.list_invoices() if invoice.status in statuses]
        return data.draw(st.sampled_from(sorted(candidates, key=lambda invoice: invoice.id))) if candidates else None

    @rule(completed=st.booleans())
    def book_charter(self, completed: bool) -> None:
        if len(self.charter_ids) < 6:
            self.charter_ids.append(
                (builders.create_completed_charter() if completed else builders.create_booked_charter()).id
            )

    @rule(data=st.data(), cents=st.integers(1, 80_000))
    def pay_deposit(self, data: st.DataObject, cents: int) -> None:
        charter = builders.get_charter(data.draw(st.sampled_from(self.charter_ids)))
        if charter.invoice_id is None and charter.status in invoices.BILLABLE:
            builders.record_deposit(charter.id, cents)
            self.paid_in += cents

    @rule(data=st.data(), adjustment=st.one_of(st.just(0), st.integers(-80_000, 20_000)))
    def draft_invoice(self, data: st.DataObject, adjustment: int) -> None:
        extras = [ExtraInput(description="Goodwill or waiting time", amount=adjustment)] if adjustment else []
        request = InvoiceInput(charter_id=data.draw(st.sampled_from(self.charter_ids)), extras=extras)
        succeeds(lambda: invoices.create_invoice(MANAGER, request))

    @rule(data=st.data())
    def issue_invoice(self, data: st.DataObject) -> None:
        draft = self.draw_invoice(data, "draft")
        if draft is not None:
            succeeds(lambda: invoice_lifecycle.issue_invoice(MANAGER, draft.id))

    @rule(data=st.data())
    def void_invoice(self, data: st.DataObject) -> None:
        invoice = self.draw_invoice(data, "draft", "issued", "partially_paid", "paid")
        if invoice is not None:
            succeeds(lambda: invoice_lifecycle.void_invoice(MANAGER, invoice.id, "Wrong"))

    @rule(data=st.data(), share=st.integers(1, 130))
    def pay_invoice(self, data: st.DataObject, share: int) -> None:
        invoice = self.draw_invoice(data, "issued", "partially_paid")
        if invoice is None:
            return
        cents = max(1, invoice.balance_due * share // 100)
        request = RecordPaymentInput(amount=cents, method=PaymentMethod.CHECK)
        if succeeds(lambda: manual_payments.record_payment(MANAGER, invoice.id, request)):
            self.paid_in += cents

    @rule(data=st.data(), share=st.integers(1, 130))
    def refund_invoice(self, data: st.DataObject, share: int) -> None:
        invoice = self.draw_invoice(data, "partially_paid", "paid")
        if invoice is None:
            return
        cents = max(1, (invoice.amount_paid - invoice.amount_refunded) * share // 100)

        def apply() -> None:
            context = payment_effects.load_payment_context(MANAGER, invoice.id)
            store.commit(MANAGER, *payment_effects.apply_refund(context, refund_id=ids.new("rfd"), cents=cents)[1])

        if succeeds(apply):
            self.refunded += cents

    @rule(data=st.data(), share=st.integers(1, 130))
    def reverse_payment(self, data: st.DataObject, share: int) -> None:
        invoice = self.draw_invoice(data, "partially_paid", "paid")
        if invoice is None or invoice.amount_refunded:
            return
        cents = max(1, invoice.paid_since * share // 100)

        def apply() -> None:
            context = payment_effects.load_payment_context(MANAGER, invoice.id)
            store.commit(MANAGER, *payment_effects.apply_reversal(context, payment_id=ids.new("pay"), cents=cents)[1])

        if succeeds(apply):
            self.paid_in -= cents

    @rule(data=st.data())
    def cancel_charter(self, data: st.DataObject) -> None:
        charter_id = data.draw(st.sampled_from(self.charter_ids))
        request = CancelInput(initiated_by="operator")
        succeeds(
            lambda: lifecycle.cancel(
                STAFF, charter_id, request, preview=False, find_refundable_amount=find_refundable_amount
            )
        )

    @invariant()
    def ledger_agrees_with_records(self) -> None:
        if not self.charter_ids:
            return
        entries = list(journal.iter_entries(ORG, date(2026, 1, 1), date(2027, 12, 31)))
        balances, all_invoices = sum_by_account(entries), self.list_invoices()
        assert sum(balances.values()) == 0
        totals = journal.load_monthly_totals(ORG, ["2027-01"])["2027-01"]
        assert {account: totals[account].balance for account in LedgerAccount} == balances
        open_balance = sum(invoice.balance_due for invoice in all_invoices if invoice.status.is_open)
        assert balances[LedgerAccount.RECEIVABLE] == open_balance
        copies = receivables.list_receivables(organization_queries.get_organization(ORG), clock.now().date())
        open_invoices = {invoice.id: invoice.slim_copy() for invoice in all_invoices if invoice.status.is_open}
        assert {receivable.invoice_id: receivable for receivable in copies} == open_invoices
        assert balances[LedgerAccount.CASH] == self.paid_in - self.refunded
        assert 0 <= self.refunded <= self.paid_in
        issued = [invoice for invoice in all_invoices if invoice.number and invoice.status != "void"]
        charged = sum(invoice.total - invoice.amount_refunded for invoice in issued)
        assert sum_by_client(entries).get(CLIENT_ID, 0) == charged - self.paid_in + self.refunded
        client_credit = credit.get_credit(clients.get_client(STAFF, CLIENT_ID))
        charters = [builders.get_charter(charter_id) for charter_id in self.charter_ids]
        assert client_credit.booked_balance == sum(charter.credit_reserved for charter in charters)
        assert client_credit.open_balance - client_credit.booked_balance == open_balance
        net_payments = {invoice.id: invoice.amount_paid - invoice.amount_refunded for invoice in issued}
        deposits = sum(charter.amount_paid - net_payments.get(charter.invoice_id or "", 0) for charter in charters)
        assert -balances[LedgerAccount.DEPOSITS] == deposits, "payments of charters besides their invoices are deposits"
        assert all(
            line.client_id == CLIENT_ID
            for entry in entries
            for line in entry.postings
            if line.account in CLIENT_ACCOUNTS
        )
        numbers = sorted(invoice.number for invoice in all_invoices if invoice.number)
        assert numbers == [f"INV-2027-HARBOR-{n:05d}" for n in range(1, len(numbers) + 1)]


def succeeds(call: Any) -> bool:
    """Call a function. Return False if a business rule rejects the call."""
    try:
        call()
    except (errors.Conflict, errors.Invalid):
        return False
    return True


@pytest.mark.usefixtures("dynamodb")
def test_ledger_agrees_with_records_after_any_sequence() -> None:
    run_state_machine_as_test(BillingMachine, settings=machine_settings(3))
