"""What is counted of vendors, on the table in memory."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from coachway.contracts.dispatch.assignments import TripArrived
from coachway.contracts.ratings import VendorRated
from coachway.core import errors, projections, store
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import CONSUMED, Update
from coachway.core.types import ids
from coachway.vendors import service, statistics
from coachway.vendors.statistics import Statistics
from tests.integration import carriers
from tests.integration.carriers import CALLER, ORG, approved, ask, vendor


@pytest.fixture(autouse=True)
def organization() -> None:
    carriers.found()


def rated(vendor_id: str, overall: float, **more: float) -> VendorRated:
    categories = (
        "vehicle_condition",
        "driver_professionalism",
        "on_time_performance",
        "communication",
        "value_for_money",
    )
    said: dict[str, Any] = {f"{name}_rating": more.get(name) for name in categories}
    return VendorRated(
        rating_id=ids.new("rat"), vendor_id=vendor_id, charter_id=ids.new("chr"), overall_rating=overall, **said
    )


def happened(vendor_id: str, *facts: Event) -> list[Delivery]:
    """Write events into the table and give them back as the bus would deliver them."""
    known = service.get(CALLER, vendor_id)
    seen = len(store.history(known.key()))
    for fact in facts:
        known = service.get(CALLER, vendor_id)
        store.commit(CALLER, Update(known, known.model_copy(), [fact]))
    return [
        Delivery(
            event_id=each.event_id,
            type=each.type,
            org_id=ORG,
            aggregate_id=vendor_id,
            correlation_id="c",
            data=each.data,
        )
        for each in store.history(known.key())[seen:]
    ]


def consumed(*deliveries: Delivery) -> None:
    for each in deliveries:
        statistics.TALLIES.consume(CALLER, each)


def delivery(kind: str, **data: Any) -> Delivery:
    return Delivery(event_id=ids.ulid(), type=kind, org_id=ORG, aggregate_id="bid_1", correlation_id="c", data=data)


def test_events_move_the_figures_once_however_often_they_come() -> None:
    ven = vendor()["id"]
    events = [
        delivery("bid.submitted", vendor_id=ven),
        delivery("bid.submitted", vendor_id=ven),
        delivery("bid.rejected", vendor_id=ven),
        delivery("bid.accepted", vendor_id=ven),
        delivery("charter.completed", vendor_ids=[ven]),
        *happened(ven, rated(ven, 4.5, on_time_performance=4.0, communication=5.0)),
    ]
    again = events * 3
    random.shuffle(again)
    consumed(*again)
    told = ask("GET", f"/vendors/{ven}/statistics").json()
    assert told == {
        "vendor_id": ven,
        "business_name": "Premium Coach Lines",
        "average_rating": 4.5,
        "total_ratings": 1,
        "rating": None,
        "completed_trips": 1,
        "on_time_percentage": 100.0,
        "total_bids_submitted": 2,
        "bids_won": 1,
        "bids_lost": 1,
        "win_rate_percentage": 50.0,
        "vehicle_condition": None,
        "driver_professionalism": None,
        "on_time_performance": 4.0,
        "communication": 5.0,
        "value_for_money": None,
    }
    assert ask("GET", f"/vendors/{ven}").json()["average_rating"] == 4.5


def test_a_trip_of_two_vendors_is_counted_for_both_even_when_one_had_it_before() -> None:
    one, two = vendor()["id"], vendor()["id"]
    event = delivery("charter.completed", vendor_ids=[one, two])
    statistics.TALLIES.count(CALLER, event.event_id, one, {"completed": 1})
    consumed(event, event)
    assert [statistics.get_figures(ORG, each).completed_trips for each in (one, two)] == [1, 1]


def test_events_of_one_vendor_that_come_at_once_are_all_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    ven = vendor()["id"]
    faster = [delivery("bid.submitted", vendor_id=ven) for _ in range(3)]
    look = store.find

    def find(*wanted: Any) -> Any:
        found = look(*wanted)
        if faster:
            consumed(faster.pop())
        return found

    monkeypatch.setattr(store, "find", find)
    consumed(delivery("bid.submitted", vendor_id=ven))
    assert statistics.get_figures(ORG, ven).total_bids_submitted == 4


def test_the_best_vendors_come_first_and_only_those_rated_three_times() -> None:
    for name, points in (("Alder", 4.0), ("Birch", 5.0), ("Cedar", 4.5)):
        ven = approved(business_name=name)["id"]
        consumed(*happened(ven, *(rated(ven, points) for _ in range(3))))
    for status, name in (("active", "Once"), ("", "Pending")):
        ven = (approved if status else vendor)(business_name=name)["id"]
        count = 1 if name == "Once" else 3
        consumed(*happened(ven, *(rated(ven, 5.0) for _ in range(count))))

    def names(path: str, **query: str) -> list[str]:
        return [each["business_name"] for each in ask("GET", path, query=query or None).json()["items"]]

    assert names("/vendors/top/rated") == ["Birch", "Cedar", "Alder"]
    assert names("/vendors", min_rating="4.5", status="active") == ["Birch", "Cedar"]
    assert names("/vendors", min_rating="4.51", status="active") == ["Birch"]
    assert set(names("/vendors", min_rating="4")) == {"Birch", "Pending", "Cedar", "Alder"}


def seen(vendor_id: str | None, stop: int, late: int) -> TripArrived:
    due = datetime(2027, 3, 3, 12, tzinfo=UTC)
    return TripArrived(
        assignment_id=ids.new("asg"),
        charter_id=ids.new("chr"),
        number="CH-2027-000123",
        vehicle_number=1,
        driver_id=ids.new("drv"),
        driver_name="Rosa Delgado",
        driver_phone=None,
        driver_email=None,
        vehicle_id=ids.new("veh"),
        vehicle_name="Coach 12",
        vendor_id=vendor_id,
        timezone="America/New_York",
        starts_at=due,
        pickup_at=due,
        pickup="11 Wall St, New York, NY",
        dropoff="1901 Boardwalk, Atlantic City, NJ",
        stop=stop,
        address="Cheesequake Service Area, Sayreville, NJ",
        at=due + timedelta(minutes=late),
        planned_at=due,
        is_last=False,
    )


def test_tracked_stops_tell_how_punctual_a_vendor_is_and_a_rebuild_says_the_same() -> None:
    ven = vendor()["id"]
    said = happened(ven, rated(ven, 4.0, on_time_performance=5.0))
    consumed(*said)
    assert statistics.get_figures(ORG, ven).on_time_percentage == 100.0
    stops = happened(ven, seen(ven, 1, 10), seen(ven, 2, 20), seen(None, 1, 90))
    consumed(*stops, *reversed(stops))
    before = store.get(Statistics, statistics.key(ORG, ven))
    assert (before.numbers["stops_judged"], before.figures().on_time_percentage) == (2, 50.0)
    assert statistics.rebuild(ORG) == 1
    assert store.get(Statistics, statistics.key(ORG, ven)).numbers == before.numbers


def test_a_rebuild_counts_the_same_again_from_the_events(dynamodb: Any) -> None:
    vendors = [vendor()["id"] for _ in range(2)]
    for ven in vendors:
        consumed(*happened(ven, *(rated(ven, each) for each in (3.5, 4.5, 5.0))))
    before = [store.get(Statistics, statistics.key(ORG, ven)) for ven in vendors]
    spoiled = before[0].model_copy(update={"numbers": {"ratings": 99}})
    store.commit(CALLER, Update(before[0], spoiled))
    gone = statistics.key(ORG, vendors[1])
    dynamodb.delete_item(TableName="coachway-test", Key={"pk": {"S": gone.pk}, "sk": {"S": gone.sk}})
    assert statistics.rebuild(ORG) == 2
    after = [store.get(Statistics, statistics.key(ORG, ven)) for ven in vendors]
    assert [each.numbers for each in after] == [each.numbers for each in before]


@pytest.mark.parametrize("seed", range(2))
def test_whatever_comes_in_whatever_order_a_rebuild_says_what_was_counted_live(seed: int) -> None:
    dice = random.Random(seed)
    vendors = [vendor()["id"] for _ in range(3)]
    waiting: list[Delivery] = []
    for _ in range(16):
        ven = dice.choice(vendors)
        points = {"on_time_performance": dice.randint(2, 10) / 2} if dice.random() < 0.5 else {}
        happening = dice.choice([rated(ven, dice.randint(2, 10) / 2, **points), seen(ven, 1, dice.randint(0, 40))])
        waiting += happened(ven, happening)
        if dice.random() < 0.6:
            dice.shuffle(waiting)
            half = len(waiting) // 2
            consumed(*waiting[:half], *waiting[: half // 2])
            waiting = waiting[half // 2 :]
        if dice.random() < 0.1:
            consumed(*waiting)
            statistics.rebuild(ORG)
    dice.shuffle(waiting)
    consumed(*waiting, *waiting)
    live = {ven: statistics.TALLIES.load(ORG, ven).numbers for ven in vendors}
    assert sum(each.get("ratings", 0) + each.get("stops_judged", 0) for each in live.values()) == 16
    statistics.rebuild(ORG)
    assert {ven: statistics.TALLIES.load(ORG, ven).numbers for ven in vendors} == live


def test_an_event_that_a_rebuild_counted_is_not_counted_again_when_it_is_delivered() -> None:
    ven = vendor()["id"]
    late = happened(ven, *(rated(ven, 4.0) for _ in range(3)))
    consumed(late[0])
    assert statistics.rebuild(ORG) == 1
    consumed(*late)
    assert statistics.get_figures(ORG, ven).total_ratings == 3


def test_a_rebuild_waits_for_events_that_it_cannot_see_yet() -> None:
    ven = vendor()["id"]
    consumed(*happened(ven, rated(ven, 4.0)), delivery("bid.submitted", vendor_id=ven))
    with pytest.raises(errors.Conflict, match="still arriving"):
        statistics.rebuild(ORG)


def test_a_rebuild_of_many_events_marks_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projections, "_BATCH_SIZE", 2)
    ven = vendor()["id"]
    late = happened(ven, *(rated(ven, 4.0) for _ in range(5)))
    statistics.rebuild(ORG)
    marks = [CONSUMED.key(org=ORG, consumer=f"vendor-statistics-{ven}", event=each.event_id) for each in late]
    assert len(store.batch_get(marks).items) == 5
    assert statistics.get_figures(ORG, ven).total_ratings == 5


def test_a_profile_is_told_anew_when_its_figures_moved_without_its_version() -> None:
    ven = vendor()["id"]
    tag = ask("GET", f"/vendors/{ven}").headers["ETag"]
    consumed(delivery("bid.submitted", vendor_id=ven))
    again = ask("GET", f"/vendors/{ven}", headers={"if-none-match": tag})
    assert (again.status, again.headers["ETag"], again.json()["total_bids_submitted"]) == (200, tag, 1)
