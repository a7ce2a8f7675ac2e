"""Reading charters: get, list, history."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Final

from pydantic import Field

from coachway.bookings.charters.booking_details import UserId
from coachway.bookings.charters.model import BY_MONTH, BY_STATUS, BY_TRIP, CHARTER, OF_CLIENT, Charter, run_by_attribute
from coachway.bookings.charters.rules import CharterStatus
from coachway.bookings.charters.trip_model import ClientId
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.domain_events import HistoryEntry
from coachway.core.persistence.queries import query_by_month, query_page
from coachway.core.schemas import Page, PageQuery, SearchWords
from coachway.core.types import ids
from coachway.core.types.date_ranges import complete_date_range, list_months
from coachway.core.types.datetimes import Day

_DEFAULT_RANGE: Final = timedelta(days=730)
_MAX_RANGE: Final = timedelta(days=3660)


class CharterQuery(PageQuery):
    """Filters of charters. With a date, the list is sorted by departure, earliest first; otherwise newest first."""

    status: CharterStatus | None = None
    client_id: ClientId | None = None
    salesperson_id: UserId | None = None
    vendor_id: Annotated[str | None, Field(pattern=ids.pattern("ven"))] = None
    driver_id: Annotated[str | None, Field(pattern=ids.pattern("drv"))] = None
    date_from: Annotated[
        Day | None,
        Field(description="First trip date, local to the trip. Without `date_to`, the list covers two years."),
    ] = None
    date_to: Annotated[
        Day | None, Field(description="Last trip date. Without `date_from`, the list covers the two years before.")
    ] = None
    q: SearchWords | None = None


def get_charter(caller: Caller, charter_id: str, *, expected: int | None = None) -> Charter:
    """Get a charter. Raises NotFound, or PreconditionFailed if `expected` is not its version."""
    return store.get(Charter, CHARTER.key(org=caller.org_id, id=charter_id), expected=expected)


def list_charters(caller: Caller, query: CharterQuery) -> Page[Charter]:
    """List charters. Raises Invalid for a range of more than ten years."""
    where: dict[str, str | int | bool] = {}
    for name in ("status", "client_id", "salesperson_id"):
        value = getattr(query, name)
        if value is not None:
            where[name] = str(value)
    where |= {run_by_attribute(each): True for each in (query.vendor_id, query.driver_id) if each is not None}
    if query.q is not None:
        return _search(caller, query, query.q, where)
    if query.date_from is not None or query.date_to is not None:
        return _list_by_trip(caller, query, where)
    if query.client_id is not None:
        del where["client_id"]
        partition = OF_CLIENT.partition(org=caller.org_id, client=query.client_id)
        return query_page(Charter, OF_CLIENT, [partition], query, where=where, descending=True)
    if query.status is not None:
        del where["status"]
        return query_by_month(Charter, BY_STATUS, caller, query, where=where, status=query.status)
    return query_by_month(Charter, BY_MONTH, caller, query, where=where)


def _search(caller: Caller, query: CharterQuery, words: str, where: Mapping[str, str | int | bool]) -> Page[Charter]:
    # Imported late: other lists do not need it at a cold start.
    from coachway.core.record_search import search_page

    has_range = query.date_from is not None or query.date_to is not None
    first, last = _find_range(query) if has_range else (date.min, date.max)

    def is_in_range(charter: Charter) -> bool:
        return first <= charter.trip_date <= last

    shown = f"{first}–{last}"
    return search_page(Charter, caller.org_id, words, query, where=where, is_shown=is_in_range, shown=shown)


def _find_range(query: CharterQuery) -> tuple[date, date]:
    first, last = complete_date_range(query.date_from, query.date_to, _DEFAULT_RANGE)
    if last < first:
        raise errors.Invalid.field("date_to", "must not be before date_from")
    if last - first > _MAX_RANGE:
        raise errors.Invalid.field("date_to", "must be within ten years of date_from")
    return first, last


def _list_by_trip(caller: Caller, query: CharterQuery, where: Mapping[str, str | int | bool]) -> Page[Charter]:
    first, last = _find_range(query)
    partitions = [BY_TRIP.partition(org=caller.org_id, month=month) for month in list_months(first, last)]
    # `U` sorts after the `T` that follows the day in the key.
    return query_page(Charter, BY_TRIP, partitions, query, between=(f"{first}T", f"{last}U"), where=where)


def list_client_charters(caller: Caller, client_id: str, query: PageQuery) -> Page[Charter]:
    """List the charters of a client, newest first. Raises NotFound."""
    # Imported late: other lists do not need it at a cold start.
    from coachway.clients import service as clients

    clients.get_client(caller, client_id)
    partition = OF_CLIENT.partition(org=caller.org_id, client=client_id)
    return query_page(Charter, OF_CLIENT, [partition], query, descending=True)


def get_history(caller: Caller, charter_id: str) -> list[HistoryEntry]:
    """The history of a charter, oldest first. Raises NotFound."""
    return store.list_history(get_charter(caller, charter_id).key())
