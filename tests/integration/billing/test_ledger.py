from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from coachway.billing.ledger import journal as ledger_journal
from coachway.billing.ledger import movements
from coachway.billing.ledger.accounts import Account
from coachway.billing.ledger.journal import LedgerQuery
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.runtime import clock
from coachway.identity.model.organization import Organization

ORG = "org_01JQZZZZZZZZZZZZZZZZZZZZZZ"
CLIENT = "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
INVOICE = "ivc_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
CALLER = Caller(org_id=ORG, user_id="usr_01JQZZZZZZZZZZZZZZZZZZZZZZ", role="manager")
HARBOR = Organization(id=ORG, org_id=ORG, slug="harbor", name="Harbor", timezone="America/New_York", currency="USD")


def pay(cents: int) -> None:
    paid = movements.payment_received(client_id=CLIENT, invoice_id=INVOICE, cents=cents, currency="USD", memo="Paid")
    store.commit(CALLER, *ledger_journal.journal_ops(HARBOR, paid))


def test_an_entry_belongs_to_the_organizations_own_day() -> None:
    with clock.frozen(datetime(2027, 2, 1, 2, tzinfo=UTC)):
        pay(100)
        pay(250)
        (second, first) = ledger_journal.listed(CALLER, LedgerQuery()).items
        assert first.on == second.on == date(2027, 1, 31)
        january = ledger_journal.totals_by_month(ORG, ["2027-01", "2027-02"])
    assert january["2027-01"][Account.CASH].balance == 350
    assert january["2027-01"][Account.RECEIVABLE].credit == 350
    assert january["2027-02"][Account.CASH].balance == 0


def test_entries_are_found_by_account_client_and_range() -> None:
    with clock.frozen(datetime(2027, 2, 10, 12, tzinfo=UTC)):
        pay(100)
        fee = movements.fee_paid(cents=3, currency="USD", memo="Stripe")
        store.commit(CALLER, *ledger_journal.journal_ops(HARBOR, fee))
    with clock.frozen(datetime(2027, 3, 10, 12, tzinfo=UTC)):
        pay(200)

        def amounts(**query: object) -> list[int]:
            found = ledger_journal.listed(CALLER, LedgerQuery.model_validate(query)).items
            return [abs(each.postings[0].amount) for each in found]

        assert amounts() == [200, 3, 100]
        assert amounts(account="fees") == [3]
        assert amounts(client_id=CLIENT) == [200, 100]
        assert amounts(date_from="2027-02-11") == [200]
        assert amounts(date_to="2027-03-09", account="cash") == [3, 100]
        assert [each.on for each in ledger_journal.in_range(ORG, date(2027, 2, 1), date(2027, 2, 28))] == [
            date(2027, 2, 10)
        ] * 2
        with pytest.raises(errors.Invalid):
            amounts(date_from="2027-03-01", date_to="2027-02-01")
