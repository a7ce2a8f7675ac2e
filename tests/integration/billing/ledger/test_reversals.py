"""Payments of invoices that are voided, refunded or reversed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from coachway.billing.invoices.model import INVOICE
from coachway.billing.ledger import journal
from coachway.billing.ledger.accounts import LedgerAccount
from coachway.billing.payments import queries as payment_queries
from coachway.billing.payments.model import PaymentQuery
from coachway.core import store
from coachway.core.runtime import clock
from coachway.core.schemas import PartialUpdate
from coachway.identity.organizations import service as organizations
from tests.integration.billing import builders, refund_builders
from tests.integration.billing.builders import create_completed_charter, get_credit, send_ok, send_request
from tests.integration.bookings.builders import CLIENT_ID, ORG
from tests.ledger_balances import sum_by_account, sum_by_client

CENTS = 72_650


@pytest.fixture(autouse=True)
def organization(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    refund_builders.install_fake_stripe(monkeypatch)
    with clock.frozen(datetime(2027, 1, 10, 17, tzinfo=UTC)):
        builders.set_up_organization()
        yield


def create_issued_invoice(*charter_ids: str) -> dict[str, Any]:
    draft = send_ok("POST", "/invoices", {"charter_ids": list(charter_ids)})
    return send_ok("POST", f"/invoices/{draft['id']}/issue")


def get_balances() -> dict[LedgerAccount, int]:
    balances = sum_by_account(journal.iter_entries(ORG, date(2027, 1, 1), date(2027, 12, 31)))
    return {account: cents for account, cents in balances.items() if cents}


def get_client_balance() -> int:
    entries = list(journal.iter_entries(ORG, date(2027, 1, 1), date(2027, 12, 31)))
    return sum_by_client(entries).get(CLIENT_ID, 0)


def complete_refund(payment_id: str, amount: float) -> None:
    refund = refund_builders.create_refund(payment_id, amount)
    if refund["status"] == "awaiting_approval":
        refund_builders.approve_refund(refund["id"], "Yes")
    refund_builders.run_workflow(refund["id"])
    assert refund_builders.send_ok("GET", f"/refunds/{refund['id']}")["status"] == "completed"


def test_void_invoice_after_refund_succeeds() -> None:
    trip = create_completed_charter()
    invoice = create_issued_invoice(trip.id)
    payment_id = refund_builders.create_payment(20_000, invoice_id=invoice["id"])
    reply = send_request("POST", f"/invoices/{invoice['id']}/void", {"reason": "Wrong"})
    assert (reply.status, reply.json()["code"]) == (409, "invoice_has_payments")
    complete_refund(payment_id, 150)
    assert (
        "50.00 was paid"
        in send_request("POST", f"/invoices/{invoice['id']}/void", {"reason": "Wrong"}).json()["detail"]
    )
    complete_refund(payment_id, 50)
    void = send_ok("POST", f"/invoices/{invoice['id']}/void", {"reason": "Wrong"})
    assert (void["status"], void["number"]) == ("void", invoice["number"])
    assert get_balances() == {}
    assert get_credit() == (CENTS, CENTS)
    again = create_issued_invoice(trip.id)
    assert (again["balance_due"], again["paid_in_advance"]) == (726.5, 0)
    assert (get_client_balance(), get_credit()) == (CENTS, (CENTS, 0))


def test_void_invoice_restores_unrefunded_deposit() -> None:
    trip = create_completed_charter()
    deposit_id = refund_builders.create_payment(30_000, charter_id=trip.id)
    invoice = create_issued_invoice(trip.id)
    assert invoice["paid_in_advance"] == 300
    complete_refund(deposit_id, 100)
    send_ok("POST", f"/invoices/{invoice['id']}/void", {"reason": "Wrong"})
    assert get_balances() == {LedgerAccount.CASH: 20_000, LedgerAccount.DEPOSITS: -20_000}
    again = create_issued_invoice(trip.id)
    assert (again["paid_in_advance"], again["balance_due"]) == (200, 526.5)
    assert get_client_balance() == 52_650


def test_refund_of_voided_invoice_is_taken_from_its_successor() -> None:
    trip = create_completed_charter()
    deposit_id = refund_builders.create_payment(30_000, charter_id=trip.id)
    first = create_issued_invoice(trip.id)
    payment_id = refund_builders.create_payment(10_000, invoice_id=first["id"])
    complete_refund(deposit_id, 100)
    send_ok("POST", f"/invoices/{first['id']}/void", {"reason": "Wrong"})
    second = create_issued_invoice(trip.id)
    assert second["paid_in_advance"] == 300
    complete_refund(payment_id, 100)
    assert LedgerAccount.DEPOSITS not in get_balances()
    assert send_ok("GET", f"/invoices/{second['id']}")["amount_refunded"] == 100
    assert (get_balances()[LedgerAccount.CASH], get_client_balance()) == (20_000, 42_650)


def test_refunded_deposit_is_not_applied_to_joint_invoice() -> None:
    first, second = create_completed_charter(), create_completed_charter()
    deposit_id = refund_builders.create_payment(30_000, charter_id=first.id)
    invoice = create_issued_invoice(first.id, second.id)
    complete_refund(deposit_id, 300)
    assert builders.get_charter(first.id).amount_paid == 0
    send_ok("POST", f"/invoices/{invoice['id']}/void", {"reason": "Wrong"})
    assert get_balances() == {}
    assert create_issued_invoice(first.id)["balance_due"] == 726.5


def test_refund_of_unapplied_payment_is_taken_from_deposit() -> None:
    trip = create_completed_charter()
    invoice = create_issued_invoice(trip.id)
    send_ok("POST", f"/invoices/{invoice['id']}/record-payment", {"amount": 726.5, "method": "check"})
    payment_id = refund_builders.create_payment(CENTS, invoice_id=invoice["id"])
    assert get_balances()[LedgerAccount.DEPOSITS] == -CENTS
    complete_refund(payment_id, 726.5)
    assert get_balances() == {LedgerAccount.CASH: CENTS, LedgerAccount.REVENUE: -CENTS}
    assert get_client_balance() == 0
    paid = send_ok("GET", f"/invoices/{invoice['id']}")
    assert (paid["status"], paid["amount_refunded"]) == ("paid", 0)


def test_refund_of_excess_deposit_is_taken_from_deposit_first() -> None:
    trip = create_completed_charter()
    invoice = create_issued_invoice(trip.id)
    send_ok("POST", f"/invoices/{invoice['id']}/record-payment", {"amount": 726.5, "method": "check"})
    payment_id = refund_builders.create_payment(10_000, charter_id=trip.id)
    complete_refund(payment_id, 100)
    assert LedgerAccount.DEPOSITS not in get_balances()
    assert send_ok("GET", f"/invoices/{invoice['id']}")["amount_refunded"] == 0
    assert builders.get_charter(trip.id).amount_paid == CENTS


def test_overpayment_beyond_invoice_stays_deposit() -> None:
    trip = create_completed_charter()
    deposit_id = refund_builders.create_payment(CENTS, charter_id=trip.id)
    discount = {"description": "Goodwill", "amount": -100}
    draft = send_ok("POST", "/invoices", {"charter_id": trip.id, "extras": [discount]})
    invoice = send_ok("POST", f"/invoices/{draft['id']}/issue")
    assert (invoice["status"], invoice["paid_in_advance"], invoice["balance_due"]) == ("paid", 626.5, 0)
    assert get_balances() == {
        LedgerAccount.CASH: CENTS,
        LedgerAccount.REVENUE: -62_650,
        LedgerAccount.DEPOSITS: -10_000,
    }
    assert send_ok("GET", "/billing/reconciliation", query={"month": "2027-01"})["is_balanced"]
    complete_refund(deposit_id, 150)
    assert get_balances() == {LedgerAccount.CASH: 57_650, LedgerAccount.REVENUE: -62_650, LedgerAccount.REFUNDS: 5_000}
    assert send_ok("GET", f"/invoices/{draft['id']}")["amount_refunded"] == 50


def test_create_invoice_rejects_tax_without_subtotal() -> None:
    organizations.update_organization(builders.MANAGER, PartialUpdate({"tax_rate_percent": 10}), None)
    trip = create_completed_charter()
    assert trip.quote.tax > 0
    net = (trip.quote.total - trip.quote.tax) / 100
    discount = {"description": "Goodwill", "amount": -net}
    reply = send_request("POST", "/invoices", {"charter_id": trip.id, "extras": [{**discount, "taxable": False}]})
    assert (reply.status, reply.json()["errors"][0]["field"]) == (422, "extras")
    draft = send_ok("POST", "/invoices", {"charter_id": trip.id, "extras": [discount]})
    assert (draft["subtotal"], draft["tax"], draft["total"]) == (0, 0, 0)
    invoice = send_ok("POST", f"/invoices/{draft['id']}/issue")
    assert (invoice["status"], get_balances()) == ("paid", {})
    assert send_ok("POST", f"/invoices/{draft['id']}/void", {"reason": "Wrong"})["status"] == "void"


def record_check(invoice_id: str, amount: float) -> str:
    """Record a payment by check. Return its id."""
    send_ok(
        "POST", f"/invoices/{invoice_id}/record-payment", {"amount": amount, "method": "check", "reference": "1047"}
    )
    newest, *_ = payment_queries.list_payments(builders.MANAGER, PaymentQuery(invoice_id=invoice_id)).items
    return newest.id


def test_reverse_payment_reopens_invoice() -> None:
    trip = create_completed_charter()
    invoice = create_issued_invoice(trip.id)
    check_id = record_check(invoice["id"], 726.5)
    assert (get_client_balance(), get_credit()) == (0, (0, 0))
    reversed_payment = send_ok("POST", f"/payments/{check_id}/reverse", {"reason": "The check came back unpaid"})
    assert (reversed_payment["status"], reversed_payment["number"]) == ("reversed", invoice["number"])
    reopened = send_ok("GET", f"/invoices/{invoice['id']}")
    assert (reopened["status"], reopened["balance_due"], reopened["paid_at"]) == ("issued", 726.5, None)
    assert (get_client_balance(), get_credit(), builders.get_charter(trip.id).amount_paid) == (CENTS, (CENTS, 0), 0)
    assert LedgerAccount.CASH not in get_balances()
    assert send_ok("POST", f"/invoices/{invoice['id']}/void", {"reason": "Wrong"})["status"] == "void"
    assert get_balances() == {}


def test_reverse_payment_refunded_or_reversed_is_rejected() -> None:
    first, second = (
        create_issued_invoice(create_completed_charter().id),
        create_issued_invoice(create_completed_charter().id),
    )
    check_id = record_check(first["id"], 700)
    send_ok("POST", f"/payments/{check_id}/reverse", {"reason": "Entered by mistake"})
    again = send_request("POST", f"/payments/{check_id}/reverse", {"reason": "Entered by mistake"})
    assert (again.status, again.json()["code"]) == (409, "payment_not_reversible")
    refund = {"payment_id": check_id, "amount": 1, "reason": "Entered by mistake"}
    assert refund_builders.send_request("POST", "/payments/refund", refund).status == 409
    other_check_id = record_check(second["id"], 700)
    refund_builders.create_refund(other_check_id, 50)
    assert send_request("POST", f"/payments/{other_check_id}/reverse", {"reason": "Entered by mistake"}).status == 409
    assert send_ok("GET", f"/invoices/{second['id']}")["amount_paid"] == 700
    assert get_balances()[LedgerAccount.CASH] == 70_000


def test_reverse_payment_card_payment_is_rejected() -> None:
    invoice = create_issued_invoice(create_completed_charter().id)
    payment_id = refund_builders.create_payment(CENTS, invoice_id=invoice["id"])
    reply = send_request("POST", f"/payments/{payment_id}/reverse", {"reason": "Entered by mistake"})
    assert reply.status == 409
    assert "POST /payments/refund" in reply.json()["detail"]
    assert get_client_balance() == 0


def test_reverse_payment_of_overdue_invoice_keeps_overdue() -> None:
    invoice = create_issued_invoice(create_completed_charter().id)
    check_id = record_check(invoice["id"], 726.5)
    with clock.frozen(datetime(2027, 3, 1, 12, tzinfo=UTC)):
        send_ok("POST", f"/payments/{check_id}/reverse", {"reason": "The check came back unpaid"})
        assert send_ok("GET", f"/invoices/{invoice['id']}")["status"] == "overdue"
        assert send_ok("GET", "/billing/aging/receivable")["total"]["days_1_30"] == 726.5
        assert send_ok("GET", "/billing/reconciliation", query={"month": "2027-03"})["is_balanced"]
    events = [event.type for event in store.list_history(INVOICE.key(org=ORG, id=invoice["id"]))]
    assert events[-2:] == ["invoice.reopened", "invoice.overdue"]
