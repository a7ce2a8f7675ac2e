from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from coachway.billing.invoices import overdue_job
from coachway.billing.ledger import journal as ledger_journal
from coachway.billing.ledger.accounts import Account, Kind, client_balances, totals
from coachway.bookings.charters import lifecycle
from coachway.bookings.charters.lifecycle import CancelInput
from coachway.clients import service as clients
from coachway.core import errors
from coachway.core.runtime import clock
from coachway.core.schemas import PartialUpdate
from tests.integration.billing import office
from tests.integration.billing.office import ask, booked, completed, done, owes
from tests.integration.bookings import asking
from tests.integration.bookings.asking import CLIENT_ID, ORG, STAFF

TOTAL = 726.5
CENTS = 72_650


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(datetime(2027, 1, 10, 17, tzinfo=UTC)):
        office.found()
        yield


def issued(charter_id: str) -> dict[str, object]:
    draft = done("POST", "/invoices", {"charter_id": charter_id})
    return done("POST", f"/invoices/{draft['id']}/issue")


def journal() -> list[ledger_journal.Entry]:
    now = clock.now().date()
    return list(ledger_journal.in_range(ORG, now - timedelta(days=400), now + timedelta(days=1)))


def test_a_draft_has_no_number_and_an_issued_invoice_the_next() -> None:
    draft = done("POST", "/invoices", {"charter_id": completed().id})
    assert (draft["number"], draft["status"], draft["total"], draft["due_date"]) == ("", "draft", TOTAL, None)
    first = done("POST", f"/invoices/{draft['id']}/issue")
    assert first["number"] == "INV-2027-HARBOR-00001"
    assert (first["status"], first["issue_date"], first["due_date"]) == ("issued", "2027-01-10", "2027-02-09")
    assert (first["balance_due"], first["amount_paid"]) == (TOTAL, 0)
    assert issued(completed().id)["number"] == "INV-2027-HARBOR-00002"
    assert ask("POST", f"/invoices/{draft['id']}/issue").json()["title"] == "this invoice was issued already"


def test_a_number_belongs_to_the_organizations_own_year() -> None:
    with clock.frozen(datetime(2027, 1, 1, 3, tzinfo=UTC)):
        assert issued(completed().id)["number"] == "INV-2026-HARBOR-00001"
    assert issued(completed().id)["number"] == "INV-2027-HARBOR-00001"


def test_a_trip_is_on_one_invoice_at_a_time() -> None:
    trip = completed()
    draft = done("POST", "/invoices", {"charter_id": trip.id})
    again = ask("POST", "/invoices", {"charter_id": trip.id})
    assert (again.status, again.json()["title"]) == (409, "this trip is on an invoice already")
    done("POST", f"/invoices/{draft['id']}/void", {"reason": "Wrong"})
    assert done("POST", "/invoices", {"charter_id": trip.id})["status"] == "draft"


def test_only_what_was_booked_is_invoiced_and_only_what_is_over_together() -> None:
    quote = asking.quoted()["id"]
    assert ask("POST", "/invoices", {"charter_id": quote}).json()["title"] == "this trip cannot be invoiced"
    ahead, over = booked(), completed()
    together = ask("POST", "/invoices", {"charter_ids": [ahead.id, over.id]})
    assert together.json()["title"] == "only trips that are over are invoiced together"
    assert done("POST", "/invoices", {"charter_ids": [over.id, completed().id]})["total"] == 2 * TOTAL
    assert done("POST", "/invoices", {"charter_id": ahead.id})["status"] == "draft"
    assert ask("POST", "/invoices", {}).status == 422


def test_a_line_calls_its_trip_as_people_do() -> None:
    for kind, said in (("one_way", "One-way trip"), ("round_trip", "Round trip"), ("multi_day", "Multi-day trip")):
        trip = completed(trip_type=kind)
        [line] = done("POST", "/invoices", {"charter_id": trip.id})["lines"]
        assert line["description"] == f"{said} {trip.number}"


