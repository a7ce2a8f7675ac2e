"""Rules of payables: status transitions, due times, aging, and joint payouts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coachway.billing import aging
from coachway.billing.aging import AgedAmounts, OpenAmount
from coachway.billing.payables import award_consumer
from coachway.billing.payables import rules as payable_rules
from coachway.billing.payables.rules import TRANSITIONS, PayableStatus
from coachway.contracts import bids
from coachway.core import errors, store

DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
OPEN_AMOUNTS = st.lists(
    st.builds(OpenAmount, st.sampled_from(["ven_a", "ven_b", "ven_c"]), st.just("A"), DAYS, st.integers(1, 10**9)),
    max_size=40,
)


def test_award_consumer_handles_accepted_and_called_off_bids() -> None:
    assert set(award_consumer.CONSUMERS) == {bids.BidAccepted.TYPE, bids.AwardReleased.TYPE}


@pytest.mark.parametrize("status", PayableStatus)
def test_payable_transitions_paid_and_void_are_final(status: PayableStatus) -> None:
    assert bool(TRANSITIONS.allowed[status]) is status.is_owed
    for target in PayableStatus:
        if target in TRANSITIONS.allowed[status]:
            TRANSITIONS.require(status, target)
        else:
            with pytest.raises(errors.Conflict, match=status.value):
                TRANSITIONS.require(status, target)


@pytest.mark.parametrize("timezone", ["Pacific/Auckland", "Pacific/Pago_Pago"])
def test_falls_due_at_accepts_any_date(timezone: str) -> None:
    now = datetime(2027, 3, 3, tzinfo=UTC)
    assert payable_rules.choose_initial_status(date.min, timezone, now) is PayableStatus.DUE
    assert payable_rules.choose_initial_status(date.max, timezone, now) is PayableStatus.OPEN


def test_falls_due_at_uses_timezone() -> None:
    day = date(2027, 3, 14)  # the clocks go forward at 02:00
    assert payable_rules.calculate_due_time(day, "America/New_York") == datetime(2027, 3, 14, 5, tzinfo=UTC)
    assert payable_rules.calculate_due_time(day + timedelta(1), "America/New_York") == datetime(
        2027, 3, 15, 4, tzinfo=UTC
    )
    due_at = payable_rules.calculate_due_time(day, "Asia/Tokyo")
    assert payable_rules.choose_initial_status(day, "Asia/Tokyo", due_at) is PayableStatus.DUE
    assert payable_rules.choose_initial_status(day, "Asia/Tokyo", due_at - timedelta(seconds=1)) is PayableStatus.OPEN


@pytest.mark.parametrize(
    ("days", "field"),
    [
        (-1, "current"),
        (0, "current"),
        (1, "days_1_30"),
        (30, "days_1_30"),
        (31, "days_31_60"),
        (60, "days_31_60"),
        (61, "days_61_90"),
        (90, "days_61_90"),
        (91, "over_90"),
    ],
)
def test_age_bucket_by_days_past_due(days: int, field: str) -> None:
    assert aging.age_bucket(date(2027, 1, 1), date(2027, 1, 1) + timedelta(days)) == field


@given(OPEN_AMOUNTS, DAYS)
def test_build_aging_report_counts_every_cent_once(open_amounts: list[OpenAmount], today: date) -> None:
    report = aging.build_aging_report(open_amounts, today, "USD")
    buckets = [name for name in AgedAmounts.model_fields if name != "total"]
    assert report.total.total == sum(amount.cents for amount in open_amounts)
    for name in AgedAmounts.model_fields:
        assert getattr(report.total, name) == sum(getattr(party, name) for party in report.items)
    for party in report.items:
        assert party.total == sum(getattr(party, name) for name in buckets)
        assert party.total == sum(amount.cents for amount in open_amounts if amount.party_id == party.id)
    assert [party.total for party in report.items] == sorted((party.total for party in report.items), reverse=True)


def test_require_payable_together_fits_transaction() -> None:
    assert payable_rules.MAX_WRITES == store.MAX_WRITES
    for vendor_ids in (["a"] * 40, [str(n) for n in range(18)]):
        payable_rules.require_payable_together(vendor_ids)
        assert payable_rules.count_writes(vendor_ids) <= store.MAX_WRITES
    with pytest.raises(errors.Invalid, match="payable_ids"):
        payable_rules.require_payable_together([str(n) for n in range(19)])
