"""Start the workflows of invoicing runs that are due."""

import json
import os
from collections.abc import Callable
from datetime import datetime
from functools import cache, partial
from typing import Any, Final

import botocore.session
from botocore.exceptions import ClientError

from coachway.billing.invoicing_runs.schedule import DUE, MonthDue
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.hourly_sweep import sweep
from coachway.core.persistence.operations import Update
from coachway.core.schemas import BaseSchema

_JOB: Final = "invoicing"


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
