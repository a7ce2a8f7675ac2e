"""The outcome of a charge is recorded once, whatever reports it first, in any order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coachway.billing.ledger import journal
from coachway.billing.ledger.accounts import LedgerAccount
from coachway.billing.payments import outcome_recording, pending_payments
from coachway.billing.payments.model import PAYMENT_HOLD, Payment, PaymentHold, PaymentInput, PaymentStatus
from coachway.billing.stripe.client import ChargeOutcome
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import AlreadyConsumed, MarkConsumed
from coachway.core.runtime import clock
from coachway.core.types import ids
from tests.integration.billing.stripe_sandbox import BillingOrganization
from tests.integration.bookings import builders as booking_builders
from tests.ledger_balances import sum_by_account

STAFF = Caller(org_id=booking_builders.ORG, user_id="usr_1", role="staff")
STRIPE = Caller.system("stripe", booking_builders.ORG)

OUTCOME = st.sampled_from(["charged", "declined", "unknown"])
REPORTS = st.lists(st.tuples(OUTCOME, st.sampled_from([None, "evt_1", "evt_2"])), max_size=7)
"""Reports of the outcome of a charge: by our own request (None), or by a Stripe event with this id."""


@pytest.fixture
def organization() -> BillingOrganization:
    return BillingOrganization.create()


def build_outcome(payment: Payment, kind: str, **fields: Any) -> ChargeOutcome:
    return ChargeOutcome(
        payment_intent_id="pi_1",
        succeeded=kind == "charged",
        amount=payment.amount,
        currency="USD",
        metadata={},
        charge_id="ch_1",
        failure_code="card_declined" if kind == "declined" else None,
        failure_message="Your card was declined." if kind == "declined" else None,
        is_final=kind != "unknown",
        **fields,
    )


def create_pending_payment(organization: BillingOrganization) -> Payment:
    return pending_payments.create_pending_payment(
        STAFF, PaymentInput(charter_id=organization.create_accepted_charter()["id"], payment_method_id="pm_card_visa")
    )


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reports=REPORTS)
def test_record_outcome_in_any_order_is_written_once(
    organization: BillingOrganization, reports: list[tuple[str, str | None]]
) -> None:
    payment, processed_ids = create_pending_payment(organization), set[str]()
    for kind, event_id in reports:
        unique_event_id = f"{payment.id}-{event_id}"
        consumed_op = MarkConsumed("stripe-webhook", unique_event_id) if event_id else None
        try:
            outcome_recording.record_outcome(
                STRIPE if event_id else STAFF, payment.id, build_outcome(payment, kind), consumed_op=consumed_op
            )
            assert unique_event_id not in processed_ids
        except AlreadyConsumed:
            # A second delivery has no effect, whatever it reports.
            assert unique_event_id in processed_ids
        if event_id:
            processed_ids.add(unique_event_id)
    kinds = _distinct_kinds(reports)
    entries = [entry for entry in organization.list_journal_entries() if entry.reference == payment.id]
    stored = store.get(Payment, payment.key())
    charter = organization.get_charter(payment.subject_id)
    hold = store.find(PaymentHold, PAYMENT_HOLD.key(org=booking_builders.ORG, subject=payment.subject_id))
    if "charged" in kinds:
        assert (stored.status, charter.status, charter.amount_paid) == ("succeeded", "booked", payment.amount)
        assert [sum_by_account(entries)[account] for account in (LedgerAccount.CASH, LedgerAccount.DEPOSITS)] == [
            payment.amount,
            -payment.amount,
        ]
        assert len(entries) == 1
    else:
        assert (stored.status, charter.status, charter.amount_paid, entries) == (
            "failed" if "declined" in kinds else "pending",
            "quote",
            0,
            [],
        )
    assert (hold is None) == (stored.status is not PaymentStatus.PENDING)


def _distinct_kinds(reports: list[tuple[str, str | None]]) -> set[str]:
    """Return the reported outcomes, without repeated deliveries."""
    processed_ids, kinds = set[str](), set[str]()
    for kind, event_id in reports:
        if event_id is None or event_id not in processed_ids:
            kinds.add(kind)
        if event_id:
            processed_ids.add(event_id)
    return kinds


def test_record_outcome_books_fee(organization: BillingOrganization) -> None:
    payment = create_pending_payment(organization)
    outcome_recording.record_outcome(STAFF, payment.id, build_outcome(payment, "charged", fee=521))
    sums = sum_by_account([*organization.list_journal_entries(), *_list_fee_entries(payment)])
    assert (sums[LedgerAccount.FEES], sums[LedgerAccount.CASH]) == (521, payment.amount - 521)
    assert sum(sums.values()) == 0


def _list_fee_entries(payment: Payment) -> list[Any]:
    today = clock.now().date()
    entries = journal.iter_entries(booking_builders.ORG, today - timedelta(days=1), today + timedelta(days=1))
    return [entry for entry in entries if entry.reference == payment.id and entry.kind == "fee_paid"]


def test_record_outcome_unknown_payment_raises_not_found(organization: BillingOrganization) -> None:
    with pytest.raises(errors.NotFound):
        outcome_recording.record_outcome(
            STAFF, ids.new("pay"), build_outcome(create_pending_payment(organization), "charged")
        )
