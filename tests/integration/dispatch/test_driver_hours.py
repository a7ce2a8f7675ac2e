"""A driver's clock, from the log of what was done: 49 CFR 395.5."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.integration.dispatch import builders, trip_builders
from tests.integration.dispatch.diary_builders import ask, got
from tests.integration.dispatch.trip_builders import done, on_duty, the_time_is


@pytest.fixture(autouse=True)
def organization() -> None:
    trip_builders.found()


def test_a_driver_who_rested_for_days_has_every_hour() -> None:
    rosa = builders.driver()
    with the_time_is("08:00"):
        shown = got(f"/drivers/{rosa}/hours")
    assert (shown["known"], shown["holes"], shown["status"]) == ("known", [], "OFF")
    assert [shown[f"{name}_hours_left"] for name in ("drive", "duty", "cycle")] == [10, 15, 70]
    assert (shown["cycle_days"], shown["cycle_hours"], shown["ruleset"]) == (8, 70, "us_passenger")
    assert (shown["may_drive_from"], shown["rested_at"], shown["hours_back"]) == ("2027-03-03T13:00:00Z", None, [])
    assert shown["citations"] == ["49 CFR 395.5(a)(1)", "49 CFR 395.5(a)(2)", "49 CFR 395.5(b)(2)"]


def test_what_was_driven_is_gone_until_a_rest_and_comes_back_after_eight_days() -> None:
    _, assignment_id, rosa = on_duty()
    with the_time_is("09:00"):
        done("POST", f"/dispatch/assignments/{assignment_id}/depart", {}, by=rosa)
    with the_time_is("12:00"):
        done("POST", f"/dispatch/assignments/{assignment_id}/check-out", {}, by=rosa)
    with the_time_is("13:00"):
        shown = got(f"/drivers/{rosa}/hours", by=rosa)
    assert (shown["known"], shown["status"]) == ("known", "OFF")
    # On duty from 08:00 to 12:00, and the trip of three hours driven.
    assert shown["duty_hours_left"] == 11
    assert shown["cycle_hours_left"] == 66
    today = shown["days"][0]
    assert (today["day"], today["on_duty_hours"]) == ("2027-03-03", 4)
    assert shown["drive_hours_left"] == pytest.approx(10 - today["driving_hours"], abs=0.02)
    assert today["driving_hours"] >= 3
    assert shown["rested_at"] == "2027-03-04T01:00:00Z"
    assert shown["hours_back"] == [{"at": "2027-03-11T05:00:00Z", "hours": 4}]


def test_while_driving_the_clock_runs() -> None:
    _, assignment_id, rosa = on_duty()
    with the_time_is("09:00"):
        done("POST", f"/dispatch/assignments/{assignment_id}/depart", {}, by=rosa)
        before = got(f"/drivers/{rosa}/hours")
    with the_time_is("10:30"):
        shown = got(f"/drivers/{rosa}/hours")
    assert shown["status"] == "D"
    assert before["drive_hours_left"] - shown["drive_hours_left"] == pytest.approx(1.5, abs=0.02)
    assert shown["may_drive_from"] == "2027-03-03T15:30:00Z"
    assert shown["rested_at"] == "2027-03-03T23:30:00Z"


def test_a_duty_that_was_never_ended_is_a_hole_that_is_explained() -> None:
    _, assignment_id, rosa = on_duty()
    with the_time_is("09:00", "2027-03-04"):
        shown = got(f"/drivers/{rosa}/hours")
    assert (shown["known"], shown["drive_hours_left"], shown["may_drive_from"]) == ("unknown", None, None)
    (hole,) = shown["holes"]
    assert hole["assignment_id"] == assignment_id
    assert "did not check out" in hole["reason"]


def test_a_trip_that_nobody_reported_for_is_a_hole() -> None:
    rosa = builders.driver()
    made = builders.assigned(builders.trip(), rosa, builders.vehicle())
    with the_time_is("23:00"):
        shown = got(f"/drivers/{rosa}/hours")
    assert [(each["assignment_id"], each["starts_at"]) for each in shown["holes"]] == [(made["id"], made["starts_at"])]
    assert "did not check in" in shown["holes"][0]["reason"]


def test_a_driver_whose_last_days_nobody_knows_is_unknown_until_they_are_stated() -> None:
    new = builders.driver(created_at=datetime(2027, 3, 2, 12, tzinfo=UTC), duty_statement=None)
    stated = builders.driver("Emil Sand", created_at=datetime(2027, 3, 2, 12, tzinfo=UTC), duty_statement=[10.0] * 7)
    with the_time_is("08:00"):
        shown, known = got(f"/drivers/{new}/hours"), got(f"/drivers/{stated}/hours")
    assert (shown["known"], shown["cycle_hours_left"]) == ("unknown", None)
    assert "statement" in shown["holes"][0]["reason"]
    assert shown["holes"][0]["ends_at"] == "2027-03-02T12:00:00Z"
    # The days of the week before it was added: seven of ten hours, one of which has dropped out.
    assert (known["known"], known["cycle_hours_left"]) == ("known", 10)
    assert known["hours_back"][0] == {"at": "2027-03-04T05:00:00Z", "hours": 10}


def test_a_driver_sees_their_own_hours_alone() -> None:
    rosa, emil = builders.driver(), builders.driver("Emil Sand")
    assert ask("GET", f"/drivers/{rosa}/hours", by=rosa).status == 200
    assert ask("GET", f"/drivers/{emil}/hours", by=rosa).status == 404
    assert ask("GET", f"/drivers/{rosa}/hours", rights="charters:read").status == 403
    assert ask("GET", f"/drivers/{rosa}/hours", org_id="org_01JQZZZZZZZZZZZZZZZZZZZZZY").status == 404
