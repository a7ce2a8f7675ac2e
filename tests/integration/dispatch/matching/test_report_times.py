"""When crews report for duty, through the API on the table in memory."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.contracts.dispatch.assignments import AssignmentOffered
from coachway.core import store
from coachway.core.persistence.operations import Update
from coachway.identity.model.organization import ORGANIZATIONS, Organization, ReportTimes
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch import builders, calendar_builders, tracking_builders


@pytest.fixture(autouse=True)
def organization() -> None:
    tracking_builders.create_organization()


def set_report_times(spot: int, inspection: int) -> None:
    before = store.get(Organization, ORGANIZATIONS.key(org=ORG))
    times = ReportTimes(spot_minutes=spot, inspection_minutes=inspection)
    store.commit(builders.SYSTEM, Update(before, before.model_copy(update={"report_times": times})))


def get_times(assignment: dict[str, Any]) -> list[str | None]:
    """The clock times of reporting, leaving the garage, standing at the first stop, and departing."""
    names = ("starts_at", "leaves_at", "spot_at", "pickup_at")
    return [assignment[name] and assignment[name][11:16] for name in names]


def test_assignment_without_report_times_begins_at_the_departure() -> None:
    assignment = builders.create_assignment(builders.create_trip(), builders.create_driver(), builders.create_vehicle())
    assert get_times(assignment) == ["09:00", None, None, "09:00"]


@pytest.mark.parametrize(
    ("charter_minutes", "requested", "expected"),
    [
        (None, None, ["08:10", "08:30", "08:30", "09:00"]),
        (45, None, ["07:55", "08:15", "08:15", "09:00"]),
        (45, 10, ["08:30", "08:50", "08:50", "09:00"]),
        (45, 0, ["08:40", "09:00", None, "09:00"]),
    ],
)
def test_assignment_takes_the_most_specific_spot_time(
    charter_minutes: int | None, requested: int | None, expected: list[str | None]
) -> None:
    set_report_times(30, 20)
    trip = builders.create_trip(spot_minutes=charter_minutes)
    rosa, coach = builders.create_driver(), builders.create_vehicle()
    assignment = builders.create_assignment(trip, rosa, coach, spot_minutes=requested)
    assert get_times(assignment) == expected
    query = {"date_from": "2027-03-03", "date_to": "2027-03-03"}
    (entry,) = calendar_builders.get_ok(f"/calendar/vehicles/{coach}", query=query)["entries"]
    assert (entry["starts_at"], entry["spot_at"]) == (assignment["starts_at"], assignment["spot_at"])
    (event,) = store.list_history(builders.get_assignment(assignment["id"]).key())
    offered = AssignmentOffered.model_validate(event.data)
    assert offered.starts_at.isoformat() == builders.get_assignment(assignment["id"]).starts_at.isoformat()
    assert (offered.spot_at is None) == (assignment["spot_at"] is None)


def test_automatic_assignment_takes_the_requested_spot_time() -> None:
    builders.create_driver()
    builders.create_vehicle()
    request = {"charter_id": builders.create_trip(), "spot_minutes": 25}
    result = builders.send_ok("POST", "/dispatch/assignments/auto", request)
    assert get_times(result["assignment"]) == ["08:35", None, "08:35", "09:00"]


def test_spot_time_makes_two_trips_of_a_vehicle_overlap() -> None:
    coach = builders.create_vehicle()
    builders.create_assignment(builders.create_trip(departure="06:00"), builders.create_driver(), coach)
    back = builders.create_trip(departure="09:00", is_return=True)
    refusal = builders.post_assignment(back, builders.create_driver("Emil Sand"), coach, spot_minutes=15)
    assert refusal.status == 409
    assert "overlap: Coach 12 is on" in refusal.text
    builders.create_assignment(back, builders.create_driver("Ana Ruiz"), coach, spot_minutes=0)


def test_wrong_spot_times_are_refused() -> None:
    for minutes in (-1, 241, "x", 1.5):
        request = {"charter_id": builders.create_trip(), "spot_minutes": minutes}
        assert builders.send_request("POST", "/dispatch/assignments/auto", request).status == 422


def test_spot_time_of_a_booked_charter_is_changed_without_a_new_revision() -> None:
    trip = builders.create_trip()
    reply = booking_builders.send_request("PUT", f"/charters/{trip}", {"spot_minutes": 20})
    assert (reply.status, reply.json()["revision_number"], reply.json()["status"]) == (200, 1, "booked")
    assignment = builders.create_assignment(trip, builders.create_driver(), builders.create_vehicle())
    assert get_times(assignment) == ["08:40", None, "08:40", "09:00"]
