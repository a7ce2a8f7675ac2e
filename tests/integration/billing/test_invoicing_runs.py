from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from coachway.billing.invoices import lifecycle as invoice_lifecycle
from coachway.billing.invoices.model import InvoiceQuery
from coachway.billing.invoices.service import list_invoices
from coachway.billing.invoicing_runs import monthly_run, unbilled_trips
from coachway.billing.invoicing_runs import schedule as invoicing_run_schedule
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


def told(kind: str, id_: str, caller: Caller = SYSTEM) -> Delivery:
    return Delivery(
        type=kind, event_id=ids.ulid(), org_id=caller.org_id, aggregate_id=id_, correlation_id="tests", data={}
    )


def over(day: int = 15, **fields: Any) -> Charter:
    """A trip of January that is over, and was noted as such."""
    made = create_completed_charter(stops=on_the(f"2027-01-{day:02d}"), **fields)
    unbilled_trips.mark_unbilled(SYSTEM, told("charter.completed", made.id))
    return made


def on_the(day: str, zone: str = "-05:00") -> list[dict[str, Any]]:
    stops = booking_builders.charter_request()["stops"]
    stops[0]["estimated_departure"] = f"{day}T09:00:00{zone}"
    stops[1]["estimated_arrival"] = f"{day}T12:00:00{zone}"
    return list(stops)


def planned() -> dict[str, datetime]:
    """The months that are to be invoiced, and when."""
    keys = [invoicing_run_schedule.MONTH_DUE.key(org=ORG, month=f"2027-{month:02d}") for month in range(1, 13)]
    return {each.month: each.due_at for each in store.find_many(MonthDue, keys).values()}


def ran(run: InvoicingMonth = JANUARY) -> tuple[InvoicingRun, list[ClientResult]]:
    """A whole run, as the state machine makes it."""
    results = []
    for client_id in monthly_run.list_clients_to_invoice(SYSTEM, run):
        try:
            results.append(monthly_run.invoice_client(SYSTEM, run, client_id))
        except errors.Error as failure:
            results.append(ClientResult(client_id=client_id, failure=str(failure)))
    return monthly_run.summarize(SYSTEM, run, results), results


def test_run_invoices_each_client_once() -> None:
    trips = [over(), over(), over(client_id=BOLT), over(client_id=NO_TERMS)]
    with clock.frozen(datetime(2027, 2, 1, 5, 31, tzinfo=UTC)):
        run, _ = ran()
        assert (run.invoices, run.total, run.failures) == (2, 3 * 72_650, [])
        again, _ = ran()
        assert again.version == run.version
        found = list_invoices(builders.MANAGER, InvoiceQuery()).items
    assert {each.client_id: len(each.lines) for each in found} == {CLIENT_ID: 2, BOLT: 1}
    assert {each.month for each in found} == {"2027-01"}
    assert sorted(each.number for each in found) == ["INV-2027-HARBOR-00001", "INV-2027-HARBOR-00002"]
    assert builders.get_charter(trips[3].id).invoice_id is None
    assert get_credit() == (2 * 72_650, 0)
    (finished,) = [each for each in store.history(run.key()) if each.type == "invoicing.finished"]
    assert finished.data["invoices"] == 2


def test_run_excludes_trips_of_next_month() -> None:
    over(31)
    with clock.frozen(datetime(2027, 2, 1, 5, 31, tzinfo=UTC)):
        stops = booking_builders.charter_request()["stops"]
        stops[0]["estimated_departure"] = "2027-02-01T00:05:00-05:00"
        stops[1]["estimated_arrival"] = "2027-02-01T00:25:00-05:00"
        late = create_completed_charter(stops=stops)
        unbilled_trips.mark_unbilled(SYSTEM, told("charter.completed", late.id))
        assert ran()[0].invoices == 1
        assert builders.get_charter(late.id).invoice_id is None
        assert [each.charter_id for each in unbilled_trips.list_unbilled(ORG)] == [late.id]


