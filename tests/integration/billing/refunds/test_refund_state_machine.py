"""Refunds never exceed payments, and the ledger agrees with all records, after any sequence of service calls."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from coachway.billing.invoices import lifecycle as invoice_lifecycle
from coachway.billing.invoices import queries as invoice_queries
from coachway.billing.invoices import service as invoices
from coachway.billing.invoices.model import Invoice, InvoiceInput, InvoiceQuery
from coachway.billing.ledger import journal
from coachway.billing.ledger.accounts import LedgerAccount
from coachway.billing.payables import payouts
from coachway.billing.payables import service as payables
from coachway.billing.payables.model import PayableInput, PayInput, PayoutMethod
from coachway.billing.payments import manual_payments
from coachway.billing.payments import queries as payment_queries
from coachway.billing.payments.model import (
    PAYMENT,
    REFUND_HOLDS,
    Payment,
    PaymentMethod,
    PaymentQuery,
    RecordPaymentInput,
)
from coachway.billing.refunds import cancellation_settlement
from coachway.billing.refunds import service as refunds
from coachway.billing.refunds.model import Refund, RefundInput, RefundQuery
from coachway.billing.refunds.trip_payments import find_refundable_amount
from coachway.bookings.charters import lifecycle
from coachway.bookings.charters.status_schemas import CancelInput
from coachway.core import errors, store
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.operations import AlreadyConsumed
from coachway.core.runtime import clock
from tests.integration.bids import builders as bid_builders
from tests.integration.billing import builders, refund_builders
from tests.integration.billing.builders import MANAGER
from tests.integration.billing.refund_builders import SYSTEM, FakeStripe
from tests.integration.bookings.builders import CLIENT_ID, ORG, STAFF
from tests.ledger_balances import sum_by_account, sum_by_client
from tests.state_machines import machine_settings

START = datetime(2027, 2, 27, 14, tzinfo=UTC)
"""Four days before the trips."""


class RefundMachine(RuleBasedStateMachine):
    """Clients pay, request refunds and cancel, as time passes. Stripe does not always respond. Vendors are paid.

    Staff record and reverse payments by check, and void invoices.
    """

    fake_stripe: FakeStripe

    def __init__(self) -> None:
        super().__init__()
        self.clock: Any = None
        self.now = START
        self.charter_ids: list[str] = []
        self.payment_ids: list[str] = []
        self.vendor_id = ""
        self.paid_in = self.paid_out = 0
        self._set_time(START)

    def _set_time(self, now: datetime) -> None:
        if self.clock is not None:
            self.clock.__exit__(None, None, None)
        self.now, self.clock = now, clock.frozen(now)
        self.clock.__enter__()

    def teardown(self) -> None:
        self.clock.__exit__(None, None, None)

    @initialize()
    def create_organization(self) -> None:
        builders.clear_table()
        RefundMachine.fake_stripe.refunds.clear()
        RefundMachine.fake_stripe.ids_by_key.clear()
        RefundMachine.fake_stripe.timeouts = 0
        builders.set_up_organization("due_on_receipt")
        self.vendor_id = bid_builders.create_vendor()
        self.book_charter()

    @rule()
    def book_charter(self) -> None:
        if len(self.charter_ids) < 4:
            self.charter_ids.append(builders.create_booked_charter().id)

    @rule(hours=st.integers(1, 40))
    def advance_time(self, hours: int) -> None:
        self._set_time(self.now + timedelta(hours=hours))

    @rule(data=st.data(), cents=st.integers(1, 40_000))
    def pay_by_card(self, data: st.DataObject, cents: int) -> None:
        charter_id = data.draw(st.sampled_from(self.charter_ids))
        self.payment_ids.append(refund_builders.create_payment(cents, charter_id=charter_id))
        self.paid_in += cents

    @rule(data=st.data())
    def issue_invoice(self, data: st.DataObject) -> None:
        charter_id = data.draw(st.sampled_from(self.charter_ids))
        if self._succeeds(lambda: invoices.create_invoice(MANAGER, InvoiceInput(charter_id=charter_id))):
            draft_id = builders.get_charter(charter_id).invoice_id
            assert draft_id is not None
            invoice_lifecycle.issue_invoice(MANAGER, draft_id)

    def _list_invoices(self, *statuses: str) -> list[Invoice]:
        all_invoices = invoice_queries.list_invoices(MANAGER, InvoiceQuery(limit=100)).items
        return sorted(
            (invoice for invoice in all_invoices if invoice.status in statuses), key=lambda invoice: invoice.id
        )

    @rule(data=st.data(), share=st.integers(1, 100))
    def pay_by_check(self, data: st.DataObject, share: int) -> None:
        open_invoices = self._list_invoices("issued", "partially_paid", "overdue")
        if open_invoices:
            invoice = data.draw(st.sampled_from(open_invoices))
            cents = max(1, invoice.balance_due * share // 100)
            manual_payments.record_payment(
                MANAGER, invoice.id, RecordPaymentInput(amount=cents, method=PaymentMethod.CHECK)
            )
            [newest, *_] = payment_queries.list_payments(MANAGER, PaymentQuery(invoice_id=invoice.id)).items
            self.payment_ids.append(newest.id)
            self.paid_in += cents

    @rule(data=st.data())
    def reverse_payment(self, data: st.DataObject) -> None:
        if self.payment_ids:
            payment_id = data.draw(st.sampled_from(self.payment_ids))
            if self._succeeds(lambda: manual_payments.reverse_payment(MANAGER, payment_id, "The check bounced")):
                self.paid_in -= store.get(Payment, PAYMENT.key(org=ORG, id=payment_id)).amount
                self.payment_ids.remove(payment_id)

    @rule(data=st.data())
    def void_invoice(self, data: st.DataObject) -> None:
        candidates = self._list_invoices("draft", "issued", "partially_paid", "overdue", "paid")
        if candidates:
            invoice_id = data.draw(st.sampled_from(candidates)).id
            self._succeeds(lambda: invoice_lifecycle.void_invoice(MANAGER, invoice_id, "Wrong"))

    @rule(data=st.data(), cents=st.one_of(st.none(), st.integers(1, 45_000)))
    def request_refund(self, data: st.DataObject, cents: int | None) -> None:
        if self.payment_ids:
            request = RefundInput(payment_id=data.draw(st.sampled_from(self.payment_ids)), amount=cents, reason="Late")
            self._succeeds(lambda: refunds.request_refund(MANAGER, request))

    @rule(data=st.data(), approved=st.booleans())
    def decide_refund(self, data: st.DataObject, approved: bool) -> None:
        refund_ids = [refund.id for refund in self._list_refunds() if refund.status in {"awaiting_approval", "failed"}]
        if refund_ids:
            refund_id = data.draw(st.sampled_from(refund_ids))
            decide = refunds.approve_refund if approved else refunds.reject_refund
            self._succeeds(lambda: decide(refund_builders.APPROVER, refund_id, "", None))

    @rule(data=st.data(), timeouts=st.integers(0, 2), rejected=st.booleans())
    def run_refund_workflow(self, data: st.DataObject, timeouts: int, rejected: bool) -> None:
        refund_ids = [refund.id for refund in self._list_refunds()]
        if refund_ids:
            RefundMachine.fake_stripe.timeouts, RefundMachine.fake_stripe.rejection = (
                timeouts,
                "Status 400" if rejected else "",
            )
            refund_builders.run_workflow(data.draw(st.sampled_from(refund_ids)), attempts=2)
            RefundMachine.fake_stripe.timeouts, RefundMachine.fake_stripe.rejection = 0, ""

    @rule(data=st.data(), initiated_by=st.sampled_from(["client", "operator"]))
    def cancel_charter(self, data: st.DataObject, initiated_by: str) -> None:
        charter_id = data.draw(st.sampled_from(self.charter_ids))
        request = CancelInput(initiated_by=initiated_by)
        self._succeeds(
            lambda: lifecycle.cancel(
                STAFF, charter_id, request, preview=False, find_refundable_amount=find_refundable_amount
            )
        )

    @rule(data=st.data())
    def settle_cancellation(self, data: st.DataObject) -> None:
        charter_id = data.draw(st.sampled_from(self.charter_ids))
        delivery = Delivery(
            event_id="e", type="charter.cancelled", org_id=ORG, aggregate_id=charter_id, correlation_id="c", data={}
        )
        self._succeeds(lambda: cancellation_settlement.settle_cancellation(SYSTEM, delivery))

    @rule(cents=st.integers(1, 100_000), paid=st.booleans())
    def create_payable(self, cents: int, paid: bool) -> None:
        request = PayableInput(vendor_id=self.vendor_id, amount=cents, due_date=date(2027, 4, 1), description="Trip")
        payable = payables.create_payable(MANAGER, request)
        if paid:
            payouts.pay_payable(MANAGER, payable.id, PayInput(method=PayoutMethod.ACH), None)
            self.paid_out += cents

    def _succeeds(self, call: Any) -> bool:
        """Call a function. Return False if a business rule rejects the call."""
        try:
            call()
        except (AlreadyConsumed, errors.Conflict):
            return False
        return True

    def _list_refunds(self) -> list[Refund]:
        return sorted(refunds.list_refunds(MANAGER, RefundQuery(limit=100)).items, key=lambda refund: refund.id)

    @invariant()
    def refunds_are_sent_once_and_ledger_agrees(self) -> None:
        if not self.charter_ids:
            return
        all_refunds = self._list_refunds()
        completed = [refund for refund in all_refunds if refund.status == "completed"]
        sent = {refund_id: cents for _, refund_id, cents in RefundMachine.fake_stripe.refunds.values()}
        assert len(sent) == len(RefundMachine.fake_stripe.refunds), "a refund was sent twice"
        assert {refund.id: refund.amount for refund in completed}.items() <= sent.items()
        held_ids = {refund.id for refund in all_refunds if refund.status != "rejected"}
        assert set(sent) <= held_ids, "a refund without a hold was sent"
        for payment_id in self.payment_ids:
            payment = store.get(Payment, PAYMENT.key(org=ORG, id=payment_id))
            held = store.get_counters(REFUND_HOLDS.key(org=ORG, payment=payment_id)).get("refunded", 0)
            assert held == sum(
                refund.amount for refund in all_refunds if refund.payment_id == payment_id and refund.id in held_ids
            )
            assert payment.amount_refunded <= held <= payment.amount

        entries = list(journal.iter_entries(ORG, date(2027, 2, 1), date(2027, 12, 31)))
        balances, refunded = sum_by_account(entries), sum(refund.amount for refund in completed)
        assert sum(balances.values()) == 0
        assert balances[LedgerAccount.CASH] == self.paid_in - refunded - self.paid_out
        assert balances[LedgerAccount.PAYABLE] == -sum(payable.amount for payable in payables.list_open_payables(ORG))
        all_invoices = invoice_queries.list_invoices(MANAGER, InvoiceQuery(limit=100)).items
        assert balances[LedgerAccount.RECEIVABLE] == sum(
            invoice.balance_due for invoice in all_invoices if invoice.status.is_open
        )
        assert balances[LedgerAccount.DEPOSITS] <= 0
        revenue = balances[LedgerAccount.REVENUE] + balances[LedgerAccount.TAX] + balances[LedgerAccount.REFUNDS]
        assert sum_by_client(entries).get(CLIENT_ID, 0) == -revenue - self.paid_in + refunded
        net_payments = {
            invoice.id: invoice.amount_paid - invoice.amount_refunded
            for invoice in all_invoices
            if invoice.number and invoice.status != "void"
        }
        charters = [builders.get_charter(charter_id) for charter_id in self.charter_ids]
        assert all(charter.amount_paid >= net_payments.get(charter.invoice_id or "", 0) for charter in charters)


@pytest.mark.usefixtures("dynamodb")
def test_refunds_never_exceed_payments_after_any_sequence(monkeypatch: pytest.MonkeyPatch) -> None:
    RefundMachine.fake_stripe = refund_builders.install_fake_stripe(monkeypatch)
    run_state_machine_as_test(RefundMachine, settings=machine_settings(4))
