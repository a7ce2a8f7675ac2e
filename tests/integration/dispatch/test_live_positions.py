"""Where vehicles are, for staff and by a live link: through the routes, on the table in memory."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from coachway.core.persistence.table import tally
from coachway.core.runtime import clock
from coachway.core.types import ids
from tests.integration.bookings import builders as booking_builders
from tests.integration.dispatch import builders, trip_builders
from tests.integration.dispatch.trip_builders import ask, at, done, on_duty, the_time_is, told
from tests.tracks import read_track


@pytest.fixture(autouse=True)
def organization() -> None:
    trip_builders.found()


def driven_until(assignment_id: str, rosa: str, local: str) -> None:
    """Everything that the recorded drive sent by then."""
    sent = [fix for fix in read_track("to-the-shore") if fix.at <= at(local)]
    trip_builders.driven(assignment_id, sent, by=rosa, together=60)


def link(charter_id: str, **body: Any) -> dict[str, Any]:
    return done("POST", f"/dispatch/charters/{charter_id}/track-link", body)


def test_the_worked_example() -> None:
    run, made, rosa = on_duty()
    driven_until(made, rosa, "10:30")
    with the_time_is("10:30"):
        before = tally.calls
        seen = done("GET", f"/dispatch/charters/{run}/track")
        assert tally.calls - before == 4  # one of them looks up the key that signed the token
    assert (seen["status"], seen["next_stop"]) == ("in_progress", 1)
    assert seen["position"]["recorded_at"] == "2027-03-03T15:30:00Z"
    expected = datetime.fromisoformat(seen["eta"])
    assert abs(expected - at("11:04:30")) < timedelta(minutes=10)
    first, last = seen["stops"]
    assert (first["arrived_at"], first["departed_at"]) == ("2027-03-03T13:24:30Z", "2027-03-03T13:50:00Z")
    assert (last["arrived_at"], last["departed_at"], last["eta"]) == (None, None, seen["eta"])
    [vehicle] = seen["vehicles"]
    assert (vehicle["assignment_id"], vehicle["driver_name"], vehicle["late_minutes"]) == (made, "Rosa Delgado", 0)
    assert 30 < len(vehicle["path"]) <= 61


def test_a_link_shows_the_vehicle_from_checking_in_to_the_last_drop_off() -> None:
    run, rosa = builders.trip(), builders.driver()
    made = builders.assigned(run, rosa, builders.vehicle())["id"]
    token = link(run)["token"]
    with the_time_is("08:00"):
        assert shown(token)["position"] is None
        done("POST", f"/dispatch/assignments/{made}/check-in", {}, by=rosa)
        assert shown(token)["position"] is None
    driven_until(made, rosa, "11:04:40")
    with the_time_is("11:04:40"):
        assert shown(token)["status"] == "completed"
    with the_time_is("11:04:30"):
        assert shown(token)["position"] is None
    assert done("GET", f"/dispatch/charters/{run}/track")["vehicles"][0]["status"] == "completed"


def test_a_link_shows_the_way_and_no_ids_and_no_driver() -> None:
    run, made, rosa = on_duty()
    driven_until(made, rosa, "09:30")
    given = link(run)
    assert given["url"] == f"https://coachway.test/live/pages/track/{given['token']}"
    assert given["expires_at"] == "2027-03-04T17:00:00Z"
    with the_time_is("09:30"):
        reply = ask("GET", f"/track/{given['token']}", rights="")
    assert (reply.status, reply.json()["carrier"]) == (200, "Harbor")
    assert reply.json()["vehicles"][0]["position"] == reply.json()["position"]
    for secret in (made, rosa, run, "Rosa"):
        assert secret not in reply.text


def shown(token: str) -> dict[str, Any]:
    return done("GET", f"/track/{token}", rights="")


def test_a_link_is_the_same_until_it_is_renewed_and_then_void() -> None:
    run = builders.trip()
    first = link(run)
    assert link(run) == first
    longer = link(run, expires_in_hours=2000)
    assert (longer["token"], longer["expires_at"] > clock.now().isoformat()) == (first["token"], True)
    renewed = link(run, renew=True)
    assert renewed["token"] != first["token"]
    assert ask("GET", f"/track/{first['token']}").status == 404
    assert ask("GET", f"/track/{renewed['token']}").status == 200


def test_a_link_expires_and_a_new_one_can_be_given() -> None:
    run = builders.trip()
    first = link(run, expires_in_hours=1)
    with clock.frozen(clock.now() + timedelta(minutes=61)):
        assert ask("GET", f"/track/{first['token']}").status == 404
        second = link(run)
        assert second["token"] != first["token"]
        assert ask("GET", f"/track/{second['token']}").status == 200


@pytest.mark.parametrize("token", ["nothing", "A" * 88])
def test_a_forged_link_shows_nothing(token: str) -> None:
    assert ask("GET", f"/track/{token}").status == 404


def test_a_cancelled_charter_gives_no_link_and_shows_nothing() -> None:
    run = builders.trip()
    token = link(run)["token"]
    booking_builders.ask("POST", f"/charters/{run}/cancel", {"reason": "off"})
    refused = ask("POST", f"/dispatch/charters/{run}/track-link", {})
    assert (refused.status, refused.json()["code"]) == (409, "charter_not_trackable")
    assert (shown(token)["status"], shown(token)["vehicles"]) == ("cancelled", [])


def test_a_charter_that_is_over_shows_no_position_whatever_its_driver_still_does() -> None:
    run, made, rosa = on_duty()
    driven_until(made, rosa, "09:30")
    token = link(run)["token"]
    with the_time_is("09:30"):
        assert shown(token)["position"] is not None
        assert booking_builders.set_status(run, "completed").status == 200
        seen = shown(token)
        assert (seen["status"], seen["position"], seen["vehicles"][0]["path"]) == ("completed", None, [])
        assert done("GET", f"/dispatch/charters/{run}/track")["position"] is not None


def test_the_position_is_the_newest_and_never_goes_back() -> None:
    run, made, rosa = on_duty()
    fixes = read_track("to-the-shore")[:60]
    newest = fixes[-1].at.isoformat().replace("+00:00", "Z")

    def seen_at() -> str:
        return str(done("GET", f"/dispatch/charters/{run}/track")["position"]["recorded_at"])

    with the_time_is(fixes[-1].at - timedelta(minutes=4)):  # a telephone whose clock is ahead
        told(made, fixes[40:], by=rosa)
        assert seen_at() == newest
        told(made, fixes[:40], by=rosa)
        assert seen_at() == newest


def test_each_vehicle_of_a_charter_is_shown() -> None:
    run = builders.trip(vehicle_count=2, passengers=80)
    one, two = builders.driver(), builders.driver("Sam Tran")
    first = builders.assigned(run, one, builders.vehicle("Coach 1"))["id"]
    builders.assigned(run, two, builders.vehicle("Coach 2"))
    with the_time_is("08:00"):
        done("POST", f"/dispatch/assignments/{first}/check-in", {}, by=one)
    told(first, read_track("to-the-shore")[:20], by=one)
    seen = done("GET", f"/dispatch/charters/{run}/track")
    assert [(each["vehicle_number"], each["position"] is not None) for each in seen["vehicles"]] == [
        (1, True),
        (2, False),
    ]
    assert seen["position"] == seen["vehicles"][0]["position"]


def test_people_outside_do_not_see_charters_and_nobody_sees_what_is_not_there() -> None:
    run, _, rosa = on_duty()
    assert ask("GET", f"/dispatch/charters/{run}/track", by=rosa).status == 403
    assert ask("POST", f"/dispatch/charters/{run}/track-link", {}, by=rosa).status == 403
    assert ask("GET", f"/dispatch/charters/{ids.new('chr')}/track").status == 404
    assert ask("POST", f"/dispatch/charters/{ids.new('chr')}/track-link", {}).status == 404


def test_a_charter_without_drivers_has_no_vehicles_to_show() -> None:
    seen = done("GET", f"/dispatch/charters/{builders.trip()}/track")
    assert (seen["vehicles"], seen["stops"], seen["position"], seen["next_stop"]) == ([], [], None, None)
