"""Search entries: items that the store writes together with their records."""

from __future__ import annotations

import random
from typing import Any, ClassVar

import pytest

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Op, Refresh, Remove, Update
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.persistence.search_entries import SEARCH, SearchEntry, build_entries
from coachway.core.record_refresh import refresh_records
from coachway.core.record_search import WINDOW, find_entries, search_page
from coachway.core.runtime import clock, settings
from coachway.core.schemas import PageQuery
from coachway.core.types import ids
from coachway.core.types.search_text import SearchText
from tests.integration.conftest import on_every_table

UMBRELLAS = AccessPattern("an umbrella", pk="ORG#{org}#UMBRELLA#{id}", sk="HEAD")
ORG, OTHER_ORG = ids.new("org"), ids.new("org")
CALLER = Caller(org_id=ORG, user_id="usr_1", role="admin")
KINDS = frozenset({"umbrella"})
pytestmark = on_every_table


class Umbrella(Entity):
    KIND: ClassVar[str] = "umbrella"

    owner: str
    phone: str | None = None
    color: str = "red"

    def key(self) -> Key:
        return UMBRELLAS.key(org=self.org_id, id=self.id)

    def attributes(self) -> dict[str, str | int | bool]:
        return {"status": self.color}

    def search_text(self) -> SearchText | None:
        return SearchText(self.owner, names=(self.owner,), phones=(self.phone,)) if self.owner else None


def create(owner: str, org_id: str = ORG, **fields: Any) -> Umbrella:
    umbrella = Umbrella(id=ids.new("umb"), org_id=org_id, owner=owner, **fields)
    store.commit(Caller.system("test", org_id), Create(umbrella))
    return umbrella


def update(before: Umbrella, **changes: Any) -> Umbrella:
    after = before.model_copy(update=changes)
    store.commit(CALLER, Update(before, after))
    return after


def find(text: str, limit: int = 50, org_id: str = ORG) -> list[str]:
    return [entry.title for entry in find_entries(org_id, text, KINDS, limit).entries]


def list_entries(*initials: str) -> list[SearchEntry]:
    return [each for initial in initials for each in query_all(SearchEntry, SEARCH.partition(org=ORG, initial=initial))]


def test_entries_follow_their_record() -> None:
    umbrella = create("Petra van der Meer", phone="+12125550199")
    assert [find(text) for text in ("meer", "petra meer", "555-0199", "jones")] == [["Petra van der Meer"]] * 3 + [[]]
    umbrella = update(umbrella, owner="Petra Jones")
    assert [find(text) for text in ("meer", "petra", "jones", "5550199")] == [[]] + [["Petra Jones"]] * 3
    umbrella = update(umbrella, owner="")
    assert (find("petra"), list_entries("p", "j", "~9", "m", "v", "d")) == ([], [])
    umbrella = update(umbrella, owner="Petra")
    update(umbrella, deleted_at=clock.now())
    assert (find("petra"), list_entries("p")) == ([], [])


def test_entries_of_removed_record_are_deleted() -> None:
    store.commit(CALLER, Remove(create("Petra Jones")))
    assert list_entries("p", "j") == []


def test_failed_update_leaves_entries() -> None:
    umbrella = create("Petra")
    update(umbrella, owner="Paula")
    with pytest.raises(errors.ConcurrentUpdate):
        update(umbrella, owner="Pia")
    assert find("p") == ["Paula"]


def test_update_of_other_fields_writes_no_entry(dynamodb: Any) -> None:
    umbrella = create("Petra")
    (key,) = build_entries(umbrella, umbrella.search_text())
    dynamodb.delete_item(TableName=settings.table_name(), Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})
    umbrella = update(umbrella, color="blue")
    assert find("petra") == []
    assert refresh_records(ORG, [umbrella]) == 1
    found = find_entries(ORG, "petra", KINDS, 50)
    assert (found.statuses, [entry.record_id for entry in found.entries]) == (["blue"], [umbrella.id])


