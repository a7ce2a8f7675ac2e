"""The schedule of invoicing runs: 00:30 on the first of the next month, in the organization's time zone."""

import json
import os
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from functools import cache, partial
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

import botocore.session
from botocore.exceptions import ClientError
from pydantic import AwareDatetime

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.hourly_sweep import sweep
from coachway.core.persistence.operations import Update
from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.schemas import BaseSchema
from coachway.core.types.datetimes import sortable

_JOB: Final = "invoicing"
_RUN_TIME: Final = time(0, 30)

MONTH_DUE: Final = AccessPattern(
    "the due time of an organization's invoicing run of a month",
    pk="ORG#{org}#INVOICING#{month}",
    sk="DUE",
)
DUE = AccessPattern(
    "invoicing runs of all organizations by the hour in which they are due, for the timer",
    index="gsi4",
    pk="INVOICING_DUE#{hour}",
    sk="{at}#{org}",
)


class MonthDue(Record):
    """A month with trips to invoice: when its run is due, and when it was started."""

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
        sort_key = sortable(self.due_at)
        return {"gsi4": DUE.key(hour=sort_key[:13], at=sort_key, org=self.org_id)}


def current_month(now: datetime, timezone: str) -> tuple[str, datetime]:
    """Return the current month in a time zone, and the time at which it is invoiced."""
    return calculate_invoicing_month(now.astimezone(ZoneInfo(timezone)).date(), timezone)


def calculate_invoicing_month(day: date, timezone: str) -> tuple[str, datetime]:
    """Return the month of a date, and the time at which it is invoiced."""
    first_of_next_month = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return f"{day:%Y-%m}", datetime.combine(first_of_next_month, _RUN_TIME, ZoneInfo(timezone))


class StartResult(BaseSchema):
    """Counts of one run of the timer: invoicing runs started, and those left for the next run."""

    started: int = 0
    failed: int = 0


def run(start: Callable[[MonthDue], None] | None = None) -> StartResult:
    """Start all invoicing runs that are due. Safe to repeat."""
    return StartResult(**sweep(_JOB, MonthDue, DUE, partial(_start_run, start or start_workflow)))


def _start_run(start: Callable[[MonthDue], None], indexed_month: MonthDue, now: datetime) -> str:
    before = store.find(MonthDue, indexed_month.key())
    if before is None or before.started_at is not None:
        return ""
    # Start, then record the start. If the record is lost, Step Functions rejects a second execution of the same name.
    start(before)
    after = before.model_copy(update={"started_at": now})
    store.commit(Caller.system(_JOB, before.org_id), Update(before, after))
    return "started"


@cache
def _get_step_functions_client() -> Any:
    return botocore.session.get_session().create_client("stepfunctions")


def start_workflow(due: MonthDue) -> None:
    """Start the workflow for a month. The execution's name ensures that it starts only once per organization."""
    try:
        _get_step_functions_client().start_execution(
            stateMachineArn=os.environ["INVOICING_FLOW_ARN"],
            name=f"{due.org_id}-{due.month}",
            input=json.dumps({"org_id": due.org_id, "month": due.month}),
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
            raise errors.UpstreamUnavailable("The invoicing workflow could not be started.") from error
