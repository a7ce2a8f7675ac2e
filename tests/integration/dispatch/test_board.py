"""The dispatcher's day at a glance, on the table in memory."""

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
from tests.integration.dispatch.builders import SYSTEM, ask, assigned, done, driver, found, trip, vehicle

DAY = "2027-03-03"


@pytest.fixture(autouse=True)
def organization() -> None:
    found()


def board(day: str = DAY) -> dict[str, list[dict[str, Any]]]:
    known: dict[str, list[dict[str, Any]]] = done("GET", "/dispatch/board", query={"day": day})["columns"]
    return known


def numbers(cards: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(each["charter_id"], each["vehicle_number"]) for each in cards]


def test_every_vehicle_of_every_trip_stands_in_one_column() -> None:
    two, one = trip(vehicle_count=2, passengers=80), trip(leaves="07:00")
    trip(day="2027-03-04")
    made = assigned(two, driver(), vehicle())
    columns = board()
    assert numbers(columns["uncovered"]) == [(one, 1), (two, 2)]
    assert numbers(columns["offered"]) == [(two, 1)]
    assert sum(len(cards) for cards in columns.values()) == 3
    card = columns["offered"][0]
    assert (card["assignment_id"], card["driver_name"], card["vehicle_name"]) == (
        made["id"],
        "Rosa Delgado",
        "Coach 12",
    )
    done("POST", f"/dispatch/assignments/{made['id']}/decline", {"reason": "ill"})
    assert numbers(board()["uncovered"]) == [(one, 1), (two, 1), (two, 2)]


def test_who_is_looked_for_is_on_the_card() -> None:
    made = assigned(trip(), driver(), vehicle())
    rcv = done("POST", "/dispatch/recoveries", {"assignment_id": made["id"], "reason": "breakdown"})["id"]
    assert [(each["recovery_id"], each["recovery_status"]) for each in board()["offered"]] == [(rcv, "searching")]
    done("POST", f"/dispatch/recoveries/{rcv}/cancel", {"reason": "It starts again"})
    assert board()["offered"][0]["recovery_id"] is None


def test_a_trip_past_midnight_stays_on_the_board_while_it_is_under_way() -> None:
    run = trip(leaves="22:00", hours=5)
    made = assigned(run, driver(), vehicle())
    before = store.get(Assignment, ASSIGNMENT.key(org=ORG, id=made["id"]))
    gone = {"status": AssignmentStatus.IN_PROGRESS, "checked_in_at": before.starts_at}
    store.commit(SYSTEM, Update(before, before.model_copy(update=gone)))
    with clock.frozen(datetime(2027, 3, 4, 6, tzinfo=UTC)):
        today = done("GET", "/dispatch/board")
        assert (today["day"], today["timezone"]) == ("2027-03-04", "America/New_York")
        assert numbers(today["columns"]["in_progress"]) == [(run, 1)]
    assert numbers(board("2027-03-04")["in_progress"]) == []


def test_only_the_organization_s_people_see_it() -> None:
    assert ask("GET", "/dispatch/board", by=driver()).status == 403
    assert ask("GET", "/dispatch/board", query={"day": "tomorrow"}).status == 422
