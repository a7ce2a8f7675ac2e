from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from coachway.billing.invoices import overdue_job
from coachway.billing.ledger import journal
from coachway.billing.ledger.accounts import LedgerAccount, MovementKind
from coachway.clients import service as clients
from coachway.core import errors
from coachway.core.runtime import clock
from coachway.core.schemas import PartialUpdate
from tests.integration.billing import builders
from tests.integration.billing.builders import (
    cancel_charter,
    create_booked_charter,
    create_completed_charter,
    get_credit,
    send_ok,
    send_request,
)
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import CLIENT_ID, ORG, STAFF
from tests.ledger_balances import sum_by_account, sum_by_client

TOTAL = 726.5
CENTS = 72_650


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(datetime(2027, 1, 10, 17, tzinfo=UTC)):
        builders.set_up_organization()
        yield


def create_issued_invoice(charter_id: str) -> dict[str, object]:
    draft = send_ok("POST", "/invoices", {"charter_id": charter_id})
    return send_ok("POST", f"/invoices/{draft['id']}/issue")


def list_journal_entries() -> list[journal.JournalEntry]:
    today = clock.now().date()
    return list(journal.iter_entries(ORG, today - timedelta(days=400), today + timedelta(days=1)))


def test_issue_invoice_assigns_next_number() -> None:
    draft = send_ok("POST", "/invoices", {"charter_id": create_completed_charter().id})
    assert (draft["number"], draft["status"], draft["total"], draft["due_date"]) == ("", "draft", TOTAL, None)
    first = send_ok("POST", f"/invoices/{draft['id']}/issue")
    assert first["number"] == "INV-2027-HARBOR-00001"
    assert (first["status"], first["issue_date"], first["due_date"]) == ("issued", "2027-01-10", "2027-02-09")
    assert (first["balance_due"], first["amount_paid"]) == (TOTAL, 0)
    assert create_issued_invoice(create_completed_charter().id)["number"] == "INV-2027-HARBOR-00002"
    assert send_request("POST", f"/invoices/{draft['id']}/issue").json()["code"] == "invoice_not_draft"


def test_issue_invoice_number_uses_local_year() -> None:
    with clock.frozen(datetime(2027, 1, 1, 3, tzinfo=UTC)):
        assert create_issued_invoice(create_completed_charter().id)["number"] == "INV-2026-HARBOR-00001"
    assert create_issued_invoice(create_completed_charter().id)["number"] == "INV-2027-HARBOR-00001"


def test_create_invoice_rejects_invoiced_charter() -> None:
    trip = create_completed_charter()
    draft = send_ok("POST", "/invoices", {"charter_id": trip.id})
    again = send_request("POST", "/invoices", {"charter_id": trip.id})
    assert (again.status, again.json()["code"]) == (409, "charter_already_invoiced")
    send_ok("POST", f"/invoices/{draft['id']}/void", {"reason": "Wrong"})
    assert send_ok("POST", "/invoices", {"charter_id": trip.id})["status"] == "draft"


def test_create_invoice_rejects_unbooked_or_uncompleted_charters() -> None:
    quote = booking_builders.create_charter()["id"]
    assert send_request("POST", "/invoices", {"charter_id": quote}).json()["code"] == "charter_not_billable"
    booked, completed = create_booked_charter(), create_completed_charter()
    together = send_request("POST", "/invoices", {"charter_ids": [booked.id, completed.id]})
    assert together.json()["code"] == "charter_not_completed"
    assert (
        send_ok("POST", "/invoices", {"charter_ids": [completed.id, create_completed_charter().id]})["total"]
        == 2 * TOTAL
    )
    assert send_ok("POST", "/invoices", {"charter_id": booked.id})["status"] == "draft"
    assert send_request("POST", "/invoices", {}).status == 422


def test_invoice_line_describes_trip() -> None:
    for trip_type, name in (("one_way", "One-way trip"), ("round_trip", "Round trip"), ("multi_day", "Multi-day trip")):
        trip = create_completed_charter(trip_type=trip_type)
        [line] = send_ok("POST", "/invoices", {"charter_id": trip.id})["lines"]
        assert line["description"] == f"{name} {trip.number}"


