"""Replacing a crew, on the table in memory."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from coachway.core import store
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.dispatch.assignments.rules import AssignmentStatus, iso_week
from coachway.dispatch.diaries.model import DIARY, DiaryPage
from coachway.dispatch.recovery import service as recovery
from coachway.dispatch.recovery import workflow as recovery_workflow
from coachway.dispatch.recovery.model import RECOVERY
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch.builders import (
    NEAR_BOSTON,
    NEAR_NYC,
    SYSTEM,
    create_assignment,
    create_driver,
    create_organization,
    create_trip,
    create_vehicle,
    get_assignment,
    get_charter,
    send_ok,
)
from tests.integration.dispatch.document_builders import create_organization_documents
from tests.integration.dispatch.recovery_builders import (
    DEPARTURE,
    FakeStepFunctions,
    RecoverySetup,
    choose_step,
    get_recovery,
    install_fake_step_functions,
)


@pytest.fixture(autouse=True)
def step_functions(monkeypatch: pytest.MonkeyPatch) -> FakeStepFunctions:
    create_organization()
    create_organization_documents()
    return install_fake_step_functions(monkeypatch)


def test_accept_offer_assigns_the_trip_to_the_best_driver() -> None:
    setup = RecoverySetup()
    recovery_id = setup.open()
    assert choose_step(recovery_id).go == "offer"
    step = recovery_workflow.make_offer(SYSTEM, recovery_id)
    assert (step.go, 590 < step.seconds <= 600) == ("wait", True)
    offer = get_recovery(recovery_id).offers[-1]
    assert (offer.driver_id, offer.vehicle_id, offer.id) == (setup.nia, setup.spare, step.offer)
    # Until the offer is accepted, the trip is Rosa's.
    assert get_charter(setup.charter_id)["driver_id"] == setup.rosa
    recovered = send_ok("POST", f"/dispatch/recoveries/{recovery_id}/accept", party_id=setup.nia)
    assert (recovered["status"], recovered["offers"][0]["status"], recovered["drivers"]) == (
        "recovered",
        "accepted",
        [],
    )
    replacement = get_assignment(recovered["replacement_id"])
    assert (replacement.status, replacement.driver_id, replacement.vehicle_id) == ("accepted", setup.nia, setup.spare)
    assert replacement.notes == "Gate code 4711\nAt the rest area"
    assert get_assignment(setup.assignment["id"]).status == "released"
    charter = get_charter(setup.charter_id)
    assert (charter["status"], charter["driver_id"]) == ("confirmed", setup.nia)
    assert charter["vehicles"][0]["assignment_id"] == replacement.id
    assert [setup.list_block_ids(item) for item in (setup.rosa, setup.coach)] == [[], []]
    assert [setup.list_block_ids(item) for item in (setup.nia, setup.spare)] == [[replacement.id], [replacement.id]]
    assert choose_step(recovery_id).go == "over"
    event_types = [item.type for item in store.list_history(RECOVERY.key(org=ORG, id=recovery_id))]
    assert event_types == ["recovery.opened", "recovery.offered", "trip.recovered"]


def test_accept_offer_after_a_no_show_uses_the_same_vehicle() -> None:
    setup = RecoverySetup()
    recovery_id = setup.open("no_show")
    recovery_workflow.make_offer(SYSTEM, recovery_id)
    assert get_recovery(recovery_id).offers[-1].vehicle_id == setup.coach
    recovered = send_ok("POST", f"/dispatch/recoveries/{recovery_id}/accept", party_id=setup.nia)
    assert setup.list_block_ids(setup.coach) == [recovered["replacement_id"]]
    assert setup.list_block_ids(setup.rosa) == []
    released = send_ok("POST", f"/dispatch/assignments/{recovered['replacement_id']}/release", {"reason": "test"})
    assert (released["status"], setup.list_block_ids(setup.coach)) == ("released", [])


def test_accept_offer_for_a_crew_of_two_notifies_the_second_driver() -> None:
    rosa, sam = create_driver(), create_driver("Sam Tran")
    assignment = create_assignment(
        create_trip(requires_second_driver=True), rosa, create_vehicle(), second_driver_id=sam
    )
    nia, finn = create_driver("Nia Near", **NEAR_NYC), create_driver("Finn Far", **NEAR_BOSTON, phone="+12125550188")
    create_vehicle("Coach 14")
    recovery_id = str(
        send_ok("POST", "/dispatch/recoveries", {"assignment_id": assignment["id"], "reason": "breakdown"})["id"]
    )
    recovery_workflow.make_offer(SYSTEM, recovery_id)
    replacement = get_assignment(
        send_ok("POST", f"/dispatch/recoveries/{recovery_id}/accept", party_id=nia)["replacement_id"]
    )
    assert replacement.crew == [nia, finn]
    [accepted] = [item for item in store.list_history(replacement.key()) if item.type == "assignment.accepted"]
    assert accepted.data["second_driver_phone"] == "+12125550188"


def test_accept_offer_under_way_continues_the_trip_and_keeps_the_worked_hours() -> None:
    setup = RecoverySetup()
    with clock.frozen(DEPARTURE + timedelta(hours=1)):
        before = get_assignment(setup.assignment["id"])
        stops = [stop.model_copy() for stop in before.stops]
        stops[0].arrived_at, stops[0].departed_at = DEPARTURE - timedelta(minutes=5), DEPARTURE
        fields: dict[str, Any] = {"status": AssignmentStatus.IN_PROGRESS, "stops": stops}
        fields["checked_in_at"] = DEPARTURE - timedelta(minutes=30)
        store.commit(SYSTEM, Update(before, before.model_copy(update=fields)))
        recovery_id = setup.open()
        recovery_workflow.make_offer(SYSTEM, recovery_id)
        recovered = recovery.accept_offer(SYSTEM, recovery_id)
        replacement = get_assignment(str(recovered.replacement_id))
        assert (replacement.starts_at, replacement.stops[0].departed_at) == (DEPARTURE + timedelta(hours=1), DEPARTURE)
        # The hours that Rosa has worked stay in her diary.
        page = store.get(DiaryPage, DIARY.key(org=ORG, resource=setup.rosa, week=iso_week(DEPARTURE)))
        assert [(block.assignment_id, block.ends_at) for block in page.blocks] == [
            (setup.assignment["id"], DEPARTURE + timedelta(hours=1))
        ]


def test_rank_replacements_for_a_late_vehicle_excludes_slower_ones() -> None:
    setup = RecoverySetup()
    with clock.frozen(DEPARTURE - timedelta(minutes=20)):
        before = get_assignment(setup.assignment["id"])
        store.commit(SYSTEM, Update(before, before.model_copy(update={"late_minutes": 30})))
        far_vehicle = create_vehicle("Coach 20", garage_latitude=42.36, garage_longitude=-71.06)
        recovery_id = setup.open("late_risk")
        recovery_workflow.make_offer(SYSTEM, recovery_id)
        considered_ids = {item.vehicle_id for item in get_recovery(recovery_id).vehicles}
        assert far_vehicle not in considered_ids
        assert get_recovery(recovery_id).status in {"searching", "escalated"}
