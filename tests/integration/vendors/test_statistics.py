"""Statistics of vendors: the consumer that counts events, and the rebuild, on the table in memory."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from coachway.core import errors, event_counters, store
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import CONSUMED, Update
from coachway.core.types import ids
from coachway.vendors import service
from coachway.vendors.consumers import PROJECTION, rebuild_statistics
from coachway.vendors.statistics import Statistics, statistics_key
from tests.event_builders import (
    build_bid_accepted,
    build_bid_rejected,
    build_bid_submitted,
    build_charter_completed,
    build_trip_arrived,
    build_vendor_rated,
    event_data,
)
from tests.integration.vendor_builders import (
    CALLER,
    ORG,
    create_active_vendor,
    create_organizations,
    create_vendor,
    get_figures,
    send_request,
)


@pytest.fixture(autouse=True)
def organization() -> None:
    create_organizations()


def store_events(vendor_id: str, *events: Event) -> list[Delivery]:
    """Store events in the history of a vendor; returns them as the event bus delivers them."""
    stored_before = len(store.list_history(service.get_vendor(CALLER, vendor_id).key()))
    for event in events:
        vendor = service.get_vendor(CALLER, vendor_id)
        store.commit(CALLER, Update(vendor, vendor.model_copy(), [event]))
    return [
        Delivery(
            event_id=entry.event_id,
            type=entry.type,
            org_id=ORG,
            aggregate_id=vendor_id,
            correlation_id="c",
            data=entry.data,
        )
        for entry in store.list_history(service.get_vendor(CALLER, vendor_id).key())[stored_before:]
    ]


def build_delivery(event: Event) -> Delivery:
    """A delivery of an event that is not in the table."""
    return Delivery(
        event_id=ids.ulid(),
        type=event.TYPE,
        org_id=ORG,
        aggregate_id="bid_1",
        correlation_id="c",
        data=event_data(event),
    )


def consume(*deliveries: Delivery) -> None:
    for delivery in deliveries:
        PROJECTION.consume(CALLER, delivery)


def test_consume_with_repeated_events_counts_each_once() -> None:
    vendor_id = create_vendor()["id"]
    deliveries = [
        build_delivery(build_bid_submitted(vendor_id)),
        build_delivery(build_bid_submitted(vendor_id)),
        build_delivery(build_bid_rejected(vendor_id)),
        build_delivery(build_bid_accepted(vendor_id)),
        build_delivery(build_charter_completed(vendor_id)),
        *store_events(
            vendor_id, build_vendor_rated(vendor_id, on_time_performance_rating=4.0, communication_rating=5.0)
        ),
    ]
    repeated = deliveries * 3
    random.shuffle(repeated)
    consume(*repeated)
    assert send_request("GET", f"/vendors/{vendor_id}/statistics").json() == {
        "vendor_id": vendor_id,
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
    assert send_request("GET", f"/vendors/{vendor_id}").json()["average_rating"] == 4.5


def test_consume_after_a_partial_delivery_counts_the_other_vendor() -> None:
    first, second = create_vendor()["id"], create_vendor()["id"]
    delivery = build_delivery(build_charter_completed(first, second))
    PROJECTION.count(CALLER, delivery.event_id, first, {"completed": 1})
    consume(delivery, delivery)
    assert [get_figures(each).completed_trips for each in (first, second)] == [1, 1]


def test_consume_with_concurrent_events_of_a_vendor_counts_all(monkeypatch: pytest.MonkeyPatch) -> None:
    vendor_id = create_vendor()["id"]
    concurrent = [build_delivery(build_bid_submitted(vendor_id)) for _ in range(3)]
    find = store.find

    def find_then_consume(*args: Any) -> Any:
        result = find(*args)
        if concurrent:
            consume(concurrent.pop())
        return result

    monkeypatch.setattr(store, "find", find_then_consume)
    consume(build_delivery(build_bid_submitted(vendor_id)))
    assert get_figures(vendor_id).total_bids_submitted == 4


def test_list_top_vendors_includes_active_vendors_with_three_ratings_best_first() -> None:
    for name, points in (("Alder", 4.0), ("Birch", 5.0), ("Cedar", 4.5)):
        vendor_id = create_active_vendor(business_name=name)["id"]
        consume(*store_events(vendor_id, *(build_vendor_rated(vendor_id, points) for _ in range(3))))
    rated_once = create_active_vendor(business_name="Once")["id"]
    consume(*store_events(rated_once, build_vendor_rated(rated_once, 5.0)))
    pending = create_vendor(business_name="Pending")["id"]
    consume(*store_events(pending, *(build_vendor_rated(pending, 5.0) for _ in range(3))))

    def list_names(path: str, **query: str) -> list[str]:
        page = send_request("GET", path, query=query or None).json()
        return [vendor["business_name"] for vendor in page["items"]]

    assert list_names("/vendors/top/rated") == ["Birch", "Cedar", "Alder"]
    assert list_names("/vendors", min_rating="4.5", status="active") == ["Birch", "Cedar"]
    assert list_names("/vendors", min_rating="4.51", status="active") == ["Birch"]
    assert set(list_names("/vendors", min_rating="4")) == {"Birch", "Pending", "Cedar", "Alder"}


def build_arrival(vendor_id: str | None, stop: int, late_minutes: int) -> Event:
    return build_trip_arrived(vendor_id=vendor_id, stop=stop, late=timedelta(minutes=late_minutes))


def test_rebuild_of_tracked_stops_equals_the_consumed_counters() -> None:
    vendor_id = create_vendor()["id"]
    consume(*store_events(vendor_id, build_vendor_rated(vendor_id, 4.0, on_time_performance_rating=5.0)))
    assert get_figures(vendor_id).on_time_percentage == 100.0
    stops = store_events(
        vendor_id, build_arrival(vendor_id, 1, 10), build_arrival(vendor_id, 2, 20), build_arrival(None, 1, 90)
    )
    consume(*stops, *reversed(stops))
    before = store.get(Statistics, statistics_key(ORG, vendor_id))
    assert (before.numbers["stops_judged"], before.figures().on_time_percentage) == (2, 50.0)
    assert rebuild_statistics(ORG) == 1
    assert store.get(Statistics, statistics_key(ORG, vendor_id)).numbers == before.numbers


def test_rebuild_replaces_wrong_and_missing_counters(dynamodb: Any) -> None:
    vendor_ids = [create_vendor()["id"] for _ in range(2)]
    for vendor_id in vendor_ids:
        ratings = [build_vendor_rated(vendor_id, rating) for rating in (3.5, 4.5, 5.0)]
        consume(*store_events(vendor_id, *ratings))
    before = [store.get(Statistics, statistics_key(ORG, vendor_id)) for vendor_id in vendor_ids]
    wrong = before[0].model_copy(update={"numbers": {"ratings": 99}})
    store.commit(CALLER, Update(before[0], wrong))
    deleted = statistics_key(ORG, vendor_ids[1])
    dynamodb.delete_item(TableName="coachway-test", Key={"pk": {"S": deleted.pk}, "sk": {"S": deleted.sk}})
    assert rebuild_statistics(ORG) == 2
    after = [store.get(Statistics, statistics_key(ORG, vendor_id)) for vendor_id in vendor_ids]
    assert [each.numbers for each in after] == [each.numbers for each in before]


@pytest.mark.parametrize("seed", range(2))
def test_rebuild_after_events_in_any_order_equals_the_consumed_counters(seed: int) -> None:
    generator = random.Random(seed)
    vendor_ids = [create_vendor()["id"] for _ in range(3)]
    queue: list[Delivery] = []
    for _ in range(16):
        vendor_id = generator.choice(vendor_ids)
        on_time = {"on_time_performance_rating": generator.randint(2, 10) / 2} if generator.random() < 0.5 else {}
        event = generator.choice(
            [
                build_vendor_rated(vendor_id, generator.randint(2, 10) / 2, **on_time),
                build_arrival(vendor_id, 1, generator.randint(0, 40)),
            ]
        )
        queue += store_events(vendor_id, event)
        if generator.random() < 0.6:
            generator.shuffle(queue)
            half = len(queue) // 2
            consume(*queue[:half], *queue[: half // 2])
            queue = queue[half // 2 :]
        if generator.random() < 0.1:
            consume(*queue)
            rebuild_statistics(ORG)
    generator.shuffle(queue)
    consume(*queue, *queue)
    consumed = {vendor_id: PROJECTION.load(ORG, vendor_id).numbers for vendor_id in vendor_ids}
    assert sum(each.get("ratings", 0) + each.get("stops_judged", 0) for each in consumed.values()) == 16
    rebuild_statistics(ORG)
    assert {vendor_id: PROJECTION.load(ORG, vendor_id).numbers for vendor_id in vendor_ids} == consumed


def test_consume_after_a_rebuild_does_not_count_its_events_again() -> None:
    vendor_id = create_vendor()["id"]
    deliveries = store_events(vendor_id, *(build_vendor_rated(vendor_id, 4.0) for _ in range(3)))
    consume(deliveries[0])
    assert rebuild_statistics(ORG) == 1
    consume(*deliveries)
    assert get_figures(vendor_id).total_ratings == 3


def test_rebuild_with_a_counted_event_that_is_not_in_the_index_raises_conflict() -> None:
    vendor_id = create_vendor()["id"]
    consume(
        *store_events(vendor_id, build_vendor_rated(vendor_id, 4.0)), build_delivery(build_bid_submitted(vendor_id))
    )
    with pytest.raises(errors.Conflict, match="still arriving"):
        rebuild_statistics(ORG)


def test_rebuild_of_more_events_than_a_batch_marks_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_counters, "_BATCH_SIZE", 2)
    vendor_id = create_vendor()["id"]
    deliveries = store_events(vendor_id, *(build_vendor_rated(vendor_id, 4.0) for _ in range(5)))
    rebuild_statistics(ORG)
    consumer = f"vendor-statistics-{vendor_id}"
    marks = [CONSUMED.key(org=ORG, consumer=consumer, event=delivery.event_id) for delivery in deliveries]
    assert len(store.batch_get(marks).items) == 5
    assert get_figures(vendor_id).total_ratings == 5


def test_get_vendor_with_a_current_etag_returns_200_because_figures_may_have_changed() -> None:
    vendor_id = create_vendor()["id"]
    etag = send_request("GET", f"/vendors/{vendor_id}").headers["ETag"]
    consume(build_delivery(build_bid_submitted(vendor_id)))
    reply = send_request("GET", f"/vendors/{vendor_id}", headers={"if-none-match": etag})
    assert (reply.status, reply.headers["ETag"], reply.json()["total_bids_submitted"]) == (200, etag, 1)
