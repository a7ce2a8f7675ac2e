"""A trip whose driver or vehicle fell out goes to somebody else: the flow's steps one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from coachway.compliance import subjects
from coachway.compliance.rules import SubjectType
from coachway.core import errors, store
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.core.workflows import executions
from coachway.dispatch.assignments.model import ASSIGNMENT, Assignment
from coachway.dispatch.assignments.rules import AssignmentStatus, iso_week
from coachway.dispatch.diaries.model import DIARY, DiaryPage
from coachway.dispatch.recovery import service as recovery
from coachway.dispatch.recovery import workflow as recovery_workflow
from coachway.dispatch.recovery.model import RECOVERY, Recovery
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch.builders import (
    SYSTEM,
    ask,
    assigned,
    awarded,
    charter,
    done,
    driver,
    found,
    trip,
    vehicle,
)

LEAVES = datetime(2027, 3, 3, 14, tzinfo=UTC)
NEAR: dict[str, Any] = {"home_latitude": 40.71, "home_longitude": -74.0}
FAR: dict[str, Any] = {"home_latitude": 42.36, "home_longitude": -71.06}


@pytest.fixture(autouse=True)
def wakened(monkeypatch: pytest.MonkeyPatch) -> Wakened:
    found()
    flow = Wakened()
    monkeypatch.setattr(executions, "_client", lambda: flow)
    return flow


class Wakened:
    """Takes the tokens that flows are woken by."""

    def __init__(self) -> None:
        self.tokens: list[str] = []

    def send_task_success(self, **given: str) -> None:
        self.tokens.append(given["taskToken"])


class RecoverySetup:
    """A trip that Rosa drives in Coach 12, with two more drivers and a coach standing by."""

    def __init__(self) -> None:
        self.rosa, self.nia, self.finn = driver(), driver("Nia Near", **NEAR), driver("Finn Far", **FAR)
        self.coach, self.spare = vehicle("Coach 12"), vehicle("Coach 14")
        self.charter_id = trip()
        self.assignment = assigned(self.charter_id, self.rosa, self.coach, notes="Gate code 4711")
        done("POST", f"/dispatch/assignments/{self.assignment['id']}/accept")

    def open(self, reason: str = "breakdown") -> str:
        body = {"assignment_id": self.assignment["id"], "reason": reason, "notes": "Engine"}
        reply = ask("POST", "/dispatch/recoveries", body)
        assert reply.status == 202, reply.text
        return str(reply.json()["id"])

    def job_of(self, resource: str) -> list[str]:
        page = store.find(DiaryPage, DIARY.key(org=ORG, resource=resource, week=iso_week(LEAVES)))
        return [job.assignment_id for job in page.jobs] if page else []


def look(
    recovery_id: str, *, waited: str = "", execution: str = "one", redriven: bool = False
) -> recovery_workflow.NextStep:
    return recovery_workflow.choose_step(SYSTEM, recovery_id, execution=execution, redriven=redriven, waited=waited)


def kept(recovery_id: str) -> Recovery:
    return store.get(Recovery, RECOVERY.key(org=ORG, id=recovery_id))


def the_assignment(assignment_id: str) -> Assignment:
    return store.get(Assignment, ASSIGNMENT.key(org=ORG, id=assignment_id))


def event(kind: str, **data: Any) -> Delivery:
    return Delivery(event_id="e", type=kind, org_id=ORG, aggregate_id="x", correlation_id="c", data=data)


def test_the_best_is_asked_and_has_the_trip_once_they_accept() -> None:
    setup = RecoverySetup()
    rcv = setup.open()
    assert look(rcv).go == "offer"
    asked = recovery_workflow.make_offer(SYSTEM, rcv)
    assert (asked.go, 590 < asked.seconds <= 600) == ("wait", True)
    offer = kept(rcv).offers[-1]
    assert (offer.driver_id, offer.vehicle_id, offer.id) == (setup.nia, setup.spare, asked.offer)
    # Until then the trip is Rosa's.
    assert charter(setup.charter_id)["driver_id"] == setup.rosa
    taken = done("POST", f"/dispatch/recoveries/{rcv}/accept", by=setup.nia)
    assert (taken["status"], taken["offers"][0]["status"], taken["considered"]) == ("recovered", "accepted", [])
    after = the_assignment(taken["replacement_id"])
    assert (after.status, after.driver_id, after.vehicle_id) == ("accepted", setup.nia, setup.spare)
    assert after.notes == "Gate code 4711\nEngine"
    assert the_assignment(setup.assignment["id"]).status == "released"
    trip_now = charter(setup.charter_id)
    assert (trip_now["status"], trip_now["driver_id"]) == ("confirmed", setup.nia)
    assert trip_now["vehicles"][0]["assignment_id"] == after.id
    assert [setup.job_of(each) for each in (setup.rosa, setup.coach)] == [[], []]
    assert [setup.job_of(each) for each in (setup.nia, setup.spare)] == [[after.id], [after.id]]
    assert look(rcv).go == "over"
    said = [each.type for each in store.history(RECOVERY.key(org=ORG, id=rcv))]
    assert said == ["recovery.opened", "recovery.offered", "trip.recovered"]


def test_who_declines_or_does_not_answer_is_followed_by_the_next_and_at_last_it_is_up_to_the_dispatcher() -> None:
    setup = RecoverySetup()
    rcv = setup.open()
    recovery_workflow.make_offer(SYSTEM, rcv)
    refused = ask("POST", f"/dispatch/recoveries/{rcv}/decline", {"reason": "Asleep"}, by=setup.nia)
    assert refused.status == 200, refused.text
    assert look(rcv).go == "offer"
    second = recovery_workflow.make_offer(SYSTEM, rcv)
    assert kept(rcv).offers[-1].driver_id == setup.finn
    assert look(rcv).go == "wait"
    assert look(rcv, waited=second.offer).go == "offer"
    assert recovery_workflow.make_offer(SYSTEM, rcv).go == "over"
    end = kept(rcv)
    assert (end.status, end.status_reason) == ("escalated", "2 drivers asked; no other driver can take over")
    assert [each.status for each in end.offers] == ["declined", "expired"]
    assert the_assignment(setup.assignment["id"]).status == "accepted"
    late = ask("POST", f"/dispatch/recoveries/{rcv}/accept", by=setup.finn)
    assert (late.status, late.json()["code"]) == (409, "invalid_status_transition")
    # Somebody may be looked for again.
    assert setup.open() != rcv


def test_when_the_driver_does_not_come_another_takes_the_same_vehicle() -> None:
    setup = RecoverySetup()
    rcv = setup.open("no_show")
    recovery_workflow.make_offer(SYSTEM, rcv)
    assert kept(rcv).offers[-1].vehicle_id == setup.coach
    taken = done("POST", f"/dispatch/recoveries/{rcv}/accept", by=setup.nia)
    assert setup.job_of(setup.coach) == [taken["replacement_id"]]
    assert setup.job_of(setup.rosa) == []
    freed = done("POST", f"/dispatch/assignments/{taken['replacement_id']}/release", {"reason": "test"})
    assert (freed["status"], setup.job_of(setup.coach)) == ("released", [])


def test_two_drivers_are_followed_by_two_of_whom_the_one_who_was_not_asked_is_told() -> None:
    rosa, sam = driver(), driver("Sam Tran")
    made = assigned(trip(requires_second_driver=True), rosa, vehicle(), second_driver_id=sam)
    nia, finn = driver("Nia Near", **NEAR), driver("Finn Far", **FAR, phone="+12125550188")
    vehicle("Coach 14")
    rcv = str(done("POST", "/dispatch/recoveries", {"assignment_id": made["id"], "reason": "breakdown"})["id"])
    recovery_workflow.make_offer(SYSTEM, rcv)
    after = the_assignment(done("POST", f"/dispatch/recoveries/{rcv}/accept", by=nia)["replacement_id"])
    assert after.crew == [nia, finn]
    [accepted] = [each for each in store.history(after.key()) if each.type == "assignment.accepted"]
    assert accepted.data["second_driver_phone"] == "+12125550188"


def test_a_trip_under_way_is_taken_over_where_it_is() -> None:
    setup = RecoverySetup()
    with clock.frozen(LEAVES + timedelta(hours=1)):
        before = the_assignment(setup.assignment["id"])
        left = [stop.model_copy() for stop in before.stops]
        left[0].arrived_at, left[0].departed_at = LEAVES - timedelta(minutes=5), LEAVES
        gone: dict[str, Any] = {"status": AssignmentStatus.IN_PROGRESS, "stops": left}
        gone["checked_in_at"] = LEAVES - timedelta(minutes=30)
        store.commit(SYSTEM, Update(before, before.model_copy(update=gone)))
        rcv = setup.open()
        recovery_workflow.make_offer(SYSTEM, rcv)
        taken = recovery.accept_offer(SYSTEM, rcv)
        after = the_assignment(str(taken.replacement_id))
        assert (after.starts_at, after.stops[0].departed_at) == (LEAVES + timedelta(hours=1), LEAVES)
        # What Rosa drove she drove: it stays in her diary, cut off.
        page = store.get(DiaryPage, DIARY.key(org=ORG, resource=setup.rosa, week=iso_week(LEAVES)))
        assert [(job.assignment_id, job.ends_at) for job in page.jobs] == [
            (setup.assignment["id"], LEAVES + timedelta(hours=1))
        ]


def test_nobody_takes_over_twice_and_nobody_else_does() -> None:
    setup = RecoverySetup()
    rcv = setup.open()
    assert ask("POST", f"/dispatch/recoveries/{rcv}/accept", by=setup.nia).status == 404
    recovery_workflow.make_offer(SYSTEM, rcv)
    assert ask("GET", f"/dispatch/recoveries/{rcv}", by=setup.finn).status == 404
    assert ask("POST", f"/dispatch/recoveries/{rcv}/accept", by=setup.finn).status == 404
    assert [each["id"] for each in done("GET", "/dispatch/recoveries", by=setup.nia)["items"]] == [rcv]
    assert done("GET", "/dispatch/recoveries", by=setup.finn)["items"] == []
    done("POST", f"/dispatch/recoveries/{rcv}/accept", by=setup.nia)
    assert ask("POST", f"/dispatch/recoveries/{rcv}/accept", by=setup.nia).status == 409
    assert done("GET", "/dispatch/recoveries", by=setup.nia)["items"] == []


def test_who_was_given_something_else_meanwhile_cannot_and_the_next_is_asked() -> None:
    setup = RecoverySetup()
    rcv = setup.open()
    recovery_workflow.make_offer(SYSTEM, rcv)
    assigned(trip(leaves="10:00"), setup.nia, vehicle("Coach 15"))
    refused = ask("POST", f"/dispatch/recoveries/{rcv}/accept", by=setup.nia)
    assert (refused.status, refused.json()["code"]) == (409, "driver_not_available")
    assert kept(rcv).offers[-1].status == "unavailable"
    recovery_workflow.make_offer(SYSTEM, rcv)
    assert kept(rcv).offers[-1].driver_id == setup.finn


def test_one_recovery_at_a_time_and_only_while_it_is_needed() -> None:
    setup = RecoverySetup()
    rcv = setup.open("no_show")
    body = {"assignment_id": setup.assignment["id"], "reason": "breakdown"}
    twice = ask("POST", "/dispatch/recoveries", body)
    assert (twice.status, twice.json()["code"]) == (409, "recovery_already_open")
    recovery_workflow.make_offer(SYSTEM, rcv)
    done("POST", f"/dispatch/assignments/{setup.assignment['id']}/release", {"reason": "off"})
    assert look(rcv).go == "over"
    end = kept(rcv)
    assert (end.status, end.offers[-1].status) == ("cancelled", "withdrawn")
    needless = ask("POST", "/dispatch/recoveries", body)
    assert (needless.status, needless.json()["code"]) == (409, "recovery_not_needed")


def test_drivers_who_do_not_come_open_one_by_themselves_once() -> None:
    setup = RecoverySetup()
    told = event("trip.unstarted", assignment_id=setup.assignment["id"], minutes=15)
    for _ in range(2):
        recovery_workflow.on_trip_unstarted(SYSTEM, told)
    [only] = done("GET", "/dispatch/recoveries")["items"]
    assert (only["reason"], only["opened_by"], only["status"]) == ("no_show", SYSTEM.user_id, "searching")
    assert done("GET", "/dispatch/recoveries", query={"charter_id": setup.charter_id})["items"] == [only]


@pytest.mark.parametrize("ends", ["escalated", "called off", "not at all"])
def test_lateness_that_is_told_again_and_again_looks_for_somebody_once(ends: str) -> None:
    setup = RecoverySetup()
    reported(setup)
    for minutes in (15, 30, 45):
        recovery_workflow.on_late_risk(SYSTEM, told_late(setup, minutes))
        last = done("GET", "/dispatch/recoveries")["items"][0]["id"]
        if ends == "escalated":
            for _ in range(3):
                recovery_workflow.make_offer(SYSTEM, last)
                look(last, waited=kept(last).offers[-1].id)
        elif ends == "called off" and not kept(last).status.is_over:
            done("POST", f"/dispatch/recoveries/{last}/cancel", {"reason": "They are nearly there"})
    [only] = done("GET", "/dispatch/recoveries")["items"]
    assert (only["id"], only["reason"]) == (last, "late_risk")


def told_late(setup: RecoverySetup, minutes: int) -> Delivery:
    return event("trip.late_risk", assignment_id=setup.assignment["id"], minutes=minutes, stop=0)


def reported(setup: RecoverySetup) -> None:
    """The driver has reported for duty."""
    before = the_assignment(setup.assignment["id"])
    here: dict[str, Any] = {"status": AssignmentStatus.CHECKED_IN, "checked_in_at": LEAVES}
    store.commit(SYSTEM, Update(before, before.model_copy(update=here)))


def test_who_has_not_come_is_no_matter_of_lateness_and_who_came_late_may_be_too_late_all_the_same() -> None:
    setup = RecoverySetup()
    recovery_workflow.on_late_risk(SYSTEM, told_late(setup, 15))  # told at the same moment, and heard of first
    recovery_workflow.on_trip_unstarted(
        SYSTEM, event("trip.unstarted", assignment_id=setup.assignment["id"], minutes=15)
    )
    [first] = done("GET", "/dispatch/recoveries")["items"]
    assert first["reason"] == "no_show"
    reported(setup)
    assert look(first["id"]).go == "over"
    recovery_workflow.on_late_risk(SYSTEM, told_late(setup, 30))
    reasons = [(each["reason"], each["status"]) for each in done("GET", "/dispatch/recoveries")["items"]]
    assert reasons == [("late_risk", "searching"), ("no_show", "cancelled")]


def test_a_vehicle_that_waits_at_its_first_stop_is_not_replaced_for_leaving_late() -> None:
    setup = RecoverySetup()
    rcv = setup.open("late_risk")
    before = the_assignment(setup.assignment["id"])
    there = [before.stops[0].model_copy(update={"arrived_at": LEAVES - timedelta(minutes=10)}), before.stops[1]]
    here: dict[str, Any] = {"status": AssignmentStatus.CHECKED_IN, "checked_in_at": LEAVES, "stops": there}
    store.commit(SYSTEM, Update(before, before.model_copy(update=here)))
    assert look(rcv).go == "over"
    assert kept(rcv).status_reason == "The vehicle is at its first stop"
    recovery_workflow.on_late_risk(SYSTEM, event("trip.late_risk", assignment_id=before.id, minutes=20, stop=1))
    assert len(done("GET", "/dispatch/recoveries")["items"]) == 1


def test_a_vendor_whose_papers_ran_out_is_not_asked_for_somebody_else() -> None:
    charter_id, papers_until = trip(), date(2029, 1, 1)
    vendor_id = awarded(charter_id, papers_until=papers_until)
    theirs, coach = driver("Vic Otto", vendor_id=vendor_id), vehicle("Blue 1", vendor_id=vendor_id)
    driver("Val Otto", vendor_id=vendor_id)
    vehicle("Blue 2", vendor_id=vendor_id)
    made = assigned(charter_id, theirs, coach)
    subject = subjects.get(SYSTEM, SubjectType.VENDOR, vendor_id)
    store.commit(SYSTEM, Update(subject, subject.model_copy(update={"papers": subject.papers[1:]})))
    body = {"assignment_id": made["id"], "reason": "breakdown"}
    rcv = str(done("POST", "/dispatch/recoveries", body)["id"])
    assert recovery_workflow.make_offer(SYSTEM, rcv).go == "over"
    assert (kept(rcv).status, kept(rcv).offers) == ("escalated", [])
    assert "Missing required document" in kept(rcv).status_reason


def test_who_answers_for_a_driver_answers_the_offer_that_they_name_not_the_next_one() -> None:
    setup = RecoverySetup()
    rcv = setup.open()
    first = recovery_workflow.make_offer(SYSTEM, rcv).offer
    assert look(rcv, waited=first).go == "offer"
    second = recovery_workflow.make_offer(SYSTEM, rcv).offer
    for what, body in (("accept", None), ("decline", {})):
        late = ask("POST", f"/dispatch/recoveries/{rcv}/{what}", body, query={"offer_id": first})
        assert (late.status, late.json()["code"]) == (409, "offer_not_open")
    assert kept(rcv).offers[-1].status == "open"
    taken = done("POST", f"/dispatch/recoveries/{rcv}/accept", query={"offer_id": second})
    assert the_assignment(taken["replacement_id"]).driver_id == setup.finn


def test_a_trip_that_is_only_quoted_is_not_recovered_by_itself() -> None:
    quote = str(booking_builders.create_charter()["id"])
    made = assigned(quote, driver(), vehicle())
    recovery_workflow.on_trip_unstarted(SYSTEM, event("trip.unstarted", assignment_id=made["id"], minutes=15))
    assert done("GET", "/dispatch/recoveries")["items"] == []


def test_an_answer_wakes_the_flow_that_waits_for_it_and_a_token_is_used_once(wakened: Wakened) -> None:
    setup = RecoverySetup()
    rcv = setup.open()
    look(rcv)
    first = recovery_workflow.make_offer(SYSTEM, rcv)
    recovery_workflow.save_wait(SYSTEM, rcv, token="token-1", offer=first.offer)
    recovery_workflow.on_offer_answered(SYSTEM, event("recovery.declined", recovery_id=rcv))
    assert wakened.tokens == []
    done("POST", f"/dispatch/recoveries/{rcv}/decline", {}, by=setup.nia)
    for _ in range(2):
        recovery_workflow.on_offer_answered(SYSTEM, event("recovery.declined", recovery_id=rcv))
    assert wakened.tokens == ["token-1"]
    # An answer that came before the token was kept had nobody to tell.
    second = recovery_workflow.make_offer(SYSTEM, rcv)
    done("POST", f"/dispatch/recoveries/{rcv}/decline", {}, by=setup.finn)
    recovery_workflow.save_wait(SYSTEM, rcv, token="token-2", offer=second.offer)
    assert wakened.tokens == ["token-1", "token-2"]


def test_an_event_that_comes_twice_starts_no_second_search() -> None:
    rcv = RecoverySetup().open()
    assert look(rcv).go == "offer"
    assert look(rcv, execution="another").go == "over"
    assert look(rcv, execution="taken up again", redriven=True).go == "offer"


def test_a_failure_is_kept_on_the_recovery_and_its_charter_until_it_goes_on() -> None:
    setup = RecoverySetup()
    rcv = setup.open()
    look(rcv)
    recovery_workflow.record_failure(SYSTEM, rcv, state="Offer", failure={"Error": "Lambda.Unknown"})
    failure = kept(rcv).failure
    assert failure is not None
    assert (failure.state, failure.error) == ("Offer", "Lambda.Unknown")
    assert charter(setup.charter_id)["flow_failures"]["recovery"]["state"] == "Offer"
    assert look(rcv, execution="again", redriven=True).go == "offer"
    assert (kept(rcv).failure, charter(setup.charter_id)["flow_failures"]) == (None, {})


def test_a_vehicle_that_would_come_later_than_the_late_one_is_not_asked_for() -> None:
    setup = RecoverySetup()
    with clock.frozen(LEAVES - timedelta(minutes=20)):
        before = the_assignment(setup.assignment["id"])
        store.commit(SYSTEM, Update(before, before.model_copy(update={"late_minutes": 30})))
        far = vehicle("Coach 20", garage_latitude=42.36, garage_longitude=-71.06)
        rcv = setup.open("late_risk")
        recovery_workflow.make_offer(SYSTEM, rcv)
        found_ones = {each.vehicle_id for each in kept(rcv).vehicles}
        assert far not in found_ones
        assert kept(rcv).status in {"searching", "escalated"}


def test_nobody_can_be_asked_for_a_trip_that_is_over() -> None:
    setup = RecoverySetup()
    rcv = setup.open()
    with clock.frozen(LEAVES + timedelta(days=2)):
        assert recovery_workflow.make_offer(SYSTEM, rcv).go == "over"
    assert kept(rcv).status == "escalated"
    with pytest.raises(errors.Conflict):
        recovery.cancel_recovery(SYSTEM, rcv, "late")