def test_run_reports_failed_client_and_invoices_others(monkeypatch: pytest.MonkeyPatch) -> None:
    over()
    broken = over(client_id=BOLT)
    genuine = invoice_lifecycle.issue_invoice

    def issue(caller: Caller, invoice_id: str) -> Any:
        if builders.get_charter(broken.id).invoice_id == invoice_id:
            raise errors.Conflict("its trip was changed")
        return genuine(caller, invoice_id)

    monkeypatch.setattr(invoice_lifecycle, "issue_invoice", issue)
    run, _ = ran()
    assert run.invoices == 1
    assert [(each.client_name, each.reason) for each in run.failures] == [("Bolt Tours", "its trip was changed")]
    monkeypatch.setattr(invoice_lifecycle, "issue_invoice", genuine)
    mended, _ = ran()
    assert (mended.invoices, mended.failures) == (2, [])
    assert len(list_invoices(builders.MANAGER, InvoiceQuery()).items) == 2


def test_run_interrupted_after_draft_issues_draft() -> None:
    over()
    noted = unbilled_trips.list_unbilled_of_client(ORG, CLIENT_ID)
    client = store.get(Client, clients.get(booking_builders.STAFF, CLIENT_ID).key())
    (draft,) = monthly_run._draft_invoices(SYSTEM, JANUARY, client, noted)
    run, _ = ran()
    assert run.invoice_ids == [draft]
    assert send_ok("GET", f"/invoices/{draft}")["status"] == "issued"


def test_run_skips_charter_invoiced_by_staff() -> None:
    trip = over()
    mine = send_ok("POST", "/invoices", {"charter_id": trip.id})
    assert ran()[0].invoices == 0
    assert send_ok("GET", f"/invoices/{mine['id']}")["status"] == "draft"


def test_run_invoices_charters_of_voided_invoice() -> None:
    trip = over()
    run, _ = ran()
    (first,) = run.invoice_ids
    send_ok("POST", f"/invoices/{first}/void", {"reason": "Wrong"})
    unbilled_trips.mark_unbilled_after_void(SYSTEM, told("invoice.voided", first))
    again, _ = ran()
    assert len(again.invoice_ids) == 2
    assert builders.get_charter(trip.id).invoice_id == again.invoice_ids[-1]


def test_run_completes_failures_of_earlier_run(monkeypatch: pytest.MonkeyPatch) -> None:
    trip, genuine = over(), invoice_lifecycle.issue_invoice

    def refused(caller: Caller, invoice_id: str) -> Any:
        raise errors.ConcurrentUpdate("too many at once")

    monkeypatch.setattr(invoice_lifecycle, "issue_invoice", refused)
    with clock.frozen(datetime(2027, 2, 1, 5, 31, tzinfo=UTC)):
        assert [each.reason for each in ran()[0].failures] == ["too many at once"]
        assert set(planned()) == {"2027-01", "2027-02"}, "no trip has to be over in February for it to be made"
    monkeypatch.setattr(invoice_lifecycle, "issue_invoice", genuine)
    with clock.frozen(datetime(2027, 3, 1, 5, 31, tzinfo=UTC)):
        later, _ = ran(InvoicingMonth(org_id=ORG, month="2027-02"))
        [invoice] = list_invoices(builders.MANAGER, InvoiceQuery()).items
    assert (later.invoices, later.failures) == (1, [])
    assert (invoice.status, invoice.charter_ids) == ("issued", [trip.id])


def test_run_invoices_credit_booking_after_terms_change() -> None:
    trip = over(client_id=BOLT)
    before = store.get(Client, clients.get(booking_builders.STAFF, BOLT).key())
    without = before.model_copy(update={"payment_terms": PaymentTerms.DUE_ON_RECEIPT})
    store.commit(SYSTEM, Update(before, without))
    run, _ = ran()
    assert run.invoices == 1
    invoice = send_ok("GET", f"/invoices/{builders.get_charter(trip.id).invoice_id}")
    assert (invoice["total"], invoice["payment_terms"]) == (726.5, "due_on_receipt")
    assert get_credit(BOLT) == (72_650, 0)


def test_run_removes_trips_without_credit() -> None:
    trip = over(client_id=NO_TERMS)
    assert ran()[0].invoices == 0
    assert unbilled_trips.list_unbilled(ORG) == []
    assert builders.get_charter(trip.id).invoice_id is None


