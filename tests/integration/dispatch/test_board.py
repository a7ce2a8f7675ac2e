"""The dispatch board, on the table in memory."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from coachway.core import store
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.dispatch.assignments.model import ASSIGNMENT, Assignment
from coachway.dispatch.assignments.rules import AssignmentStatus
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch.builders import (
    SYSTEM,
    create_assignment,
    create_driver,
    create_organization,
    create_trip,
    create_vehicle,
    send_ok,
    send_request,
)

DAY = "2027-03-03"


@pytest.fixture(autouse=True)
def organization() -> None:
    create_organization()


def get_columns(day: str = DAY) -> dict[str, list[dict[str, Any]]]:
    columns: dict[str, list[dict[str, Any]]] = send_ok("GET", "/dispatch/board", query={"day": day})["columns"]
    return columns


def list_vehicle_numbers(cards: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(each["charter_id"], each["vehicle_number"]) for each in cards]


def test_get_board_shows_every_vehicle_in_one_column() -> None:
    second_charter_id, first_charter_id = create_trip(vehicle_count=2, passengers=80), create_trip(departure="07:00")
    create_trip(day="2027-03-04")
    assignment = create_assignment(second_charter_id, create_driver(), create_vehicle())
    columns = get_columns()
    assert list_vehicle_numbers(columns["uncovered"]) == [(first_charter_id, 1), (second_charter_id, 2)]
    assert list_vehicle_numbers(columns["offered"]) == [(second_charter_id, 1)]
    assert sum(len(cards) for cards in columns.values()) == 3
    card = columns["offered"][0]
    assert (card["assignment_id"], card["driver_name"], card["vehicle_name"]) == (
        assignment["id"],
        "Rosa Delgado",
        "Coach 12",
    )
    send_ok("POST", f"/dispatch/assignments/{assignment['id']}/decline", {"reason": "ill"})
    assert list_vehicle_numbers(get_columns()["uncovered"]) == [
        (first_charter_id, 1),
        (second_charter_id, 1),
        (second_charter_id, 2),
    ]


def test_get_board_with_an_open_recovery_shows_it_on_the_card() -> None:
    assignment = create_assignment(create_trip(), create_driver(), create_vehicle())
    recovery_id = send_ok("POST", "/dispatch/recoveries", {"assignment_id": assignment["id"], "reason": "breakdown"})[
        "id"
    ]
    assert [(each["recovery_id"], each["recovery_status"]) for each in get_columns()["offered"]] == [
        (recovery_id, "searching")
    ]
    send_ok("POST", f"/dispatch/recoveries/{recovery_id}/cancel", {"reason": "The engine runs again"})
    assert get_columns()["offered"][0]["recovery_id"] is None


def test_get_board_after_midnight_keeps_trips_under_way() -> None:
    charter_id = create_trip(departure="22:00", hours=5)
    assignment = create_assignment(charter_id, create_driver(), create_vehicle())
    before = store.get(Assignment, ASSIGNMENT.key(org=ORG, id=assignment["id"]))
    progress = {"status": AssignmentStatus.IN_PROGRESS, "checked_in_at": before.starts_at}
    store.commit(SYSTEM, Update(before, before.model_copy(update=progress)))
    with clock.frozen(datetime(2027, 3, 4, 6, tzinfo=UTC)):
        board = send_ok("GET", "/dispatch/board")
        assert (board["day"], board["timezone"]) == ("2027-03-04", "America/New_York")
        assert list_vehicle_numbers(board["columns"]["in_progress"]) == [(charter_id, 1)]
    assert list_vehicle_numbers(get_columns("2027-03-04")["in_progress"]) == []


def test_get_board_as_a_driver_is_refused() -> None:
    assert send_request("GET", "/dispatch/board", party_id=create_driver()).status == 403
    assert send_request("GET", "/dispatch/board", query={"day": "tomorrow"}).status == 422
