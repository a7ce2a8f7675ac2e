"""The steps of the recovery workflow, on the table in memory."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from coachway.compliance import subjects
from coachway.compliance.rules import SubjectType
from coachway.core import errors, store
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.dispatch.recovery import service as recovery
from coachway.dispatch.recovery import workflow as recovery_workflow
from tests.integration.bookings import builders as booking_builders
from tests.integration.dispatch.builders import (
    SYSTEM,
    award_to_vendor,
    create_assignment,
    create_delivery,
    create_driver,
    create_organization,
    create_trip,
    create_vehicle,
    get_assignment,
    get_charter,
    send_ok,
    send_request,
)
from tests.integration.dispatch.recovery_builders import (
    DEPARTURE,
    FakeStepFunctions,
    RecoverySetup,
    check_in,
    choose_step,
    get_recovery,
    install_fake_step_functions,
    late_risk_delivery,
)


@pytest.fixture(autouse=True)
def step_functions(monkeypatch: pytest.MonkeyPatch) -> FakeStepFunctions:
    create_organization()
    return install_fake_step_functions(monkeypatch)


def test_make_offer_after_decline_and_expiry_asks_the_next_and_then_escalates() -> None:
    setup = RecoverySetup()
    recovery_id = setup.open()
    recovery_workflow.make_offer(SYSTEM, recovery_id)
    reply = send_request(
        "POST", f"/dispatch/recoveries/{recovery_id}/decline", {"reason": "Asleep"}, party_id=setup.nia
    )
    assert reply.status == 200, reply.text
    assert choose_step(recovery_id).go == "offer"
    step = recovery_workflow.make_offer(SYSTEM, recovery_id)
    assert get_recovery(recovery_id).offers[-1].driver_id == setup.finn
    assert choose_step(recovery_id).go == "wait"
    assert choose_step(recovery_id, waited=step.offer).go == "offer"
    assert recovery_workflow.make_offer(SYSTEM, recovery_id).go == "over"
    ended = get_recovery(recovery_id)
    assert (ended.status, ended.status_reason) == ("escalated", "2 drivers asked; no other driver can take over")
    assert [item.status for item in ended.offers] == ["declined", "expired"]
    assert get_assignment(setup.assignment["id"]).status == "accepted"
    late_reply = send_request("POST", f"/dispatch/recoveries/{recovery_id}/accept", party_id=setup.finn)
    assert (late_reply.status, late_reply.json()["code"]) == (409, "invalid_status_transition")
    # Another recovery can be opened.
    assert setup.open() != recovery_id


def test_on_trip_unstarted_repeated_opens_one_recovery() -> None:
    setup = RecoverySetup()
    delivery = create_delivery("trip.unstarted", assignment_id=setup.assignment["id"], minutes=15)
    for _ in range(2):
        recovery_workflow.on_trip_not_started(SYSTEM, delivery)
    [recovery_json] = send_ok("GET", "/dispatch/recoveries")["items"]
    assert (recovery_json["reason"], recovery_json["opened_by"], recovery_json["status"]) == (
        "no_show",
        SYSTEM.user_id,
        "searching",
    )
    assert send_ok("GET", "/dispatch/recoveries", query={"charter_id": setup.charter_id})["items"] == [recovery_json]


@pytest.mark.parametrize("ends", ["escalated", "cancelled", "open"])
def test_on_late_risk_repeated_opens_one_recovery(ends: str) -> None:
    setup = RecoverySetup()
    check_in(setup)
    for minutes in (15, 30, 45):
        recovery_workflow.on_late_risk(SYSTEM, late_risk_delivery(setup, minutes))
        recovery_id = send_ok("GET", "/dispatch/recoveries")["items"][0]["id"]
        if ends == "escalated":
            for _ in range(3):
                recovery_workflow.make_offer(SYSTEM, recovery_id)
                choose_step(recovery_id, waited=get_recovery(recovery_id).offers[-1].id)
        elif ends == "cancelled" and not get_recovery(recovery_id).status.is_over:
            send_ok("POST", f"/dispatch/recoveries/{recovery_id}/cancel", {"reason": "The vehicle is nearly there"})
    [recovery_json] = send_ok("GET", "/dispatch/recoveries")["items"]
    assert (recovery_json["id"], recovery_json["reason"]) == (recovery_id, "late_risk")


def test_on_late_risk_before_check_in_opens_no_recovery_and_after_it_does() -> None:
    setup = RecoverySetup()
    recovery_workflow.on_late_risk(SYSTEM, late_risk_delivery(setup, 15))  # sent at the same time, and delivered first
    recovery_workflow.on_trip_not_started(
        SYSTEM, create_delivery("trip.unstarted", assignment_id=setup.assignment["id"], minutes=15)
    )
    [no_show] = send_ok("GET", "/dispatch/recoveries")["items"]
    assert no_show["reason"] == "no_show"
    check_in(setup)
    assert choose_step(no_show["id"]).go == "over"
    recovery_workflow.on_late_risk(SYSTEM, late_risk_delivery(setup, 30))
    reasons = [(item["reason"], item["status"]) for item in send_ok("GET", "/dispatch/recoveries")["items"]]
    assert reasons == [("late_risk", "searching"), ("no_show", "cancelled")]


def test_on_late_risk_at_the_first_stop_opens_no_recovery() -> None:
    setup = RecoverySetup()
    recovery_id = setup.open("late_risk")
    before = get_assignment(setup.assignment["id"])
    stops = [before.stops[0].model_copy(update={"arrived_at": DEPARTURE - timedelta(minutes=10)}), before.stops[1]]
    fields: dict[str, Any] = {"status": AssignmentStatus.CHECKED_IN, "checked_in_at": DEPARTURE, "stops": stops}
    store.commit(SYSTEM, Update(before, before.model_copy(update=fields)))
    assert choose_step(recovery_id).go == "over"
    assert get_recovery(recovery_id).status_reason == "The vehicle is at its first stop"
    recovery_workflow.on_late_risk(
        SYSTEM, create_delivery("trip.late_risk", assignment_id=before.id, minutes=20, stop=1)
    )
    assert len(send_ok("GET", "/dispatch/recoveries")["items"]) == 1


def test_make_offer_for_a_vendor_without_documents_escalates() -> None:
    charter_id, papers_until = create_trip(), date(2029, 1, 1)
    vendor_id = award_to_vendor(charter_id, documents_expire=papers_until)
    vendor_driver, coach = create_driver("Vic Otto", vendor_id=vendor_id), create_vehicle("Blue 1", vendor_id=vendor_id)
    create_driver("Val Otto", vendor_id=vendor_id)
    create_vehicle("Blue 2", vendor_id=vendor_id)
    assignment = create_assignment(charter_id, vendor_driver, coach)
    subject = subjects.get_subject(SYSTEM, SubjectType.VENDOR, vendor_id)
    store.commit(SYSTEM, Update(subject, subject.model_copy(update={"documents": subject.documents[1:]})))
    body = {"assignment_id": assignment["id"], "reason": "breakdown"}
    recovery_id = str(send_ok("POST", "/dispatch/recoveries", body)["id"])
    assert recovery_workflow.make_offer(SYSTEM, recovery_id).go == "over"
    assert (get_recovery(recovery_id).status, get_recovery(recovery_id).offers) == ("escalated", [])
    assert "Missing required document" in get_recovery(recovery_id).status_reason


def test_on_trip_unstarted_of_a_quoted_charter_opens_no_recovery() -> None:
    charter_id = str(booking_builders.create_charter()["id"])
    assignment = create_assignment(charter_id, create_driver(), create_vehicle())
    recovery_workflow.on_trip_not_started(
        SYSTEM, create_delivery("trip.unstarted", assignment_id=assignment["id"], minutes=15)
    )
    assert send_ok("GET", "/dispatch/recoveries")["items"] == []


def test_on_offer_answered_sends_the_task_token_once(step_functions: FakeStepFunctions) -> None:
    setup = RecoverySetup()
    recovery_id = setup.open()
    choose_step(recovery_id)
    first = recovery_workflow.make_offer(SYSTEM, recovery_id)
    recovery_workflow.save_wait(SYSTEM, recovery_id, token="token-1", offer=first.offer)
    recovery_workflow.on_offer_answered(SYSTEM, create_delivery("recovery.declined", recovery_id=recovery_id))
    assert step_functions.tokens == []
    send_ok("POST", f"/dispatch/recoveries/{recovery_id}/decline", {}, party_id=setup.nia)
    for _ in range(2):
        recovery_workflow.on_offer_answered(SYSTEM, create_delivery("recovery.declined", recovery_id=recovery_id))
    assert step_functions.tokens == ["token-1"]
    # The offer is answered before the token is stored.
    second = recovery_workflow.make_offer(SYSTEM, recovery_id)
    send_ok("POST", f"/dispatch/recoveries/{recovery_id}/decline", {}, party_id=setup.finn)
    recovery_workflow.save_wait(SYSTEM, recovery_id, token="token-2", offer=second.offer)
    assert step_functions.tokens == ["token-1", "token-2"]


def test_choose_step_of_a_second_execution_ends_it() -> None:
    recovery_id = RecoverySetup().open()
    assert choose_step(recovery_id).go == "offer"
    assert choose_step(recovery_id, execution="another").go == "over"
    assert choose_step(recovery_id, execution="redriven", redriven=True).go == "offer"


def test_record_failure_stores_it_until_the_workflow_continues() -> None:
    setup = RecoverySetup()
    recovery_id = setup.open()
    choose_step(recovery_id)
    recovery_workflow.record_failure(SYSTEM, recovery_id, state="OfferTrip", failure={"Error": "Lambda.Unknown"})
    failure = get_recovery(recovery_id).failure
    assert failure is not None
    assert (failure.state, failure.error) == ("OfferTrip", "Lambda.Unknown")
    assert get_charter(setup.charter_id)["workflow_failures"]["recovery"]["state"] == "OfferTrip"
    assert choose_step(recovery_id, execution="again", redriven=True).go == "offer"
    assert (get_recovery(recovery_id).failure, get_charter(setup.charter_id)["workflow_failures"]) == (None, {})


def test_make_offer_after_the_trip_escalates() -> None:
    setup = RecoverySetup()
    recovery_id = setup.open()
    with clock.frozen(DEPARTURE + timedelta(days=2)):
        assert recovery_workflow.make_offer(SYSTEM, recovery_id).go == "over"
    assert get_recovery(recovery_id).status == "escalated"
    with pytest.raises(errors.Conflict):
        recovery.cancel_recovery(SYSTEM, recovery_id, "late")
