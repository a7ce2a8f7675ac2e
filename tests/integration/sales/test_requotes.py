"""Trips of last year that become leads, on the table in memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.clients import contacts
from coachway.clients.model import Client, ClientStatus, ContactInput, EmailPreferences
from coachway.contracts.bookings import CharterCompleted
from coachway.core import errors, store
from coachway.core.client_reference import CLIENT
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.operations import Create, Update
from coachway.core.runtime import clock
from coachway.identity.model.organization import ORGANIZATIONS, Organization
from coachway.sales.requotes import consumers, requote_job
from coachway.sales.requotes.model import REQUOTE, Requote
from tests.integration.bookings.builders import (
    CLIENT_ID,
    ORG,
    STAFF,
    charter_request,
    create_charter,
    create_organizations,
    send_request,
    set_status,
)
from tests.integration.sales.builders import capture_lead, create_agent, send

DUE = datetime(2028, 2, 3, 14, tzinfo=UTC)
"""11 months after the trip of March 3, 2027, at 9 o'clock in New York."""
NOTHING = {"captured": 0, "skipped": 0, "failed": 0}


@pytest.fixture(autouse=True)
def organization() -> None:
    """The organization with prices and a client, instead of that of the other sales tests."""
    create_organizations()


def complete(charter: dict[str, Any]) -> dict[str, Any]:
    """Run a trip, and deliver the event of its end twice."""
    for status in ("booked", "confirmed", "in_progress", "completed"):
        everything = "charters:read charters:write charters:override"
        reply = set_status(charter["id"], status, permissions=everything)
        assert reply.status == 200, reply.text
    for _ in range(2):
        deliver(charter["id"])
    return charter


def deliver(charter_id: str) -> None:
    entries = send_request("GET", f"/charters/{charter_id}/history").json()["items"]
    [data] = [each["data"] for each in entries if each["type"] == CharterCompleted.TYPE]
    delivery = Delivery(
        event_id="e", type=CharterCompleted.TYPE, org_id=ORG, aggregate_id=charter_id, correlation_id="c", data=data
    )
    consumers.CONSUMERS[CharterCompleted.TYPE](STAFF, delivery)


def create_completed_charter(**fields: Any) -> dict[str, Any]:
    return complete(create_charter(**fields))


def run_job(at: datetime = DUE) -> dict[str, int]:
    with clock.frozen(at):
        return requote_job.run().model_dump()


def list_leads() -> list[dict[str, Any]]:
    with clock.frozen(DUE + timedelta(days=40)):
        return list(send("GET", "/leads").json()["items"])


def move_stops(day: str) -> list[dict[str, Any]]:
    """The stops of the usual charter on another day, or in another year."""
    stops: list[dict[str, Any]] = charter_request()["stops"]
    for stop, name in zip(stops, ("estimated_departure", "estimated_arrival"), strict=True):
        stop[name] = day + stop[name][len(day) :]
    return stops


def update_record(record: Any, **changes: Any) -> None:
    store.commit(STAFF, Update(record, record.model_copy(update=changes)))


def test_trip_becomes_a_lead_once_after_11_months() -> None:
    agent = create_agent()["agent_id"]
    charter = create_completed_charter()
    assert run_job(DUE - timedelta(seconds=1)) == NOTHING
    assert run_job() == {**NOTHING, "captured": 1}
    assert run_job() == run_job(DUE + timedelta(hours=5)) == NOTHING
    [lead] = list_leads()
    expected = {
        "source": "annual_requote",
        "source_detail": charter["number"],
        "previous_charter_id": charter["id"],
        "client_id": CLIENT_ID,
        "status": "new",
        "assigned_to_agent_id": agent,
        "next_follow_up_at": "2028-02-03T09:00:00-05:00",
        "estimated_trip_date": "2028-03-01",
        "estimated_return_date": None,
        "estimated_passengers": 40,
        "pickup_location": "11 Wall St, New York, NY",
        "dropoff_location": "1901 Boardwalk, Atlantic City, NJ",
        "trip_details": f"Had this trip on 2027-03-03 ({charter['number']}): Coach.",
        "email": "e@acme.example",
    }
    assert {name: lead[name] for name in expected} == expected


def test_missed_days_are_caught_up() -> None:
    create_completed_charter()
    assert run_job(DUE - timedelta(days=1)) == NOTHING
    assert run_job(DUE + timedelta(days=20))["captured"] == 1
    [lead] = list_leads()
    assert lead["estimated_trip_date"] == "2028-03-01"


def test_date_that_has_passed_is_left_out() -> None:
    create_completed_charter()
    run_job(DUE - timedelta(days=1))
    assert run_job(DUE + timedelta(days=28))["captured"] == 1
    assert list_leads()[0]["estimated_trip_date"] is None


def test_two_runs_at_once_capture_one_lead() -> None:
    create_completed_charter()
    with clock.frozen(DUE), ThreadPoolExecutor(2) as pool:
        results = [each.model_dump() for each in pool.map(lambda _: requote_job.run(), range(2))]
    assert sum(each["captured"] for each in results) == 1
    assert len(list_leads()) == 1
    assert run_job() == NOTHING


def test_failed_run_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    create_completed_charter()
    with monkeypatch.context() as patch:
        patch.setattr(store, "commit", _fail)
        assert run_job()["failed"] == 1
    assert list_leads() == []
    assert run_job()["captured"] == 1
    assert len(list_leads()) == 1


