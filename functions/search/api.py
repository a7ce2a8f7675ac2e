"""Routes of searches."""

from coachway.core.caller import Caller
from coachway.core.http.routing import ApiRouter
from coachway.search import service
from coachway.search.schemas import SearchQuery, SearchResults

api = ApiRouter("search", "Search over all records.")
app = api.app


@api.get("/search", permission="search:read")
def search_records(caller: Caller, query: SearchQuery) -> SearchResults:
    """Search for records.

    Finds records by the beginning of each word of a name or address, by email address, by phone number (all digits, or
    the last seven or more) and by number (`123` finds `CH-2026-000123`). Case and accents do not matter. A record must
    have all words of `q`. Returns only records that the caller may read.
    """
    return service.search_records(caller, query)