def test_extras_are_taxed_and_a_discount_is_taken_off() -> None:
    extras = [{"description": "Waiting", "amount": 50}, {"description": "Goodwill", "amount": -26.5}]
    draft = done("POST", "/invoices", {"charter_id": completed().id, "extras": extras, "notes": "Thank you"})
    assert (draft["total"], [line["description"] for line in draft["lines"]][1:]) == (750, ["Waiting", "Goodwill"])
    too_much = [{"description": "Goodwill", "amount": -2000}]
    assert ask("POST", "/invoices", {"charter_id": completed().id, "extras": too_much}).status == 422


def test_payments_in_parts_lead_to_paid() -> None:
    invoice = issued(completed().id)
    path = f"/invoices/{invoice['id']}/record-payment"
    part = done("POST", path, {"amount": 226.5, "method": "check", "reference": "1042"})
    assert (part["status"], part["balance_due"], part["amount_paid"]) == ("partially_paid", 500, 226.5)
    more = ask("POST", path, {"amount": 500.01, "method": "cash"})
    assert (more.status, more.json()["title"]) == (409, "that is more than is due")
    paid = done("POST", path, {"amount": 500, "method": "transfer"})
    assert (paid["status"], paid["balance_due"]) == ("paid", 0)
    assert paid["paid_at"] is not None
    assert ask("POST", path, {"amount": 1, "method": "cash"}).json()["title"] == "this invoice takes no payments"
    assert ask("POST", path, {"amount": 1, "method": "card"}).status == 422
    assert owes() == (0, 0)
    assert client_balances(journal()) == {CLIENT_ID: 0}
    assert office.charter(str(paid["lines"][0]["charter_id"])).amount_paid == CENTS


def test_the_same_payment_sent_twice_is_taken_once() -> None:
    invoice = issued(completed().id)
    body, key = {"amount": 100, "method": "cash"}, {"Idempotency-Key": "once"}
    first = done("POST", f"/invoices/{invoice['id']}/record-payment", body, headers=key)
    again = done("POST", f"/invoices/{invoice['id']}/record-payment", body, headers=key)
    assert first == again
    assert done("GET", f"/invoices/{invoice['id']}")["amount_paid"] == 100


def test_what_was_paid_ahead_is_taken_off() -> None:
    trip = completed()
    office.paid_ahead(trip.id, 20_000)
    invoice = issued(trip.id)
    assert (invoice["status"], invoice["paid_ahead"], invoice["balance_due"]) == ("partially_paid", 200, 526.5)
    sums = totals(journal())
    assert (sums[Account.RECEIVABLE], sums[Account.DEPOSITS], sums[Account.REVENUE]) == (52_650, 0, -CENTS)
    assert owes() == (52_650, 0)
    other = completed()
    office.paid_ahead(other.id, CENTS)
    assert issued(other.id)["status"] == "paid"


def test_voiding_gives_back_trips_deposits_and_credit() -> None:
    trip = completed()
    assert owes() == (CENTS, CENTS)
    office.paid_ahead(trip.id, 20_000)
    invoice = issued(trip.id)
    void = done("POST", f"/invoices/{invoice['id']}/void", {"reason": "Wrong department"})
    assert (void["status"], void["number"], void["balance_due"]) == ("void", "INV-2027-HARBOR-00001", 0)
    sums = totals(journal())
    assert (sums[Account.RECEIVABLE], sums[Account.DEPOSITS], sums[Account.REVENUE]) == (0, -20_000, 0)
    assert owes() == (CENTS, CENTS)
    assert office.charter(trip.id).invoice_id is None
    again = issued(trip.id)
    assert (again["number"], again["balance_due"]) == ("INV-2027-HARBOR-00002", 526.5)
    assert owes() == (52_650, 0)


