"""Hours of service and availability when assigning, on the table in memory."""

from __future__ import annotations

import pytest

from coachway.core import store
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.identity import organization_queries
from coachway.identity.model.organization import HoursPolicy
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch.assignment_builders import SIX_AM, local_time
from tests.integration.dispatch.builders import (
    SYSTEM,
    create_assignment,
    create_driver,
    create_organization,
    create_trip,
    create_vehicle,
    post_assignment,
    update_assignment,
)


@pytest.fixture(autouse=True)
def organization() -> None:
    create_organization()


def test_create_assignment_after_the_trip_is_refused() -> None:
    charter_id, rosa, coach = create_trip(), create_driver(), create_vehicle()
    with clock.frozen(local_time("12:00")):
        reply = post_assignment(charter_id, rosa, coach)
    assert (reply.status, reply.json()["code"]) == (409, "charter_not_assignable")


def test_create_assignment_with_unknown_hours_is_refused() -> None:
    rosa, coach = create_driver(), create_vehicle()
    create_assignment(create_trip("2027-03-01"), rosa, coach)
    charter_id = create_trip()
    with clock.frozen(SIX_AM):
        reply = post_assignment(charter_id, rosa, coach)
    assert reply.status == 409
    assert "the hours of Rosa Delgado in the days before the trip are not known" in reply.text


def test_create_assignment_counts_actual_hours() -> None:
    rosa, coach = create_driver(), create_vehicle()
    assignment = create_assignment(create_trip("2027-03-02", departure="21:00", hours=3), rosa, coach)
    stored = store.get(Assignment, repository.assignment_key(ORG, assignment["id"]))
    stops = [stop.model_copy() for stop in stored.stops]
    stops[0].departed_at, stops[1].arrived_at = local_time("00:00"), local_time("05:00")
    fields = {"checked_in_at": local_time("00:00"), "checked_out_at": local_time("05:00"), "stops": stops}
    update_assignment(assignment["id"], status=AssignmentStatus.COMPLETED, **fields)
    charter_id = create_trip(departure="09:00", hours=6, is_return=True)
    with clock.frozen(SIX_AM):
        reply = post_assignment(charter_id, rosa, coach)  # five hours at night, and six more without a full rest
    assert "drive limit by 1 h 00 min" in reply.text


def test_create_assignment_uses_the_hours_policy_of_the_organization() -> None:
    charter_id = create_trip(departure="00:00", hours=9)
    organization = organization_queries.get_organization(ORG)
    policy = HoursPolicy(ruleset="us_property", daily_carrier=False)
    store.commit(SYSTEM, Update(organization, organization.model_copy(update={"hours_policy": policy})))
    reply = post_assignment(charter_id, create_driver(), create_vehicle())
    [reason] = reply.json()["errors"]  # nine hours without a break, which only property carriers need
    assert "break limit by 1 h 00 min" in reason["message"]
    assert "(49 CFR 395.3(a)(3)(ii))" in reason["message"]
