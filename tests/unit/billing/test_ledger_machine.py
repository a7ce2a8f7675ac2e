"""The ledger balances and says what each client and vendor is owed, after any sequence of movements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from coachway.billing.ledger import movements
from coachway.billing.ledger.accounts import LedgerAccount, Movement, MovementKind
from coachway.bookings.charters import cancellation_policy
from tests.ledger_balances import sum_by_account, sum_by_client

CLIENTS = [f"cli_{letter}" for letter in "AB"]
VENDORS = [f"ven_{letter}" for letter in "VW"]
MEMO_FIELDS: dict[str, Any] = {"currency": "USD", "memo": "test"}


@dataclass
class CharterModel:
    """The expected state of a charter. Amounts are in cents."""

    id: str
    client: str
    net: int
    tax: int
    deposit: int = 0
    invoiced: bool = False
    paid_in_advance: int = 0
    paid: int = 0
    refunded: int = 0
    overpaid: int = 0
    fee: int = 0
    cancelled: bool = False

    @property
    def total(self) -> int:
        return self.net + self.tax

    @property
    def due(self) -> int:
        return self.total - self.paid_in_advance - self.paid if self.invoiced else 0


@dataclass
class AwardModel:
    """The expected state of an award. The amount is in cents."""

    vendor: str
    cents: int
    paid: bool = False
    cancelled: bool = False


class LedgerMachine(RuleBasedStateMachine):
    """Invoices, deposits, partial payments, overpayments, refunds, voids, cancellations, awards and payouts."""

    def __init__(self) -> None:
        super().__init__()
        self.journal: list[Movement] = []
        self.charters: list[CharterModel] = []
        self.awards: list[AwardModel] = []
        self.paid_in = dict.fromkeys(CLIENTS, 0)
        self.refunded = dict.fromkeys(CLIENTS, 0)

    def book(self, movement: Movement) -> None:
        self.journal.append(movement)

    def draw_charter(self, data: st.DataObject, **conditions: bool) -> CharterModel | None:
        candidates = [
            charter
            for charter in self.charters
            if all(bool(getattr(charter, name)) is value for name, value in conditions.items())
        ]
        return data.draw(st.sampled_from(candidates)) if candidates else None

    @initialize()
    def create_first_charter(self) -> None:
        self.create_charter(CLIENTS[0], 70_000, 2_650)

    @rule(client=st.sampled_from(CLIENTS), net=st.integers(1, 500_000), tax=st.integers(0, 50_000))
    def create_charter(self, client: str, net: int, tax: int) -> None:
        self.charters.append(CharterModel(f"chr_{len(self.charters)}", client, net, tax))

    @rule(data=st.data(), share=st.integers(1, 100))
    def pay_deposit(self, data: st.DataObject, share: int) -> None:
        charter = self.draw_charter(data, invoiced=False, cancelled=False)
        if charter is None:
            return
        cents = max(1, (charter.total - charter.deposit) * share // 100)
        if charter.deposit + cents > charter.total:
            return
        charter.deposit += cents
        self.paid_in[charter.client] += cents
        self.book(
            movements.build_deposit_received(
                client_id=charter.client, charter_id=charter.id, cents=cents, **MEMO_FIELDS
            )
        )

    @rule(data=st.data())
    def issue_invoice(self, data: st.DataObject) -> None:
        charter = self.draw_charter(data, invoiced=False, cancelled=False)
        if charter is None:
            return
        charter.invoiced, charter.paid_in_advance, charter.deposit = True, charter.deposit, 0
        self.book(movements.build_invoice_issued(**self.invoice_fields(charter)))

    def invoice_fields(self, charter: CharterModel) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "client_id": charter.client,
            "invoice_id": f"ivc_{charter.id}",
            "number": "INV",
            "currency": "USD",
        }
        return {**fields, "net": charter.net, "tax": charter.tax, "paid_in_advance": charter.paid_in_advance}

    @rule(data=st.data())
    def void_invoice(self, data: st.DataObject) -> None:
        charter = self.draw_charter(data, invoiced=True)
        if charter is not None:
            self.book_void(charter)

    def book_void(self, charter: CharterModel) -> None:
        """Void the invoice: its payments that were not refunded become a deposit."""
        fields: dict[str, Any] = {"client_id": charter.client, "invoice_id": f"ivc_{charter.id}", "number": "INV"}
        fields |= {
            "net": charter.net,
            "tax": charter.tax,
            "paid": charter.paid_in_advance + charter.paid,
            "refunded": charter.refunded,
        }
        if charter.net or charter.refunded < charter.total:
            tax_refunded = charter.tax * charter.refunded // charter.total
            self.book(movements.build_invoice_voided(**fields, tax_refunded=tax_refunded, currency="USD"))
        charter.deposit = charter.paid_in_advance + charter.paid - charter.refunded
        charter.invoiced, charter.paid_in_advance, charter.paid, charter.refunded = False, 0, 0, 0

    @rule(data=st.data(), cents=st.integers(1, 50_000))
    def overpay_invoice(self, data: st.DataObject, cents: int) -> None:
        charter = self.draw_charter(data, invoiced=True)
        if charter is None or charter.due:
            return
        charter.overpaid += cents
        self.paid_in[charter.client] += cents
        self.book(
            movements.build_deposit_received(client_id=charter.client, charter_id=None, cents=cents, **MEMO_FIELDS)
        )

    @rule(data=st.data(), share=st.integers(1, 100))
    def refund_overpayment(self, data: st.DataObject, share: int) -> None:
        charter = self.draw_charter(data, overpaid=True)
        if charter is None:
            return
        cents = max(1, charter.overpaid * share // 100)
        charter.overpaid -= cents
        self.refunded[charter.client] += cents
        self.book(
            movements.build_deposit_refunded(client_id=charter.client, charter_id=None, cents=cents, **MEMO_FIELDS)
        )

    @rule(data=st.data(), share=st.integers(1, 100))
    def pay_invoice(self, data: st.DataObject, share: int) -> None:
        charter = self.draw_charter(data, invoiced=True)
        if charter is None or charter.due == 0:
            return
        cents = max(1, charter.due * share // 100)
        charter.paid += cents
        self.paid_in[charter.client] += cents
        self.book(
            movements.build_payment_received(
                client_id=charter.client, invoice_id=charter.id, cents=cents, **MEMO_FIELDS
            )
        )

    @rule(data=st.data(), share=st.integers(1, 100))
    def reverse_payment(self, data: st.DataObject, share: int) -> None:
        charter = self.draw_charter(data, invoiced=True, paid=True)
        if charter is None:
            return
        cents = min(
            max(1, charter.paid * share // 100), charter.paid_in_advance + charter.paid - charter.refunded, charter.paid
        )
        if cents <= 0:
            return
        charter.paid -= cents
        self.paid_in[charter.client] -= cents
        self.book(
            movements.build_payment_reversed(
                client_id=charter.client, invoice_id=charter.id, cents=cents, **MEMO_FIELDS
            )
        )

    @rule(data=st.data(), share=st.integers(1, 100))
    def refund_invoice(self, data: st.DataObject, share: int) -> None:
        charter = self.draw_charter(data, invoiced=True)
        refundable = charter.paid_in_advance + charter.paid - charter.refunded if charter else 0
        if charter is None or refundable <= 0:
            return
        cents = max(1, refundable * share // 100)
        refunded_tax = charter.tax * charter.refunded // charter.total
        charter.refunded += cents
        tax = charter.tax * charter.refunded // charter.total - refunded_tax
        self.refunded[charter.client] += cents
        fields: dict[str, Any] = {"client_id": charter.client, "invoice_id": charter.id, "cents": cents, "tax": tax}
        self.book(movements.build_payment_refunded(**fields, **MEMO_FIELDS))

    @rule(data=st.data(), percent=st.sampled_from([0, 50, 75, 100]))
    def cancel_charter(self, data: st.DataObject, percent: int) -> None:
        charter = self.draw_charter(data, cancelled=False)
        if charter is None:
            return
        if charter.invoiced:
            self.book_void(charter)
        refund = cancellation_policy.refund_amount(charter.deposit, percent)
        fields: dict[str, Any] = {"client_id": charter.client, "charter_id": charter.id, **MEMO_FIELDS}
        if refund:
            self.refunded[charter.client] += refund
            self.book(movements.build_deposit_refunded(cents=refund, **fields))
        if charter.deposit > refund:
            charter.fee = charter.deposit - refund
            self.book(movements.build_cancellation_fee(cents=charter.fee, **fields))
        charter.deposit, charter.cancelled = 0, True

    @rule(data=st.data(), share=st.integers(1, 100))
    def refund_fee(self, data: st.DataObject, share: int) -> None:
        charter = self.draw_charter(data, fee=True)
        if charter is None:
            return
        cents = max(1, charter.fee * share // 100)
        charter.fee -= cents
        self.refunded[charter.client] += cents
        self.book(
            movements.build_fee_refunded(client_id=charter.client, charter_id=charter.id, cents=cents, **MEMO_FIELDS)
        )

    @rule(vendor=st.sampled_from(VENDORS), cents=st.integers(1, 500_000))
    def award_charter(self, vendor: str, cents: int) -> None:
        self.awards.append(AwardModel(vendor, cents))
        self.book(movements.build_cost_incurred(vendor_id=vendor, charter_id="chr_x", cents=cents, **MEMO_FIELDS))

    @precondition(lambda self: any(not award.paid and not award.cancelled for award in self.awards))
    @rule(data=st.data(), paid=st.booleans())
    def pay_or_cancel_award(self, data: st.DataObject, paid: bool) -> None:
        open_awards = [award for award in self.awards if not award.paid and not award.cancelled]
        award = data.draw(st.sampled_from(open_awards))
        fields: dict[str, Any] = {"vendor_id": award.vendor, "charter_id": "chr_x", "cents": award.cents, **MEMO_FIELDS}
        award.paid, award.cancelled = paid, not paid
        self.book(movements.build_payout_made(**fields) if paid else movements.build_cost_reversed(**fields))

    @rule(cents=st.integers(1, 10_000))
    def pay_processing_fee(self, cents: int) -> None:
        self.book(movements.build_fee_paid(cents=cents, currency="USD", memo="Stripe"))

    @invariant()
    def ledger_balances(self) -> None:
        assert sum(sum_by_account(self.journal).values()) == 0

    @invariant()
    def client_balance_is_invoices_less_payments_plus_refunds(self) -> None:
        balances = sum_by_client(self.journal)
        for client in CLIENTS:
            charters = [charter for charter in self.charters if charter.client == client]
            invoices = sum(charter.total - charter.refunded for charter in charters if charter.invoiced)
            fees = sum(charter.fee for charter in charters)
            expected = invoices + fees - self.paid_in[client] + self.refunded[client]
            assert balances.get(client, 0) == expected

    @invariant()
    def refunds_never_exceed_payments(self) -> None:
        for client in CLIENTS:
            assert 0 <= self.refunded[client] <= self.paid_in[client]
        spent = sum(
            posting.amount
            for movement in self.journal
            if movement.kind in {MovementKind.PAYOUT_MADE, MovementKind.FEE_PAID}
            for posting in movement.postings
            if posting.account is LedgerAccount.CASH
        )
        received = sum(self.paid_in.values()) - sum(self.refunded.values())
        assert sum_by_account(self.journal)[LedgerAccount.CASH] == received + spent

    @invariant()
    def receivables_equal_open_invoices(self) -> None:
        assert sum_by_account(self.journal)[LedgerAccount.RECEIVABLE] == sum(charter.due for charter in self.charters)

    @invariant()
    def deposits_equal_advance_payments_and_overpayments(self) -> None:
        assert sum_by_account(self.journal)[LedgerAccount.DEPOSITS] == -sum(
            charter.deposit + charter.overpaid for charter in self.charters
        )

    @invariant()
    def payables_equal_unpaid_awards(self) -> None:
        payable = sum(award.cents for award in self.awards if not award.paid and not award.cancelled)
        assert sum_by_account(self.journal)[LedgerAccount.PAYABLE] == -payable


LedgerMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLedgerMachine = LedgerMachine.TestCase
