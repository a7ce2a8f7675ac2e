"""Services, on a real table's terms: whatever is done in whatever order, the books agree with what they are about."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from coachway.billing.invoices import lifecycle as invoice_lifecycle
from coachway.billing.invoices import payment_effects
from coachway.billing.invoices import service as invoices
from coachway.billing.invoices.model import ExtraInput, Invoice, InvoiceInput, InvoiceQuery
from coachway.billing.ledger import journal
from coachway.billing.ledger.accounts import CLIENT_ACCOUNTS, Account, sum_by_account, sum_by_client
from coachway.billing.payments import manual_payments
from coachway.billing.payments.model import PaymentMethod, RecordPaymentInput
from coachway.bookings.charters import lifecycle
from coachway.bookings.charters.lifecycle import CancelInput
from coachway.clients import credit
from coachway.clients import service as clients
from coachway.core import errors, store
from coachway.core.runtime import clock
from coachway.core.types import ids
from tests.integration.billing import builders
from tests.integration.billing.builders import MANAGER
from tests.integration.bookings.builders import CLIENT_ID, ORG, STAFF
from tests.memory.client import MemoryConnection
from tests.state_machines import machine_settings

NOW = datetime(2027, 1, 10, 17, tzinfo=UTC)


class Services(RuleBasedStateMachine):
    """Trips are booked, paid ahead, invoiced, paid, refunded, voided, cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = clock.frozen(NOW)
        self.clock.__enter__()
        self.trips: list[str] = []
        self.paid_in = self.given_back = 0

    def teardown(self) -> None:
        self.clock.__exit__(None, None, None)

    @initialize()
    def found(self) -> None:
        empty()
        builders.set_up_organization()
        self.trips.append(builders.create_completed_charter().id)

    def invoices(self) -> list[Invoice]:
        return invoices.list_invoices(MANAGER, InvoiceQuery(limit=100)).items

    def some(self, data: st.DataObject, *statuses: str) -> Invoice | None:
        fitting = [each for each in self.invoices() if each.status in statuses]
        return data.draw(st.sampled_from(sorted(fitting, key=lambda each: each.id))) if fitting else None

    @rule(over=st.booleans())
    def book(self, over: bool) -> None:
        if len(self.trips) < 6:
            self.trips.append((builders.create_completed_charter() if over else builders.create_booked_charter()).id)

    @rule(data=st.data(), cents=st.integers(1, 80_000))
    def pay_ahead(self, data: st.DataObject, cents: int) -> None:
        trip = builders.get_charter(data.draw(st.sampled_from(self.trips)))
        if trip.invoice_id is None and trip.status in invoices.BILLABLE:
            builders.record_deposit(trip.id, cents)
            self.paid_in += cents

    @rule(data=st.data(), off=st.one_of(st.just(0), st.integers(-80_000, 20_000)))
    def draft(self, data: st.DataObject, off: int) -> None:
        extras = [ExtraInput(description="Goodwill, or waiting", amount=off)] if off else []
        wanted = InvoiceInput(charter_id=data.draw(st.sampled_from(self.trips)), extras=extras)
        refusable(lambda: invoices.create_invoice(MANAGER, wanted))

    @rule(data=st.data())
    def issue(self, data: st.DataObject) -> None:
        draft = self.some(data, "draft")
        if draft is not None:
            refusable(lambda: invoice_lifecycle.issue_invoice(MANAGER, draft.id))

    @rule(data=st.data())
    def void(self, data: st.DataObject) -> None:
        invoice = self.some(data, "draft", "issued", "partially_paid", "paid")
        if invoice is not None:
            refusable(lambda: invoice_lifecycle.void_invoice(MANAGER, invoice.id, "Wrong"))

    @rule(data=st.data(), share=st.integers(1, 130))
    def pay(self, data: st.DataObject, share: int) -> None:
        invoice = self.some(data, "issued", "partially_paid")
        if invoice is None:
            return
        cents = max(1, invoice.balance_due * share // 100)
        wanted = RecordPaymentInput(amount=cents, method=PaymentMethod.CHECK)
        if refusable(lambda: manual_payments.record_payment(MANAGER, invoice.id, wanted)):
            self.paid_in += cents

    @rule(data=st.data(), share=st.integers(1, 130))
    def refund(self, data: st.DataObject, share: int) -> None:
        invoice = self.some(data, "partially_paid", "paid")
        if invoice is None:
            return
        cents = max(1, (invoice.amount_paid - invoice.amount_refunded) * share // 100)

        def act() -> None:
            on = payment_effects.load_context(MANAGER, invoice.id)
            store.commit(MANAGER, *payment_effects.apply_refund(on, refund_id=ids.new("rfd"), cents=cents)[1])

        if refusable(act):
            self.given_back += cents

    @rule(data=st.data(), share=st.integers(1, 130))
    def reverse(self, data: st.DataObject, share: int) -> None:
        invoice = self.some(data, "partially_paid", "paid")
        if invoice is None or invoice.amount_refunded:
            return
        cents = max(1, invoice.paid_since * share // 100)

        def act() -> None:
            on = payment_effects.load_context(MANAGER, invoice.id)
            store.commit(MANAGER, *payment_effects.apply_reversal(on, payment_id=ids.new("pay"), cents=cents)[1])

        if refusable(act):
            self.paid_in -= cents

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        charter_id = data.draw(st.sampled_from(self.trips))
        wanted = CancelInput(initiated_by="operator")
        refusable(lambda: lifecycle.cancel(STAFF, charter_id, wanted, preview=False))

    @invariant()
    def the_books_agree(self) -> None:
        if not self.trips:
            return
        entries = list(journal.iter_entries(ORG, date(2026, 1, 1), date(2027, 12, 31)))
        sums, known = sum_by_account(entries), self.invoices()
        assert sum(sums.values()) == 0
        counted = journal.load_monthly_totals(ORG, ["2027-01"])["2027-01"]
        assert {account: counted[account].balance for account in Account} == sums
        due = sum(each.balance_due for each in known if each.status.is_open)
        assert sums[Account.RECEIVABLE] == due
        assert sums[Account.CASH] == self.paid_in - self.given_back
        assert 0 <= self.given_back <= self.paid_in
        issued = [each for each in known if each.number and each.status != "void"]
        charged = sum(each.total - each.amount_refunded for each in issued)
        assert sum_by_client(entries).get(CLIENT_ID, 0) == charged - self.paid_in + self.given_back
        owed = credit.get_credit(clients.get(STAFF, CLIENT_ID))
        trips = [builders.get_charter(each) for each in self.trips]
        assert owed.booked_balance == sum(each.credit_reserved for each in trips)
        assert owed.open_balance - owed.booked_balance == due
        live = {each.id: each.amount_paid - each.amount_refunded for each in issued}
        ahead = sum(trip.amount_paid - live.get(trip.invoice_id or "", 0) for trip in trips)
        assert -sums[Account.DEPOSITS] == ahead, "what trips were paid beside their invoices is the clients' deposit"
        assert all(
            line.client_id == CLIENT_ID for each in entries for line in each.postings if line.account in CLIENT_ACCOUNTS
        )
        numbers = sorted(each.number for each in known if each.number)
        assert numbers == [f"INV-2027-HARBOR-{n:05d}" for n in range(1, len(numbers) + 1)]


def refusable(act: Any) -> bool:
    """Whether it was done; a rule may say no."""
    try:
        act()
    except (errors.Conflict, errors.Invalid):
        return False
    return True


def empty() -> None:
    """Delete all items, so that each example starts with an empty table."""
    MemoryConnection.memory.clear()
    store.clear_sequence_cache()


@pytest.mark.usefixtures("dynamodb")
def test_ledger_agrees_with_records_after_any_sequence() -> None:
    run_state_machine_as_test(Services, settings=machine_settings(3))
