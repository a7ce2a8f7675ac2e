from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from coachway.billing.ledger import journal, movements
from coachway.billing.ledger.accounts import LedgerAccount
from coachway.billing.ledger.journal import LedgerQuery
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.table import call_stats
from coachway.core.runtime import clock
from coachway.identity.model.organization import Organization

ORG = "org_01JQZZZZZZZZZZZZZZZZZZZZZZ"
CLIENT = "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
INVOICE = "ivc_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
CALLER = Caller(org_id=ORG, user_id="usr_01JQZZZZZZZZZZZZZZZZZZZZZZ", role="manager")
HARBOR = Organization(id=ORG, org_id=ORG, slug="harbor", name="Harbor", timezone="America/New_York", currency="USD")


def record_payment(cents: int) -> None:
    movement = movements.build_payment_received(
        client_id=CLIENT, invoice_id=INVOICE, cents=cents, currency="USD", memo="Paid"
    )
    store.commit(CALLER, *journal.journal_ops(HARBOR, movement))


def test_entry_date_uses_organization_timezone() -> None:
    with clock.frozen(datetime(2027, 2, 1, 2, tzinfo=UTC)):
        record_payment(100)
        record_payment(250)
        (second, first) = journal.list_entries(CALLER, LedgerQuery()).items
        assert first.entry_date == second.entry_date == date(2027, 1, 31)
        totals = journal.load_monthly_totals(ORG, ["2027-01", "2027-02"])
    assert totals["2027-01"][LedgerAccount.CASH].balance == 350
    assert totals["2027-01"][LedgerAccount.RECEIVABLE].credit == 350
    assert totals["2027-02"][LedgerAccount.CASH].balance == 0


def test_list_entries_on_the_last_day_of_a_month_reads_one_partition() -> None:
    with clock.frozen(datetime(2027, 1, 31, 6, tzinfo=UTC)):
        record_payment(100)
        record_payment(250)
        calls_before = call_stats.calls
        assert len(journal.list_entries(CALLER, LedgerQuery(limit=1)).items) == 1
        assert call_stats.calls - calls_before == 1


def test_list_entries_includes_a_day_that_has_begun_only_in_the_furthest_time_zone() -> None:
    kiritimati = HARBOR.model_copy(update={"timezone": "Pacific/Kiritimati"})
    movement = movements.build_payment_received(
        client_id=CLIENT, invoice_id=INVOICE, cents=100, currency="USD", memo="Paid"
    )
    with clock.frozen(datetime(2027, 1, 31, 10, tzinfo=UTC)):
        store.commit(CALLER, *journal.journal_ops(kiritimati, movement))
        assert [entry.entry_date for entry in journal.list_entries(CALLER, LedgerQuery()).items] == [date(2027, 2, 1)]


def test_list_entries_filters_by_account_client_and_range() -> None:
    with clock.frozen(datetime(2027, 2, 10, 12, tzinfo=UTC)):
        record_payment(100)
        fee = movements.build_fee_paid(cents=3, currency="USD", memo="Stripe")
        store.commit(CALLER, *journal.journal_ops(HARBOR, fee))
    with clock.frozen(datetime(2027, 3, 10, 12, tzinfo=UTC)):
        record_payment(200)

        def list_amounts(**query: object) -> list[int]:
            entries = journal.list_entries(CALLER, LedgerQuery.model_validate(query)).items
            return [abs(entry.postings[0].amount) for entry in entries]

        assert list_amounts() == [200, 3, 100]
        assert list_amounts(account="fees") == [3]
        assert list_amounts(client_id=CLIENT) == [200, 100]
        assert list_amounts(date_from="2027-02-11") == [200]
        assert list_amounts(date_to="2027-03-09", account="cash") == [3, 100]
        assert [entry.entry_date for entry in journal.iter_entries(ORG, date(2027, 2, 1), date(2027, 2, 28))] == [
            date(2027, 2, 10)
        ] * 2
        with pytest.raises(errors.Invalid):
            list_amounts(date_from="2027-03-01", date_to="2027-02-01")
