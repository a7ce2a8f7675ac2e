"""A driver's remaining hours of service: 49 CFR 395.5."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.integration.dispatch import builders, tracking_builders
from tests.integration.dispatch.calendar_builders import get_ok, send_request
from tests.integration.dispatch.tracking_builders import create_trip_on_duty, freeze_time, send_ok


@pytest.fixture(autouse=True)
def organization() -> None:
    tracking_builders.create_organization()


def test_get_driver_hours_rested_returns_all_hours() -> None:
    rosa = builders.create_driver()
    with freeze_time("08:00"):
        hours = get_ok(f"/drivers/{rosa}/hours")
    assert (hours["hours_status"], hours["unknown_periods"], hours["status"]) == ("known", [], "OFF")
    assert [hours[f"{name}_hours_left"] for name in ("drive", "duty", "cycle")] == [10, 15, 70]
    assert (hours["cycle_days"], hours["cycle_hours"], hours["ruleset"]) == (8, 70, "us_passenger")
    assert (hours["may_drive_from"], hours["full_rest_ends_at"], hours["regained_hours"]) == (
        "2027-03-03T08:00:00-05:00",
        None,
        [],
    )
    assert hours["citations"] == ["49 CFR 395.5(a)(1)", "49 CFR 395.5(a)(2)", "49 CFR 395.5(b)(2)"]


def test_get_driver_hours_after_a_trip_returns_remaining_hours_and_when_they_come_back() -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    with freeze_time("09:00"):
        send_ok("POST", f"/dispatch/assignments/{assignment_id}/depart", {}, driver_id=rosa)
    with freeze_time("12:00"):
        send_ok("POST", f"/dispatch/assignments/{assignment_id}/check-out", {}, driver_id=rosa)
    with freeze_time("13:00"):
        hours = get_ok(f"/drivers/{rosa}/hours", driver_id=rosa)
    assert (hours["hours_status"], hours["status"]) == ("known", "OFF")
    # On duty from 08:00 to 12:00, with three hours of driving.
    assert hours["duty_hours_left"] == 11
    assert hours["cycle_hours_left"] == 66
    today = hours["days"][0]
    assert (today["day"], today["on_duty_hours"]) == ("2027-03-03", 4)
    assert hours["drive_hours_left"] == pytest.approx(10 - today["driving_hours"], abs=0.02)
    assert today["driving_hours"] >= 3
    assert hours["full_rest_ends_at"] == "2027-03-03T20:00:00-05:00"
    assert hours["regained_hours"] == [{"available_at": "2027-03-11T00:00:00-05:00", "hours": 4}]


@pytest.mark.parametrize(
    ("day", "departure", "check_in", "asked"),
    [
        ("2027-03-03", "09:00", "08:12", "08:23"),
        ("2027-03-07", "19:30", "18:42", "18:53"),  # the duty begins on Monday in UTC, in another week of the diary
        ("2027-03-03", "09:00", "05:01", "05:12"),
    ],
)
def test_get_driver_hours_after_an_early_check_in_is_on_duty(
    day: str, departure: str, check_in: str, asked: str
) -> None:
    rosa = builders.create_driver()
    trip = builders.create_trip(day, departure)
    assignment = builders.create_assignment(trip, rosa, builders.create_vehicle())
    with freeze_time(check_in, day):
        send_ok("POST", f"/dispatch/assignments/{assignment['id']}/check-in", {}, driver_id=rosa)
    with freeze_time(asked, day):
        hours = get_ok(f"/drivers/{rosa}/hours")
    assert (hours["hours_status"], hours["status"]) == ("known", "ON")
    assert hours["duty_hours_left"] == pytest.approx(15 - 11 / 60, abs=0.01)
    assert hours["log"][-1]["start"] == f"{day}T{check_in}:00-05:00"


def test_get_driver_hours_before_a_duty_without_check_in_is_off_duty() -> None:
    rosa = builders.create_driver()
    builders.create_assignment(builders.create_trip(), rosa, builders.create_vehicle())
    with freeze_time("08:23"):
        assert get_ok(f"/drivers/{rosa}/hours")["status"] == "OFF"


def test_get_driver_hours_while_driving_decrease() -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    with freeze_time("09:00"):
        send_ok("POST", f"/dispatch/assignments/{assignment_id}/depart", {}, driver_id=rosa)
        before = get_ok(f"/drivers/{rosa}/hours")
    with freeze_time("10:30"):
        hours = get_ok(f"/drivers/{rosa}/hours")
    assert hours["status"] == "D"
    assert before["drive_hours_left"] - hours["drive_hours_left"] == pytest.approx(1.5, abs=0.02)
    assert hours["may_drive_from"] == "2027-03-03T10:30:00-05:00"
    assert hours["full_rest_ends_at"] == "2027-03-03T18:30:00-05:00"


def test_get_driver_hours_without_check_out_explains_the_gap() -> None:
    _, assignment_id, rosa = create_trip_on_duty()
    with freeze_time("09:00", "2027-03-04"):
        hours = get_ok(f"/drivers/{rosa}/hours")
    assert (hours["hours_status"], hours["drive_hours_left"], hours["may_drive_from"]) == ("unknown", None, None)
    (gap,) = hours["unknown_periods"]
    assert gap["assignment_id"] == assignment_id
    assert "did not check out" in gap["reason"]


def test_get_driver_hours_without_check_in_explains_the_gap() -> None:
    rosa = builders.create_driver()
    assignment = builders.create_assignment(builders.create_trip(), rosa, builders.create_vehicle())
    with freeze_time("23:00"):
        hours = get_ok(f"/drivers/{rosa}/hours")
    assert [(item["assignment_id"], item["starts_at"]) for item in hours["unknown_periods"]] == [
        (assignment["id"], assignment["starts_at"])
    ]
    assert "did not check in" in hours["unknown_periods"][0]["reason"]


def test_get_driver_hours_of_a_new_driver_are_unknown_without_a_statement() -> None:
    new_driver = builders.create_driver(created_at=datetime(2027, 3, 2, 12, tzinfo=UTC), duty_statement=None)
    stated_driver = builders.create_driver(
        "Emil Sand", created_at=datetime(2027, 3, 2, 12, tzinfo=UTC), duty_statement=[10.0] * 7
    )
    with freeze_time("08:00"):
        hours, stated_hours = get_ok(f"/drivers/{new_driver}/hours"), get_ok(f"/drivers/{stated_driver}/hours")
    assert (hours["hours_status"], hours["cycle_hours_left"]) == ("unknown", None)
    assert "statement" in hours["unknown_periods"][0]["reason"]
    assert hours["unknown_periods"][0]["ends_at"] == "2027-03-02T07:00:00-05:00"
    # Ten hours on each of the seven days before the driver was added; one day has left the cycle.
    assert (stated_hours["hours_status"], stated_hours["cycle_hours_left"]) == ("known", 10)
    assert stated_hours["regained_hours"][0] == {"available_at": "2027-03-04T00:00:00-05:00", "hours": 10}


def test_get_driver_hours_of_another_driver_returns_404() -> None:
    rosa, emil = builders.create_driver(), builders.create_driver("Emil Sand")
    assert send_request("GET", f"/drivers/{rosa}/hours", driver_id=rosa).status == 200
    assert send_request("GET", f"/drivers/{emil}/hours", driver_id=rosa).status == 404
    assert send_request("GET", f"/drivers/{rosa}/hours", rights="charters:read").status == 403
    assert send_request("GET", f"/drivers/{rosa}/hours", org_id="org_01JQZZZZZZZZZZZZZZZZZZZZZY").status == 404
