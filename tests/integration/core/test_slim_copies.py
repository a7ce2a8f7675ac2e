"""Slim copies: items that the store writes together with their records."""

from __future__ import annotations

import random
from typing import Any, ClassVar

import pytest

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Op, Refresh, Remove, Update
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.records import SLIM_COPY, AccessPattern, Entity, Key, Record, slim_copy_key
from coachway.core.record_refresh import refresh_records
from coachway.core.runtime import clock, settings
from coachway.core.types import ids
from tests.integration.conftest import on_every_table

SUITCASES = AccessPattern("a suitcase", pk="ORG#{org}#SUITCASE#{id}", sk="HEAD")
LOST = AccessPattern("a lost suitcase, in short", pk="ORG#{org}#SUITCASE#{id}", sk=SLIM_COPY)
LOST_BY_COLOR = AccessPattern("lost suitcases", index="gsi1", pk="ORG#{org}#LOST", sk="{color}#{id}")
ORG = ids.new("org")
CALLER = Caller(org_id=ORG, user_id="usr_1", role="admin")
pytestmark = on_every_table


class LostSuitcase(Record):
    KIND: ClassVar[str] = "lost_suitcase"

    org_id: str
    suitcase_id: str
    color: str

    def key(self) -> Key:
        return LOST.key(org=self.org_id, id=self.suitcase_id)

    def indexes(self) -> dict[str, Key]:
        return {"gsi1": LOST_BY_COLOR.key(org=self.org_id, color=self.color, id=self.suitcase_id)}


class Suitcase(Entity):
    KIND: ClassVar[str] = "suitcase"

    color: str = "red"
    is_lost: bool = True
    label: str = ""

    def key(self) -> Key:
        return SUITCASES.key(org=self.org_id, id=self.id)

    def slim_copy(self) -> LostSuitcase | None:
        if not self.is_lost:
            return None
        return LostSuitcase(org_id=self.org_id, suitcase_id=self.id, color=self.color)


def create_suitcase(**fields: Any) -> Suitcase:
    suitcase = Suitcase(id=ids.new("sui"), org_id=ORG, **fields)
    store.commit(CALLER, Create(suitcase))
    return suitcase


def update(before: Suitcase, **changes: Any) -> Suitcase:
    after = before.model_copy(update=changes)
    store.commit(CALLER, Update(before, after))
    return after


def list_lost() -> list[LostSuitcase]:
    return query_all(LostSuitcase, LOST_BY_COLOR.partition(org=ORG), index=LOST_BY_COLOR.index)


def list_colors() -> list[str]:
    return [lost.color for lost in list_lost()]


def delete_slim_copy(dynamodb: Any, suitcase: Suitcase) -> None:
    key = slim_copy_key(suitcase.key())
    dynamodb.delete_item(TableName=settings.table_name(), Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})


def test_slim_copy_follows_its_record() -> None:
    suitcase = create_suitcase()
    assert list_colors() == ["red"]
    suitcase = update(suitcase, color="blue")
    assert list_colors() == ["blue"]
    suitcase = update(suitcase, is_lost=False)
    assert list_colors() == []
    suitcase = update(suitcase, is_lost=True)
    assert list_colors() == ["blue"]
    update(suitcase, deleted_at=clock.now())
    assert list_colors() == []


def test_slim_copy_of_removed_record_is_deleted() -> None:
    store.commit(CALLER, Remove(create_suitcase()))
    assert list_colors() == []


def test_failed_update_leaves_slim_copy() -> None:
    suitcase = create_suitcase()
    update(suitcase, color="blue")
    with pytest.raises(errors.ConcurrentUpdate):
        update(suitcase, color="green")
    assert list_colors() == ["blue"]


def test_unchanged_slim_copy_is_not_written_again(dynamodb: Any) -> None:
    suitcase = create_suitcase()
    delete_slim_copy(dynamodb, suitcase)
    suitcase = update(suitcase, label="Fragile")
    assert list_colors() == []
    update(suitcase, color="blue")
    assert list_colors() == ["blue"]


def test_refresh_writes_missing_and_deletes_wrong_slim_copies(dynamodb: Any) -> None:
    lost_suitcase, returned_suitcase = create_suitcase(color="green"), create_suitcase(color="gold", is_lost=False)
    delete_slim_copy(dynamodb, lost_suitcase)
    wrong = LostSuitcase(org_id=ORG, suitcase_id=returned_suitcase.id, color="gold")
    store.commit(CALLER, Create(wrong))
    assert list_colors() == ["gold"]
    assert refresh_records(ORG, [lost_suitcase, returned_suitcase]) == 2
    assert list_colors() == ["green"]
    assert store.get(Suitcase, lost_suitcase.key()) == lost_suitcase


@pytest.mark.parametrize("seed", range(3))
def test_slim_copies_equal_their_records_after_any_order_of_writes(seed: int) -> None:
    dice = random.Random(seed)
    stored = {suitcase.id: suitcase for suitcase in (create_suitcase() for _ in range(3))}
    stale = list(stored.values())
    for _ in range(30):
        before = dice.choice([*stored.values(), *stale])
        changes: dict[str, Any] = dice.choice(
            [{"color": dice.choice("abc")}, {"is_lost": dice.random() < 0.5}, {"label": f"{dice.random()}"}]
        )
        is_refresh = dice.random() < 0.2
        after = before.model_copy(update={} if is_refresh else changes)
        op: Op = Refresh(before, after) if is_refresh else Update(before, after)
        try:
            store.commit(CALLER, op)
        except errors.ConcurrentUpdate:
            assert before.version < stored[before.id].version
        else:
            stale.append(before)
            stored[before.id] = after
        expected = [suitcase.slim_copy() for suitcase in stored.values()]
        assert sorted(list_lost(), key=lambda lost: lost.suitcase_id) == sorted(
            (lost for lost in expected if lost is not None), key=lambda lost: lost.suitcase_id
        )
