"""Whatever is paid, given back, cancelled, awarded and paid out in whatever order: nothing is given back twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from coachway.billing.invoices import lifecycle as invoice_lifecycle
from coachway.billing.invoices import service as invoices
from coachway.billing.invoices.model import Invoice, InvoiceInput, InvoiceQuery
from coachway.billing.ledger import journal
from coachway.billing.ledger.accounts import Account, sum_by_account, sum_by_client
from coachway.billing.payables import payouts
from coachway.billing.payables import service as payables
from coachway.billing.payables.model import PayableInput, PayInput, PayoutMethod
from coachway.billing.payments import manual_payments
from coachway.billing.payments import manual_payments as billing_recording
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
from coachway.bookings.charters import lifecycle
from coachway.bookings.charters.lifecycle import CancelInput
from coachway.core import errors, store
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.operations import AlreadyConsumed
from coachway.core.runtime import clock
from tests.integration.bids import office as bidders
from tests.integration.billing import builders, refund_builders
from tests.integration.billing.builders import MANAGER
from tests.integration.billing.refund_builders import SYSTEM, FakeStripe
from tests.integration.billing.test_ledger_state_machine import empty
from tests.integration.bookings.builders import CLIENT_ID, ORG, STAFF
from tests.state_machines import machine_settings

BEGIN = datetime(2027, 2, 27, 14, tzinfo=UTC)
"""Four days before the trips."""


class Money(RuleBasedStateMachine):
    """Clients pay, ask for it back, and cancel, ever later; Stripe now and then does not answer; vendors are paid.

    Staff record checks, some of which come back, and void invoices that are wrong.
    """

    till: FakeStripe

    def __init__(self) -> None:
        super().__init__()
        self.clock: Any = None
        self.at = BEGIN
        self.trips: list[str] = []
        self.payments: list[str] = []
        self.vendor = ""
        self.paid_in = self.paid_out = 0
        self._turn(BEGIN)

    def _turn(self, at: datetime) -> None:
        if self.clock is not None:
            self.clock.__exit__(None, None, None)
        self.at, self.clock = at, clock.frozen(at)
        self.clock.__enter__()

    def teardown(self) -> None:
        self.clock.__exit__(None, None, None)

    @initialize()
    def found(self) -> None:
        empty()
        Money.till.given.clear()
        Money.till.by_key.clear()
        Money.till.silent = 0
        builders.set_up_organization("due_on_receipt")
        self.vendor = bidders.vendor()
        self.book()

    @rule()
    def book(self) -> None:
        if len(self.trips) < 4:
            self.trips.append(builders.create_booked_charter().id)

    @rule(hours=st.integers(1, 40))
    def time_goes_by(self, hours: int) -> None:
        self._turn(self.at + timedelta(hours=hours))

    @rule(data=st.data(), cents=st.integers(1, 40_000))
    def pay(self, data: st.DataObject, cents: int) -> None:
        trip = builders.get_charter(data.draw(st.sampled_from(self.trips)))
        self.payments.append(refund_builders.create_payment(cents, charter_id=trip.id))
        self.paid_in += cents

    @rule(data=st.data())
    def invoice(self, data: st.DataObject) -> None:
        trip = data.draw(st.sampled_from(self.trips))
        if self._may(lambda: invoices.create_invoice(MANAGER, InvoiceInput(charter_id=trip))):
            draft = builders.get_charter(trip).invoice_id
            assert draft is not None
            invoice_lifecycle.issue_invoice(MANAGER, draft)

    def _invoices(self, *statuses: str) -> list[Invoice]:
        known = invoices.list_invoices(MANAGER, InvoiceQuery(limit=100)).items
        return sorted((each for each in known if each.status in statuses), key=lambda each: each.id)

    @rule(data=st.data(), share=st.integers(1, 100))
    def record(self, data: st.DataObject, share: int) -> None:
        owed = self._invoices("issued", "partially_paid", "overdue")
        if owed:
            invoice = data.draw(st.sampled_from(owed))
            cents = max(1, invoice.balance_due * share // 100)
            manual_payments.record_payment(
                MANAGER, invoice.id, RecordPaymentInput(amount=cents, method=PaymentMethod.CHECK)
            )
            [newest, *_] = payment_queries.list_payments(MANAGER, PaymentQuery(invoice_id=invoice.id)).items
            self.payments.append(newest.id)
            self.paid_in += cents

    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        if self.payments:
            id_ = data.draw(st.sampled_from(self.payments))
            if self._may(lambda: billing_recording.reverse_payment(MANAGER, id_, "It came back")):
                self.paid_in -= store.get(Payment, PAYMENT.key(org=ORG, id=id_)).amount
                self.payments.remove(id_)

    @rule(data=st.data())
    def void(self, data: st.DataObject) -> None:
        known = self._invoices("draft", "issued", "partially_paid", "overdue", "paid")
        if known:
            id_ = data.draw(st.sampled_from(known)).id
            self._may(lambda: invoice_lifecycle.void_invoice(MANAGER, id_, "Wrong"))

    @rule(data=st.data(), cents=st.one_of(st.none(), st.integers(1, 45_000)))
    def ask(self, data: st.DataObject, cents: int | None) -> None:
        if self.payments:
            wanted = RefundInput(payment_id=data.draw(st.sampled_from(self.payments)), amount=cents, reason="Late")
            self._may(lambda: refunds.request_refund(MANAGER, wanted))

    @rule(data=st.data(), agreed=st.booleans())
    def decide(self, data: st.DataObject, agreed: bool) -> None:
        waiting = [each.id for each in self._refunds() if each.status in {"awaiting_approval", "failed"}]
        if waiting:
            id_ = data.draw(st.sampled_from(waiting))
            decide = refunds.approve_refund if agreed else refunds.reject_refund
            self._may(lambda: decide(MANAGER, id_, "", None))

    @rule(data=st.data(), silent=st.integers(0, 2), refused=st.booleans())
    def give_back(self, data: st.DataObject, silent: int, refused: bool) -> None:
        known = [each.id for each in self._refunds()]
        if known:
            Money.till.silent, Money.till.refusal = silent, "it answered 400" if refused else ""
            refund_builders.run_workflow(data.draw(st.sampled_from(known)), tries=2)
            Money.till.silent, Money.till.refusal = 0, ""

    @rule(data=st.data(), by=st.sampled_from(["client", "operator"]))
    def cancel(self, data: st.DataObject, by: str) -> None:
        trip = data.draw(st.sampled_from(self.trips))
        wanted = CancelInput(initiated_by=by)
        self._may(lambda: lifecycle.cancel(STAFF, trip, wanted, preview=False))

    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        trip = data.draw(st.sampled_from(self.trips))
        heard = Delivery(
            event_id="e", type="charter.cancelled", org_id=ORG, aggregate_id=trip, correlation_id="c", data={}
        )
        self._may(lambda: cancellation_settlement.settle_cancellation(SYSTEM, heard))

    @rule(cents=st.integers(1, 100_000), paid=st.booleans())
    def owe(self, cents: int, paid: bool) -> None:
        wanted = PayableInput(vendor_id=self.vendor, amount=cents, due_date=date(2027, 4, 1), description="Trip")
        made = payables.create_payable(MANAGER, wanted)
        if paid:
            payouts.pay_payable(MANAGER, made.id, PayInput(method=PayoutMethod.ACH), None)
            self.paid_out += cents

    def _may(self, act: Any) -> bool:
        try:
            act()
        except (AlreadyConsumed, errors.Conflict):
            return False
        return True

    def _refunds(self) -> list[Refund]:
        known = refunds.list_refunds(MANAGER, RefundQuery(limit=100)).items
        return sorted(known, key=lambda each: each.id)

    @invariant()
    def nothing_is_given_back_twice_and_the_books_agree(self) -> None:
        if not self.trips:
            return
        known = self._refunds()
        completed = [each for each in known if each.status == "completed"]
        given = {ours: cents for _, ours, cents in Money.till.given.values()}
        assert len(given) == len(Money.till.given), "Stripe gave something back twice"
        assert {each.id: each.amount for each in completed}.items() <= given.items()
        held = {each.id for each in known if each.status != "rejected"}
        assert set(given) <= held, "something went out that nothing holds"
        for payment_id in self.payments:
            payment = store.get(Payment, PAYMENT.key(org=ORG, id=payment_id))
            promised = store.get_counters(REFUND_HOLDS.key(org=ORG, payment=payment_id)).get("refunded", 0)
            assert promised == sum(each.amount for each in known if each.payment_id == payment_id and each.id in held)
            assert payment.amount_refunded <= promised <= payment.amount

        entries = list(journal.iter_entries(ORG, date(2027, 2, 1), date(2027, 12, 31)))
        sums, out = sum_by_account(entries), sum(each.amount for each in completed)
        assert sum(sums.values()) == 0
        assert sums[Account.CASH] == self.paid_in - out - self.paid_out
        assert sums[Account.PAYABLE] == -sum(each.amount for each in payables.list_open_payables(ORG))
        listed = invoices.list_invoices(MANAGER, InvoiceQuery(limit=100)).items
        assert sums[Account.RECEIVABLE] == sum(each.balance_due for each in listed if each.status.is_open)
        assert sums[Account.DEPOSITS] <= 0
        earned = sums[Account.REVENUE] + sums[Account.TAX] + sums[Account.REFUNDS]
        assert sum_by_client(entries).get(CLIENT_ID, 0) == -earned - self.paid_in + out
        live = {
            each.id: each.amount_paid - each.amount_refunded for each in listed if each.number and each.status != "void"
        }
        trips = [builders.get_charter(each) for each in self.trips]
        assert all(trip.amount_paid >= live.get(trip.invoice_id or "", 0) for trip in trips)


@pytest.mark.usefixtures("dynamodb")
def test_refunds_never_exceed_payments_after_any_sequence(monkeypatch: pytest.MonkeyPatch) -> None:
    Money.till = refund_builders.install_fake_stripe(monkeypatch)
    run_state_machine_as_test(Money, settings=machine_settings(4))