def test_other_organizations_and_other_kinds_are_not_found() -> None:
    create("Petra")
    create("Petra of another", org_id=OTHER_ORG)
    assert (find("petra"), find("petra", org_id=OTHER_ORG)) == (["Petra"], ["Petra of another"])
    assert find_entries(ORG, "petra", frozenset({"parasol"}), 50).entries == []


def test_exact_words_are_first_and_then_the_newest() -> None:
    for owner in ("Meerkat One", "Anna Meer", "Meerkat Two", "Bea Meer"):
        create(owner)
    assert find("meer") == ["Bea Meer", "Anna Meer", "Meerkat Two", "Meerkat One"]
    assert find("meer", limit=1) == ["Bea Meer"]


def test_record_with_two_words_of_a_beginning_is_found_once() -> None:
    create("John Jones Jolly")
    assert find("jo") == ["John Jones Jolly"]


def test_two_reads_find_exact_words_among_more_records_than_are_read() -> None:
    many = [
        Umbrella(id=ids.new("umb"), org_id=ORG, owner=f"Mark {number}", color="blue" if number % 2 else "red")
        for number in range(WINDOW + 5)
    ]
    for start in range(0, len(many), 30):
        store.commit(CALLER, *(Create(each) for each in many[start : start + 30]))
    oldest_exact = create("Mar")
    found = find_entries(ORG, "mar", KINDS, 5)
    assert (found.entries[0].record_id, found.is_complete) == (oldest_exact.id, False)
    assert find("mark 7") == ["Mark 7"] + [f"Mark {number}" for number in range(79, 69, -1)]
    cursor, titles, pages = None, list[str](), 0
    while pages == 0 or cursor:
        page = search_page(Umbrella, ORG, "mark", PageQuery(limit=60, cursor=cursor), where={"status": "blue"})
        titles += [each.owner for each in page.items]
        cursor, pages = page.next_cursor, pages + 1
    assert titles == [f"Mark {number}" for number in range(WINDOW + 4, 0, -1) if number % 2]
    assert pages == 4


def test_cursor_of_another_search_is_refused() -> None:
    for number in range(3):
        create(f"Mark {number}")
    cursor = search_page(Umbrella, ORG, "mark", PageQuery(limit=1)).next_cursor
    for text, org_id, where in (("marks", ORG, {}), ("mark", OTHER_ORG, {}), ("mark", ORG, {"status": "red"})):
        with pytest.raises(errors.Invalid, match="cursor"):
            search_page(Umbrella, org_id, text, PageQuery(cursor=cursor), where=where)


def test_record_that_no_longer_exists_is_not_found(dynamodb: Any) -> None:
    key = create("Petra").key()
    dynamodb.delete_item(TableName=settings.table_name(), Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})
    assert find("petra") == []
    assert search_page(Umbrella, ORG, "petra", PageQuery()).items == []


@pytest.mark.parametrize("seed", range(3))
def test_entries_equal_their_records_after_any_order_of_writes(seed: int) -> None:
    dice = random.Random(seed)
    names = ("Ada Bell", "Bell", "Ada", "Cy Ada Bell", "")
    stored = {each.id: each for each in (create(dice.choice(names)) for _ in range(3))}
    stale = list(stored.values())
    for _ in range(30):
        before = dice.choice([*stored.values(), *stale])
        is_refresh = dice.random() < 0.2
        after = before.model_copy(update={} if is_refresh else {"owner": dice.choice(names)})
        op: Op = Refresh(before, after, rewrites_search=True) if is_refresh else Update(before, after)
        try:
            store.commit(CALLER, op)
        except errors.ConcurrentUpdate:
            assert before.version < stored[before.id].version
        else:
            stale.append(before)
            stored[before.id] = after
        expected = [key for each in stored.values() for key in build_entries(each, each.search_text())]
        assert sorted(each.key() for each in list_entries("a", "b", "c")) == sorted(expected)
