"""Lists of assignments."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from coachway.compliance import reminder_times
from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.persistence.queries import months_between, query_page
from coachway.core.runtime import clock
from coachway.core.schemas import Page
from coachway.core.types.datetimes import sortable
from coachway.dispatch.assignments import repository, visibility
from coachway.dispatch.assignments.model import BY_DAY, OF_CHARTER, OF_DRIVER, OF_SECOND_DRIVER, Assignment
from coachway.dispatch.assignments.schemas import AssignmentQuery

_SECOND_DRIVER_CURSOR: Final = "2."
"""Prefix of a cursor that continues with the trips on which the driver is the second driver."""
_FURTHEST_ZONE: Final = timedelta(hours=14)

Where = dict[str, str | int | bool]


def get_assignment(caller: Caller, assignment_id: str) -> Assignment:
    """Get an assignment as the caller may see it. Raises NotFound."""
    return visibility.hide_restricted_fields(caller, repository.get_assignment(caller, assignment_id))


def list_assignments(caller: Caller, query: AssignmentQuery) -> Page[Assignment]:
    """List assignments, soonest first; those of a charter, oldest first. Drivers and vendors see only their own.

    The trips on which a driver is the second driver follow the other ones. One query for each month in the range,
    two when a driver is given.
    """
    page = _list_page(caller, query)
    return page.model_copy(update={"items": [visibility.hide_restricted_fields(caller, item) for item in page.items]})


def _list_page(caller: Caller, query: AssignmentQuery) -> Page[Assignment]:
    where: Where = {}
    if query.status is not None:
        where["status"] = query.status.value
    if query.vehicle_id is not None:
        where["vehicle_id"] = query.vehicle_id
    driver_id = query.driver_id
    if caller.role == "driver":
        if driver_id not in {None, caller.party_id}:
            raise errors.NotFound("The driver was not found.")
        driver_id = caller.party_id
    elif caller.is_external:
        where["vendor_id"] = caller.party_id
    if query.charter_id is not None:
        where |= {"driver_id": driver_id} if driver_id else {}
        partitions = [OF_CHARTER.partition(org=caller.org_id, charter=query.charter_id)]
        return query_page(Assignment, OF_CHARTER, partitions, query, where=where)
    if driver_id is not None:
        return _list_of_driver(caller, driver_id, query, where)
    first, last = _date_range(caller.org_id, query)
    months = months_between(datetime.combine(first, time()), datetime.combine(last, time()))
    partitions = [BY_DAY.partition(org=caller.org_id, month=month) for month in months]
    return query_page(Assignment, BY_DAY, partitions, query, between=(f"{first}T", f"{last}U"), where=where)


def _list_of_driver(caller: Caller, driver_id: str, query: AssignmentQuery, where: Where) -> Page[Assignment]:
    days = first, last = _date_range(caller.org_id, query)
    start = datetime.combine(first, time(), UTC) - _FURTHEST_ZONE
    end = datetime.combine(last + timedelta(days=1), time(), UTC) + _FURTHEST_ZONE
    between = (sortable(start), sortable(end))
    months = months_between(start, end)
    items: list[Assignment] = []
    if query.cursor is None or not query.cursor.startswith(_SECOND_DRIVER_CURSOR):
        partitions = [OF_DRIVER.partition(org=caller.org_id, driver=driver_id, month=month) for month in months]
        page = query_page(Assignment, OF_DRIVER, partitions, query, between=between, where=where)
        items = page.items
        if page.next_cursor is not None:
            return Page(items=_filter_by_duty_start(items, days), next_cursor=page.next_cursor)
        if len(items) == query.limit:
            return Page(items=_filter_by_duty_start(items, days), next_cursor=_SECOND_DRIVER_CURSOR)
    cursor = (
        query.cursor.removeprefix(_SECOND_DRIVER_CURSOR)
        if query.cursor and query.cursor.startswith(_SECOND_DRIVER_CURSOR)
        else ""
    )
    remaining_query = query.model_copy(update={"limit": query.limit - len(items), "cursor": cursor or None})
    second_partitions = [
        OF_SECOND_DRIVER.partition(org=caller.org_id, driver=driver_id, month=month) for month in months
    ]
    second_page = query_page(
        Assignment, OF_SECOND_DRIVER, second_partitions, remaining_query, between=between, where=where
    )
    next_cursor = f"{_SECOND_DRIVER_CURSOR}{second_page.next_cursor}" if second_page.next_cursor is not None else None
    return Page(items=_filter_by_duty_start([*items, *second_page.items], days), next_cursor=next_cursor)


def _date_range(org_id: str, query: AssignmentQuery) -> tuple[date, date]:
    """Return the first and the last day. Today is the organization's day: UTC may already be a day ahead."""
    today = clock.now().astimezone(ZoneInfo(reminder_times.get_timezone(org_id))).date()
    return query.date_range(today)


def _filter_by_duty_start(items: list[Assignment], days: tuple[date, date]) -> list[Assignment]:
    """Keep the assignments whose duty begins in the range, in their own time zone."""
    first, last = days
    return [
        assignment
        for assignment in items
        if first <= assignment.starts_at.astimezone(ZoneInfo(assignment.timezone)).date() <= last
    ]