def test_create_invoice_extras_are_taxed_and_discounted() -> None:
    extras = [{"description": "Waiting", "amount": 50}, {"description": "Goodwill", "amount": -26.5}]
    draft = send_ok(
        "POST", "/invoices", {"charter_id": create_completed_charter().id, "extras": extras, "notes": "Thank you"}
    )
    assert (draft["total"], [line["description"] for line in draft["lines"]][1:]) == (750, ["Waiting", "Goodwill"])
    excessive_discount = [{"description": "Goodwill", "amount": -2000}]
    assert (
        send_request(
            "POST", "/invoices", {"charter_id": create_completed_charter().id, "extras": excessive_discount}
        ).status
        == 422
    )


def test_record_payment_parts_lead_to_paid() -> None:
    invoice = create_issued_invoice(create_completed_charter().id)
    path = f"/invoices/{invoice['id']}/record-payment"
    partially_paid = send_ok("POST", path, {"amount": 226.5, "method": "check", "reference": "1042"})
    assert (partially_paid["status"], partially_paid["balance_due"], partially_paid["amount_paid"]) == (
        "partially_paid",
        500,
        226.5,
    )
    excessive = send_request("POST", path, {"amount": 500.01, "method": "cash"})
    assert (excessive.status, excessive.json()["code"]) == (409, "amount_exceeds_balance")
    paid = send_ok("POST", path, {"amount": 500, "method": "transfer"})
    assert (paid["status"], paid["balance_due"]) == ("paid", 0)
    assert paid["paid_at"] is not None
    assert send_request("POST", path, {"amount": 1, "method": "cash"}).json()["code"] == "invoice_not_payable"
    assert send_request("POST", path, {"amount": 1, "method": "card"}).status == 422
    assert get_credit() == (0, 0)
    assert sum_by_client(list_journal_entries()) == {CLIENT_ID: 0}
    assert builders.get_charter(str(paid["lines"][0]["charter_id"])).amount_paid == CENTS


def test_record_payment_repeated_key_is_recorded_once() -> None:
    invoice = create_issued_invoice(create_completed_charter().id)
    body, key = {"amount": 100, "method": "cash"}, {"Idempotency-Key": "once"}
    first = send_ok("POST", f"/invoices/{invoice['id']}/record-payment", body, headers=key)
    again = send_ok("POST", f"/invoices/{invoice['id']}/record-payment", body, headers=key)
    assert first == again
    assert send_ok("GET", f"/invoices/{invoice['id']}")["amount_paid"] == 100


def test_issue_invoice_applies_deposits() -> None:
    trip = create_completed_charter()
    builders.record_deposit(trip.id, 20_000)
    invoice = create_issued_invoice(trip.id)
    assert (invoice["status"], invoice["paid_in_advance"], invoice["balance_due"]) == ("partially_paid", 200, 526.5)
    sums = sum_by_account(list_journal_entries())
    assert (sums[LedgerAccount.RECEIVABLE], sums[LedgerAccount.DEPOSITS], sums[LedgerAccount.REVENUE]) == (
        52_650,
        0,
        -CENTS,
    )
    assert get_credit() == (52_650, 0)
    other = create_completed_charter()
    builders.record_deposit(other.id, CENTS)
    assert create_issued_invoice(other.id)["status"] == "paid"


def test_void_invoice_releases_charters_deposits_and_credit() -> None:
    trip = create_completed_charter()
    assert get_credit() == (CENTS, CENTS)
    builders.record_deposit(trip.id, 20_000)
    invoice = create_issued_invoice(trip.id)
    void = send_ok("POST", f"/invoices/{invoice['id']}/void", {"reason": "Wrong department"})
    assert (void["status"], void["number"], void["balance_due"]) == ("void", "INV-2027-HARBOR-00001", 0)
    sums = sum_by_account(list_journal_entries())
    assert (sums[LedgerAccount.RECEIVABLE], sums[LedgerAccount.DEPOSITS], sums[LedgerAccount.REVENUE]) == (
        0,
        -20_000,
        0,
    )
    assert get_credit() == (CENTS, CENTS)
    assert builders.get_charter(trip.id).invoice_id is None
    again = create_issued_invoice(trip.id)
    assert (again["number"], again["balance_due"]) == ("INV-2027-HARBOR-00002", 526.5)
    assert get_credit() == (52_650, 0)


def test_void_invoice_paid_one_is_rejected() -> None:
    invoice = create_issued_invoice(create_completed_charter().id)
    send_ok("POST", f"/invoices/{invoice['id']}/record-payment", {"amount": 1, "method": "cash"})
    reply = send_request("POST", f"/invoices/{invoice['id']}/void", {"reason": "Wrong"})
    assert (reply.status, reply.json()["code"]) == (409, "invoice_has_payments")