def test_a_paid_invoice_cannot_be_voided() -> None:
    invoice = issued(completed().id)
    done("POST", f"/invoices/{invoice['id']}/record-payment", {"amount": 1, "method": "cash"})
    refused = ask("POST", f"/invoices/{invoice['id']}/void", {"reason": "Wrong"})
    assert (refused.status, refused.json()["title"]) == (409, "a paid invoice cannot be voided")


def test_a_trip_counts_once_from_booking_to_payment() -> None:
    trip = booked()
    assert (owes(), trip.credit_reserved) == ((CENTS, CENTS), CENTS)
    invoice = issued(trip.id)
    assert owes() == (CENTS, 0)
    assert office.charter(trip.id).credit_reserved == 0
    done("POST", f"/invoices/{invoice['id']}/record-payment", {"amount": TOTAL, "method": "transfer"})
    assert owes() == (0, 0)


def test_a_cancelled_trip_is_not_owed_and_its_draft_cannot_be_issued() -> None:
    trip = booked()
    draft = done("POST", "/invoices", {"charter_id": trip.id})
    lifecycle.cancel(STAFF, trip.id, CancelInput(initiated_by="operator"), preview=False)
    assert owes() == (0, 0)
    refused = ask("POST", f"/invoices/{draft['id']}/issue")
    assert (refused.status, refused.json()["title"]) == (409, "a trip on it cannot be invoiced any more")
    assert done("POST", f"/invoices/{draft['id']}/void", {"reason": "Cancelled"})["status"] == "void"
    assert owes() == (0, 0)


def test_a_trip_cancelled_after_its_invoice_owes_nothing_once_that_is_void() -> None:
    trip = booked()
    invoice = issued(trip.id)
    lifecycle.cancel(STAFF, trip.id, CancelInput(initiated_by="operator"), preview=False)
    assert owes() == (CENTS, 0)
    done("POST", f"/invoices/{invoice['id']}/void", {"reason": "Cancelled"})
    assert owes() == (0, 0)


def test_booking_honours_the_credit_limit_and_cancelling_makes_room() -> None:
    clients.update(STAFF, CLIENT_ID, PartialUpdate({"credit_limit": 2 * CENTS}), None)
    first, _ = booked(), booked()
    with pytest.raises(errors.Conflict, match=r"1453\.00 USD"):
        booked()
    lifecycle.cancel(STAFF, first.id, CancelInput(initiated_by="operator"), preview=False)
    booked()
    assert owes() == (2 * CENTS, 2 * CENTS)


def test_without_a_limit_bookings_are_counted_and_not_refused() -> None:
    for _ in range(3):
        booked()
    assert owes() == (3 * CENTS, 3 * CENTS)


def test_an_invoice_is_overdue_when_its_day_is_over_where_the_organization_is() -> None:
    invoice = issued(completed().id)
    with clock.frozen(datetime(2027, 2, 10, 4, 59, tzinfo=UTC)):
        assert overdue_job.run().overdue == 0
    with clock.frozen(datetime(2027, 2, 10, 5, 0, tzinfo=UTC)):
        assert overdue_job.run().overdue == 1
        assert overdue_job.run().overdue == 0
        assert done("GET", f"/invoices/{invoice['id']}")["status"] == "overdue"
        aged = done("GET", "/billing/aging/receivable")
        assert (aged["total"]["days_1_30"], aged["items"][0]["name"]) == (TOTAL, "Acme Events")
        part = done("POST", f"/invoices/{invoice['id']}/record-payment", {"amount": 100, "method": "cash"})
        assert part["status"] == "overdue"
    with clock.frozen(datetime(2027, 6, 1, 12, tzinfo=UTC)):
        assert done("GET", "/billing/aging/receivable")["total"]["over_90"] == TOTAL - 100


