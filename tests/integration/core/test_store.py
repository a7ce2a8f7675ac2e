"""Commits, unique values, sequences, idempotency keys and pages of the store."""

from __future__ import annotations

import base64
import json
import time
from typing import ClassVar

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence import sequence_lock
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.operations import (
    AlreadyConsumed,
    CheckAbsent,
    CheckVersion,
    Create,
    IncrementCounters,
    MarkConsumed,
    Op,
    Update,
)
from coachway.core.persistence.queries import query_page
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.persistence.responses.idempotency import IdempotencyRecord, IdempotentRequest, ReplayedRequest
from coachway.core.persistence.sequence_lock import SEQUENCE_LEASE
from coachway.core.schemas import PageQuery
from coachway.core.types import ids
from tests.integration.conftest import on_every_table

BOATS = AccessPattern("a boat", pk="ORG#{org}#BOAT#{id}", sk="HEAD")
BOATS_BY_NAME = AccessPattern("boats by name", index="gsi1", pk="ORG#{org}#BOATS", sk="{name}#{id}")


class Boat(Entity):
    KIND: ClassVar[str] = "boat"

    name: str

    def key(self) -> Key:
        return BOATS.key(org=self.org_id, id=self.id)

    def indexes(self) -> dict[str, Key]:
        return {"gsi1": BOATS_BY_NAME.key(org=self.org_id, name=self.name, id=self.id)}

    def attributes(self) -> dict[str, str | int | bool]:
        return {"initial": self.name[:1]}

    def unique_values(self) -> dict[str, str]:
        return {"boat-name": self.name}


class BoatLaunched(Event):
    """A boat was launched."""

    TYPE: ClassVar[str] = "boat.launched"
    name: str


ORG = ids.new("org")
pytestmark = on_every_table

CALLER = Caller(org_id=ORG, user_id="usr_1", role="admin", ip="192.0.2.1", correlation_id="corr-1")


def create_boat(name: str, caller: Caller = CALLER) -> Boat:
    boat = Boat(id=ids.new("boa"), org_id=caller.org_id, name=name)
    store.commit(caller, Create(boat, [BoatLaunched(name=name)]))
    return boat


def rename(boat: Boat, name: str) -> Boat:
    return boat.model_copy(update={"name": name})


def test_created_record_is_read_back_with_version_1() -> None:
    boat = create_boat("Ida")
    assert store.get(Boat, boat.key()) == boat
    assert boat.version == 1


def test_update_of_old_version_raises_concurrent_update() -> None:
    boat = create_boat("Ida")
    store.commit(CALLER, Update(boat, rename(boat, "Ada")))
    with pytest.raises(errors.ConcurrentUpdate):
        store.commit(CALLER, Update(boat, rename(boat, "Eva")))
    assert store.get(Boat, boat.key()).name == "Ada"


def test_unique_value_is_refused_while_used_and_free_after_a_rename() -> None:
    boat = create_boat("Ida")
    with pytest.raises(errors.Duplicate) as raised:
        create_boat("Ida")
    assert raised.value.fields[0].field == "name"
    store.commit(CALLER, Update(boat, rename(boat, "Ada")))
    assert store.find_unique_owner(ORG, "boat-name", "Ida") is None
    second = create_boat("Ida")
    assert store.find_unique_owner(ORG, "boat-name", "Ida") == second.id


def test_unique_value_can_be_used_by_another_organization() -> None:
    other = Caller(org_id=ids.new("org"), user_id="usr_2", role="admin")
    first, second = create_boat("Ida"), create_boat("Ida", other)
    assert store.find_unique_owner(ORG, "boat-name", "Ida") == first.id
    assert store.find_unique_owner(other.org_id, "boat-name", "Ida") == second.id


def test_history_has_actor_ip_and_changed_fields() -> None:
    boat = create_boat("Ida")
    later = rename(boat, "Ada")
    store.commit(CALLER, Update(boat, later, [BoatLaunched(name="Ada")]))
    first, second = store.list_history(boat.key())
    assert first.changes == []
    assert (second.actor.user_id, second.actor.ip) == ("usr_1", "192.0.2.1")
    assert [(c.field, c.old, c.new) for c in second.changes] == [("name", "Ida", "Ada")]


def test_commit_with_failing_operation_writes_nothing() -> None:
    boat = create_boat("Ida")
    stale = boat.model_copy(update={"version": 7})
    other = Boat(id=ids.new("boa"), org_id=ORG, name="Eva")
    with pytest.raises(errors.Conflict, match="stale boat"):
        store.commit(
            CALLER, Create(other, [BoatLaunched(name="Eva")]), CheckVersion(stale, errors.Conflict("stale boat"))
        )
    assert store.find(Boat, other.key()) is None
    assert store.find_unique_owner(ORG, "boat-name", "Eva") is None
    assert store.list_history(other.key()) == []