def test_credit_counts_charter_once_from_booking_to_payment() -> None:
    trip = create_booked_charter()
    assert (get_credit(), trip.credit_reserved) == ((CENTS, CENTS), CENTS)
    invoice = create_issued_invoice(trip.id)
    assert get_credit() == (CENTS, 0)
    assert builders.get_charter(trip.id).credit_reserved == 0
    send_ok("POST", f"/invoices/{invoice['id']}/record-payment", {"amount": TOTAL, "method": "transfer"})
    assert get_credit() == (0, 0)


def test_issue_invoice_cancelled_charter_is_rejected() -> None:
    trip = create_booked_charter()
    draft = send_ok("POST", "/invoices", {"charter_id": trip.id})
    cancel_charter(trip.id)
    assert get_credit() == (0, 0)
    reply = send_request("POST", f"/invoices/{draft['id']}/issue")
    assert (reply.status, reply.json()["code"]) == (409, "charter_not_billable")
    assert send_ok("POST", f"/invoices/{draft['id']}/void", {"reason": "Cancelled"})["status"] == "void"
    assert get_credit() == (0, 0)


def test_void_invoice_cancelled_charter_owes_nothing() -> None:
    trip = create_booked_charter()
    invoice = create_issued_invoice(trip.id)
    cancel_charter(trip.id)
    assert get_credit() == (CENTS, 0)
    send_ok("POST", f"/invoices/{invoice['id']}/void", {"reason": "Cancelled"})
    assert get_credit() == (0, 0)


def test_booking_respects_credit_limit() -> None:
    clients.update_client(STAFF, CLIENT_ID, PartialUpdate({"credit_limit": 2 * CENTS}), None)
    first, _ = create_booked_charter(), create_booked_charter()
    with pytest.raises(errors.Conflict, match=r"1453\.00 USD"):
        create_booked_charter()
    cancel_charter(first.id)
    create_booked_charter()
    assert get_credit() == (2 * CENTS, 2 * CENTS)


def test_booking_without_limit_is_counted() -> None:
    for _ in range(3):
        create_booked_charter()
    assert get_credit() == (3 * CENTS, 3 * CENTS)


def test_overdue_job_uses_organization_timezone() -> None:
    invoice = create_issued_invoice(create_completed_charter().id)
    with clock.frozen(datetime(2027, 2, 10, 4, 59, tzinfo=UTC)):
        assert overdue_job.run().overdue == 0
    with clock.frozen(datetime(2027, 2, 10, 5, 0, tzinfo=UTC)):
        assert overdue_job.run().overdue == 1
        assert overdue_job.run().overdue == 0
        assert send_ok("GET", f"/invoices/{invoice['id']}")["status"] == "overdue"
        report = send_ok("GET", "/billing/aging/receivable")
        assert (report["total"]["days_1_30"], report["items"][0]["name"]) == (TOTAL, "Acme Events")
        partially_paid = send_ok("POST", f"/invoices/{invoice['id']}/record-payment", {"amount": 100, "method": "cash"})
        assert partially_paid["status"] == "overdue"
    with clock.frozen(datetime(2027, 6, 1, 12, tzinfo=UTC)):
        assert send_ok("GET", "/billing/aging/receivable")["total"]["over_90"] == TOTAL - 100


def test_list_invoices_client_sees_own_issued() -> None:
    own_invoice = create_issued_invoice(create_completed_charter().id)
    draft = send_ok("POST", "/invoices", {"charter_id": create_completed_charter().id})
    other = builders.create_client("cli_01K3ZV8N6Y3T5G7H9J1M2P4R6T")
    other_invoice = create_issued_invoice(create_completed_charter(client_id=other.id).id)
    as_client = {"client": CLIENT_ID, "permissions": "billing:read"}
    assert [invoice["id"] for invoice in send_ok("GET", "/invoices", **as_client)["items"]] == [own_invoice["id"]]
    assert send_ok("GET", f"/invoices/{own_invoice['id']}", **as_client)["number"] == own_invoice["number"]
    for invoice in (draft, other_invoice):
        assert send_request("GET", f"/invoices/{invoice['id']}", **as_client).status == 404
    assert send_request("GET", "/invoices", query={"client_id": other.id}, **as_client).status == 404
    assert send_request("GET", "/billing/ledger", **as_client).status == 403
    assert send_request("POST", "/invoices", {"charter_id": create_completed_charter().id}, **as_client).status == 403
    assert send_request("GET", f"/invoices/{own_invoice['id']}", org_id="org_01JQYYYYYYYYYYYYYYYYYYYYYY").status == 404


