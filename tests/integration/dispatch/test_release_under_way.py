"""Assignments that end before their trip does, with the hours that were worked, on the table in memory."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from coachway.core import store
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.dispatch.diaries.model import DIARY, DiaryPage
from coachway.fleet.model import JOBS
from coachway.identity import organization_queries
from coachway.identity.model.organization import HoursPolicy
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch.builders import SYSTEM, ask, assigned, done, driver, found, given, trip, vehicle

SIX = datetime.fromisoformat("2027-03-03T06:00:00-05:00")


@pytest.fixture(autouse=True)
def organization() -> None:
    found()


def at(clock_time: str) -> datetime:
    """That moment of the trip's day, in New York."""
    return datetime.fromisoformat(f"2027-03-03T{clock_time}:00-05:00")


def now_is(assignment_id: str, **fields: Any) -> None:
    """The assignment as tracking leaves it."""
    before = store.get(Assignment, repository.key(ORG, assignment_id))
    store.commit(SYSTEM, Update(before, before.model_copy(update=fields)))


def page(resource: str) -> DiaryPage:
    return store.get(DiaryPage, DIARY.key(org=ORG, resource=resource, week="2027-W09"))


def test_hours_that_were_worked_count_when_the_trip_is_taken_away() -> None:
    rosa, coach = driver(), vehicle()
    made = assigned(trip(leaves="00:00", hours=9), rosa, coach)
    now_is(made["id"], status=AssignmentStatus.CHECKED_IN, checked_in_at=at("00:00"))
    with clock.frozen(at("06:00")):
        gone = done("POST", f"/dispatch/assignments/{made['id']}/release", {"reason": "the coach broke down"})
        assert gone["status"] == "released"
        [job] = page(rosa).jobs
        assert (job.ends_at, job.duty[-1].end) == (at("06:00"), at("06:00"))
        assert store.get_counters(JOBS.key(org=ORG, resource=rosa))["n"] == 0
        # Six hours were driven: four more are legal, five are not.
        refused = given(trip(leaves="07:00", hours=5), rosa, coach)
        assert "drive limit by 1 h 00 min" in refused.text
        assigned(trip(leaves="07:00", hours=4), rosa, coach)


def test_a_trip_that_was_taken_away_before_its_duty_leaves_no_hours() -> None:
    rosa, coach = driver(), vehicle()
    made = assigned(trip(leaves="00:00", hours=9), rosa, coach)
    done("POST", f"/dispatch/assignments/{made['id']}/release", {})
    assigned(trip(leaves="10:00", hours=9), rosa, coach)


def test_a_trip_under_way_is_left_to_a_recovery() -> None:
    made = assigned(trip(), driver(), vehicle())
    now_is(made["id"], status=AssignmentStatus.IN_PROGRESS, checked_in_at=at("08:30"))
    refused = ask("POST", f"/dispatch/assignments/{made['id']}/release", {})
    assert (refused.status, refused.json()["code"]) == (409, "trip_under_way")


def test_it_is_too_late_to_decline_once_the_duty_has_begun() -> None:
    rosa = driver()
    made = assigned(trip(), rosa, vehicle())
    with clock.frozen(at("09:00")):
        refused = ask("POST", f"/dispatch/assignments/{made['id']}/decline", {}, by=rosa)
    assert (refused.status, refused.json()["code"]) == (409, "decline_too_late")


def test_a_trip_that_should_be_over_takes_no_driver() -> None:
    run, rosa, coach = trip(), driver(), vehicle()
    with clock.frozen(at("12:00")):
        refused = given(run, rosa, coach)
    assert (refused.status, refused.json()["code"]) == (409, "charter_not_assignable")


def test_a_driver_who_never_said_what_became_of_a_trip_is_not_given_another() -> None:
    rosa, coach = driver(), vehicle()
    assigned(trip("2027-03-01"), rosa, coach)
    run = trip()
    with clock.frozen(SIX):
        refused = given(run, rosa, coach)
    assert refused.status == 409
    assert "the hours of Rosa Delgado in the days before the trip are not known" in refused.text


def test_what_was_really_driven_counts_not_what_was_planned() -> None:
    rosa, coach = driver(), vehicle()
    made = assigned(trip("2027-03-02", leaves="21:00", hours=3), rosa, coach)
    kept = store.get(Assignment, repository.key(ORG, made["id"]))
    stops = [stop.model_copy() for stop in kept.stops]
    stops[0].departed_at, stops[1].arrived_at = at("00:00"), at("05:00")
    came = {"checked_in_at": at("00:00"), "checked_out_at": at("05:00"), "stops": stops}
    now_is(made["id"], status=AssignmentStatus.COMPLETED, **came)
    run = trip(leaves="09:00", hours=6, back=True)
    with clock.frozen(SIX):
        refused = given(run, rosa, coach)  # five hours late at night, and six more without a full rest
    assert "drive limit by 1 h 00 min" in refused.text


def test_the_organization_says_which_hours_rules_hold() -> None:
    run = trip(leaves="00:00", hours=9)
    house = organization_queries.get(ORG)
    policy = HoursPolicy(ruleset="us_property", daily_carrier=False)
    store.commit(SYSTEM, Update(house, house.model_copy(update={"hours_policy": policy})))
    refused = given(run, driver(), vehicle())
    [reason] = refused.json()["errors"]  # nine hours without a break, which drivers of buses need not take
    assert "break limit by 1 h 00 min" in reason["message"]
    assert "(49 CFR 395.3(a)(3)(ii))" in reason["message"]
