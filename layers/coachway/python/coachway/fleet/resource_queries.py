"""Reads of drivers and vehicles: lists, those that can be assigned to a trip, and their compliance today."""

from collections.abc import Mapping
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from coachway.clients.rules import normalize_name
from coachway.compliance import reminder_times, status
from coachway.compliance.model import Subject
from coachway.compliance.rules import DocumentCompliance
from coachway.core.caller import Caller
from coachway.core.persistence.data_version import DataVersion
from coachway.core.persistence.queries import months_between, query_all, query_page
from coachway.core.runtime import clock
from coachway.core.schemas import Page, PageQuery
from coachway.core.types import ids
from coachway.fleet.model import BY_MONTH, BY_NAME, BY_STATUS, Driver, DriverStatus, Vehicle, VehicleStatus
from coachway.identity import organization_queries

M = TypeVar("M", Driver, Vehicle)

_MAX_RESOURCES: Final = 5000
"""The most drivers or vehicles of an organization that are considered for one trip."""


def list_resources(
    caller: Caller,
    model: type[M],
    query: PageQuery,
    *,
    q: str | None,
    status: str | None,
    where: Mapping[str, str | None],
) -> Page[M]:
    """List drivers or vehicles, newest first; with `q`, by the word that matches.

    `where` filters by attributes; None matches any value.
    """
    filters: dict[str, str | int | bool] = {name: value for name, value in where.items() if value is not None}
    if q is not None and status is not None:
        filters["status"] = status
    if q is not None and organization_queries.has_data(caller.org_id, DataVersion.SEARCH):
        from coachway.core.record_search import search_page

        return search_page(model, caller.org_id, q, query, where=filters)
    if q is not None and (name := normalize_name(q)):
        names = BY_NAME.partition(org=caller.org_id, kind=model.KIND, initial=name[:1])
        prefix = BY_NAME.key(org="", kind="", initial="", name=name, id="").sk.removesuffix("#")
        return query_page(model, BY_NAME, [names], query, prefix=prefix, where=filters)
    if status is not None:
        partition = BY_STATUS.partition(org=caller.org_id, kind=model.KIND, status=status)
        return query_page(model, BY_STATUS, [partition], query, where=filters, descending=True)
    months = months_between(ids.get_created_at(caller.org_id), clock.now())
    partitions = [BY_MONTH.partition(org=caller.org_id, kind=model.KIND, month=month) for month in reversed(months)]
    return query_page(model, BY_MONTH, partitions, query, where=filters, descending=True)


def list_in_status(caller: Caller, model: type[M], status: str) -> list[M]:
    """List all drivers or vehicles in a status. Reads an index, which may be behind."""
    partition = BY_STATUS.partition(org=caller.org_id, kind=model.KIND, status=status)
    return query_all(model, partition, index=BY_STATUS.index, limit=_MAX_RESOURCES)


def list_assignable_drivers(caller: Caller) -> list[Driver]:
    """List all drivers who are not inactive.

    Reads an index, which may be behind: add `resource_ops.check_unchanged_op` to the transaction that assigns work.
    """
    statuses = [status for status in DriverStatus if status is not DriverStatus.INACTIVE]
    return [driver for status in statuses for driver in list_in_status(caller, Driver, status)]


def list_assignable_vehicles(caller: Caller) -> list[Vehicle]:
    """List all vehicles that are not retired.

    Reads an index, which may be behind: add `resource_ops.check_unchanged_op` to the transaction that assigns work.
    """
    statuses = [status for status in VehicleStatus if status is not VehicleStatus.RETIRED]
    return [vehicle for status in statuses for vehicle in list_in_status(caller, Vehicle, status)]


def get_compliance_today(caller: Caller, subject: Subject) -> DocumentCompliance:
    """The compliance of a driver or vehicle today, in the organization's time zone."""
    today = clock.now().astimezone(ZoneInfo(reminder_times.get_timezone(caller.org_id))).date()
    return status.evaluate_compliance(subject, subject.subject_type, today)
