"""The store keeps its promises on a real table's terms."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import pytest

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence import sequence_lock
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.idempotency import IdempotentRequest, ReplayedRequest
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
from coachway.core.persistence.sequence_lock import SEQUENCE_LEASE
from coachway.core.schemas import PageQuery
from coachway.core.types import ids
from tests.integration.conftest import everywhere

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
pytestmark = everywhere

CALLER = Caller(org_id=ORG, user_id="usr_1", role="admin", ip="192.0.2.1", correlation_id="corr-1")


def launch(name: str, caller: Caller = CALLER) -> Boat:
    boat = Boat(id=ids.new("boa"), org_id=caller.org_id, name=name)
    store.commit(caller, Create(boat, [BoatLaunched(name=name)]))
    return boat


def renamed(boat: Boat, name: str) -> Boat:
    return boat.model_copy(update={"name": name})


def test_what_was_written_is_read_back() -> None:
    boat = launch("Ida")
    assert store.get(Boat, boat.key()) == boat
    assert boat.version == 1


def test_an_update_of_an_old_version_is_refused() -> None:
    boat = launch("Ida")
    store.commit(CALLER, Update(boat, renamed(boat, "Ada")))
    with pytest.raises(errors.ConcurrentUpdate):
        store.commit(CALLER, Update(boat, renamed(boat, "Eva")))
    assert store.get(Boat, boat.key()).name == "Ada"


def test_a_unique_value_is_taken_once_and_free_again_after_a_rename() -> None:
    boat = launch("Ida")
    with pytest.raises(errors.Duplicate) as refused:
        launch("Ida")
    assert refused.value.fields[0].field == "name"
    store.commit(CALLER, Update(boat, renamed(boat, "Ada")))
    assert store.find_unique_owner(ORG, "boat-name", "Ida") is None
    again = launch("Ida")
    assert store.find_unique_owner(ORG, "boat-name", "Ida") == again.id


def test_another_organization_may_have_the_same_value() -> None:
    other = Caller(org_id=ids.new("org"), user_id="usr_2", role="admin")
    ours, theirs = launch("Ida"), launch("Ida", other)
    assert store.find_unique_owner(ORG, "boat-name", "Ida") == ours.id
    assert store.find_unique_owner(other.org_id, "boat-name", "Ida") == theirs.id


def test_history_tells_who_when_from_where_and_what_changed() -> None:
    boat = launch("Ida")
    later = renamed(boat, "Ada")
    store.commit(CALLER, Update(boat, later, [BoatLaunched(name="Ada")]))
    first, second = store.history(boat.key())
    assert first.changes == []
    assert (second.actor.user_id, second.actor.ip) == ("usr_1", "192.0.2.1")
    assert [(c.field, c.old, c.new) for c in second.changes] == [("name", "Ida", "Ada")]


def test_nothing_is_written_when_one_op_fails() -> None:
    boat = launch("Ida")
    stale = boat.model_copy(update={"version": 7})
    other = Boat(id=ids.new("boa"), org_id=ORG, name="Eva")
    with pytest.raises(errors.Conflict, match="not like that"):
        store.commit(
            CALLER, Create(other, [BoatLaunched(name="Eva")]), CheckVersion(stale, errors.Conflict("not like that"))
        )
    assert store.find(Boat, other.key()) is None
    assert store.find_unique_owner(ORG, "boat-name", "Eva") is None
    assert store.history(other.key()) == []


def test_numbers_have_no_gaps_even_when_commits_fail() -> None:
    def numbered(names: list[str]) -> int:
        def build(first: int) -> list[Op]:
            return [Create(Boat(id=ids.new("boa"), org_id=ORG, name=name)) for name in names]

        return store.commit_with_sequence(CALLER, "boats-2027", build, count=len(names))

    assert numbered(["a"]) == 1
    with pytest.raises(errors.Duplicate):
        numbered(["a"])
    assert numbered(["b", "c"]) == 2
    store.clear_sequence_cache()
    assert numbered(["d"]) == 4


def test_a_bounded_number_stops_at_its_bound() -> None:
    key = Key(f"ORG#{ORG}#USES", "USES")

    def use() -> None:
        store.commit(
            CALLER,
            IncrementCounters(key, {"uses": 1}, "uses", at_most={"uses": 2}, on_failure=errors.Conflict("used up")),
        )

    use()
    use()
    with pytest.raises(errors.Conflict, match="used up"):
        use()
    assert store.get_counters(key) == {"uses": 2}


def test_what_is_added_to_one_number_in_one_transaction_is_added_together() -> None:
    key = Key(f"ORG#{ORG}#TOTALS", "x")
    store.commit(
        CALLER,
        IncrementCounters(key, {"debit": 5, "cash": 1}, "totals"),
        IncrementCounters(key, {"debit": 7, "fees": 2}, "totals"),
    )
    assert store.get_counters(key) == {"debit": 12, "cash": 1, "fees": 2}


def test_an_event_has_its_effect_once_per_consumer() -> None:
    store.commit(CALLER, MarkConsumed("mail", "01J"))
    store.commit(CALLER, MarkConsumed("stats", "01J"))
    with pytest.raises(AlreadyConsumed):
        store.commit(CALLER, MarkConsumed("mail", "01J"))


def test_an_idempotency_key_keeps_the_first_answer_with_the_write() -> None:
    def attempt(body: bytes) -> IdempotentRequest:
        return IdempotentRequest("usr_1", ORG, "POST /boats", "key-1", body, 201)

    first = attempt(b"{}")
    boat = Boat(id=ids.new("boa"), org_id=ORG, name="Ida")
    caller = Caller(org_id=ORG, user_id="usr_1", role="admin", idempotency=first)
    store.commit(caller, Create(boat))
    again = Caller(org_id=ORG, user_id="usr_1", role="admin", idempotency=attempt(b"{}"))
    with pytest.raises(ReplayedRequest) as known:
        store.commit(again, Create(Boat(id=ids.new("boa"), org_id=ORG, name="Ida")))
    assert attempt(b"{}").read_answer(known.value.first) == first.recorded
    assert attempt(b'{"other": 1}').read_answer(known.value.first) is None


def test_a_secret_answer_cannot_be_read_from_the_table(dynamodb: Any) -> None:
    attempt = IdempotentRequest("usr_1", ORG, "POST /keys", "key-1", b"{}", 201, secret=True)
    caller = Caller(org_id=ORG, user_id="usr_1", role="admin", idempotency=attempt)
    store.commit(caller, Create(Boat(id=ids.new("boa"), org_id=ORG, name="Ida")), answer={"key": "cw_hush"})
    record = attempt.record(attempt.recorded or "")
    assert "cw_hush" not in record.answer
    assert attempt.read_answer(record) == '{"key":"cw_hush"}'


def test_pages_follow_each_other_and_the_last_has_no_cursor() -> None:
    names = [f"boat {n:02}" for n in range(7)]
    for name in names:
        launch(name)
    partition = BOATS_BY_NAME.partition(org=ORG)
    seen, cursor = [], None
    while True:
        part = query_page(Boat, BOATS_BY_NAME, [partition], PageQuery(limit=3, cursor=cursor))
        seen += [boat.name for boat in part.items]
        cursor = part.next_cursor
        if cursor is None:
            break
    assert seen == names


def test_a_page_goes_on_over_partitions_and_filters() -> None:
    for name in ("a1", "a2", "b1", "a3"):
        launch(name)
    partitions = [BOATS_BY_NAME.partition(org=org) for org in (ids.new("org"), ORG, ids.new("org"))]
    first = query_page(Boat, BOATS_BY_NAME, partitions, PageQuery(limit=2), where={"initial": "a"})
    assert [boat.name for boat in first.items] == ["a1", "a2"]
    rest = query_page(
        Boat, BOATS_BY_NAME, partitions, PageQuery(limit=2, cursor=first.next_cursor), where={"initial": "a"}
    )
    assert [boat.name for boat in rest.items] == ["a3"]
    assert rest.next_cursor is None


def test_a_cursor_is_good_for_its_own_list_only() -> None:
    for name in ("a", "b"):
        launch(name)
    partition = BOATS_BY_NAME.partition(org=ORG)
    cursor = query_page(Boat, BOATS_BY_NAME, [partition], PageQuery(limit=1)).next_cursor
    elsewhere = BOATS_BY_NAME.partition(org=ids.new("org"))
    for wrong in (cursor, "rubbish", "é", ""):
        with pytest.raises(errors.Invalid):
            query_page(Boat, BOATS_BY_NAME, [elsewhere], PageQuery.model_construct(limit=1, cursor=wrong or "="))
    with pytest.raises(errors.Invalid):
        query_page(Boat, BOATS_BY_NAME, [partition], PageQuery(limit=1, cursor=cursor), where={"initial": "a"})
    with pytest.raises(errors.Invalid):
        query_page(Boat, BOATS_BY_NAME, [partition], PageQuery(limit=1, cursor=cursor), descending=True)


def test_a_value_cannot_reach_into_another_key() -> None:
    assert BOATS.key(org="a#BOAT", id="x").pk != BOATS.key(org="a", id="BOAT#x").pk


def test_who_was_too_late_for_a_number_waits_its_turn_and_gives_it_back() -> None:
    tried: list[int] = []

    def numbered(name: str) -> int:
        def build(first: int) -> list[Op]:
            tried.append(first)
            return [Create(Boat(id=ids.new("boa"), org_id=ORG, name=name))]

        return store.commit_with_sequence(CALLER, "boats-2027", build)

    assert [numbered("a"), numbered("b")] == [1, 2]
    store.clear_sequence_cache()
    assert numbered("c") == 3
    assert tried == [1, 2, 1, 3]
    sequence_lock.acquire_sequence_lease(SEQUENCE_LEASE.key(org=ORG, name="boats-2027"), time.monotonic())


def test_a_turn_is_one_persons_until_it_is_given_back_or_over(monkeypatch: pytest.MonkeyPatch) -> None:
    place = SEQUENCE_LEASE.key(org=ORG, name="boats-2027")
    monkeypatch.setattr(sequence_lock, "_LEASE_MS", -1)
    dead = sequence_lock.acquire_sequence_lease(place, time.monotonic())
    monkeypatch.setattr(sequence_lock, "_LEASE_MS", 3_600_000)
    ours = sequence_lock.acquire_sequence_lease(place, time.monotonic())
    sequence_lock.release_sequence_lease(place, dead)
    with pytest.raises(errors.ConcurrentUpdate):
        sequence_lock.acquire_sequence_lease(place, time.monotonic())
    sequence_lock.release_sequence_lease(place, ours)
    sequence_lock.acquire_sequence_lease(place, time.monotonic())


def test_a_write_may_require_that_nothing_is_somewhere() -> None:
    first = launch("Ada")
    nowhere = BOATS.key(org=ORG, id=ids.new("boa"))
    taken = errors.ConcurrentUpdate("somebody was there first")
    store.commit(CALLER, Update(first, renamed(first, "Bea")), CheckAbsent(nowhere, taken))
    second = launch("Cleo")
    with pytest.raises(errors.ConcurrentUpdate, match="somebody was there first"):
        store.commit(CALLER, Update(second, renamed(second, "Dora")), CheckAbsent(first.key(), taken))
    assert store.get(Boat, second.key()).name == "Cleo"
