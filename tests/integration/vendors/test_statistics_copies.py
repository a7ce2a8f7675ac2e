"""The copy of a vendor's counters in the vendor itself, which makes a list of vendors one read."""

from __future__ import annotations

import contextlib
import json
import random
from typing import Any

import pytest

from coachway.core import errors, store
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence.operations import Update
from coachway.core.persistence.table import call_stats
from coachway.core.runtime import settings
from coachway.core.types import ids
from coachway.vendors import service, statistics
from coachway.vendors.model import Vendor
from coachway.vendors.statistics import Statistics
from tests.integration import carriers
from tests.integration.carriers import CALLER, ORG, ask, vendor


@pytest.fixture(autouse=True)
def organization() -> None:
    carriers.found()


def count_event(event_type: str, vendor_id: str) -> None:
    delivery = Delivery(
        event_id=ids.ulid(),
        type=event_type,
        org_id=ORG,
        aggregate_id="bid_1",
        correlation_id="c",
        data={"vendor_id": vendor_id},
    )
    statistics.TALLIES.consume(CALLER, delivery)


def remove_copy(dynamodb: Any, vendor_id: str) -> None:
    """Store a vendor as it was stored before the copy existed."""
    key = service.get(CALLER, vendor_id).key()
    place = {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
    item = dynamodb.get_item(TableName=settings.table_name(), Key=place)["Item"]
    content = json.loads(item["doc"]["S"])
    del item["numbers_revision"], content["numbers"], content["numbers_revision"]
    dynamodb.put_item(TableName=settings.table_name(), Item={**item, "doc": {"S": json.dumps(content)}})


def copied_numbers(vendor_id: str) -> dict[str, int] | None:
    return service.get(CALLER, vendor_id).numbers


def list_submitted() -> tuple[dict[str, int], int]:
    """Return the submitted bids of each pending vendor, and the number of DynamoDB calls of the list."""
    token = carriers.staff()
    before = call_stats.calls
    items = ask("GET", "/vendors", query={"status": "pending"}, token=token).json()["items"]
    return {item["id"]: item["total_bids_submitted"] for item in items}, call_stats.calls - before


def test_counted_event_changes_copy_and_not_the_version() -> None:
    ven = vendor()["id"]
    assert copied_numbers(ven) == {}
    count_event("bid.submitted", ven)
    stored = service.get(CALLER, ven)
    assert (stored.numbers, stored.version) == ({"submitted": 1}, 1)
    assert list_submitted() == ({ven: 1}, 1)


def test_copy_is_not_part_of_responses_or_history() -> None:
    ven = vendor()["id"]
    count_event("bid.submitted", ven)
    updated = ask("PUT", f"/vendors/{ven}", {"city": "Reno"}).json()
    changed_status = ask("PATCH", f"/vendors/{ven}/status", query={"new_status": "active"}).json()
    for content in (ask("GET", f"/vendors/{ven}").json(), updated, changed_status):
        assert not {"numbers", "numbers_revision"} & content.keys()
    assert updated["total_bids_submitted"] == 1
    changes = [change.field for entry in store.history(service.get(CALLER, ven).key()) for change in entry.changes]
    assert "city" in changes
    assert not {"numbers", "numbers_revision"} & {*changes}


def test_update_of_vendor_read_before_count_fails_and_copy_stays() -> None:
    ven = vendor()["id"]
    stale = service.get(CALLER, ven)
    count_event("bid.submitted", ven)
    with pytest.raises(errors.ConcurrentUpdate):
        store.commit(CALLER, Update(stale, stale.model_copy(update={"city": "Reno"})))
    assert copied_numbers(ven) == {"submitted": 1}


@pytest.mark.parametrize(
    ("method", "path", "body", "query"),
    [("PUT", "", {"city": "Reno"}, None), ("PATCH", "/status", None, {"new_status": "active"})],
)
def test_request_during_count_keeps_both_changes(
    monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: Any, query: Any
) -> None:
    ven = vendor()["id"]
    events, commit = ["bid.submitted"], store.commit

    def commit_late(*args: Any, **options: Any) -> None:
        if events:
            count_event(events.pop(), ven)
        commit(*args, **options)

    monkeypatch.setattr(store, "commit", commit_late)
    response = ask(method, f"/vendors/{ven}{path}", body, query=query, headers={"if-match": '"1"'})
    assert (response.status, response.json()["version"]) == (200, 2)
    assert copied_numbers(ven) == {"submitted": 1}


class VendorActions:
    """Random writes of one vendor."""

    def __init__(self, dice: random.Random) -> None:
        self.dice, self.vendor_id = dice, vendor()["id"]
        self.reads: list[Vendor] = []

    def count(self) -> None:
        count_event(self.dice.choice(("bid.submitted", "bid.accepted", "bid.rejected")), self.vendor_id)

    def read(self) -> None:
        self.reads.append(service.get(CALLER, self.vendor_id))

    def write_from_earlier_read(self) -> None:
        if self.reads:
            stale = self.reads.pop(self.dice.randrange(len(self.reads)))
            with contextlib.suppress(errors.ConcurrentUpdate):
                store.commit(CALLER, Update(stale, stale.model_copy(update={"city": "Reno"})))

    def update(self) -> None:
        ask("PUT", f"/vendors/{self.vendor_id}", {"city": f"City {self.dice.random()}"})

    def restore(self) -> None:
        statistics.restore_copy(CALLER, self.vendor_id)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("is_old", [False, True])
def test_copy_equals_counters_after_any_order_of_writes(dynamodb: Any, seed: int, is_old: bool) -> None:
    dice = random.Random(seed)
    actions = VendorActions(dice)
    ven = actions.vendor_id
    if is_old:
        remove_copy(dynamodb, ven)
    for _ in range(25):
        dice.choice((actions.count, actions.read, actions.write_from_earlier_read, actions.update, actions.restore))()
        stored = store.find(Statistics, statistics.key(ORG, ven))
        assert copied_numbers(ven) in (None, stored.numbers if stored else {})
    assert list_submitted()[0] == {ven: statistics.get_figures(ORG, ven).total_bids_submitted}
    statistics.restore_copy(CALLER, ven)
    assert copied_numbers(ven) == (stored.numbers if stored else {})


def test_vendor_without_copy_is_listed_with_its_counters(dynamodb: Any) -> None:
    old, new, idle = vendor()["id"], vendor()["id"], vendor()["id"]
    for ven in (old, new):
        count_event("bid.submitted", ven)
    for ven in (old, idle):
        remove_copy(dynamodb, ven)
    assert list_submitted() == ({old: 1, new: 1, idle: 0}, 2)
    assert ask("GET", f"/vendors/{old}").json()["total_bids_submitted"] == 1
    assert ask("PUT", f"/vendors/{old}", {"city": "Reno"}).json()["total_bids_submitted"] == 1
    assert copied_numbers(old) is None
    count_event("bid.submitted", old)
    assert copied_numbers(old) == {"submitted": 2}


def test_rebuild_copies_counters_to_every_vendor(dynamodb: Any) -> None:
    old, idle = vendor()["id"], vendor()["id"]
    known = service.get(CALLER, old)
    count_event("bid.submitted", old)
    for ven in (old, idle):
        remove_copy(dynamodb, ven)
    assert statistics.rebuild(ORG) == 0
    assert [copied_numbers(ven) for ven in (old, idle)] == [{"submitted": 1}, {}]
    assert list_submitted() == ({old: 1, idle: 0}, 1)
    assert service.get(CALLER, old).updated_at == known.updated_at


def test_event_of_unknown_vendor_is_counted() -> None:
    unknown = ids.new("ven")
    count_event("bid.submitted", unknown)
    assert statistics.get_figures(ORG, unknown).total_bids_submitted == 1