def test_sequence_has_no_gap_after_a_failed_commit() -> None:
    def create_numbered(names: list[str]) -> int:
        def build(first: int) -> list[Op]:
            return [Create(Boat(id=ids.new("boa"), org_id=ORG, name=name)) for name in names]

        return store.commit_with_sequence(CALLER, "boats-2027", build, count=len(names))

    assert create_numbered(["a"]) == 1
    with pytest.raises(errors.Duplicate):
        create_numbered(["a"])
    assert create_numbered(["b", "c"]) == 2
    store.clear_sequence_cache()
    assert create_numbered(["d"]) == 4


def test_increment_beyond_its_bound_fails() -> None:
    key = Key(f"ORG#{ORG}#USES", "USES")

    def use_once() -> None:
        store.commit(
            CALLER,
            IncrementCounters(key, {"uses": 1}, "uses", at_most={"uses": 2}, on_failure=errors.Conflict("used up")),
        )

    use_once()
    use_once()
    with pytest.raises(errors.Conflict, match="used up"):
        use_once()
    assert store.get_counters(key) == {"uses": 2}


def test_increments_of_same_counters_in_one_commit_are_merged() -> None:
    key = Key(f"ORG#{ORG}#TOTALS", "x")
    store.commit(
        CALLER,
        IncrementCounters(key, {"debit": 5, "cash": 1}, "totals"),
        IncrementCounters(key, {"debit": 7, "fees": 2}, "totals"),
    )
    assert store.get_counters(key) == {"debit": 12, "cash": 1, "fees": 2}


def test_bounds_limit_the_sum_of_increments_in_one_commit() -> None:
    key = Key(f"ORG#{ORG}#CREDIT", "x")

    def add(*amounts: int) -> None:
        ops = [IncrementCounters(key, {"open": each}, "credit", at_most={"open": 10}) for each in amounts]
        store.commit(CALLER, *ops)

    with pytest.raises(errors.Conflict):
        add(6, 6)
    assert store.get_counters(key) == {}
    add(6, 4)
    assert store.get_counters(key) == {"open": 10}


def test_mark_consumed_twice_by_same_consumer_raises_already_consumed() -> None:
    store.commit(CALLER, MarkConsumed("mail", "01J"))
    store.commit(CALLER, MarkConsumed("stats", "01J"))
    with pytest.raises(AlreadyConsumed):
        store.commit(CALLER, MarkConsumed("mail", "01J"))


def test_repeated_idempotency_key_raises_replayed_request_with_first_answer() -> None:
    def build_request(body: bytes) -> IdempotentRequest:
        return IdempotentRequest("usr_1", ORG, "POST /boats", "key-1", body, 201)

    first = build_request(b"{}")
    boat = Boat(id=ids.new("boa"), org_id=ORG, name="Ida")
    caller = Caller(org_id=ORG, user_id="usr_1", role="admin", idempotency=first)
    store.commit(caller, Create(boat))
    again = Caller(org_id=ORG, user_id="usr_1", role="admin", idempotency=build_request(b"{}"))
    with pytest.raises(ReplayedRequest) as replayed:
        store.commit(again, Create(Boat(id=ids.new("boa"), org_id=ORG, name="Ida")))
    assert build_request(b"{}").read_response(replayed.value.first) == first.recorded
    assert build_request(b'{"other": 1}').read_response(replayed.value.first) is None


def create_boat_with_idempotency_key(request: IdempotentRequest) -> None:
    caller = Caller(org_id=ORG, user_id="usr_1", role="admin", idempotency=request)
    store.commit(caller, Create(Boat(id=ids.new("boa"), org_id=ORG, name="Ida")))


def test_response_is_stored_encrypted() -> None:
    request = IdempotentRequest("usr_1", ORG, "POST /boats", "key-1", b"{}", 201)
    create_boat_with_idempotency_key(request)
    stored = store.get(IdempotencyRecord, request.location())
    assert "Ida" not in stored.model_dump_json()
    assert json.loads(request.read_response(stored) or "")["name"] == "Ida"


def test_response_of_an_earlier_release_is_read() -> None:
    request = IdempotentRequest("usr_1", ORG, "POST /boats", "key-1", b"{}", 201)
    nonce, text = b"0" * 12, '{"name": "Ida"}'
    encrypted = base64.b64encode(nonce + AESGCM(request._encryption_key).encrypt(nonce, text.encode(), None)).decode()
    for stored, response in (("null", "null"), ("[1]", "[1]"), (text, text), (encrypted, text)):
        assert request.read_response(request.record("").model_copy(update={"response": stored})) == response


def test_large_response_is_stored_in_fewer_bytes() -> None:
    request = IdempotentRequest("usr_1", ORG, "POST /boats", "key-1", b"{}", 201)
    text = json.dumps([{"id": ids.new("boa"), "notes": "Wait at the rear gate. " * 150} for _ in range(100)])
    record = request.record(text)
    assert len(record.response) < len(text) / 2
    assert request.read_response(record) == text


def test_response_is_built_from_committed_records() -> None:
    request = IdempotentRequest("usr_1", ORG, "POST /boats", "key-1", b"{}", 201)
    boat = Boat(id=ids.new("boa"), org_id=ORG, name="Ida")
    caller = Caller(org_id=ORG, user_id="usr_1", role="admin", idempotency=request)
    store.commit(CALLER, Create(boat))
    after = boat.model_copy(update={"name": "Eda"})
    store.commit(caller, Update(boat, after), response=lambda: after.model_copy(update={"name": "Ada"}))
    recorded = json.loads(request.recorded or "")
    assert (recorded["name"], recorded["version"]) == ("Ada", 2)


