"""When a month is to be invoiced: at half past midnight on the first, on the organization's clock."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from functools import cache
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

import botocore.session
from botocore.exceptions import ClientError
from pydantic import AwareDatetime

from coachway.core import errors, hourly_sweep, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.persistence.queries import query_page
from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.runtime.logging import logger
from coachway.core.schemas import BaseSchema, PageQuery
from coachway.core.types.datetimes import sortable

_TIMER: Final = "invoicing"
_AT: Final = time(0, 30)

MONTH_DUE: Final = AccessPattern(
    "when an organization's month is invoiced",
    pk="ORG#{org}#INVOICING#{month}",
    sk="DUE",
)
DUE = AccessPattern(
    "months to be invoiced by the hour in which they are, of all organizations: only the timer reads it",
    index="gsi4",
    pk="INVOICING_DUE#{hour}",
    sk="{at}#{org}",
)


class MonthDue(Record):
    """That an organization has something to invoice for a month, and since when its run is started."""

    KIND: ClassVar[str] = "invoicing_due"

    org_id: str
    month: str
    due_at: AwareDatetime
    started_at: AwareDatetime | None = None

    def key(self) -> Key:
        return MONTH_DUE.key(org=self.org_id, month=self.month)

    def indexes(self) -> Mapping[str, Key]:
        if self.started_at is not None:
            return {}
        at = sortable(self.due_at)
        return {"gsi4": DUE.key(hour=at[:13], at=at, org=self.org_id)}


def month_of(now: datetime, timezone: str) -> tuple[str, datetime]:
    """The month that it is there now, and the moment at which it is invoiced."""
    return month_with(now.astimezone(ZoneInfo(timezone)).date(), timezone)


def month_with(day: date, timezone: str) -> tuple[str, datetime]:
    """The month of a day, and the moment at which it is invoiced there."""
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return f"{day:%Y-%m}", datetime.combine(following, _AT, ZoneInfo(timezone))


class Started(BaseSchema):
    """What one run of the timer did."""

    started: int = 0
    failed: int = 0


def run(start: Callable[[MonthDue], None] | None = None) -> Started:
    """Start the runs that are due. One that went wrong is started again; twice starts nothing twice."""
    work, result = hourly_sweep.begin(_TIMER), Started()
    for at in work.hours():
        query: PageQuery | None = PageQuery(limit=100)
        while query is not None:
            bucket = DUE.partition(hour=sortable(at)[:13])
            due = query_page(MonthDue, DUE, [bucket], query, between=("0", f"{sortable(work.now)}~"))
            for each in due.items:
                _begin(each, work.now, start or start_flow, result)
            query = PageQuery(limit=100, cursor=due.next_cursor) if due.next_cursor else None
    if not result.failed:
        work.finish()
    return result


def _begin(seen: MonthDue, now: datetime, start: Callable[[MonthDue], None], result: Started) -> None:
    """By the record itself: what an index says may be old."""
    before = store.find(MonthDue, seen.key())
    if before is None or before.started_at is not None:
        return
    try:
        # First started, then noted: what is started twice is refused by its name.
        start(before)
        noted = before.model_copy(update={"started_at": now})
        store.commit(Caller.system(_TIMER, before.org_id), Update(before, noted))
        result.started += 1
    except (errors.Error, ClientError) as failure:
        result.failed += 1
        logger.warning("an invoicing run was not started", org_id=before.org_id, reason=type(failure).__name__)


@cache
def _client() -> Any:
    return botocore.session.get_session().create_client("stepfunctions")


def start_flow(due: MonthDue) -> None:
    """Start the state machine; the same month of the same organization is started once."""
    try:
        _client().start_execution(
            stateMachineArn=os.environ["INVOICING_FLOW_ARN"],
            name=f"{due.org_id}-{due.month}",
            input=json.dumps({"org_id": due.org_id, "month": due.month}),
        )
    except ClientError as failure:
        if failure.response["Error"]["Code"] != "ExecutionAlreadyExists":
            raise
