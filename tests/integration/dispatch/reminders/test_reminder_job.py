"""Reminders of trips, on the table in memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from coachway.core import store
from coachway.core.persistence.domain_events import Envelope
from coachway.core.persistence.operations import Update
from coachway.core.persistence.queries import query_all
from coachway.dispatch.reminders import consumers, reminder_job
from coachway.dispatch.reminders.model import REMINDERS, TripReminders
from coachway.identity.model.organization import ORGANIZATIONS, Organization, TripReminderSettings
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch import builders
from tests.integration.dispatch.builders import SYSTEM
from tests.integration.dispatch.tracking_builders import freeze_time


@pytest.fixture(autouse=True)
def organization() -> None:
    builders.create_organization()


def book_trip(*, booked_on: str = "2027-02-01", **fields: Any) -> str:
    """Book a trip on March 3, 2027, at nine, and schedule its reminders; returns its id."""
    with freeze_time("12:00", booked_on):
        charter_id = builders.create_trip(**fields)
        schedule_reminders(charter_id)
    return charter_id


def schedule_reminders(charter_id: str) -> None:
    """Deliver the event of the booking."""
    [booked] = list_events(builders.get_charter(charter_id), "charter.booked")
    delivery = builders.create_delivery(booked.type, charter_id, **booked.data)
    consumers.on_charter_booked(SYSTEM, delivery)


def list_events(resource: Any, kind: str) -> list[Envelope]:
    """The events of one type, of a charter or an assignment."""
    partition = f"ORG#{ORG}#{'CHARTER' if resource['id'].startswith('chr') else 'ASSIGNMENT'}#{resource['id']}"
    return [item for item in query_all(Envelope, partition, prefix="EVENT#") if item.type == kind]


def list_client_reminders(charter_id: str) -> list[dict[str, Any]]:
    return [item.data for item in list_events({"id": charter_id}, "charter.reminder_sent")]


def list_driver_reminders(assignment_id: str) -> list[dict[str, Any]]:
    return [item.data for item in list_events({"id": assignment_id}, "assignment.reminder_sent")]


def run_job(clock_time: str, day: str = "2027-03-02") -> dict[str, int]:
    with freeze_time(clock_time, day):
        return reminder_job.run().model_dump()


def assign(charter_id: str, name: str = "Rosa Delgado", vehicle: str = "Coach 12", **fields: Any) -> str:
    driver, coach = builders.create_driver(name), builders.create_vehicle(vehicle)
    return str(builders.create_assignment(charter_id, driver, coach, **fields)["id"])


def set_reminders(**settings: bool) -> None:
    before = store.get(Organization, ORGANIZATIONS.key(org=ORG))
    after = before.model_copy(update={"trip_reminders": TripReminderSettings(**settings)})
    store.commit(SYSTEM, Update(before, after))


def test_client_and_driver_are_reminded_once_at_their_times() -> None:
    charter_id = book_trip()
    assignment_id = assign(charter_id)
    assert run_job("09:59") == {"clients": 0, "drivers": 0, "failed": 0}
    assert run_job("10:00")["clients"] == 1
    assert run_job("17:59")["clients"] == run_job("17:59")["drivers"] == 0
    assert run_job("18:00") == {"clients": 0, "drivers": 1, "failed": 0}
    assert run_job("18:05") == run_job("08:00", "2027-03-03") == {"clients": 0, "drivers": 0, "failed": 0}
    [reminder] = list_client_reminders(charter_id)
    assert reminder["vehicles"] == [{"vehicle": 1, "vehicle_name": "Coach 12", "driver_names": ["Rosa"]}]
    assert (reminder["client_email"], reminder["is_correction"]) == ("e@acme.example", False)
    [sms] = list_driver_reminders(assignment_id)
    assert (sms["driver_phone"][:5], sms["is_accepted"]) == ("+1212", False)


def test_client_of_a_trip_without_driver_is_reminded_once_the_driver_is_known() -> None:
    charter_id = book_trip()
    assert run_job("10:00")["clients"] == run_job("11:00")["clients"] == 0
    assign(charter_id)
    assert run_job("11:05")["clients"] == 0
    assert run_job("12:00")["clients"] == 1
    [reminder] = list_client_reminders(charter_id)
    assert reminder["vehicles"][0]["driver_names"] == ["Rosa"]


def test_client_of_a_trip_without_driver_is_reminded_in_the_evening_at_the_latest() -> None:
    charter_id = book_trip(vehicle_count=2)
    assign(charter_id, vehicle_number=2)
    assert run_job("17:00")["clients"] == 0
    assert run_job("18:00")["clients"] == 1
    [reminder] = list_client_reminders(charter_id)
    assert reminder["vehicles"] == [
        {"vehicle": 1, "vehicle_name": None, "driver_names": []},
        {"vehicle": 2, "vehicle_name": "Coach 12", "driver_names": ["Rosa"]},
    ]


def test_client_is_told_of_another_driver() -> None:
    charter_id = book_trip()
    assignment_id = assign(charter_id)
    run_job("10:00")
    builders.send_ok("POST", f"/dispatch/assignments/{assignment_id}/release", {"reason": "Ill"})
    replacement_id = assign(charter_id, "Marco Bell", "Coach 7")
    assert run_job("18:00") == {"clients": 1, "drivers": 1, "failed": 0}
    correction = list_client_reminders(charter_id)[-1]
    assert correction["is_correction"]
    assert correction["vehicles"] == [{"vehicle": 1, "vehicle_name": "Coach 7", "driver_names": ["Marco"]}]
    assert not list_driver_reminders(assignment_id)
    assert len(list_driver_reminders(replacement_id)) == 1


def test_cancelled_trip_has_no_reminders() -> None:
    charter_id = book_trip()
    assignment_id = assign(charter_id)
    assert booking_builders.set_status(charter_id, "cancelled").status == 200
    assert run_job("10:00")["clients"] == run_job("18:00")["drivers"] == 0
    assert not list_client_reminders(charter_id)
    assert not list_driver_reminders(assignment_id)


@pytest.mark.parametrize(("to_clients", "to_drivers"), [(False, True), (True, False), (False, False)])
def test_reminders_can_be_switched_off(to_clients: bool, to_drivers: bool) -> None:
    set_reminders(to_clients=to_clients, to_drivers=to_drivers)
    charter_id = book_trip()
    assignment_id = assign(charter_id)
    run_job("10:00")
    run_job("18:00")
    assert len(list_client_reminders(charter_id)) == int(to_clients)
    assert len(list_driver_reminders(assignment_id)) == int(to_drivers)


def test_trip_that_is_booked_in_the_evening_before_has_no_reminders() -> None:
    with freeze_time("18:30", "2027-03-02"):
        charter_id = builders.create_trip()
        schedule_reminders(charter_id)
    assert store.find(TripReminders, REMINDERS.key(org=ORG, charter=charter_id)) is None


def test_repeated_booking_event_schedules_nothing_again() -> None:
    charter_id = book_trip()
    assign(charter_id)
    run_job("10:00")
    run_job("18:00")
    with freeze_time("18:01", "2027-03-02"):
        schedule_reminders(charter_id)
    with freeze_time("12:00", "2027-02-01"):
        schedule_reminders(charter_id)
    assert run_job("18:05") == {"clients": 0, "drivers": 0, "failed": 0}
    assert len(list_client_reminders(charter_id)) == 1


def test_runs_at_once_send_each_reminder_once() -> None:
    charter_id = book_trip()
    assignment_id = assign(charter_id)
    with freeze_time("18:00", "2027-03-02"), ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: reminder_job.run(), range(4)))
    assert (sum(each.clients for each in results), sum(each.drivers for each in results)) == (1, 1)
    assert (len(list_client_reminders(charter_id)), len(list_driver_reminders(assignment_id))) == (1, 1)