def test_request_without_response_body_stores_none() -> None:
    request = IdempotentRequest("usr_1", ORG, "POST /boats/launch", "key-1", b"{}", 204)
    create_boat_with_idempotency_key(request)
    assert request.recorded == "null"


def test_pages_list_all_records_and_last_has_no_cursor() -> None:
    names = [f"boat {n:02}" for n in range(7)]
    for name in names:
        create_boat(name)
    partition = BOATS_BY_NAME.partition(org=ORG)
    listed_names, cursor = [], None
    while True:
        page = query_page(Boat, BOATS_BY_NAME, [partition], PageQuery(limit=3, cursor=cursor))
        listed_names += [boat.name for boat in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert listed_names == names


def test_page_continues_over_partitions_and_applies_filter() -> None:
    for name in ("a1", "a2", "b1", "a3"):
        create_boat(name)
    partitions = [BOATS_BY_NAME.partition(org=org) for org in (ids.new("org"), ORG, ids.new("org"))]
    first = query_page(Boat, BOATS_BY_NAME, partitions, PageQuery(limit=2), where={"initial": "a"})
    assert [boat.name for boat in first.items] == ["a1", "a2"]
    rest = query_page(
        Boat, BOATS_BY_NAME, partitions, PageQuery(limit=2, cursor=first.next_cursor), where={"initial": "a"}
    )
    assert [boat.name for boat in rest.items] == ["a3"]
    assert rest.next_cursor is None


def test_cursor_of_other_query_raises_invalid() -> None:
    for name in ("a", "b"):
        create_boat(name)
    partition = BOATS_BY_NAME.partition(org=ORG)
    cursor = query_page(Boat, BOATS_BY_NAME, [partition], PageQuery(limit=1)).next_cursor
    other_partition = BOATS_BY_NAME.partition(org=ids.new("org"))
    for wrong_cursor in (cursor, "malformed", "é", ""):
        with pytest.raises(errors.Invalid):
            query_page(
                Boat, BOATS_BY_NAME, [other_partition], PageQuery.model_construct(limit=1, cursor=wrong_cursor or "=")
            )
    with pytest.raises(errors.Invalid):
        query_page(Boat, BOATS_BY_NAME, [partition], PageQuery(limit=1, cursor=cursor), where={"initial": "a"})
    with pytest.raises(errors.Invalid):
        query_page(Boat, BOATS_BY_NAME, [partition], PageQuery(limit=1, cursor=cursor), descending=True)


def test_key_parts_are_escaped() -> None:
    assert BOATS.key(org="a#BOAT", id="x").pk != BOATS.key(org="a", id="BOAT#x").pk


def test_commit_with_stale_sequence_retries_under_a_lease_and_releases_it() -> None:
    attempted_numbers: list[int] = []

    def create_numbered(name: str) -> int:
        def build(first: int) -> list[Op]:
            attempted_numbers.append(first)
            return [Create(Boat(id=ids.new("boa"), org_id=ORG, name=name))]

        return store.commit_with_sequence(CALLER, "boats-2027", build)

    assert [create_numbered("a"), create_numbered("b")] == [1, 2]
    store.clear_sequence_cache()
    assert create_numbered("c") == 3
    assert attempted_numbers == [1, 2, 1, 3]
    sequence_lock.acquire_sequence_lease(SEQUENCE_LEASE.key(org=ORG, name="boats-2027"), time.monotonic())


def test_sequence_lease_is_exclusive_until_released_or_expired(monkeypatch: pytest.MonkeyPatch) -> None:
    key = SEQUENCE_LEASE.key(org=ORG, name="boats-2027")
    monkeypatch.setattr(sequence_lock, "_LEASE_MS", -1)
    expired = sequence_lock.acquire_sequence_lease(key, time.monotonic())
    monkeypatch.setattr(sequence_lock, "_LEASE_MS", 3_600_000)
    current = sequence_lock.acquire_sequence_lease(key, time.monotonic())
    sequence_lock.release_sequence_lease(key, expired)
    with pytest.raises(errors.ConcurrentUpdate):
        sequence_lock.acquire_sequence_lease(key, time.monotonic())
    sequence_lock.release_sequence_lease(key, current)
    sequence_lock.acquire_sequence_lease(key, time.monotonic())


def test_check_absent_fails_if_an_item_exists() -> None:
    first = create_boat("Ada")
    unused_key = BOATS.key(org=ORG, id=ids.new("boa"))
    conflict = errors.ConcurrentUpdate("the boat exists")
    store.commit(CALLER, Update(first, rename(first, "Bea")), CheckAbsent(unused_key, conflict))
    second = create_boat("Cleo")
    with pytest.raises(errors.ConcurrentUpdate, match="the boat exists"):
        store.commit(CALLER, Update(second, rename(second, "Dora")), CheckAbsent(first.key(), conflict))
    assert store.get(Boat, second.key()).name == "Cleo"