def _fail(*_: Any, **__: Any) -> None:
    raise errors.Conflict("The table does not answer.")


def test_of_several_trips_of_a_client_only_the_latest_becomes_a_lead() -> None:
    first = create_completed_charter()
    second = create_completed_charter(stops=move_stops("2027-03-10"))
    assert run_job() == {**NOTHING, "skipped": 1}
    assert run_job(DUE + timedelta(days=7)) == {**NOTHING, "captured": 1}
    [lead] = list_leads()
    assert lead["previous_charter_id"] == second["id"] != first["id"]


@pytest.mark.parametrize(
    ("status", "outcome"), [("quote", "skipped"), ("booked", "skipped"), ("cancelled", "captured")]
)
def test_newer_charter_prevents_the_lead_unless_it_was_cancelled(status: str, outcome: str) -> None:
    create_completed_charter()
    newer = create_charter(stops=move_stops("2028"))
    if status != "quote":
        assert set_status(newer["id"], status).status == 200
    assert run_job() == {**NOTHING, outcome: 1}
    assert len(list_leads()) == (outcome == "captured")


def test_client_with_an_open_lead_gets_no_second_one() -> None:
    create_completed_charter()
    with clock.frozen(DUE - timedelta(days=60)):
        existing = capture_lead(client_id=CLIENT_ID)
    assert run_job() == {**NOTHING, "skipped": 1}
    assert [lead["id"] for lead in list_leads()] == [existing["id"]]


def test_lead_of_the_same_person_without_a_client_gets_an_activity() -> None:
    contact = contacts.add_contact(STAFF, CLIENT_ID, ContactInput(name="Dana Lee", email="dana@lee.example"))
    create_completed_charter(contact_id=contact.id)
    with clock.frozen(DUE - timedelta(days=5)):
        existing = capture_lead(email="dana@lee.example")
    assert run_job()["captured"] == 1
    assert [lead["id"] for lead in list_leads()] == [existing["id"]]
    [activity] = send("GET", f"/leads/{existing['id']}/activities").json()["items"]
    assert activity["details"].startswith("May want the same trip again.\n")


def test_contact_of_the_booking_is_called() -> None:
    contact = contacts.add_contact(STAFF, CLIENT_ID, ContactInput(name="Dana van der Lee", email="dana@lee.example"))
    create_completed_charter(contact_id=contact.id)
    assert run_job()["captured"] == 1
    [lead] = list_leads()
    names = (lead["first_name"], lead["last_name"], lead["company"], lead["email"])
    assert names == ("Dana", "van der Lee", "Acme Events", "dana@lee.example")


@pytest.mark.parametrize("reason", ["switched off", "inactive", "opted out", "deleted client"])
def test_no_lead_if(reason: str) -> None:
    create_completed_charter()
    client = store.get(Client, CLIENT.key(org=ORG, id=CLIENT_ID))
    match reason:
        case "switched off":
            update_record(store.get(Organization, ORGANIZATIONS.key(org=ORG)), annual_requotes=False)
        case "inactive":
            update_record(client, status=ClientStatus.INACTIVE)
        case "opted out":
            store.commit(STAFF, Create(EmailPreferences(id=CLIENT_ID, org_id=ORG, opted_out=True)))
        case _:
            update_record(client, deleted_at=clock.now())
    assert run_job() == {**NOTHING, "skipped": 1}
    assert list_leads() == []
    assert run_job() == NOTHING


def test_round_trip_of_several_days_has_a_return_date_and_its_destination() -> None:
    there, destination = charter_request()["stops"]
    back = {**there, "stop_type": "dropoff", "estimated_arrival": "2027-03-05T20:00:00-05:00"}
    back.pop("estimated_departure")
    destination |= {"stop_type": "waypoint", "estimated_departure": "2027-03-05T16:00:00-05:00"}
    create_completed_charter(stops=[there, destination, back], trip_type="multi_day", miles=260)
    assert run_job(DUE + timedelta(days=2))["captured"] == 1
    [lead] = list_leads()
    assert (lead["estimated_trip_date"], lead["estimated_return_date"]) == ("2028-03-01", "2028-03-03")
    assert lead["dropoff_location"] == "1901 Boardwalk, Atlantic City, NJ"


def test_old_event_that_is_published_again_schedules_what_is_due_soon_only() -> None:
    charter = create_charter()
    for status in ("booked", "confirmed", "in_progress", "completed"):
        set_status(charter["id"], status, permissions="charters:read charters:write charters:override")
    for days, is_scheduled in ((31, False), (29, True)):
        with clock.frozen(DUE + timedelta(days=days)):
            deliver(charter["id"])
        requote = store.find(Requote, REQUOTE.key(org=ORG, charter=charter["id"]))
        assert (requote is not None) is is_scheduled
    assert run_job(DUE + timedelta(days=29))["captured"] == 1


def test_charter_that_is_not_completed_any_more_makes_no_lead() -> None:
    charter = create_completed_charter()
    update_record(store.get(Charter, CHARTER.key(org=ORG, id=charter["id"])), deleted_at=clock.now())
    assert run_job() == {**NOTHING, "skipped": 1}
    with pytest.raises(errors.NotFound):
        charter_queries.get_charter(STAFF, charter["id"])
