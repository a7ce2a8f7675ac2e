"""Driver performance, counted from events, on the table in memory."""

from __future__ import annotations

import pytest

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.party_reference import DRIVER
from coachway.core.persistence.event_log import iterate_events
from coachway.core.persistence.operations import Update
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.dispatch.performance import service as performance
from coachway.fleet.model import Driver
from tests.event_builders import build_vendor_rated, event_data
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch import builders, tracking_builders
from tests.integration.dispatch.calendar_builders import get_ok, send_request
from tests.integration.dispatch.tracking_builders import create_trip_on_duty, freeze_time, send_ok


@pytest.fixture(autouse=True)
def organization() -> None:
    tracking_builders.create_organization()


def deliver_events(*, times: int = 1) -> None:
    """Deliver all events to the consumer."""
    caller = Caller.system("dispatch-figures", ORG)
    for event in [*iterate_events(ORG)] * times:
        if event.type in performance.CONSUMERS:
            fields = event.model_dump(include={"event_id", "type", "org_id", "aggregate_id", "correlation_id", "data"})
            performance.CONSUMERS[event.type](caller, Delivery(**fields))


def complete_trip() -> tuple[str, str]:
    """Complete a trip that departs five minutes late and arrives on time; returns charter and driver."""
    charter_id, assignment_id, rosa = create_trip_on_duty()
    with freeze_time("09:05"):
        send_ok("POST", f"/dispatch/assignments/{assignment_id}/depart", {}, driver_id=rosa)
    with freeze_time("12:01"):
        send_ok("POST", f"/dispatch/assignments/{assignment_id}/check-out", {}, driver_id=rosa)
    return charter_id, rosa


def deliver_rating(charter_id: str, rating: float) -> None:
    data = event_data(build_vendor_rated("ven_1", rating, charter_id=charter_id))
    event = {"event_id": ids.ulid(), "type": "vendor.rated", "org_id": ORG, "aggregate_id": "rat_1"}
    performance.PROJECTION.consume(builders.SYSTEM, Delivery(**event, correlation_id="", data=data))


def test_get_performance_with_repeated_events_counts_each_once() -> None:
    _, rosa = complete_trip()
    with freeze_time("13:00"):
        deliver_events(times=2)
        driver_performance = get_ok(f"/drivers/{rosa}/performance", driver_id=rosa)
    assert (driver_performance["offered"], driver_performance["completed_trips"], driver_performance["declined"]) == (
        1,
        1,
        0,
    )
    assert (driver_performance["measured_stops"], driver_performance["on_time_percentage"]) == (2, 100)
    assert (driver_performance["total_ratings"], driver_performance["rating"]) == (0, None)


def test_get_performance_after_a_decline_lowers_acceptance() -> None:
    rosa = builders.create_driver()
    assignment = builders.create_assignment(builders.create_trip(), rosa, builders.create_vehicle())
    builders.send_ok("POST", f"/dispatch/assignments/{assignment['id']}/decline", {"reason": "Ill"}, party_id=rosa)
    deliver_events()
    driver_performance = get_ok(f"/drivers/{rosa}/performance")
    assert (
        driver_performance["offered"],
        driver_performance["declined"],
        driver_performance["acceptance_percentage"],
    ) == (1, 1, 0)


def test_get_performance_rating_needs_three_ratings() -> None:
    charter_id, rosa = complete_trip()
    for rating in (5.0, 4.0):
        deliver_rating(charter_id, rating)
    assert get_ok(f"/drivers/{rosa}/performance")["rating"] is None
    deliver_rating(charter_id, 4.5)
    deliver_rating(builders.create_trip("2027-03-10"), 1.0)
    driver_performance = get_ok(f"/drivers/{rosa}/performance")
    assert (
        driver_performance["total_ratings"],
        driver_performance["average_rating"],
        driver_performance["rating"],
    ) == (3, 4.5, 4.5)
    assert store.get(Driver, DRIVER.key(org=ORG, id=rosa)).rating == 4.5


def test_rebuild_restores_the_same_counters() -> None:
    _, rosa = complete_trip()
    with freeze_time("13:00"):
        deliver_events()
        before = get_ok(f"/drivers/{rosa}/performance")
        stored = performance.PROJECTION.load(ORG, rosa)
    tampered = stored.model_copy(update={"numbers": {"completed": 99}})
    store.commit(builders.SYSTEM, Update(stored, tampered))
    with clock.frozen(tracking_builders.local_time("14:00")):
        assert performance.rebuild(ORG) == 1
        assert get_ok(f"/drivers/{rosa}/performance") == before
        deliver_events()
        assert get_ok(f"/drivers/{rosa}/performance") == before


def test_get_performance_of_another_driver_returns_404() -> None:
    rosa, emil = builders.create_driver(), builders.create_driver("Emil Sand")
    assert get_ok(f"/drivers/{rosa}/performance", driver_id=rosa)["driver_name"] == "Rosa Delgado"
    assert send_request("GET", f"/drivers/{emil}/performance", driver_id=rosa).status == 404
    assert send_request("GET", f"/drivers/{rosa}/performance", rights="charters:read").status == 403
