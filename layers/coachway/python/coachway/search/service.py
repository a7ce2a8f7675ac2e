"""Searches for records of all kinds."""

from coachway.core import record_search
from coachway.core.caller import Caller
from coachway.core.types import ids
from coachway.search.rules import HitKind, readable_kinds
from coachway.search.schemas import SearchHit, SearchQuery, SearchResults


def search_records(caller: Caller, query: SearchQuery) -> SearchResults:
    """Search for records that the caller may read."""
    kinds = readable_kinds(caller.permissions)
    if query.kind is not None:
        kinds &= {query.kind.value}
    found = record_search.find_entries(caller.org_id, query.q, kinds, query.limit)
    hits = [
        SearchHit(
            kind=HitKind(entry.record_kind),
            id=entry.record_id,
            title=entry.title,
            subtitle=entry.subtitle,
            status=status,
            client_id=entry.client_id,
            created_at=ids.get_created_at(entry.record_id),
        )
        for entry, status in zip(found.entries, found.statuses, strict=True)
    ]
    return SearchResults(items=hits, is_complete=found.is_complete)
