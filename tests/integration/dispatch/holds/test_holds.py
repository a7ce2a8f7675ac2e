"""Holds of vehicles through their routes, on the table in memory."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from coachway.core import store
from coachway.core.persistence.table import call_stats
from coachway.dispatch.errors import VehicleNotAvailable
from coachway.dispatch.holds import consumers, expiry_job, placement, service
from coachway.dispatch.holds.model import HoldInput
from coachway.dispatch.matching import assignment_service
from coachway.dispatch.matching.schemas import AssignInput
from tests.integration.bookings import builders as booking_builders
from tests.integration.client import Reply, call, token_for
from tests.integration.dispatch import builders, calendar_builders, tracking_builders
from tests.integration.dispatch.tracking_builders import freeze_time
from tools.function_modules import load

api = load("dispatch", "vehicles_api").api
DAY = {"date_from": "2027-03-03", "date_to": "2027-03-03"}


@pytest.fixture(autouse=True)
def organization() -> None:
    tracking_builders.create_organization()


def send(method: str, charter_id: str, path: str = "", body: Any = None, **options: Any) -> Reply:
    now = datetime.now(UTC)
    token = token_for("charters:read charters:write", role="staff", iat=now, exp=now + timedelta(minutes=5))
    return call(api, method, f"/api/v1/charters/{charter_id}/holds{path}", body, token=token, **options)


def create_quote(**fields: Any) -> str:
    return str(booking_builders.create_charter(**fields)["id"])


def hold(charter_id: str, *vehicle_ids: str, **fields: Any) -> dict[str, Any]:
    reply = send("POST", charter_id, body={"vehicle_ids": vehicle_ids, **fields})
    assert reply.status == 201, reply.text
    return dict(reply.json())


def get_hold(held: dict[str, Any]) -> dict[str, Any]:
    return dict(send("GET", held["charter_id"], f"/{held['id']}").json())


def list_calendar_holds(vehicle_id: str) -> list[str]:
    calendar = calendar_builders.get_ok(f"/calendar/vehicles/{vehicle_id}", query=DAY)
    (row,) = [row for row in calendar_builders.get_ok("/calendar/fleet", query=DAY)["rows"] if row["id"] == vehicle_id]
    assert row["holds"] == calendar["holds"]
    return [each["hold_id"] for each in calendar["holds"]]


def deliver(event_type: str, charter_id: str, **data: Any) -> None:
    """Deliver an event twice."""
    for _ in range(2):
        consumers.CONSUMERS[event_type](builders.SYSTEM, builders.create_delivery(event_type, charter_id, **data))


def test_held_vehicle_is_for_its_charter_only() -> None:
    coach, rosa, emil = builders.create_vehicle(), builders.create_driver(), builders.create_driver("Emil Sand")
    quote, other = create_quote(), builders.create_trip()
    held = hold(quote, coach)
    assert (held["status"], held["departs_at"]) == ("active", "2027-03-03T09:00:00-05:00")
    assert held["held_until"][:13] == (datetime(2026, 12, 3, 15, tzinfo=UTC)).isoformat()[:13]
    refusal = builders.post_assignment(other, rosa, coach)
    assert (refusal.status, refusal.json()["code"]) == (409, "vehicle_not_available")
    assert f"hold: Coach 12 is held for {held['charter_number']} until 2026-12-03" in refusal.text
    assert send("POST", other, body={"vehicle_ids": [coach]}).json()["code"] == "vehicle_not_available"
    assert "is held for this charter already" in send("POST", quote, body={"vehicle_ids": [coach]}).text
    assert list_calendar_holds(coach) == [held["id"]]
    booking_builders.set_status(quote, "booked")
    builders.create_assignment(quote, emil, coach)
    assert list_calendar_holds(coach) == []


def test_vehicle_is_free_for_trips_at_other_times() -> None:
    coach, quote = builders.create_vehicle(), create_quote()
    hold(quote, coach)
    builders.create_assignment(builders.create_trip(day="2027-03-04"), builders.create_driver(), coach)
    # The vehicle would have to be in New York again when the held trip begins.
    near = builders.create_trip(departure="05:30")
    assert "hold: " in builders.post_assignment(near, builders.create_driver("Emil Sand"), coach).text


def test_expired_hold_is_ignored_before_and_after_the_timer_ends_it() -> None:
    coach, quote, other = builders.create_vehicle(), create_quote(), create_quote()
    held = hold(quote, coach, held_until="2026-12-01T12:00:00Z")
    with freeze_time(datetime(2026, 12, 1, 11, 59, tzinfo=UTC)):
        assert expiry_job.run().expired == 0
    with freeze_time(datetime(2026, 12, 1, 12, 1, tzinfo=UTC)):
        assert list_calendar_holds(coach) == []
        second = hold(other, coach)
        assert send("PUT", quote, f"/{held['id']}", {"held_until": "2026-12-05T12:00:00Z"}).status == 409
        assert (expiry_job.run().expired, expiry_job.run().expired) == (1, 0)
        assert get_hold(held)["status"] == "expired"
        assert list_calendar_holds(coach) == [second["id"]]


def test_extended_hold_lasts_longer_and_a_release_ends_it() -> None:
    coach, quote = builders.create_vehicle(), create_quote()
    held = hold(quote, coach, held_until="2026-12-01T12:00:00Z")
    path, until = f"/{held['id']}", "2027-01-01T12:00:00Z"
    assert send("PUT", quote, path, {"held_until": until}, headers={"if-match": '"7"'}).status == 412
    assert send("PUT", quote, path, {"held_until": until}).json()["held_until"] == until
    with freeze_time(datetime(2026, 12, 2, tzinfo=UTC)):
        assert expiry_job.run().expired == 0
        assert list_calendar_holds(coach) == [held["id"]]
        released = send("POST", quote, f"{path}/release", {})
        assert (released.status, released.json()["status"]) == (200, "released")
        assert list_calendar_holds(coach) == []
        assert send("POST", quote, f"{path}/release", {}).json()["code"] == "hold_not_active"
        assert send("PUT", quote, path, {"held_until": until}).json()["code"] == "hold_not_active"
    builders.create_assignment(builders.create_trip(), builders.create_driver(), coach)
    history = store.list_history(service.get_hold(builders.SYSTEM, quote, held["id"]).key())
    assert [each.type for each in history] == ["hold.placed", "hold.extended", "hold.ended"]


@pytest.mark.parametrize(
    ("event_type", "data", "status"),
    [
        ("quote.declined", {}, "released"),
        ("quote.expired", {}, "released"),
        ("charter.cancelled", {}, "released"),
        ("charter.deleted", {}, "released"),
        ("charter.confirmed", {}, "used"),
        ("charter.modified", {"revised": True, "revision_number": 2}, "released"),
        ("charter.modified", {"revised": True, "revision_number": 1}, "active"),
        ("charter.modified", {"revised": False, "revision_number": 2}, "active"),
    ],
)
def test_hold_ends_with_its_quote(event_type: str, data: dict[str, Any], status: str) -> None:
    coach, quote = builders.create_vehicle(), create_quote()
    held = hold(quote, coach)
    deliver(event_type, quote, **data)
    assert get_hold(held)["status"] == status
    assert list_calendar_holds(coach) == ([held["id"]] if status == "active" else [])


def test_booking_keeps_the_held_vehicle_until_the_departure() -> None:
    coach, quote = builders.create_vehicle(), create_quote()
    held = hold(quote, coach)
    deliver("charter.booked", quote)
    assert (get_hold(held)["held_until"], get_hold(held)["version"]) == ("2027-03-03T14:00:00Z", 2)
    with freeze_time(datetime(2027, 3, 1, tzinfo=UTC)):
        assert expiry_job.run().expired == 0
        assert list_calendar_holds(coach) == [held["id"]]


def test_automatic_assignment_prefers_the_held_vehicle_and_avoids_those_of_others() -> None:
    builders.create_driver()
    coaches = [builders.create_vehicle(f"Coach {n}") for n in range(3)]
    quote = create_quote()
    hold(create_quote(), coaches[0])
    hold(quote, coaches[2])
    booking_builders.set_status(quote, "booked")
    result = builders.send_ok("POST", "/dispatch/assignments/auto", {"charter_id": quote})
    assert result["assignment"]["vehicle_id"] == coaches[2]
    assert [(each["vehicle_id"], each["is_held"]) for each in result["vehicles"]] == [
        (coaches[2], True),
        (coaches[1], False),
        (coaches[0], False),
    ]
    assert [each["rule"] for each in result["vehicles"][2]["blocked_by"]] == ["hold"]


def test_hold_is_refused_with_every_reason() -> None:
    quote = create_quote(vehicle_count=2, passengers=80)
    bus, busy = builders.create_vehicle("Bus 1", vehicle_class="minibus", capacity=20), builders.create_vehicle()
    builders.create_assignment(builders.create_trip(), builders.create_driver(), busy)
    refusal = send("POST", quote, body={"vehicle_ids": [bus, busy]})
    assert [(each["field"], each["message"].split(":")[0]) for each in refusal.json()["errors"]] == [
        ("vehicle_ids.0", "vehicle class"),
        ("vehicle_ids.0", "capacity"),
        ("vehicle_ids.1", "overlap"),
    ]
    assert send("GET", quote).json()["items"] == []


def test_wrong_holds_are_refused() -> None:
    coach, quote = builders.create_vehicle(), create_quote()
    other = builders.create_vehicle("Coach 2")
    bodies: list[dict[str, Any]] = [
        {"vehicle_ids": []},
        {"vehicle_ids": [coach, coach]},
        {"vehicle_ids": [coach, other]},  # the charter needs one
        {"vehicle_ids": [coach], "held_until": "2026-11-30T14:00:00Z"},
        {"vehicle_ids": [coach], "held_until": "2027-03-03T14:00:01Z"},
        {"vehicle_ids": [coach], "held_until": "2026-12-30T14:00:00"},
    ]
    for body in bodies:
        assert send("POST", quote, body=body).status == 422, body
    unknown = "01K3ZV8N6Y3T5G7H9J1M2P4R6S"
    assert send("POST", quote, body={"vehicle_ids": [f"veh_{unknown}"]}).status == 404
    assert send("POST", f"chr_{unknown}", body={"vehicle_ids": [coach]}).status == 404
    assert send("GET", create_quote(), f"/{hold(quote, coach)['id']}").status == 404
    cancelled = builders.create_trip()
    booking_builders.send_request("POST", f"/charters/{cancelled}/cancel", {"reason": "x", "initiated_by": "operator"})
    assert send("POST", cancelled, body={"vehicle_ids": [other]}).json()["code"] == "charter_not_holdable"


def test_downtime_over_a_hold_is_refused() -> None:
    coach, quote = builders.create_vehicle(), create_quote()
    held = hold(quote, coach)
    now = datetime.now(UTC)
    token = token_for("fleet:write", role="staff", iat=now, exp=now + timedelta(minutes=5))
    days = {"first_day": "2027-03-03", "last_day": "2027-03-03"}
    refusal = call(api, "POST", f"/api/v1/vehicles/{coach}/downtimes", days, token=token)
    assert (refusal.status, refusal.json()["errors"][0]["field"]) == (409, held["id"])
    assert f"held for {held['charter_number']}" in refusal.text


def test_hold_takes_three_calls() -> None:
    vehicles, quote = [builders.create_vehicle(f"Coach {n}") for n in range(5)], create_quote(vehicle_count=5)
    before = call_stats.calls
    placement.hold_vehicles(builders.SYSTEM, quote, HoldInput(vehicle_ids=vehicles))
    assert call_stats.calls - before == 3


def run_at_once(attempts: list[Callable[[], str]]) -> list[str]:
    """Run all at the same time; return the ids of those that succeeded."""

    def attempt(run: Callable[[], str]) -> str:
        try:
            return run()
        except VehicleNotAvailable:
            return ""

    with ThreadPoolExecutor(len(attempts)) as pool:
        return [winner for winner in pool.map(attempt, attempts) if winner]


@pytest.mark.parametrize("count", [2, 8])
def test_holds_of_the_last_vehicle_at_the_same_time_have_one_winner(count: int) -> None:
    coach, quotes = builders.create_vehicle(), [create_quote() for _ in range(count)]
    request = HoldInput(vehicle_ids=[coach])
    winners = run_at_once(
        [lambda quote=quote: placement.hold_vehicles(builders.SYSTEM, quote, request).id for quote in quotes]  # type: ignore[misc]
    )
    assert len(winners) == 1
    assert list_calendar_holds(coach) == winners


@pytest.mark.parametrize("attempt", range(4))
def test_hold_and_assignment_at_the_same_time_have_one_winner(attempt: int) -> None:
    coach, quote = builders.create_vehicle(), create_quote()
    trips, drivers = [builders.create_trip() for _ in range(2)], [builders.create_driver() for _ in range(2)]
    requests = [
        AssignInput(charter_id=trip, driver_id=driver, vehicle_id=coach)
        for trip, driver in zip(trips, drivers, strict=True)
    ]
    runs: list[Callable[[], str]] = [
        lambda each=each: assignment_service.create_assignment(builders.SYSTEM, each).id  # type: ignore[misc]
        for each in requests
    ]
    runs.insert(attempt % 3, lambda: placement.hold_vehicles(builders.SYSTEM, quote, HoldInput(vehicle_ids=[coach])).id)
    (winner,) = run_at_once(runs)
    entries = calendar_builders.get_ok(f"/calendar/vehicles/{coach}", query=DAY)["entries"]
    assert [*list_calendar_holds(coach), *(each["assignment_id"] for each in entries)] == [winner]
