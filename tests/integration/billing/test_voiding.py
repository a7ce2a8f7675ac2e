"""What becomes of money that was paid on an invoice which turns out to be wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from coachway.billing.invoices.model import INVOICE
from coachway.billing.ledger import journal as ledger_journal
from coachway.billing.ledger.accounts import Account, client_balances, totals
from coachway.billing.payments import queries as payment_queries
from coachway.billing.payments.model import PaymentQuery
from coachway.core import store
from coachway.core.runtime import clock
from coachway.core.schemas import PartialUpdate
from coachway.identity.organizations import service as organizations
from tests.integration.billing import office, refunding
from tests.integration.billing.office import ask, completed, done, owes
from tests.integration.bookings.asking import CLIENT_ID, ORG

CENTS = 72_650


@pytest.fixture(autouse=True)
def organization(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    refunding.installed(monkeypatch)
    with clock.frozen(datetime(2027, 1, 10, 17, tzinfo=UTC)):
        office.found()
        yield


def issued(*charter_ids: str) -> dict[str, Any]:
    draft = done("POST", "/invoices", {"charter_ids": list(charter_ids)})
    return done("POST", f"/invoices/{draft['id']}/issue")


def sums() -> dict[Account, int]:
    found = totals(ledger_journal.in_range(ORG, date(2027, 1, 1), date(2027, 12, 31)))
    return {account: cents for account, cents in found.items() if cents}


def balance() -> int:
    entries = list(ledger_journal.in_range(ORG, date(2027, 1, 1), date(2027, 12, 31)))
    return client_balances(entries).get(CLIENT_ID, 0)


def given_back(payment_id: str, amount: float) -> None:
    refund = refunding.asked(payment_id, amount)
    if refund["status"] == "awaiting_approval":
        refunding.done("POST", f"/refunds/{refund['id']}/approve", {"reason": "Yes"})
    refunding.run(refund["id"])
    assert refunding.done("GET", f"/refunds/{refund['id']}")["status"] == "completed"


def test_an_invoice_that_was_paid_in_part_is_voided_once_that_was_given_back() -> None:
    trip = completed()
    invoice = issued(trip.id)
    payment = refunding.paid(20_000, invoice_id=invoice["id"])
    refused = ask("POST", f"/invoices/{invoice['id']}/void", {"reason": "Wrong"})
    assert (refused.status, refused.json()["title"]) == (409, "a paid invoice cannot be voided")
    given_back(payment, 150)
    assert "50.00 was paid" in ask("POST", f"/invoices/{invoice['id']}/void", {"reason": "Wrong"}).json()["detail"]
    given_back(payment, 50)
    void = done("POST", f"/invoices/{invoice['id']}/void", {"reason": "Wrong"})
    assert (void["status"], void["number"]) == ("void", invoice["number"])
    assert sums() == {}
    assert owes() == (CENTS, CENTS)
    again = issued(trip.id)
    assert (again["balance_due"], again["paid_ahead"]) == (726.5, 0)
    assert (balance(), owes()) == (CENTS, (CENTS, 0))


def test_of_what_was_paid_ahead_only_what_was_not_given_back_is_a_deposit_again() -> None:
    trip = completed()
    ahead = refunding.paid(30_000, charter_id=trip.id)
    invoice = issued(trip.id)
    assert invoice["paid_ahead"] == 300
    given_back(ahead, 100)
    done("POST", f"/invoices/{invoice['id']}/void", {"reason": "Wrong"})
    assert sums() == {Account.CASH: 20_000, Account.DEPOSITS: -20_000}
    again = issued(trip.id)
    assert (again["paid_ahead"], again["balance_due"]) == (200, 526.5)
    assert balance() == 52_650


def test_what_was_paid_on_a_void_invoice_goes_back_from_the_one_that_took_its_place() -> None:
    trip = completed()
    ahead = refunding.paid(30_000, charter_id=trip.id)
    first = issued(trip.id)
    later = refunding.paid(10_000, invoice_id=first["id"])
    given_back(ahead, 100)
    done("POST", f"/invoices/{first['id']}/void", {"reason": "Wrong"})
    second = issued(trip.id)
    assert second["paid_ahead"] == 300
    given_back(later, 100)
    assert Account.DEPOSITS not in sums()
    assert done("GET", f"/invoices/{second['id']}")["amount_refunded"] == 100
    assert (sums()[Account.CASH], balance()) == (20_000, 42_650)


def test_a_deposit_that_was_given_back_is_off_its_trip_when_that_is_invoiced_with_others() -> None:
    first, second = completed(), completed()
    ahead = refunding.paid(30_000, charter_id=first.id)
    invoice = issued(first.id, second.id)
    given_back(ahead, 300)
    assert office.charter(first.id).amount_paid == 0
    done("POST", f"/invoices/{invoice['id']}/void", {"reason": "Wrong"})
    assert sums() == {}
    assert issued(first.id)["balance_due"] == 726.5


def test_a_payment_that_came_when_nothing_was_due_goes_back_from_the_deposit_it_is() -> None:
    trip = completed()
    invoice = issued(trip.id)
    done("POST", f"/invoices/{invoice['id']}/record-payment", {"amount": 726.5, "method": "check"})
    twice = refunding.paid(CENTS, invoice_id=invoice["id"])
    assert sums()[Account.DEPOSITS] == -CENTS
    given_back(twice, 726.5)
    assert sums() == {Account.CASH: CENTS, Account.REVENUE: -CENTS}
    assert balance() == 0
    paid = done("GET", f"/invoices/{invoice['id']}")
    assert (paid["status"], paid["amount_refunded"]) == ("paid", 0)


def test_a_deposit_that_came_when_its_trip_was_paid_goes_back_from_there_first() -> None:
    trip = completed()
    invoice = issued(trip.id)
    done("POST", f"/invoices/{invoice['id']}/record-payment", {"amount": 726.5, "method": "check"})
    late = refunding.paid(10_000, charter_id=trip.id)
    given_back(late, 100)
    assert Account.DEPOSITS not in sums()
    assert done("GET", f"/invoices/{invoice['id']}")["amount_refunded"] == 0
    assert office.charter(trip.id).amount_paid == CENTS


def test_what_was_paid_beyond_an_invoice_stays_a_deposit_and_goes_back_from_there() -> None:
    trip = completed()
    ahead = refunding.paid(CENTS, charter_id=trip.id)
    off = {"description": "Goodwill", "amount": -100}
    draft = done("POST", "/invoices", {"charter_id": trip.id, "extras": [off]})
    invoice = done("POST", f"/invoices/{draft['id']}/issue")
    assert (invoice["status"], invoice["paid_ahead"], invoice["balance_due"]) == ("paid", 626.5, 0)
    assert sums() == {Account.CASH: CENTS, Account.REVENUE: -62_650, Account.DEPOSITS: -10_000}
    assert done("GET", "/billing/reconciliation", query={"month": "2027-01"})["is_sound"]
    given_back(ahead, 150)
    assert sums() == {Account.CASH: 57_650, Account.REVENUE: -62_650, Account.REFUNDS: 5_000}
    assert done("GET", f"/invoices/{draft['id']}")["amount_refunded"] == 50


def test_there_is_no_tax_on_nothing() -> None:
    organizations.update_organization(office.MANAGER, PartialUpdate({"tax_rate_percent": 10}), None)
    trip = completed()
    assert trip.quote.tax > 0
    net = (trip.quote.total - trip.quote.tax) / 100
    off = {"description": "Goodwill", "amount": -net}
    refused = ask("POST", "/invoices", {"charter_id": trip.id, "extras": [{**off, "taxable": False}]})
    assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "extras")
    nothing = done("POST", "/invoices", {"charter_id": trip.id, "extras": [off]})
    assert (nothing["subtotal"], nothing["tax"], nothing["total"]) == (0, 0, 0)
    issued_ = done("POST", f"/invoices/{nothing['id']}/issue")
    assert (issued_["status"], sums()) == ("paid", {})
    assert done("POST", f"/invoices/{nothing['id']}/void", {"reason": "Wrong"})["status"] == "void"


def recorded(invoice_id: str, amount: float) -> str:
    """A check that staff recorded."""
    done("POST", f"/invoices/{invoice_id}/record-payment", {"amount": amount, "method": "check", "reference": "1047"})
    newest, *_ = payment_queries.listed(office.MANAGER, PaymentQuery(invoice_id=invoice_id)).items
    return newest.id


def test_a_check_that_came_back_is_due_again_and_its_invoice_can_be_voided() -> None:
    trip = completed()
    invoice = issued(trip.id)
    check = recorded(invoice["id"], 726.5)
    assert (balance(), owes()) == (0, (0, 0))
    taken_back = done("POST", f"/payments/{check}/reverse", {"reason": "The check came back unpaid"})
    assert (taken_back["status"], taken_back["number"]) == ("reversed", invoice["number"])
    open_again = done("GET", f"/invoices/{invoice['id']}")
    assert (open_again["status"], open_again["balance_due"], open_again["paid_at"]) == ("issued", 726.5, None)
    assert (balance(), owes(), office.charter(trip.id).amount_paid) == (CENTS, (CENTS, 0), 0)
    assert Account.CASH not in sums()
    assert done("POST", f"/invoices/{invoice['id']}/void", {"reason": "Wrong"})["status"] == "void"
    assert sums() == {}


def test_a_payment_is_taken_back_once_and_not_if_something_of_it_is_given_back() -> None:
    first, second = issued(completed().id), issued(completed().id)
    check = recorded(first["id"], 700)
    done("POST", f"/payments/{check}/reverse", {"reason": "Slip"})
    again = ask("POST", f"/payments/{check}/reverse", {"reason": "Slip"})
    assert (again.status, again.json()["title"]) == (409, "this payment cannot be taken back")
    refund = {"payment_id": check, "amount": 1, "reason": "Slip"}
    assert refunding.ask("POST", "/payments/refund", refund).status == 409
    other = recorded(second["id"], 700)
    refunding.asked(other, 50)
    assert ask("POST", f"/payments/{other}/reverse", {"reason": "Slip"}).status == 409
    assert done("GET", f"/invoices/{second['id']}")["amount_paid"] == 700
    assert sums()[Account.CASH] == 70_000


def test_what_came_by_card_is_given_back_and_not_taken_back() -> None:
    invoice = issued(completed().id)
    payment = refunding.paid(CENTS, invoice_id=invoice["id"])
    refused = ask("POST", f"/payments/{payment}/reverse", {"reason": "Slip"})
    assert refused.status == 409
    assert "POST /payments/refund" in refused.json()["detail"]
    assert balance() == 0


def test_a_check_of_an_overdue_invoice_that_came_back_leaves_it_overdue() -> None:
    invoice = issued(completed().id)
    check = recorded(invoice["id"], 726.5)
    with clock.frozen(datetime(2027, 3, 1, 12, tzinfo=UTC)):
        done("POST", f"/payments/{check}/reverse", {"reason": "The check came back unpaid"})
        assert done("GET", f"/invoices/{invoice['id']}")["status"] == "overdue"
        assert done("GET", "/billing/aging/receivable")["total"]["days_1_30"] == 726.5
        assert done("GET", "/billing/reconciliation", query={"month": "2027-03"})["is_sound"]
    events = [each.type for each in store.history(INVOICE.key(org=ORG, id=invoice["id"]))]
    assert events[-2:] == ["invoice.reopened", "invoice.overdue"]
