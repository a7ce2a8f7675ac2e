"""Rules of refunds: status transitions, approval, and allocation of a cancellation's refund to payments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.billing.ledger import movements
from coachway.billing.ledger.accounts import LedgerAccount
from coachway.billing.refunds import rules as refund_rules
from coachway.billing.refunds.cancellation_settlement import cancellation_refund
from coachway.billing.refunds.rules import TRANSITIONS, RefundableAmount, RefundStatus
from coachway.bookings.charters import cancellation_policy
from coachway.bookings.charters.cancellation_policy import Cancellation
from coachway.bookings.charters.rules import Actor
from coachway.core import errors
from tests.ledger_balances import sum_by_account

CENTS = st.integers(0, 10**8)
PAYMENTS = st.lists(CENTS, max_size=8).map(
    lambda cents: [RefundableAmount(f"pay_{number}", amount) for number, amount in enumerate(cents)]
)


@pytest.mark.parametrize("status", RefundStatus)
def test_refund_transitions_final_statuses(status: RefundStatus) -> None:
    assert set(TRANSITIONS.allowed[RefundStatus.COMPLETED]) == {RefundStatus.FAILED}
    is_over = status is RefundStatus.REJECTED
    assert bool(TRANSITIONS.allowed[status]) is not is_over
    for target in RefundStatus:
        if target in TRANSITIONS.allowed[status]:
            TRANSITIONS.require(status, target)
        else:
            with pytest.raises(errors.Conflict, match=status.value):
                TRANSITIONS.require(status, target)


def test_refund_transitions_require_approval_first() -> None:
    assert RefundStatus.COMPLETED not in TRANSITIONS.allowed[RefundStatus.AWAITING_APPROVAL]
    assert RefundStatus.COMPLETED not in TRANSITIONS.allowed[RefundStatus.FAILED]
    assert RefundStatus.REJECTED not in TRANSITIONS.allowed[RefundStatus.PENDING], "the money may be on its way"


@pytest.mark.parametrize(("cents", "expected"), [(49_999, False), (50_000, True), (50_001, True)])
def test_needs_approval_from_threshold(cents: int, expected: bool) -> None:
    assert refund_rules.needs_approval(cents, 50_000) is expected
    assert refund_rules.needs_approval(cents - 20_000, 50_000, refunded_before=20_000) is expected


@given(CENTS, PAYMENTS)
def test_allocate_refund_stays_within_payments(cents: int, payments: list[RefundableAmount]) -> None:
    shares = refund_rules.allocate_refund(cents, payments)
    refundable = {payment.payment_id: payment.cents for payment in payments}
    assert all(0 < share.cents <= refundable[share.payment_id] for share in shares)
    assert len({share.payment_id for share in shares}) == len(shares)
    assert sum(share.cents for share in shares) == min(cents, sum(refundable.values()))


@given(CENTS, st.integers(0, 200), st.booleans())
def test_cancellation_refund_never_exceeds_paid_and_decreases(paid: int, hours: int, by_client: bool) -> None:
    departure = datetime(2027, 3, 3, 14, tzinfo=UTC)
    actor = Actor.CLIENT if by_client else Actor.STAFF

    def compute_refund(notice: timedelta) -> int:
        percent = cancellation_policy.refund_percent(departure, departure - notice, actor)
        return cancellation_policy.refund_amount(paid, percent)

    notice = timedelta(hours=hours)
    refund, later_refund = compute_refund(notice), compute_refund(notice - timedelta(seconds=1))
    assert 0 <= later_refund <= refund <= paid
    if not by_client:
        assert refund == paid


@given(CENTS, CENTS, st.sampled_from([100, 75, 50, 0]))
def test_cancellation_refund_later_payments_in_full(paid: int, later_payments: int, percent: int) -> None:
    terms = Cancellation(
        preview=False,
        initiated_by="client",
        hours_left=1,
        refund_percent=percent,
        amount_paid=paid,
        refund=cancellation_policy.refund_amount(paid, percent),
        currency="USD",
    )
    assert cancellation_refund(terms, paid + later_payments) == terms.refund + later_payments
    assert cancellation_refund(terms, 0) == 0


@given(st.integers(1, 10**8), st.integers(0, 10**7), st.data())
def test_void_of_cancelled_charter_invoice_keeps_deposit(net: int, tax: int, data: st.DataObject) -> None:
    fields: dict[str, Any] = {"client_id": "cli", "invoice_id": "ivc", "currency": "USD"}
    deposit = data.draw(st.integers(0, net + tax))
    payment = data.draw(st.integers(0, net + tax - deposit))
    refunded = data.draw(st.integers(0, deposit + payment))
    refunded_tax = data.draw(st.integers(0, min(tax, refunded)))
    charter_movements = [
        movements.build_invoice_issued(**fields, number="1", net=net, tax=tax, paid_in_advance=deposit)
    ]
    if deposit:
        charter_movements.append(
            movements.build_deposit_received(client_id="cli", charter_id="chr", cents=deposit, currency="USD", memo="")
        )
    if payment:
        charter_movements.append(movements.build_payment_received(**fields, cents=payment, memo=""))
    if refunded:
        charter_movements.append(movements.build_payment_refunded(**fields, cents=refunded, tax=refunded_tax, memo=""))
    paid = deposit + payment
    void_fields: dict[str, Any] = {"paid": paid, "refunded": refunded, "tax_refunded": refunded_tax}
    charter_movements.append(movements.build_invoice_voided(**fields, number="1", net=net, tax=tax, **void_fields))
    balances = {account: cents for account, cents in sum_by_account(charter_movements).items() if cents}
    remaining = paid - refunded
    assert balances == ({LedgerAccount.CASH: remaining, LedgerAccount.DEPOSITS: -remaining} if remaining else {})
