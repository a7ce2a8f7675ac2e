"""The copy of a vendor's counters in the vendor itself, which makes a list of vendors one read."""

from __future__ import annotations

import contextlib
import json
import random
from typing import Any

import pytest

from coachway.core import errors, store
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import Update
from coachway.core.persistence.table import call_stats
from coachway.core.runtime import settings
from coachway.core.types import ids
from coachway.vendors import consumers, service, statistics
from coachway.vendors.model import Vendor
from coachway.vendors.statistics import Statistics
from tests.event_builders import build_bid_accepted, build_bid_rejected, build_bid_submitted, event_data
from tests.integration.vendor_builders import (
    CALLER,
    ORG,
    create_organizations,
    create_staff_token,
    create_vendor,
    get_figures,
    send_request,
)


@pytest.fixture(autouse=True)
def organization() -> None:
    create_organizations()


def count_event(event: Event) -> None:
    delivery = Delivery(
        event_id=ids.ulid(),
        type=event.TYPE,
        org_id=ORG,
        aggregate_id="bid_1",
        correlation_id="c",
        data=event_data(event),
    )
    consumers.PROJECTION.consume(CALLER, delivery)


def remove_copy(dynamodb: Any, vendor_id: str) -> None:
    """Store a vendor as it was stored before the copy existed."""
    key = service.get_vendor(CALLER, vendor_id).key()
    item_key = {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
    item = dynamodb.get_item(TableName=settings.table_name(), Key=item_key)["Item"]
    content = json.loads(item["doc"]["S"])
    del item["numbers_revision"], content["numbers"], content["numbers_revision"]
    dynamodb.put_item(TableName=settings.table_name(), Item={**item, "doc": {"S": json.dumps(content)}})


def copied_numbers(vendor_id: str) -> dict[str, int] | None:
    return service.get_vendor(CALLER, vendor_id).numbers


def list_submitted() -> tuple[dict[str, int], int]:
    """Return the submitted bids of each pending vendor, and the number of DynamoDB calls of the list."""
    token = create_staff_token()
    before = call_stats.calls
    items = send_request("GET", "/vendors", query={"status": "pending"}, token=token).json()["items"]
    return {item["id"]: item["total_bids_submitted"] for item in items}, call_stats.calls - before


def test_counted_event_changes_copy_and_not_the_version() -> None:
    vendor_id = create_vendor()["id"]
    assert copied_numbers(vendor_id) == {}
    count_event(build_bid_submitted(vendor_id))
    stored = service.get_vendor(CALLER, vendor_id)
    assert (stored.numbers, stored.version) == ({"submitted": 1}, 1)
    assert list_submitted() == ({vendor_id: 1}, 1)


def test_copy_is_not_part_of_responses_or_history() -> None:
    vendor_id = create_vendor()["id"]
    count_event(build_bid_submitted(vendor_id))
    updated = send_request("PUT", f"/vendors/{vendor_id}", {"city": "Reno"}).json()
    changed_status = send_request("PATCH", f"/vendors/{vendor_id}/status", query={"new_status": "active"}).json()
    for content in (send_request("GET", f"/vendors/{vendor_id}").json(), updated, changed_status):
        assert not {"numbers", "numbers_revision"} & content.keys()
    assert updated["total_bids_submitted"] == 1
    changes = [
        change.field
        for entry in store.list_history(service.get_vendor(CALLER, vendor_id).key())
        for change in entry.changes
    ]
    assert "city" in changes
    assert not {"numbers", "numbers_revision"} & {*changes}


def test_update_of_vendor_read_before_count_fails_and_copy_stays() -> None:
    vendor_id = create_vendor()["id"]
    stale = service.get_vendor(CALLER, vendor_id)
    count_event(build_bid_submitted(vendor_id))
    with pytest.raises(errors.ConcurrentUpdate):
        store.commit(CALLER, Update(stale, stale.model_copy(update={"city": "Reno"})))
    assert copied_numbers(vendor_id) == {"submitted": 1}


@pytest.mark.parametrize(
    ("method", "path", "body", "query"),
    [("PUT", "", {"city": "Reno"}, None), ("PATCH", "/status", None, {"new_status": "active"})],
)
def test_request_during_count_keeps_both_changes(
    monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: Any, query: Any
) -> None:
    vendor_id = create_vendor()["id"]
    events, commit = [build_bid_submitted(vendor_id)], store.commit

    def commit_late(*args: Any, **options: Any) -> None:
        if events:
            count_event(events.pop())
        commit(*args, **options)

    monkeypatch.setattr(store, "commit", commit_late)
    response = send_request(method, f"/vendors/{vendor_id}{path}", body, query=query, headers={"if-match": '"1"'})
    assert (response.status, response.json()["version"]) == (200, 2)
    assert copied_numbers(vendor_id) == {"submitted": 1}


class VendorActions:
    """Random writes of one vendor."""

    def __init__(self, generator: random.Random) -> None:
        self.generator, self.vendor_id = generator, create_vendor()["id"]
        self.reads: list[Vendor] = []

    def count(self) -> None:
        build_event = self.generator.choice((build_bid_submitted, build_bid_accepted, build_bid_rejected))
        count_event(build_event(self.vendor_id))

    def read(self) -> None:
        self.reads.append(service.get_vendor(CALLER, self.vendor_id))

    def write_from_earlier_read(self) -> None:
        if self.reads:
            stale = self.reads.pop(self.generator.randrange(len(self.reads)))
            with contextlib.suppress(errors.ConcurrentUpdate):
                store.commit(CALLER, Update(stale, stale.model_copy(update={"city": "Reno"})))

    def update(self) -> None:
        send_request("PUT", f"/vendors/{self.vendor_id}", {"city": f"City {self.generator.random()}"})

    def restore(self) -> None:
        consumers.restore_copy(CALLER, self.vendor_id)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("is_old", [False, True])
def test_copy_equals_counters_after_any_order_of_writes(dynamodb: Any, seed: int, is_old: bool) -> None:
    generator = random.Random(seed)
    actions = VendorActions(generator)
    vendor_id = actions.vendor_id
    if is_old:
        remove_copy(dynamodb, vendor_id)
    for _ in range(25):
        generator.choice(
            (actions.count, actions.read, actions.write_from_earlier_read, actions.update, actions.restore)
        )()
        stored = store.find(Statistics, statistics.statistics_key(ORG, vendor_id))
        assert copied_numbers(vendor_id) in (None, stored.numbers if stored else {})
    assert list_submitted()[0] == {vendor_id: get_figures(vendor_id).total_bids_submitted}
    consumers.restore_copy(CALLER, vendor_id)
    assert copied_numbers(vendor_id) == (stored.numbers if stored else {})


def test_vendor_without_copy_is_listed_with_its_counters(dynamodb: Any) -> None:
    old, new, idle = create_vendor()["id"], create_vendor()["id"], create_vendor()["id"]
    for vendor_id in (old, new):
        count_event(build_bid_submitted(vendor_id))
    for vendor_id in (old, idle):
        remove_copy(dynamodb, vendor_id)
    assert list_submitted() == ({old: 1, new: 1, idle: 0}, 2)
    assert send_request("GET", f"/vendors/{old}").json()["total_bids_submitted"] == 1
    assert send_request("PUT", f"/vendors/{old}", {"city": "Reno"}).json()["total_bids_submitted"] == 1
    assert copied_numbers(old) is None
    count_event(build_bid_submitted(old))
    assert copied_numbers(old) == {"submitted": 2}


def test_rebuild_copies_counters_to_every_vendor(dynamodb: Any) -> None:
    old, idle = create_vendor()["id"], create_vendor()["id"]
    before_rebuild = service.get_vendor(CALLER, old)
    count_event(build_bid_submitted(old))
    for vendor_id in (old, idle):
        remove_copy(dynamodb, vendor_id)
    assert consumers.rebuild_statistics(ORG) == 0
    assert [copied_numbers(vendor_id) for vendor_id in (old, idle)] == [{"submitted": 1}, {}]
    assert list_submitted() == ({old: 1, idle: 0}, 1)
    assert service.get_vendor(CALLER, old).updated_at == before_rebuild.updated_at


def test_event_of_unknown_vendor_is_counted() -> None:
    unknown = ids.new("vendor_id")
    count_event(build_bid_submitted(unknown))
    assert get_figures(unknown).total_bids_submitted == 1
