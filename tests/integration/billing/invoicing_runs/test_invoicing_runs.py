"""Monthly invoicing runs: trips to invoice, drafts, issued invoices, failures, and due times of runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from coachway.billing.invoices.model import InvoiceQuery
from coachway.billing.invoices.queries import list_invoices
from coachway.billing.invoicing_runs import monthly_run, unbilled_trips
from coachway.billing.invoicing_runs import schedule as invoicing_run_schedule
from coachway.billing.invoicing_runs import start_job as invoicing_start_job
from coachway.billing.invoicing_runs.monthly_run import ClientResult, InvoicingMonth, InvoicingRun
from coachway.billing.invoicing_runs.schedule import MonthDue
from coachway.bookings.charters.model import Charter
from coachway.clients import service as clients
from coachway.clients.model import Client
from coachway.clients.rules import PaymentTerms
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.operations import Create, Update
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.identity.model.organization import Organization
from tests.integration.billing import builders
from tests.integration.billing.builders import SYSTEM, create_completed_charter, get_credit, send_ok
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import CLIENT_ID, ORG

JANUARY = InvoicingMonth(org_id=ORG, month="2027-01")
BOLT = "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6T"
NO_TERMS = "cli_01K3ZV8N6Y3T5G7H9J1M2P4R6V"
PERTH = "org_01JQWWWWWWWWWWWWWWWWWWWWWW"


@pytest.fixture(autouse=True)
def organization() -> Iterator[None]:
    with clock.frozen(datetime(2027, 1, 20, 17, tzinfo=UTC)):
        builders.set_up_organization()
        builders.create_client(BOLT)
        builders.create_client(NO_TERMS, payment_terms="due_on_receipt", email="cash@x.example")
        yield


def build_delivery(event_type: str, aggregate_id: str) -> Delivery:
    return Delivery(
        type=event_type, event_id=ids.ulid(), org_id=ORG, aggregate_id=aggregate_id, correlation_id="tests", data={}
    )


def create_unbilled_charter(day: int = 15, **fields: Any) -> Charter:
    """Create a charter that was completed on a day of January and is not invoiced yet."""
    charter = create_completed_charter(stops=build_stops(f"2027-01-{day:02d}"), **fields)
    unbilled_trips.mark_unbilled(SYSTEM, build_delivery("charter.completed", charter.id))
    return charter


@dataclass
class OutdatedDraft:
    """A draft whose charter was changed, so that it cannot be issued, and the reason of the failure."""

    charter_id: str
    invoice_id: str
    reason: str


def create_outdated_draft(client_id: str) -> OutdatedDraft:
    """Create an unbilled charter and its draft, as an interrupted run does, then change the charter."""
    charter = create_unbilled_charter(client_id=client_id)
    trips = unbilled_trips.list_unbilled_trips_of_client(ORG, client_id)
    client = store.get(Client, clients.get_client(booking_builders.STAFF, client_id).key())
    [invoice_id] = monthly_run._draft_invoices(SYSTEM, JANUARY, client, trips)
    before = builders.get_charter(charter.id)
    store.commit(SYSTEM, Update(before, before.model_copy(update={"revision_number": before.revision_number + 1})))
    reason = f"Charter {charter.number} has changed. Update this draft, then issue it."
    return OutdatedDraft(charter.id, invoice_id, reason)


def build_stops(day: str, offset: str = "-05:00") -> list[dict[str, Any]]:
    stops = booking_builders.charter_request()["stops"]
    stops[0]["estimated_departure"] = f"{day}T09:00:00{offset}"
    stops[1]["estimated_arrival"] = f"{day}T12:00:00{offset}"
    return list(stops)


def list_due_times() -> dict[str, datetime]:
    """Return the times at which runs are due, by month."""
    keys = [invoicing_run_schedule.MONTH_DUE.key(org=ORG, month=f"2027-{month:02d}") for month in range(1, 13)]
    return {due.month: due.due_at for due in store.find_many(MonthDue, keys).values()}


def run_invoicing(period: InvoicingMonth = JANUARY) -> tuple[InvoicingRun, list[ClientResult]]:
    """Invoice a month with all its steps, as the state machine does."""
    results = []
    for client_id in monthly_run.list_clients_to_invoice(SYSTEM, period):
        try:
            results.append(monthly_run.invoice_client(SYSTEM, period, client_id))
        except errors.Error as error:
            results.append(ClientResult(client_id=client_id, failure=str(error)))
    return monthly_run.summarize(SYSTEM, period, results), results


def test_run_invoices_each_client_once() -> None:
    trips = [
        create_unbilled_charter(),
        create_unbilled_charter(),
        create_unbilled_charter(client_id=BOLT),
        create_unbilled_charter(client_id=NO_TERMS),
    ]
    with clock.frozen(datetime(2027, 2, 1, 5, 31, tzinfo=UTC)):
        run, _ = run_invoicing()
        assert (run.invoices, run.total, run.failures) == (2, 3 * 72_650, [])
        repeated, _ = run_invoicing()
        assert repeated.version == run.version
        invoices = list_invoices(builders.MANAGER, InvoiceQuery()).items
    assert {invoice.client_id: len(invoice.lines) for invoice in invoices} == {CLIENT_ID: 2, BOLT: 1}
    assert {invoice.month for invoice in invoices} == {"2027-01"}
    assert sorted(invoice.number for invoice in invoices) == ["INV-2027-HARBOR-00001", "INV-2027-HARBOR-00002"]
    assert builders.get_charter(trips[3].id).invoice_id is None
    assert get_credit() == (2 * 72_650, 0)
    [event] = [event for event in store.list_history(run.key()) if event.type == "invoicing.finished"]
    assert event.data["invoices"] == 2


def test_run_excludes_trips_of_next_month() -> None:
    create_unbilled_charter(31)
    with clock.frozen(datetime(2027, 2, 1, 5, 31, tzinfo=UTC)):
        stops = booking_builders.charter_request()["stops"]
        stops[0]["estimated_departure"] = "2027-02-01T00:05:00-05:00"
        stops[1]["estimated_arrival"] = "2027-02-01T00:25:00-05:00"
        charter = create_completed_charter(stops=stops)
        unbilled_trips.mark_unbilled(SYSTEM, build_delivery("charter.completed", charter.id))
        assert run_invoicing()[0].invoices == 1
        assert builders.get_charter(charter.id).invoice_id is None
        assert [trip.charter_id for trip in unbilled_trips.list_unbilled_trips(ORG)] == [charter.id]


def test_run_reports_failed_client_and_invoices_others() -> None:
    create_unbilled_charter()
    outdated = create_outdated_draft(BOLT)
    run, _ = run_invoicing()
    assert run.invoices == 1
    assert [(failure.client_name, failure.reason) for failure in run.failures] == [("Bolt Tours", outdated.reason)]
    send_ok("POST", f"/invoices/{outdated.invoice_id}/void", {"reason": "The trip has changed"})
    repeated, _ = run_invoicing()
    assert (repeated.invoices, repeated.failures) == (2, [])
    invoices = list_invoices(builders.MANAGER, InvoiceQuery()).items
    assert sorted((invoice.client_id, invoice.status) for invoice in invoices) == sorted(
        [(CLIENT_ID, "issued"), (BOLT, "issued"), (BOLT, "void")]
    )


def test_run_interrupted_after_draft_issues_draft() -> None:
    create_unbilled_charter()
    trips = unbilled_trips.list_unbilled_trips_of_client(ORG, CLIENT_ID)
    client = store.get(Client, clients.get_client(booking_builders.STAFF, CLIENT_ID).key())
    [draft_id] = monthly_run._draft_invoices(SYSTEM, JANUARY, client, trips)
    run, _ = run_invoicing()
    assert run.invoice_ids == [draft_id]
    assert send_ok("GET", f"/invoices/{draft_id}")["status"] == "issued"


def test_run_skips_charter_invoiced_by_staff() -> None:
    trip = create_unbilled_charter()
    draft = send_ok("POST", "/invoices", {"charter_id": trip.id})
    assert run_invoicing()[0].invoices == 0
    assert send_ok("GET", f"/invoices/{draft['id']}")["status"] == "draft"


def test_run_invoices_charters_of_voided_invoice() -> None:
    trip = create_unbilled_charter()
    run, _ = run_invoicing()
    [invoice_id] = run.invoice_ids
    send_ok("POST", f"/invoices/{invoice_id}/void", {"reason": "Wrong"})
    unbilled_trips.mark_unbilled_after_void(SYSTEM, build_delivery("invoice.voided", invoice_id))
    repeated, _ = run_invoicing()
    assert len(repeated.invoice_ids) == 2
    assert builders.get_charter(trip.id).invoice_id == repeated.invoice_ids[-1]


def test_run_completes_failures_of_earlier_run() -> None:
    outdated = create_outdated_draft(CLIENT_ID)
    with clock.frozen(datetime(2027, 2, 1, 5, 31, tzinfo=UTC)):
        assert [failure.reason for failure in run_invoicing()[0].failures] == [outdated.reason]
        assert set(list_due_times()) == {"2027-01", "2027-02"}, "the next run is scheduled without trips of its month"
    send_ok("POST", f"/invoices/{outdated.invoice_id}/void", {"reason": "The trip has changed"})
    with clock.frozen(datetime(2027, 3, 1, 5, 31, tzinfo=UTC)):
        run, _ = run_invoicing(InvoicingMonth(org_id=ORG, month="2027-02"))
        [invoice, _] = list_invoices(builders.MANAGER, InvoiceQuery()).items
    assert (run.invoices, run.failures) == (1, [])
    assert (invoice.status, invoice.charter_ids) == ("issued", [outdated.charter_id])


def test_run_invoices_credit_booking_after_terms_change() -> None:
    trip = create_unbilled_charter(client_id=BOLT)
    before = store.get(Client, clients.get_client(booking_builders.STAFF, BOLT).key())
    after = before.model_copy(update={"payment_terms": PaymentTerms.DUE_ON_RECEIPT})
    store.commit(SYSTEM, Update(before, after))
    run, _ = run_invoicing()
    assert run.invoices == 1
    invoice = send_ok("GET", f"/invoices/{builders.get_charter(trip.id).invoice_id}")
    assert (invoice["total"], invoice["payment_terms"]) == (726.5, "due_on_receipt")
    assert get_credit(BOLT) == (72_650, 0)


def test_run_removes_trips_without_credit() -> None:
    trip = create_unbilled_charter(client_id=NO_TERMS)
    assert run_invoicing()[0].invoices == 0
    assert unbilled_trips.list_unbilled_trips(ORG) == []
    assert builders.get_charter(trip.id).invoice_id is None


def test_mark_unbilled_after_midnight_uses_month_of_trip() -> None:
    trip = create_completed_charter(stops=build_stops("2027-01-31"))
    with clock.frozen(datetime(2027, 2, 1, 5, 10, tzinfo=UTC)):
        unbilled_trips.mark_unbilled(SYSTEM, build_delivery("charter.completed", trip.id))
    assert list_due_times() == {"2027-01": datetime(2027, 2, 1, 5, 30, tzinfo=UTC)}


def test_mark_unbilled_after_run_uses_next_run() -> None:
    trip = create_completed_charter(stops=build_stops("2027-01-31"))
    with clock.frozen(datetime(2027, 2, 1, 5, 30, tzinfo=UTC)):
        unbilled_trips.mark_unbilled(SYSTEM, build_delivery("charter.completed", trip.id))
    assert set(list_due_times()) == {"2027-02"}
    with clock.frozen(datetime(2027, 3, 1, 5, 30, tzinfo=UTC)):
        assert run_invoicing(InvoicingMonth(org_id=ORG, month="2027-02"))[0].invoices == 1


def test_mark_unbilled_in_later_timezone_uses_month_of_trip() -> None:
    stops = build_stops("2027-02-01", "+13:00")
    for stop in stops:
        stop["timezone"] = "Pacific/Auckland"
    trip = create_completed_charter(stops=stops)
    with clock.frozen(datetime(2027, 2, 1, 1, tzinfo=UTC)):  # still January in New York
        unbilled_trips.mark_unbilled(SYSTEM, build_delivery("charter.completed", trip.id))
    assert set(list_due_times()) == {"2027-02"}


def test_run_combines_trips_of_client() -> None:
    for _ in range(7):
        create_unbilled_charter()
    assert run_invoicing()[0].invoices == 1


def test_run_splits_more_than_max_charters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monthly_run, "MAX_CHARTERS", 2)
    trips = [create_unbilled_charter(), create_unbilled_charter(), create_unbilled_charter()]
    with clock.frozen(datetime(2027, 2, 1, 5, 31, tzinfo=UTC)):
        assert run_invoicing()[0].invoices == 2
        first, second = sorted(
            list_invoices(builders.MANAGER, InvoiceQuery()).items, key=lambda invoice: invoice.number
        )
    assert first.charter_ids + second.charter_ids == [trip.id for trip in trips]
    assert [invoice.notes for invoice in (first, second)] == [
        "Part 1 of 2 of the trips of January 2027.",
        "Part 2 of 2 of the trips of January 2027.",
    ]
    assert first.due_date == second.due_date


def test_schedule_starts_run_at_local_half_past_midnight() -> None:
    perth = Organization(
        id=PERTH, org_id=PERTH, slug="perth", name="Perth Coaches", timezone="Australia/Perth", currency="AUD"
    )
    caller = Caller.system("tests", PERTH)
    store.commit(caller, Create(perth))
    create_unbilled_charter()
    create_unbilled_charter(16)
    trip = unbilled_trips.UnbilledTrip(
        org_id=PERTH, client_id=BOLT, charter_id=builders.create_completed_charter().id, trip_date="2027-01-15"
    )
    month, due_at = invoicing_run_schedule.current_month(clock.now(), perth.timezone)
    store.commit(caller, Create(trip), Create(MonthDue(org_id=PERTH, month=month, due_at=due_at)))
    started: list[tuple[str, str]] = []

    def start(due: MonthDue) -> None:
        started.append((due.org_id, due.month))

    for at, expected in (
        (datetime(2027, 1, 31, 16, 29, tzinfo=UTC), []),
        (datetime(2027, 1, 31, 16, 30, tzinfo=UTC), [PERTH]),
        (datetime(2027, 2, 1, 5, 29, tzinfo=UTC), [PERTH]),
        (datetime(2027, 2, 1, 5, 30, tzinfo=UTC), [PERTH, ORG]),
        (datetime(2027, 2, 1, 5, 35, tzinfo=UTC), [PERTH, ORG]),
    ):
        with clock.frozen(at):
            invoicing_start_job.run(start)
            assert [org for org, _ in started] == expected
    assert {month for _, month in started} == {"2027-01"}


def test_schedule_failed_start_is_retried() -> None:
    create_unbilled_charter()

    def fail(_: MonthDue) -> None:
        raise errors.UpstreamUnavailable("The workflow did not start.")

    started: list[str] = []
    with clock.frozen(datetime(2027, 2, 1, 5, 30, tzinfo=UTC)):
        assert invoicing_start_job.run(fail).failed == 1
        assert invoicing_start_job.run(lambda due: started.append(due.month)).started == 1
    assert started == ["2027-01"]


@pytest.mark.parametrize(
    ("now", "timezone", "month", "due_at"),
    [
        (datetime(2027, 1, 31, 23, tzinfo=UTC), "America/New_York", "2027-01", datetime(2027, 2, 1, 5, 30, tzinfo=UTC)),
        (datetime(2027, 1, 31, 23, tzinfo=UTC), "Asia/Kolkata", "2027-02", datetime(2027, 2, 28, 19, tzinfo=UTC)),
        (datetime(2026, 12, 5, tzinfo=UTC), "UTC", "2026-12", datetime(2027, 1, 1, 0, 30, tzinfo=UTC)),
    ],
)
def test_current_month_uses_organization_timezone(now: datetime, timezone: str, month: str, due_at: datetime) -> None:
    assert invoicing_run_schedule.current_month(now, timezone) == (month, due_at)
