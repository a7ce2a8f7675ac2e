"""Searches: finds records by the words that they declare in `search_text`, with two reads, whatever their number.

The first read takes the search entries that begin with the most selective term of a query, the second the records. Both
are bounded, so that a query for a beginning that very many records have shows some of them. Complete words come first.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from coachway.core import store
from coachway.core.persistence import cursor as cursors
from coachway.core.persistence.queries import PartitionReader
from coachway.core.persistence.records import Entity
from coachway.core.persistence.search_entries import SEARCH, SearchEntry, term_initial
from coachway.core.persistence.search_terms import SearchQuery, parse_query
from coachway.core.schemas import Page, PageQuery
from coachway.core.types.stored_values import STORED

E = TypeVar("E", bound=Entity)

WINDOW: Final = 200
"""Entries that one search reads, each of about 400 bytes."""


@dataclass(frozen=True, slots=True)
class FoundEntries:
    """The records that a search found, newest first and those with the exact words before others."""

    entries: list[SearchEntry]
    statuses: list[str | None]
    is_complete: bool
    """Whether all entries that could match were read."""


@dataclass(frozen=True, slots=True)
class _Window:
    entries: list[SearchEntry]
    position: cursors.CursorPosition | None
    """The position of the last entry that was read, if there are more."""


def find_entries(org_id: str, text: str, kinds: Collection[str], limit: int) -> FoundEntries:
    """Search for records of these kinds. Two calls."""
    query = parse_query(text)
    if query is None or not kinds:
        return FoundEntries([], [], is_complete=True)
    window = _read_window(org_id, query, None, {})
    found = [entry for entry in window.entries if entry.record_kind in kinds]
    found.sort(key=lambda entry: entry.record_id.rpartition("_")[2], reverse=True)
    found.sort(key=lambda entry: not query.is_exact(entry.terms))
    shown = found[:limit]
    stored = store.get_attributes([entry.record_key for entry in shown], "status") if shown else {}
    existing = [entry for entry in shown if entry.record_key in stored]
    statuses = [stored[entry.record_key].get("status") for entry in existing]
    is_complete = window.position is None and len(found) <= limit
    return FoundEntries(existing, statuses, is_complete)


def search_page(
    model: type[E],
    org_id: str,
    text: str,
    query: PageQuery,
    *,
    where: Mapping[str, str | int | bool] | None = None,
    is_shown: Callable[[E], bool] = lambda _record: True,
    shown: str = "",
) -> Page[E]:
    """Return one page of the records of one kind that have all words of `text`, by their first matching word.

    Those with the same word are newest first. `where` filters by attribute values, as lists do, and `is_shown` by the
    record; `shown` is a text that tells its filter from others. A page takes two calls. If many records have the words
    but few pass the filters, a page can have fewer records than `query.limit`; its cursor continues the search. Raises
    Invalid for a cursor of another search.
    """
    search = parse_query(text)
    if search is None:
        return Page(items=[])
    conditions = where or {}
    shape = (
        SEARCH.pk,
        org_id,
        model.KIND,
        *search.terms,
        *sorted(search.complete),
        repr(sorted(conditions.items())),
        shown,
    )
    start = cursors.decode(query.cursor, shape) if query.cursor else None
    window = _read_window(org_id, search, start, {"of_kind": model.KIND})
    entries, position = window.entries, window.position
    if len(entries) > query.limit:
        entries = entries[: query.limit]
        last = entries[-1].key()
        position = cursors.CursorPosition(0, last.pk, last.sk, "")
    records = store.find_many(model, [entry.record_key for entry in entries]) if entries else {}
    found = [records[entry.record_key] for entry in entries if entry.record_key in records]
    items = [record for record in found if _has(record, conditions) and is_shown(record)]
    return Page(items=items, next_cursor=cursors.encode(position, shape) if position is not None else None)


def _has(record: Entity, conditions: Mapping[str, str | int | bool]) -> bool:
    attributes = record.attributes()
    return all(attributes.get(name) == value for name, value in conditions.items())


def _read_window(
    org_id: str,
    query: SearchQuery,
    start: cursors.CursorPosition | None,
    where: Mapping[str, str | int | bool],
) -> _Window:
    """Read the next entries whose term begins with the key of a query, and leave out those without its other terms.

    A record with several such terms is found at the first of them only.
    """
    partition = SEARCH.partition(org=org_id, initial=term_initial(query.key))
    ending = "#" if query.key in query.complete else "##"
    prefix = SEARCH.key(org="", initial="", term=query.key, newest="", kind="").sk.removesuffix(ending)
    items, last = PartitionReader(SEARCH, prefix, None, where, descending=False).read(partition, start, WINDOW)
    entries = (SearchEntry.model_validate_json(item["doc"]["S"], context=STORED) for item in items)
    found = [
        entry
        for entry in entries
        if entry.term == min(term for term in entry.indexed_terms if term.startswith(query.key))
        and query.matches(entry.terms)
    ]
    position = cursors.CursorPosition(0, last["pk"]["S"], last["sk"]["S"], "") if last is not None else None
    return _Window(found, position)
