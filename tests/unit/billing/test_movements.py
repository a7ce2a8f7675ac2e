from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from coachway.billing.ledger import movements
from coachway.billing.ledger.accounts import LedgerAccount, Movement, MovementKind, Posting
from tests.ledger_balances import sum_by_account, sum_by_client

CLIENT = "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
VENDOR = "ven_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
CHARTER = "chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
INVOICE = "ivc_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
CENTS = st.integers(1, 10_000_000)


def build_invoice_issued(net: int, tax: int, paid_in_advance: int) -> Movement:
    return movements.build_invoice_issued(
        client_id=CLIENT,
        invoice_id=INVOICE,
        number="INV-1",
        net=net,
        tax=tax,
        paid_in_advance=paid_in_advance,
        currency="USD",
    )


def test_invoice_issued_worked_example() -> None:
    balances = sum_by_account([build_invoice_issued(70_000, 2_650, 20_000)])
    assert balances[LedgerAccount.RECEIVABLE] == 52_650
    assert balances[LedgerAccount.REVENUE] == -70_000
    assert balances[LedgerAccount.TAX] == -2_650
    assert balances[LedgerAccount.DEPOSITS] == 20_000


@given(CENTS, st.integers(0, 1_000_000), st.integers(0, 1_000_000))
def test_client_movements_balance_and_equal_client_balance(net: int, tax: int, extra: int) -> None:
    total = net + tax
    paid_in_advance = min(extra, total)
    fields: dict[str, Any] = {"client_id": CLIENT, "currency": "USD", "memo": "x"}
    client_movements = [build_invoice_issued(net, tax, paid_in_advance)]
    if paid_in_advance:
        client_movements.insert(
            0, movements.build_deposit_received(charter_id=CHARTER, cents=paid_in_advance, **fields)
        )
    if total > paid_in_advance:
        client_movements.append(
            movements.build_payment_received(invoice_id=INVOICE, cents=total - paid_in_advance, **fields)
        )
    assert sum(sum_by_account(client_movements).values()) == 0
    assert sum_by_client(client_movements) == {CLIENT: 0}
    client_movements.append(movements.build_payment_refunded(invoice_id=INVOICE, cents=total, tax=tax, **fields))
    assert sum_by_client(client_movements) == {CLIENT: 0}
    assert sum_by_account(client_movements)[LedgerAccount.CASH] == 0
    assert sum_by_account(client_movements)[LedgerAccount.TAX] == 0


@given(CENTS, st.integers(0, 1_000_000), st.integers(0, 1_000_000))
def test_invoice_voided_reverses_issue(net: int, tax: int, extra: int) -> None:
    paid_in_advance = min(extra, net + tax)
    voided = movements.build_invoice_voided(
        client_id=CLIENT, invoice_id=INVOICE, number="INV-1", net=net, tax=tax, paid=paid_in_advance, currency="USD"
    )
    assert set(sum_by_account([build_invoice_issued(net, tax, paid_in_advance), voided]).values()) == {0}


@given(CENTS)
def test_vendor_movements_end_at_zero_after_payout(cents: int) -> None:
    fields: dict[str, Any] = {
        "vendor_id": VENDOR,
        "charter_id": CHARTER,
        "cents": cents,
        "currency": "USD",
        "memo": "x",
    }
    client_movements = [movements.build_cost_incurred(**fields), movements.build_payout_made(**fields)]
    balances = sum_by_account(client_movements)
    assert (balances[LedgerAccount.PAYABLE], balances[LedgerAccount.COST], balances[LedgerAccount.CASH]) == (
        0,
        cents,
        -cents,
    )
    balances_after_reversal = sum_by_account(
        [movements.build_cost_incurred(**fields), movements.build_cost_reversed(**fields)]
    )
    assert set(balances_after_reversal.values()) == {0}


@given(CENTS)
def test_cancellation_fee_becomes_revenue(cents: int) -> None:
    fields: dict[str, Any] = {
        "client_id": CLIENT,
        "charter_id": CHARTER,
        "cents": cents,
        "currency": "USD",
        "memo": "x",
    }
    client_movements = [movements.build_deposit_received(**fields), movements.build_cancellation_fee(**fields)]
    assert sum_by_client(client_movements) == {CLIENT: 0}
    assert sum_by_account(client_movements)[LedgerAccount.REVENUE] == -cents
    refunded_deposit = [movements.build_deposit_received(**fields), movements.build_deposit_refunded(**fields)]
    assert set(sum_by_account(refunded_deposit).values()) == {0}


def build_posting(account: LedgerAccount, amount: int, **references: str) -> Posting:
    return Posting(account=account, amount=amount, **references)


@pytest.mark.parametrize(
    "postings",
    [
        [build_posting(LedgerAccount.CASH, 100), build_posting(LedgerAccount.FEES, -99)],
        [build_posting(LedgerAccount.CASH, 0), build_posting(LedgerAccount.FEES, 0)],
        [build_posting(LedgerAccount.CASH, 100), build_posting(LedgerAccount.RECEIVABLE, -100)],
        [build_posting(LedgerAccount.CASH, -100), build_posting(LedgerAccount.COST, 100)],
        [build_posting(LedgerAccount.CASH, 100)],
    ],
    ids=["unbalanced", "zero amounts", "no client", "no vendor", "one posting"],
)
def test_movement_rejects_unbalanced_postings(postings: list[Posting]) -> None:
    with pytest.raises(ValidationError):
        Movement(kind=MovementKind.FEE_PAID, currency="USD", memo="x", postings=postings)
