"""What drivers and vehicles have in common: how they are listed, whose they are, and their papers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from coachway.clients.rules import normalize_name
from coachway.compliance import reminder_times, status, subjects
from coachway.compliance.model import Subject
from coachway.compliance.rules import ComplianceStatus, SubjectType
from coachway.core import errors
from coachway.core.caller import Caller
from coachway.core.persistence.queries import months_between, query_all, query_page
from coachway.core.runtime import clock
from coachway.core.schemas import Page, PageQuery
from coachway.core.types import ids
from coachway.fleet.model import BY_MONTH, BY_NAME, BY_STATUS, Driver, Vehicle

M = TypeVar("M", Driver, Vehicle)

_MOST: Final = 5000
"""Drivers, or vehicles, of one organization that are looked at for one trip."""


def list_resources(
    caller: Caller,
    model: type[M],
    query: PageQuery,
    *,
    q: str | None,
    status: str | None,
    where: Mapping[str, str | None],
) -> Page[M]:
    """Newest first; by name when `q` asks for the beginning of one. `where` are attributes to be met, None for any."""
    met: dict[str, str | int | bool] = {name: value for name, value in where.items() if value is not None}
    if q is not None and (sought := normalize_name(q)):
        if status is not None:
            met["status"] = status
        names = BY_NAME.partition(org=caller.org_id, kind=model.KIND, initial=sought[:1])
        prefix = BY_NAME.key(org="", kind="", initial="", name=sought, id="").sk.removesuffix("#")
        return query_page(model, BY_NAME, [names], query, prefix=prefix, where=met)
    if status is not None:
        partition = BY_STATUS.partition(org=caller.org_id, kind=model.KIND, status=status)
        return query_page(model, BY_STATUS, [partition], query, where=met, descending=True)
    since = months_between(ids.created_at_of(caller.org_id), clock.now())
    partitions = [BY_MONTH.partition(org=caller.org_id, kind=model.KIND, month=month) for month in reversed(since)]
    return query_page(model, BY_MONTH, partitions, query, where=met, descending=True)


def list_in_status(caller: Caller, model: type[M], status: str) -> list[M]:
    """All that are in a status, by an index: whoever decides by it makes `unchanged` a condition."""
    partition = BY_STATUS.partition(org=caller.org_id, kind=model.KIND, status=status)
    return query_all(model, partition, index=BY_STATUS.index, most=_MOST)


def require_own(caller: Caller, driver_id: str) -> None:
    """Raises NotFound for people outside who are not this driver."""
    if caller.is_outside and (caller.role != "driver" or caller.party_id != driver_id):
        raise errors.NotFound("there is no such driver")


def require_vendor(org_id: str, vendor_id: str | None) -> None:
    """Raises NotFound unless the organization has this vendor, which it knows by the papers it must have; None is fine.

    `vendors` stands beside fleet. One read.
    """
    if vendor_id is not None and subjects.find(org_id, SubjectType.VENDOR, vendor_id) is None:
        raise errors.NotFound("there is no such vendor")


def compliance_today(caller: Caller, subject: Subject) -> ComplianceStatus:
    """Which of its papers a driver or vehicle lacks today, on the organization's calendar."""
    today = clock.now().astimezone(ZoneInfo(reminder_times.get_timezone(caller.org_id))).date()
    return status.status_of_subject(subject, today)
