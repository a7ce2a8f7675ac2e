"""How drivers do, counted from what became of their trips, on the table in memory."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.event_log import all_events
from coachway.core.runtime import clock
from coachway.core.types import ids
from coachway.dispatch.performance import service as performance
from coachway.fleet.model import DRIVER, Driver
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch import builders, trip_builders
from tests.integration.dispatch.diary_builders import ask, got
from tests.integration.dispatch.trip_builders import done, on_duty, the_time_is


@pytest.fixture(autouse=True)
def organization() -> None:
    trip_builders.found()


def delivered(*, times: int = 1) -> None:
    """Everything that happened, as the queue brings it."""
    caller = Caller.system("dispatch-figures", ORG)
    for event in [*all_events(ORG)] * times:
        if event.type in performance.CONSUMERS:
            known = event.model_dump(include={"event_id", "type", "org_id", "aggregate_id", "correlation_id", "data"})
            performance.CONSUMERS[event.type](caller, Delivery(**known))


def driven() -> tuple[str, str]:
    """A charter that was driven, by whom: five minutes late at the start, in time at the end."""
    run, assignment_id, rosa = on_duty()
    with the_time_is("09:05"):
        done("POST", f"/dispatch/assignments/{assignment_id}/depart", {}, by=rosa)
    with the_time_is("12:01"):
        done("POST", f"/dispatch/assignments/{assignment_id}/check-out", {}, by=rosa)
    return run, rosa


def rated(charter_id: str, rating: float) -> None:
    data: dict[str, Any] = {"charter_id": charter_id, "overall_rating": rating, "vendor_id": "ven_1"}
    event = {"event_id": ids.ulid(), "type": "vendor.rated", "org_id": ORG, "aggregate_id": "rat_1"}
    performance.PROJECTION.consume(builders.SYSTEM, Delivery(**event, correlation_id="", data=data))


def test_a_trip_on_time_is_counted_once() -> None:
    _, rosa = driven()
    with the_time_is("13:00"):
        delivered(times=2)
        shown = got(f"/drivers/{rosa}/performance", by=rosa)
    assert (shown["offered"], shown["completed"], shown["declined"]) == (1, 1, 0)
    assert (shown["stops_judged"], shown["on_time_percent"]) == (2, 100)
    assert (shown["total_ratings"], shown["rating"]) == (0, None)


def test_a_decline_counts_against_the_driver() -> None:
    rosa = builders.driver()
    made = builders.assigned(builders.trip(), rosa, builders.vehicle())
    builders.done("POST", f"/dispatch/assignments/{made['id']}/decline", {"reason": "Ill"}, by=rosa)
    delivered()
    shown = got(f"/drivers/{rosa}/performance")
    assert (shown["offered"], shown["declined"], shown["acceptance_percent"]) == (1, 1, 0)


def test_three_ratings_of_trips_that_were_driven_are_the_drivers_rating() -> None:
    run, rosa = driven()
    for rating in (5.0, 4.0):
        rated(run, rating)
    assert got(f"/drivers/{rosa}/performance")["rating"] is None
    rated(run, 4.5)
    rated(builders.trip("2027-03-10"), 1.0)
    shown = got(f"/drivers/{rosa}/performance")
    assert (shown["total_ratings"], shown["average_rating"], shown["rating"]) == (3, 4.5, 4.5)
    assert store.get(Driver, DRIVER.key(org=ORG, id=rosa)).rating == 4.5


def test_a_rebuild_comes_to_the_same() -> None:
    _, rosa = driven()
    with the_time_is("13:00"):
        delivered()
        before = got(f"/drivers/{rosa}/performance")
        kept = performance.PROJECTION.of(ORG, rosa)
    tampered = kept.model_copy(update={"numbers": {"completed": 99}})
    from coachway.core.persistence.operations import Update

    store.commit(builders.SYSTEM, Update(kept, tampered))
    with clock.frozen(trip_builders.at("14:00")):
        assert performance.rebuild(ORG) == 1
        assert got(f"/drivers/{rosa}/performance") == before
        delivered()
        assert got(f"/drivers/{rosa}/performance") == before


def test_a_driver_sees_their_own_performance_alone() -> None:
    rosa, emil = builders.driver(), builders.driver("Emil Sand")
    assert got(f"/drivers/{rosa}/performance", by=rosa)["driver_name"] == "Rosa Delgado"
    assert ask("GET", f"/drivers/{emil}/performance", by=rosa).status == 404
    assert ask("GET", f"/drivers/{rosa}/performance", rights="charters:read").status == 403
