from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from coachway.billing.ledger import movements
from coachway.billing.ledger.accounts import Account, Movement, MovementKind, Posting, sum_by_account, sum_by_client

CLIENT = "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
VENDOR = "ven_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
CHARTER = "chr_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
INVOICE = "ivc_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
CENTS = st.integers(1, 10_000_000)


def issued(net: int, tax: int, paid_ahead: int) -> Movement:
    return movements.invoice_issued(
        client_id=CLIENT, invoice_id=INVOICE, number="INV-1", net=net, tax=tax, paid_ahead=paid_ahead, currency="USD"
    )


def test_invoice_issued_worked_example() -> None:
    found = sum_by_account([issued(70_000, 2_650, 20_000)])
    assert found[Account.RECEIVABLE] == 52_650
    assert found[Account.REVENUE] == -70_000
    assert found[Account.TAX] == -2_650
    assert found[Account.DEPOSITS] == 20_000


@given(CENTS, st.integers(0, 1_000_000), st.integers(0, 1_000_000))
def test_client_movements_balance_and_equal_client_balance(net: int, tax: int, extra: int) -> None:
    total = net + tax
    ahead = min(extra, total)
    about: dict[str, Any] = {"client_id": CLIENT, "currency": "USD", "memo": "x"}
    made = [issued(net, tax, ahead)]
    if ahead:
        made.insert(0, movements.deposit_received(charter_id=CHARTER, cents=ahead, **about))
    if total > ahead:
        made.append(movements.payment_received(invoice_id=INVOICE, cents=total - ahead, **about))
    assert sum(sum_by_account(made).values()) == 0
    assert sum_by_client(made) == {CLIENT: 0}
    made.append(movements.payment_refunded(invoice_id=INVOICE, cents=total, tax=tax, **about))
    assert sum_by_client(made) == {CLIENT: 0}
    assert sum_by_account(made)[Account.CASH] == 0
    assert sum_by_account(made)[Account.TAX] == 0


@given(CENTS, st.integers(0, 1_000_000), st.integers(0, 1_000_000))
def test_invoice_voided_reverses_issue(net: int, tax: int, extra: int) -> None:
    ahead = min(extra, net + tax)
    voided = movements.invoice_voided(
        client_id=CLIENT, invoice_id=INVOICE, number="INV-1", net=net, tax=tax, paid=ahead, currency="USD"
    )
    assert set(sum_by_account([issued(net, tax, ahead), voided]).values()) == {0}


@given(CENTS)
def test_vendor_movements_end_at_zero_after_payout(cents: int) -> None:
    about: dict[str, Any] = {"vendor_id": VENDOR, "charter_id": CHARTER, "cents": cents, "currency": "USD", "memo": "x"}
    made = [movements.cost_incurred(**about), movements.payout_made(**about)]
    found = sum_by_account(made)
    assert (found[Account.PAYABLE], found[Account.COST], found[Account.CASH]) == (0, cents, -cents)
    taken_back = sum_by_account([movements.cost_incurred(**about), movements.cost_reversed(**about)])
    assert set(taken_back.values()) == {0}


@given(CENTS)
def test_cancellation_fee_becomes_revenue(cents: int) -> None:
    about: dict[str, Any] = {"client_id": CLIENT, "charter_id": CHARTER, "cents": cents, "currency": "USD", "memo": "x"}
    made = [movements.deposit_received(**about), movements.cancellation_fee(**about)]
    assert sum_by_client(made) == {CLIENT: 0}
    assert sum_by_account(made)[Account.REVENUE] == -cents
    given_back = [movements.deposit_received(**about), movements.deposit_refunded(**about)]
    assert set(sum_by_account(given_back).values()) == {0}


def line(account: Account, amount: int, **more: str) -> Posting:
    return Posting(account=account, amount=amount, **more)


@pytest.mark.parametrize(
    "postings",
    [
        [line(Account.CASH, 100), line(Account.FEES, -99)],
        [line(Account.CASH, 0), line(Account.FEES, 0)],
        [line(Account.CASH, 100), line(Account.RECEIVABLE, -100)],
        [line(Account.CASH, -100), line(Account.COST, 100)],
        [line(Account.CASH, 100)],
    ],
    ids=["does not balance", "moves nothing", "of no client", "of no vendor", "one-sided"],
)
def test_movement_rejects_unbalanced_postings(postings: list[Posting]) -> None:
    with pytest.raises(ValidationError):
        Movement(kind=MovementKind.FEE_PAID, currency="USD", memo="x", postings=postings)