def test_a_client_sees_its_own_issued_invoices_only() -> None:
    mine = issued(completed().id)
    draft = done("POST", "/invoices", {"charter_id": completed().id})
    other = office.another_client("cli_01K3ZV8N6Y3T5G7H9J1M2P4R6T")
    theirs = issued(completed(client_id=other.id).id)
    as_client = {"client": CLIENT_ID, "rights": "billing:read"}
    assert [each["id"] for each in done("GET", "/invoices", **as_client)["items"]] == [mine["id"]]
    assert done("GET", f"/invoices/{mine['id']}", **as_client)["number"] == mine["number"]
    for unseen in (draft["id"], theirs["id"]):
        assert ask("GET", f"/invoices/{unseen}", **as_client).status == 404
    assert ask("GET", "/invoices", query={"client_id": other.id}, **as_client).status == 404
    assert ask("GET", "/billing/ledger", **as_client).status == 403
    assert ask("POST", "/invoices", {"charter_id": completed().id}, **as_client).status == 403
    assert ask("GET", f"/invoices/{mine['id']}", org_id="org_01JQYYYYYYYYYYYYYYYYYYYYYY").status == 404


def test_invoices_are_found_by_client_status_and_due_date() -> None:
    first = issued(completed().id)
    other = office.another_client("cli_01K3ZV8N6Y3T5G7H9J1M2P4R6T")
    second = issued(completed(client_id=other.id).id)
    draft = done("POST", "/invoices", {"charter_id": completed().id})

    def ids(**query: str) -> list[str]:
        return [each["id"] for each in done("GET", "/invoices", query=query)["items"]]

    assert ids() == [draft["id"], second["id"], first["id"]]
    assert ids(client_id=other.id) == [second["id"]]
    assert ids(status="draft") == [draft["id"]]
    assert ids(due_from="2027-01-01", due_to="2027-03-01") == [second["id"], first["id"]]
    assert ids(due_from="2027-02-01") == [first["id"]]
    assert ids(due_to="2027-03-01", client_id=CLIENT_ID) == [first["id"]]
    assert ask("GET", "/invoices", query={"due_from": "2027-03-01", "due_to": "2027-01-01"}).status == 422


def test_the_month_is_reconciled_with_open_invoices() -> None:
    first, second = issued(completed().id), issued(completed().id)
    with clock.frozen(datetime(2027, 2, 3, 12, tzinfo=UTC)):
        done("POST", f"/invoices/{first['id']}/record-payment", {"amount": 500, "method": "cash"})
        done("POST", f"/invoices/{second['id']}/void", {"reason": "Wrong"})
        january = done("GET", "/billing/reconciliation", query={"month": "2027-01"})
        february = done("GET", "/billing/reconciliation", query={"month": "2027-02"})
        assert ask("GET", "/billing/reconciliation", query={"month": "2027-03"}).status == 422
        assert ask("GET", "/billing/reconciliation").status == 422
    of = {each["account"]: each for each in january["accounts"]}
    assert (of["accounts_receivable"]["opening"], of["accounts_receivable"]["closing"]) == (0, 2 * TOTAL)
    of = {each["account"]: each for each in february["accounts"]}
    assert (of["accounts_receivable"]["opening"], of["accounts_receivable"]["closing"]) == (2 * TOTAL, TOTAL - 500)
    assert of["cash"]["debit"] == 500
    assert (february["is_sound"], february["difference"]) == (True, 0)
    assert february["agreements"][0]["books"] == TOTAL - 500


def test_the_ledger_tells_what_happened() -> None:
    invoice = issued(completed().id)
    done("POST", f"/invoices/{invoice['id']}/record-payment", {"amount": TOTAL, "method": "cash"})
    items = done("GET", "/billing/ledger")["items"]
    assert [each["kind"] for each in items] == [Kind.PAYMENT_RECEIVED, Kind.INVOICE_ISSUED]
    assert sum(line["amount"] for each in items for line in each["postings"]) == 0
    only = done("GET", "/billing/ledger", query={"account": "cash"})["items"]
    assert [each["kind"] for each in only] == ["payment_received"]
