"""Positions of vehicles, for staff and by tracking link, on the table in memory."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from coachway.core import store
from coachway.core.auth import signed_links
from coachway.core.persistence.operations import Create
from coachway.core.persistence.table import call_stats
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.dispatch.tracking.tracking_links import PURPOSE, StoredTrackingLink
from tests.integration.bookings import builders as booking_builders
from tests.integration.dispatch import builders, tracking_builders
from tests.integration.dispatch.tracking_builders import (
    create_trip_on_duty,
    freeze_time,
    local_time,
    send_ok,
    send_positions,
    send_request,
    send_track_until,
)
from tests.tracks import read_track


@pytest.fixture(autouse=True)
def organization() -> None:
    tracking_builders.create_organization()


def create_track_link(charter_id: str, **body: Any) -> dict[str, Any]:
    return send_ok("POST", f"/dispatch/charters/{charter_id}/track-link", body)


def test_get_charter_track_under_way_returns_position_and_arrival() -> None:
    charter_id, assignment_id, rosa = create_trip_on_duty()
    send_track_until(assignment_id, rosa, "10:30")
    with freeze_time("10:30"):
        before = call_stats.calls
        track = send_ok("GET", f"/dispatch/charters/{charter_id}/track")
        assert call_stats.calls - before == 4  # including one read of the signing key
    assert (track["status"], track["next_stop"]) == ("in_progress", 1)
    assert track["position"]["recorded_at"] == "2027-03-03T15:30:00Z"
    eta = datetime.fromisoformat(track["eta"])
    assert abs(eta - local_time("11:04:30")) < timedelta(minutes=10)
    first, last = track["stops"]
    assert (first["arrived_at"], first["departed_at"]) == ("2027-03-03T08:24:30-05:00", "2027-03-03T08:50:00-05:00")
    assert (last["arrived_at"], last["departed_at"], last["eta"]) == (None, None, track["eta"])
    [vehicle] = track["vehicles"]
    assert (vehicle["assignment_id"], vehicle["driver_name"], vehicle["late_minutes"]) == (
        assignment_id,
        "Rosa Delgado",
        0,
    )
    assert 30 < len(vehicle["path"]) <= 61


def test_get_shared_track_shows_positions_from_check_in_to_drop_off() -> None:
    charter_id, rosa = builders.create_trip(), builders.create_driver()
    assignment_id = builders.create_assignment(charter_id, rosa, builders.create_vehicle())["id"]
    token = create_track_link(charter_id)["token"]
    with freeze_time("08:00"):
        assert get_shared_track(token)["position"] is None
        send_ok("POST", f"/dispatch/assignments/{assignment_id}/check-in", {}, driver_id=rosa)
        assert get_shared_track(token)["position"] is None
    send_track_until(assignment_id, rosa, "11:04:40")
    with freeze_time("11:04:40"):
        assert get_shared_track(token)["status"] == "completed"
    with freeze_time("11:04:30"):
        assert get_shared_track(token)["position"] is None
    assert send_ok("GET", f"/dispatch/charters/{charter_id}/track")["vehicles"][0]["status"] == "completed"


def test_get_shared_track_contains_no_ids_and_no_driver() -> None:
    charter_id, assignment_id, rosa = create_trip_on_duty()
    send_track_until(assignment_id, rosa, "09:30")
    track_link = create_track_link(charter_id)
    assert track_link["url"] == f"https://coachway.test/live/pages/track/{track_link['token']}"
    assert track_link["expires_at"] == "2027-03-04T17:00:00Z"
    with freeze_time("09:30"):
        reply = send_request("GET", f"/track/{track_link['token']}", rights="")
    assert (reply.status, reply.json()["carrier"]) == (200, "Harbor")
    assert reply.json()["vehicles"][0]["position"] == reply.json()["position"]
    for secret in (assignment_id, rosa, charter_id, "Rosa"):
        assert secret not in reply.text


def get_shared_track(token: str) -> dict[str, Any]:
    return send_ok("GET", f"/track/{token}", rights="")


def test_create_track_link_returns_the_same_link_until_renewed() -> None:
    charter_id = builders.create_trip()
    first = create_track_link(charter_id)
    assert create_track_link(charter_id) == first
    extended = create_track_link(charter_id, expires_in_hours=2000)
    assert (extended["token"], extended["expires_at"] > clock.now().isoformat()) == (first["token"], True)
    renewed = create_track_link(charter_id, renew=True)
    assert renewed["token"] != first["token"]
    assert send_request("GET", f"/track/{first['token']}").status == 404
    assert send_request("GET", f"/track/{renewed['token']}").status == 200


def test_create_track_link_after_expiry_returns_a_new_link() -> None:
    charter_id = builders.create_trip()
    first = create_track_link(charter_id, expires_in_hours=1)
    with clock.frozen(clock.now() + timedelta(minutes=61)):
        assert send_request("GET", f"/track/{first['token']}").status == 404
        second = create_track_link(charter_id)
        assert second["token"] != first["token"]
        assert send_request("GET", f"/track/{second['token']}").status == 200


@pytest.mark.parametrize("token", ["nothing", "A" * 88])
def test_get_shared_track_with_a_forged_token_returns_404(token: str) -> None:
    assert send_request("GET", f"/track/{token}").status == 404


def test_create_track_link_of_a_cancelled_charter_is_refused() -> None:
    charter_id = builders.create_trip()
    token = create_track_link(charter_id)["token"]
    booking_builders.send_request("POST", f"/charters/{charter_id}/cancel", {"reason": "off"})
    reply = send_request("POST", f"/dispatch/charters/{charter_id}/track-link", {})
    assert (reply.status, reply.json()["code"]) == (409, "charter_not_trackable")
    assert (get_shared_track(token)["status"], get_shared_track(token)["vehicles"]) == ("cancelled", [])


def test_create_track_link_of_a_quote_is_refused_and_an_existing_one_is_not_valid() -> None:
    charter_id = booking_builders.create_charter()["id"]
    reply = send_request("POST", f"/dispatch/charters/{charter_id}/track-link", {})
    assert (reply.status, reply.json()["code"]) == (409, "charter_not_trackable")
    link = StoredTrackingLink(
        org_id=booking_builders.ORG, charter_id=charter_id, nonce=signed_links.new_nonce(), until=local_time("12:00")
    )
    store.commit(booking_builders.STAFF, Create(link))
    token = signed_links.create_link_token(PURPOSE, link.org_id, charter_id, link.nonce)
    assert send_request("GET", f"/track/{token}").status == 404
    booking_builders.set_status(charter_id, "cancelled")
    assert send_request("GET", f"/track/{token}").status == 404


def test_get_shared_track_of_a_completed_charter_shows_no_position() -> None:
    charter_id, assignment_id, rosa = create_trip_on_duty()
    send_track_until(assignment_id, rosa, "09:30")
    token = create_track_link(charter_id)["token"]
    with freeze_time("09:30"):
        assert get_shared_track(token)["position"] is not None
        assert booking_builders.set_status(charter_id, "completed").status == 200
        track = get_shared_track(token)
        assert (track["status"], track["position"], track["vehicles"][0]["path"]) == ("completed", None, [])
        assert send_ok("GET", f"/dispatch/charters/{charter_id}/track")["position"] is not None


def test_get_charter_track_with_late_positions_returns_the_newest() -> None:
    charter_id, assignment_id, rosa = create_trip_on_duty()
    positions = read_track("to-the-shore")[:60]
    newest_time = positions[-1].at.isoformat().replace("+00:00", "Z")

    def latest_time() -> str:
        return str(send_ok("GET", f"/dispatch/charters/{charter_id}/track")["position"]["recorded_at"])

    with freeze_time(positions[-1].at - timedelta(minutes=4)):  # a phone whose clock is ahead
        send_positions(assignment_id, positions[40:], driver_id=rosa)
        assert latest_time() == newest_time
        send_positions(assignment_id, positions[:40], driver_id=rosa)
        assert latest_time() == newest_time


def test_get_charter_track_returns_every_vehicle() -> None:
    charter_id = builders.create_trip(vehicle_count=2, passengers=80)
    first_driver, second_driver = builders.create_driver(), builders.create_driver("Sam Tran")
    first_assignment_id = builders.create_assignment(charter_id, first_driver, builders.create_vehicle("Coach 1"))["id"]
    builders.create_assignment(charter_id, second_driver, builders.create_vehicle("Coach 2"))
    with freeze_time("08:00"):
        send_ok("POST", f"/dispatch/assignments/{first_assignment_id}/check-in", {}, driver_id=first_driver)
    send_positions(first_assignment_id, read_track("to-the-shore")[:20], driver_id=first_driver)
    track = send_ok("GET", f"/dispatch/charters/{charter_id}/track")
    assert [(each["vehicle_number"], each["position"] is not None) for each in track["vehicles"]] == [
        (1, True),
        (2, False),
    ]
    assert track["position"] == track["vehicles"][0]["position"]


def test_get_charter_track_as_a_driver_or_of_an_unknown_charter_is_refused() -> None:
    charter_id, _, rosa = create_trip_on_duty()
    assert send_request("GET", f"/dispatch/charters/{charter_id}/track", driver_id=rosa).status == 403
    assert send_request("POST", f"/dispatch/charters/{charter_id}/track-link", {}, driver_id=rosa).status == 403
    assert send_request("GET", f"/dispatch/charters/{ids.new('chr')}/track").status == 404
    assert send_request("POST", f"/dispatch/charters/{ids.new('chr')}/track-link", {}).status == 404


def test_get_charter_track_without_assignments_has_no_vehicles() -> None:
    track = send_ok("GET", f"/dispatch/charters/{builders.create_trip()}/track")
    assert (track["vehicles"], track["stops"], track["position"], track["next_stop"]) == ([], [], None, None)