def test_list_invoices_filters_by_client_status_and_due_date() -> None:
    first = create_issued_invoice(create_completed_charter().id)
    other = builders.create_client("cli_01K3ZV8N6Y3T5G7H9J1M2P4R6T")
    second = create_issued_invoice(create_completed_charter(client_id=other.id).id)
    draft = send_ok("POST", "/invoices", {"charter_id": create_completed_charter().id})

    def list_ids(**query: str) -> list[str]:
        return [invoice["id"] for invoice in send_ok("GET", "/invoices", query=query)["items"]]

    assert list_ids() == [draft["id"], second["id"], first["id"]]
    assert list_ids(client_id=other.id) == [second["id"]]
    assert list_ids(status="draft") == [draft["id"]]
    assert list_ids(due_from="2027-01-01", due_to="2027-03-01") == [second["id"], first["id"]]
    assert list_ids(due_from="2027-02-01") == [first["id"]]
    assert list_ids(due_to="2027-03-01", client_id=CLIENT_ID) == [first["id"]]
    assert send_request("GET", "/invoices", query={"due_from": "2027-03-01", "due_to": "2027-01-01"}).status == 422


def test_reconcile_month_agrees_with_open_invoices() -> None:
    first, second = (
        create_issued_invoice(create_completed_charter().id),
        create_issued_invoice(create_completed_charter().id),
    )
    with clock.frozen(datetime(2027, 2, 3, 12, tzinfo=UTC)):
        send_ok("POST", f"/invoices/{first['id']}/record-payment", {"amount": 500, "method": "cash"})
        send_ok("POST", f"/invoices/{second['id']}/void", {"reason": "Wrong"})
        january = send_ok("GET", "/billing/reconciliation", query={"month": "2027-01"})
        february = send_ok("GET", "/billing/reconciliation", query={"month": "2027-02"})
        assert send_request("GET", "/billing/reconciliation", query={"month": "2027-03"}).status == 422
        assert send_request("GET", "/billing/reconciliation").status == 422
    accounts = {account["account"]: account for account in january["accounts"]}
    assert (accounts["accounts_receivable"]["opening"], accounts["accounts_receivable"]["closing"]) == (0, 2 * TOTAL)
    accounts = {account["account"]: account for account in february["accounts"]}
    assert (accounts["accounts_receivable"]["opening"], accounts["accounts_receivable"]["closing"]) == (
        2 * TOTAL,
        TOTAL - 500,
    )
    assert accounts["cash"]["debit"] == 500
    assert (february["is_balanced"], february["difference"]) == (True, 0)
    assert february["comparisons"][0]["records_total"] == TOTAL - 500


def test_list_ledger_shows_entries() -> None:
    invoice = create_issued_invoice(create_completed_charter().id)
    send_ok("POST", f"/invoices/{invoice['id']}/record-payment", {"amount": TOTAL, "method": "cash"})
    items = send_ok("GET", "/billing/ledger")["items"]
    assert [entry["kind"] for entry in items] == [MovementKind.PAYMENT_RECEIVED, MovementKind.INVOICE_ISSUED]
    assert sum(line["amount"] for entry in items for line in entry["postings"]) == 0
    cash_entries = send_ok("GET", "/billing/ledger", query={"account": "cash"})["items"]
    assert [entry["kind"] for entry in cash_entries] == ["payment_received"]


def test_void_reason_is_not_shown_to_client() -> None:
    invoice = create_issued_invoice(create_completed_charter().id)
    send_ok("POST", f"/invoices/{invoice['id']}/void", {"reason": "They never pay", "message_to_client": "Sorry."})
    assert send_ok("GET", f"/invoices/{invoice['id']}")["void_reason"] == "They never pay"
    assert send_ok("GET", f"/invoices/{invoice['id']}", client=CLIENT_ID)["void_reason"] == ""
    assert [each["void_reason"] for each in send_ok("GET", "/invoices", client=CLIENT_ID)["items"]] == [""]
