"""Refunds, as rules: their life, who has to agree, and what a cancellation gives back of which payment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.billing.ledger import movements
from coachway.billing.ledger.accounts import Account, sum_by_account
from coachway.billing.refunds import rules as refund_rules
from coachway.billing.refunds.cancellation_settlement import cancellation_refund
from coachway.billing.refunds.rules import TRANSITIONS, RefundableAmount, RefundStatus
from coachway.bookings.charters import cancellation_policy
from coachway.bookings.charters.model import Cancellation
from coachway.bookings.charters.rules import Actor
from coachway.core import errors

CENTS = st.integers(0, 10**8)
PAYMENTS = st.lists(CENTS, max_size=8).map(
    lambda cents: [RefundableAmount(f"pay_{n}", each) for n, each in enumerate(cents)]
)


@pytest.mark.parametrize("status", RefundStatus)
def test_refund_transitions_final_statuses(status: RefundStatus) -> None:
    assert set(TRANSITIONS.allowed[RefundStatus.COMPLETED]) == {RefundStatus.FAILED}
    is_over = status is RefundStatus.REJECTED
    assert bool(TRANSITIONS.allowed[status]) is not is_over
    for wanted in RefundStatus:
        if wanted in TRANSITIONS.allowed[status]:
            TRANSITIONS.require(status, wanted)
        else:
            with pytest.raises(errors.Conflict, match=status.value):
                TRANSITIONS.require(status, wanted)


def test_refund_transitions_require_approval_first() -> None:
    assert RefundStatus.COMPLETED not in TRANSITIONS.allowed[RefundStatus.AWAITING_APPROVAL]
    assert RefundStatus.COMPLETED not in TRANSITIONS.allowed[RefundStatus.FAILED]
    assert RefundStatus.REJECTED not in TRANSITIONS.allowed[RefundStatus.PENDING], "it may be on its way"


@pytest.mark.parametrize(("cents", "needed"), [(49_999, False), (50_000, True), (50_001, True)])
def test_needs_approval_from_threshold(cents: int, needed: bool) -> None:
    assert refund_rules.needs_approval(cents, 50_000) is needed
    assert refund_rules.needs_approval(cents - 20_000, 50_000, refunded_before=20_000) is needed


@given(CENTS, PAYMENTS)
def test_allocate_refund_stays_within_payments(cents: int, payments: list[RefundableAmount]) -> None:
    shares = refund_rules.allocate_refund(cents, payments)
    left = {payment.payment_id: payment.cents for payment in payments}
    assert all(0 < share.cents <= left[share.payment_id] for share in shares)
    assert len({share.payment_id for share in shares}) == len(shares)
    assert sum(share.cents for share in shares) == min(cents, sum(left.values()))


@given(CENTS, st.integers(0, 200), st.booleans())
def test_cancellation_refund_never_exceeds_paid_and_decreases(paid: int, hours: int, client: bool) -> None:
    first, by = datetime(2027, 3, 3, 14, tzinfo=UTC), Actor.CLIENT if client else Actor.STAFF

    def back(left: timedelta) -> int:
        return cancellation_policy.refund_amount(paid, cancellation_policy.refund_percent(first, first - left, by))

    now, later = back(timedelta(hours=hours)), back(timedelta(hours=hours) - timedelta(seconds=1))
    assert 0 <= later <= now <= paid
    if not client:
        assert now == paid


@given(CENTS, CENTS, st.sampled_from([100, 75, 50, 0]))
def test_cancellation_refund_later_payments_in_full(paid: int, late: int, percent: int) -> None:
    terms = Cancellation(
        preview=False,
        initiated_by="client",
        hours_left=1,
        refund_percent=percent,
        amount_paid=paid,
        refund=cancellation_policy.refund_amount(paid, percent),
        currency="USD",
    )
    assert cancellation_refund(terms, paid + late) == terms.refund + late
    assert cancellation_refund(terms, 0) == 0


@given(st.integers(1, 10**8), st.integers(0, 10**7), st.data())
def test_void_of_cancelled_charter_invoice_keeps_deposit(net: int, tax: int, data: st.DataObject) -> None:
    about: dict[str, Any] = {"client_id": "cli", "invoice_id": "ivc", "currency": "USD"}
    ahead = data.draw(st.integers(0, net + tax))
    later = data.draw(st.integers(0, net + tax - ahead))
    refunded = data.draw(st.integers(0, ahead + later))
    taxed = data.draw(st.integers(0, min(tax, refunded)))
    happened = [movements.invoice_issued(**about, number="1", net=net, tax=tax, paid_ahead=ahead)]
    if ahead:
        happened.append(
            movements.deposit_received(client_id="cli", charter_id="chr", cents=ahead, currency="USD", memo="")
        )
    if later:
        happened.append(movements.payment_received(**about, cents=later, memo=""))
    if refunded:
        happened.append(movements.payment_refunded(**about, cents=refunded, tax=taxed, memo=""))
    paid = ahead + later
    off: dict[str, Any] = {"paid": paid, "refunded": refunded, "tax_refunded": taxed}
    happened.append(movements.invoice_voided(**about, number="1", net=net, tax=tax, **off))
    found = {account: cents for account, cents in sum_by_account(happened).items() if cents}
    kept = paid - refunded
    assert found == ({Account.CASH: kept, Account.DEPOSITS: -kept} if kept else {})
