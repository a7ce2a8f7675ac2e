"""Whoever learns first what became of a charge, and in whatever order: it is written once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coachway.billing.ledger import journal
from coachway.billing.ledger.accounts import Account, sum_by_account
from coachway.billing.payments import card_payments, settlement
from coachway.billing.payments.model import PAYMENT_HOLD, Payment, PaymentHold, PaymentInput, PaymentStatus
from coachway.billing.stripe.client import ChargeOutcome
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import AlreadyConsumed, MarkConsumed
from coachway.core.runtime import clock
from coachway.core.types import ids
from tests.integration.billing.stripe_sandbox import Desk
from tests.integration.bookings import builders as booking_builders

STAFF = Caller(org_id=booking_builders.ORG, user_id="usr_1", role="staff")
STRIPE = Caller.system("stripe", booking_builders.ORG)

WORD = st.sampled_from(["charged", "declined", "not known yet"])
TOLD = st.lists(st.tuples(WORD, st.sampled_from([None, "evt_1", "evt_2"])), max_size=7)
"""What is heard of a charge, one after the other: by our own call (None), or by an event of Stripe's."""


@pytest.fixture
def desk() -> Desk:
    return Desk.opened()


def outcome(payment: Payment, word: str, **more: Any) -> ChargeOutcome:
    return ChargeOutcome(
        payment_intent_id="pi_1",
        succeeded=word == "charged",
        amount=payment.amount,
        currency="USD",
        metadata={},
        charge_id="ch_1",
        failure_code="card_declined" if word == "declined" else None,
        failure_message="Your card was declined." if word == "declined" else None,
        is_final=word != "not known yet",
        **more,
    )


def begun(desk: Desk) -> Payment:
    return card_payments.create_pending_payment(
        STAFF, PaymentInput(charter_id=desk.accepted()["id"], payment_method_id="pm_card_visa")
    )


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=TOLD)
def test_record_outcome_in_any_order_is_written_once(desk: Desk, told: list[tuple[str, str | None]]) -> None:
    payment, seen = begun(desk), set[str]()
    for word, event_id in told:
        mark = f"{payment.id}-{event_id}"
        once = MarkConsumed("stripe-webhook", mark) if event_id else None
        try:
            settlement.record_outcome(
                STRIPE if event_id else STAFF, payment.id, outcome(payment, word), consumed_op=once
            )
            assert mark not in seen
        except AlreadyConsumed:
            # A second delivery does nothing, whatever it says.
            assert mark in seen
        if event_id:
            seen.add(mark)
    heard = _first_words(told)
    entries = [each for each in desk.journal() if each.reference == payment.id]
    known = store.get(Payment, payment.key())
    charter = desk.charter(payment.subject_id)
    hold = store.find(PaymentHold, PAYMENT_HOLD.key(org=booking_builders.ORG, subject=payment.subject_id))
    if "charged" in heard:
        assert (known.status, charter.status, charter.amount_paid) == ("succeeded", "booked", payment.amount)
        assert [sum_by_account(entries)[each] for each in (Account.CASH, Account.DEPOSITS)] == [
            payment.amount,
            -payment.amount,
        ]
        assert len(entries) == 1
    else:
        assert (known.status, charter.status, charter.amount_paid, entries) == (
            "failed" if "declined" in heard else "pending",
            "quote",
            0,
            [],
        )
    assert (hold is None) == (known.status is not PaymentStatus.PENDING)


def _first_words(told: list[tuple[str, str | None]]) -> set[str]:
    """What was heard, without second deliveries."""
    seen, heard = set[str](), set[str]()
    for word, event_id in told:
        if event_id is None or event_id not in seen:
            heard.add(word)
        if event_id:
            seen.add(event_id)
    return heard


def test_record_outcome_books_fee(desk: Desk) -> None:
    payment = begun(desk)
    settlement.record_outcome(STAFF, payment.id, outcome(payment, "charged", fee=521))
    sums = sum_by_account([*desk.journal(), *_fees(payment)])
    assert (sums[Account.FEES], sums[Account.CASH]) == (521, payment.amount - 521)
    assert sum(sums.values()) == 0


def _fees(payment: Payment) -> list[Any]:
    today = clock.now().date()
    found = journal.iter_entries(booking_builders.ORG, today - timedelta(days=1), today + timedelta(days=1))
    return [each for each in found if each.reference == payment.id and each.kind == "fee_paid"]


def test_record_outcome_unknown_payment_raises_not_found(desk: Desk) -> None:
    with pytest.raises(errors.NotFound):
        settlement.record_outcome(STAFF, ids.new("pay"), outcome(begun(desk), "charged"))
