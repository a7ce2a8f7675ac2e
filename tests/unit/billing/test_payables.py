"""What is owed to vendors, as rules: its steps, its day, its age, and what is paid together."""

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
OWED = st.lists(
    st.builds(OpenAmount, st.sampled_from(["ven_a", "ven_b", "ven_c"]), st.just("A"), DAYS, st.integers(1, 10**9)),
    max_size=40,
)


def test_award_consumer_handles_accepted_and_called_off_bids() -> None:
    assert set(award_consumer.CONSUMERS) == {bids.BidAccepted.TYPE, bids.BidCalledOff.TYPE}


@pytest.mark.parametrize("status", PayableStatus)
def test_payable_transitions_paid_and_void_are_final(status: PayableStatus) -> None:
    assert bool(TRANSITIONS.allowed[status]) is status.is_owed
    for wanted in PayableStatus:
        if wanted in TRANSITIONS.allowed[status]:
            TRANSITIONS.require(status, wanted)
        else:
            with pytest.raises(errors.Conflict, match=status.value):
                TRANSITIONS.require(status, wanted)


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "Pacific/Pago_Pago"])
def test_falls_due_at_accepts_any_date(zone: str) -> None:
    now = datetime(2027, 3, 3, tzinfo=UTC)
    assert payable_rules.initial_status(date.min, zone, now) is PayableStatus.DUE
    assert payable_rules.initial_status(date.max, zone, now) is PayableStatus.OPEN


def test_falls_due_at_uses_timezone() -> None:
    day = date(2027, 3, 14)  # clocks go forward at two
    assert payable_rules.falls_due_at(day, "America/New_York") == datetime(2027, 3, 14, 5, tzinfo=UTC)
    assert payable_rules.falls_due_at(day + timedelta(1), "America/New_York") == datetime(2027, 3, 15, 4, tzinfo=UTC)
    begins = payable_rules.falls_due_at(day, "Asia/Tokyo")
    assert payable_rules.initial_status(day, "Asia/Tokyo", begins) is PayableStatus.DUE
    assert payable_rules.initial_status(day, "Asia/Tokyo", begins - timedelta(seconds=1)) is PayableStatus.OPEN


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


@given(OWED, DAYS)
def test_age_amounts_counts_every_cent_once(owed: list[OpenAmount], today: date) -> None:
    found = aging.build_aging_report(owed, today, "USD")
    ages = [name for name in AgedAmounts.model_fields if name != "total"]
    assert found.total.total == sum(each.cents for each in owed)
    for name in AgedAmounts.model_fields:
        assert getattr(found.total, name) == sum(getattr(party, name) for party in found.items)
    for party in found.items:
        assert party.total == sum(getattr(party, name) for name in ages)
        assert party.total == sum(each.cents for each in owed if each.party_id == party.id)
    assert [party.total for party in found.items] == sorted((party.total for party in found.items), reverse=True)


def test_require_payable_together_fits_transaction() -> None:
    assert payable_rules.MAX_WRITES == store.MOST_WRITES
    for vendors in (["a"] * 40, [str(n) for n in range(18)]):
        payable_rules.require_payable_together(vendors)
        assert payable_rules.count_writes(vendors) <= store.MOST_WRITES
    with pytest.raises(errors.Invalid, match="payable_ids"):
        payable_rules.require_payable_together([str(n) for n in range(19)])