def test_mark_unbilled_after_midnight_uses_month_of_trip() -> None:
    trip = create_completed_charter(stops=on_the("2027-01-31"))
    with clock.frozen(datetime(2027, 2, 1, 5, 10, tzinfo=UTC)):
        unbilled_trips.mark_unbilled(SYSTEM, told("charter.completed", trip.id))
    assert planned() == {"2027-01": datetime(2027, 2, 1, 5, 30, tzinfo=UTC)}


def test_mark_unbilled_after_run_uses_next_run() -> None:
    trip = create_completed_charter(stops=on_the("2027-01-31"))
    with clock.frozen(datetime(2027, 2, 1, 5, 30, tzinfo=UTC)):
        unbilled_trips.mark_unbilled(SYSTEM, told("charter.completed", trip.id))
    assert set(planned()) == {"2027-02"}
    with clock.frozen(datetime(2027, 3, 1, 5, 30, tzinfo=UTC)):
        assert ran(InvoicingMonth(org_id=ORG, month="2027-02"))[0].invoices == 1


def test_mark_unbilled_in_later_timezone_uses_month_of_trip() -> None:
    stops = on_the("2027-02-01", "+13:00")
    for stop in stops:
        stop["timezone"] = "Pacific/Auckland"
    trip = create_completed_charter(stops=stops)
    with clock.frozen(datetime(2027, 2, 1, 1, tzinfo=UTC)):  # in New York it is January still
        unbilled_trips.mark_unbilled(SYSTEM, told("charter.completed", trip.id))
    assert set(planned()) == {"2027-02"}


def test_run_combines_trips_of_client() -> None:
    for _ in range(7):
        over()
    assert ran()[0].invoices == 1


def test_run_splits_more_than_max_charters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monthly_run, "MAX_CHARTERS", 2)
    trips = [over(), over(), over()]
    with clock.frozen(datetime(2027, 2, 1, 5, 31, tzinfo=UTC)):
        assert ran()[0].invoices == 2
        first, second = sorted(list_invoices(builders.MANAGER, InvoiceQuery()).items, key=lambda each: each.number)
    assert first.charter_ids + second.charter_ids == [trip.id for trip in trips]
    assert [each.notes for each in (first, second)] == [
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
    over()
    over(16)
    noted = unbilled_trips.UnbilledTrip(
        org_id=PERTH, client_id=BOLT, charter_id=builders.create_completed_charter().id, trip_date="2027-01-15"
    )
    month, due_at = invoicing_run_schedule.current_month(clock.now(), perth.timezone)
    store.commit(caller, Create(noted), Create(MonthDue(org_id=PERTH, month=month, due_at=due_at)))
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
            invoicing_run_schedule.run(start)
            assert [org for org, _ in started] == expected
    assert {month for _, month in started} == {"2027-01"}


def test_schedule_failed_start_is_retried() -> None:
    over()

    def broken(_: MonthDue) -> None:
        raise errors.UpstreamUnavailable("no answer")

    started: list[str] = []
    with clock.frozen(datetime(2027, 2, 1, 5, 30, tzinfo=UTC)):
        assert invoicing_run_schedule.run(broken).failed == 1
        assert invoicing_run_schedule.run(lambda due: started.append(due.month)).started == 1
    assert started == ["2027-01"]


@pytest.mark.parametrize(
    ("now", "zone", "month", "due"),
    [
        (datetime(2027, 1, 31, 23, tzinfo=UTC), "America/New_York", "2027-01", datetime(2027, 2, 1, 5, 30, tzinfo=UTC)),
        (datetime(2027, 1, 31, 23, tzinfo=UTC), "Asia/Kolkata", "2027-02", datetime(2027, 2, 28, 19, tzinfo=UTC)),
        (datetime(2026, 12, 5, tzinfo=UTC), "UTC", "2026-12", datetime(2027, 1, 1, 0, 30, tzinfo=UTC)),
    ],
)
def test_current_month_uses_organization_timezone(now: datetime, zone: str, month: str, due: datetime) -> None:
    assert invoicing_run_schedule.current_month(now, zone) == (month, due)
