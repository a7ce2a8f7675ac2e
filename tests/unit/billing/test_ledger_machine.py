"""Whatever happens in whatever order: the books add up to zero, and say what each client owes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from coachway.billing.ledger import movements
from coachway.billing.ledger.accounts import Account, Movement, MovementKind, sum_by_account, sum_by_client
from coachway.bookings.charters import cancellation_policy

CLIENTS = [f"cli_{each}" for each in "AB"]
VENDORS = [f"ven_{each}" for each in "VW"]
WORDS: dict[str, Any] = {"currency": "USD", "memo": "as the model has it"}


@dataclass
class Trip:
    """A charter as the model knows it. Cents throughout."""

    id: str
    client: str
    net: int
    tax: int
    deposit: int = 0
    invoiced: bool = False
    ahead: int = 0
    paid: int = 0
    refunded: int = 0
    over: int = 0
    kept: int = 0
    cancelled: bool = False

    @property
    def total(self) -> int:
        return self.net + self.tax

    @property
    def due(self) -> int:
        return self.total - self.ahead - self.paid if self.invoiced else 0


@dataclass
class Award:
    vendor: str
    cents: int
    paid: bool = False
    gone: bool = False


class Books(RuleBasedStateMachine):
    """Invoices, deposits, payments in parts and beyond what is due, refunds, voids, cancellations, awards, payouts."""

    def __init__(self) -> None:
        super().__init__()
        self.journal: list[Movement] = []
        self.trips: list[Trip] = []
        self.awards: list[Award] = []
        self.paid_in = dict.fromkeys(CLIENTS, 0)
        self.given_back = dict.fromkeys(CLIENTS, 0)

    def book(self, movement: Movement) -> None:
        self.journal.append(movement)

    def trip(self, data: st.DataObject, **wanted: bool) -> Trip | None:
        fitting = [
            each for each in self.trips if all(bool(getattr(each, name)) is value for name, value in wanted.items())
        ]
        return data.draw(st.sampled_from(fitting)) if fitting else None

    @initialize()
    def begin(self) -> None:
        self.booked(CLIENTS[0], 70_000, 2_650)

    @rule(client=st.sampled_from(CLIENTS), net=st.integers(1, 500_000), tax=st.integers(0, 50_000))
    def booked(self, client: str, net: int, tax: int) -> None:
        self.trips.append(Trip(f"chr_{len(self.trips)}", client, net, tax))

    @rule(data=st.data(), share=st.integers(1, 100))
    def pay_ahead(self, data: st.DataObject, share: int) -> None:
        trip = self.trip(data, invoiced=False, cancelled=False)
        if trip is None:
            return
        cents = max(1, (trip.total - trip.deposit) * share // 100)
        if trip.deposit + cents > trip.total:
            return
        trip.deposit += cents
        self.paid_in[trip.client] += cents
        self.book(movements.deposit_received(client_id=trip.client, charter_id=trip.id, cents=cents, **WORDS))

    @rule(data=st.data())
    def issue(self, data: st.DataObject) -> None:
        trip = self.trip(data, invoiced=False, cancelled=False)
        if trip is None:
            return
        trip.invoiced, trip.ahead, trip.deposit = True, trip.deposit, 0
        self.book(movements.invoice_issued(**self.invoice(trip)))

    def invoice(self, trip: Trip) -> dict[str, Any]:
        of: dict[str, Any] = {
            "client_id": trip.client,
            "invoice_id": f"ivc_{trip.id}",
            "number": "INV",
            "currency": "USD",
        }
        return {**of, "net": trip.net, "tax": trip.tax, "paid_ahead": trip.ahead}

    @rule(data=st.data())
    def void(self, data: st.DataObject) -> None:
        trip = self.trip(data, invoiced=True)
        if trip is not None:
            self.take_back(trip)

    def take_back(self, trip: Trip) -> None:
        """Its invoice is not owed: what was paid on it, and not given back, is a deposit."""
        of: dict[str, Any] = {"client_id": trip.client, "invoice_id": f"ivc_{trip.id}", "number": "INV"}
        of |= {"net": trip.net, "tax": trip.tax, "paid": trip.ahead + trip.paid, "refunded": trip.refunded}
        if trip.net or trip.refunded < trip.total:
            taxed = trip.tax * trip.refunded // trip.total
            self.book(movements.invoice_voided(**of, tax_refunded=taxed, currency="USD"))
        trip.deposit = trip.ahead + trip.paid - trip.refunded
        trip.invoiced, trip.ahead, trip.paid, trip.refunded = False, 0, 0, 0

    @rule(data=st.data(), cents=st.integers(1, 50_000))
    def pay_too_much(self, data: st.DataObject, cents: int) -> None:
        trip = self.trip(data, invoiced=True)
        if trip is None or trip.due:
            return
        trip.over += cents
        self.paid_in[trip.client] += cents
        self.book(movements.deposit_received(client_id=trip.client, charter_id=None, cents=cents, **WORDS))

    @rule(data=st.data(), share=st.integers(1, 100))
    def give_back_what_was_too_much(self, data: st.DataObject, share: int) -> None:
        trip = self.trip(data, over=True)
        if trip is None:
            return
        cents = max(1, trip.over * share // 100)
        trip.over -= cents
        self.given_back[trip.client] += cents
        self.book(movements.deposit_refunded(client_id=trip.client, charter_id=None, cents=cents, **WORDS))

    @rule(data=st.data(), share=st.integers(1, 100))
    def pay(self, data: st.DataObject, share: int) -> None:
        trip = self.trip(data, invoiced=True)
        if trip is None or trip.due == 0:
            return
        cents = max(1, trip.due * share // 100)
        trip.paid += cents
        self.paid_in[trip.client] += cents
        self.book(movements.payment_received(client_id=trip.client, invoice_id=trip.id, cents=cents, **WORDS))

    @rule(data=st.data(), share=st.integers(1, 100))
    def take_back_a_payment(self, data: st.DataObject, share: int) -> None:
        trip = self.trip(data, invoiced=True, paid=True)
        if trip is None:
            return
        cents = min(max(1, trip.paid * share // 100), trip.ahead + trip.paid - trip.refunded, trip.paid)
        if cents <= 0:
            return
        trip.paid -= cents
        self.paid_in[trip.client] -= cents
        self.book(movements.payment_reversed(client_id=trip.client, invoice_id=trip.id, cents=cents, **WORDS))

    @rule(data=st.data(), share=st.integers(1, 100))
    def refund(self, data: st.DataObject, share: int) -> None:
        trip = self.trip(data, invoiced=True)
        left = trip.ahead + trip.paid - trip.refunded if trip else 0
        if trip is None or left <= 0:
            return
        cents = max(1, left * share // 100)
        before = trip.tax * trip.refunded // trip.total
        trip.refunded += cents
        tax = trip.tax * trip.refunded // trip.total - before
        self.given_back[trip.client] += cents
        of: dict[str, Any] = {"client_id": trip.client, "invoice_id": trip.id, "cents": cents, "tax": tax}
        self.book(movements.payment_refunded(**of, **WORDS))

    @rule(data=st.data(), percent=st.sampled_from([0, 50, 75, 100]))
    def cancel(self, data: st.DataObject, percent: int) -> None:
        trip = self.trip(data, cancelled=False)
        if trip is None:
            return
        if trip.invoiced:
            self.take_back(trip)
        back = cancellation_policy.refund_amount(trip.deposit, percent)
        of: dict[str, Any] = {"client_id": trip.client, "charter_id": trip.id, **WORDS}
        if back:
            self.given_back[trip.client] += back
            self.book(movements.deposit_refunded(cents=back, **of))
        if trip.deposit > back:
            trip.kept = trip.deposit - back
            self.book(movements.cancellation_fee(cents=trip.kept, **of))
        trip.deposit, trip.cancelled = 0, True

    @rule(data=st.data(), share=st.integers(1, 100))
    def give_back_what_was_kept(self, data: st.DataObject, share: int) -> None:
        trip = self.trip(data, kept=True)
        if trip is None:
            return
        cents = max(1, trip.kept * share // 100)
        trip.kept -= cents
        self.given_back[trip.client] += cents
        self.book(movements.fee_refunded(client_id=trip.client, charter_id=trip.id, cents=cents, **WORDS))

    @rule(vendor=st.sampled_from(VENDORS), cents=st.integers(1, 500_000))
    def award(self, vendor: str, cents: int) -> None:
        self.awards.append(Award(vendor, cents))
        self.book(movements.cost_incurred(vendor_id=vendor, charter_id="chr_x", cents=cents, **WORDS))

    @precondition(lambda self: any(not each.paid and not each.gone for each in self.awards))
    @rule(data=st.data(), paid=st.booleans())
    def settle_an_award(self, data: st.DataObject, paid: bool) -> None:
        owed = [each for each in self.awards if not each.paid and not each.gone]
        award = data.draw(st.sampled_from(owed))
        of: dict[str, Any] = {"vendor_id": award.vendor, "charter_id": "chr_x", "cents": award.cents, **WORDS}
        award.paid, award.gone = paid, not paid
        self.book(movements.payout_made(**of) if paid else movements.cost_reversed(**of))

    @rule(cents=st.integers(1, 10_000))
    def pay_a_fee(self, cents: int) -> None:
        self.book(movements.fee_paid(cents=cents, currency="USD", memo="Stripe"))

    @invariant()
    def adds_up_to_zero(self) -> None:
        assert sum(sum_by_account(self.journal).values()) == 0

    @invariant()
    def a_client_owes_its_invoices_less_its_payments_plus_its_refunds(self) -> None:
        balances = sum_by_client(self.journal)
        for client in CLIENTS:
            trips = [each for each in self.trips if each.client == client]
            invoices = sum(each.total - each.refunded for each in trips if each.invoiced)
            fees = sum(each.kept for each in trips)
            owed = invoices + fees - self.paid_in[client] + self.given_back[client]
            assert balances.get(client, 0) == owed

    @invariant()
    def never_more_is_given_back_than_was_paid(self) -> None:
        for client in CLIENTS:
            assert 0 <= self.given_back[client] <= self.paid_in[client]
        spent = sum(
            line.amount
            for each in self.journal
            if each.kind in {MovementKind.PAYOUT_MADE, MovementKind.FEE_PAID}
            for line in each.postings
            if line.account is Account.CASH
        )
        taken = sum(self.paid_in.values()) - sum(self.given_back.values())
        assert sum_by_account(self.journal)[Account.CASH] == taken + spent

    @invariant()
    def open_invoices_are_what_clients_owe(self) -> None:
        assert sum_by_account(self.journal)[Account.RECEIVABLE] == sum(each.due for each in self.trips)

    @invariant()
    def deposits_are_what_clients_paid_ahead_or_too_much(self) -> None:
        assert sum_by_account(self.journal)[Account.DEPOSITS] == -sum(each.deposit + each.over for each in self.trips)

    @invariant()
    def vendors_are_owed_what_they_won_and_were_not_paid(self) -> None:
        owed = sum(each.cents for each in self.awards if not each.paid and not each.gone)
        assert sum_by_account(self.journal)[Account.PAYABLE] == -owed


Books.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestBooks = Books.TestCase
