"""Steps of the state machine `invoicing`."""

from __future__ import annotations

import json
from typing import Any

from coachway.billing.invoicing_runs import monthly_run
from coachway.billing.invoicing_runs.monthly_run import Invoiced, Month
from coachway.core.caller import Caller
from coachway.core.entrypoints import cold_start
from coachway.core.runtime.logging import logger

cold_start.warm_up()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do one step of the run that the execution was started for."""
    run, step = Month.model_validate({name: event["run"][name] for name in ("org_id", "month")}), event["step"]
    caller = Caller.system("invoicing", run.org_id)
    done = _step(caller, run, step, event)
    logger.info("invoicing step", step=step, org_id=run.org_id, month=run.month)
    return done


def _step(caller: Caller, run: Month, step: str, event: dict[str, Any]) -> dict[str, Any]:
    match step:
        case "find":
            return {"clients": monthly_run.clients(caller, run)}
        case "invoice":
            return monthly_run.invoice(caller, run, event["client_id"]).model_dump(mode="json")
        case "summarize":
            done = monthly_run.summarize(caller, run, [_result(each) for each in event["results"]])
            return done.model_dump(mode="json", include={"month", "invoices", "failures"})
        case "failed":
            monthly_run.failed(caller, run, str(event["failure"].get("Error", "unknown")))
            return {}
        case _:
            raise ValueError(step)


def _result(said: dict[str, Any]) -> Invoiced:
    """What a client's step answered, or why it failed."""
    if "invoice_ids" in said:
        return Invoiced.model_validate(said)
    return Invoiced(client_id=said["client_id"], failure=_reason(said["failure"]))


def _reason(failure: dict[str, Any]) -> str:
    """What a function raised is in the cause, as JSON: our own errors say what to do."""
    error = str(failure.get("Error", "unknown"))
    try:
        told = json.loads(failure.get("Cause", "")).get("errorMessage")
    except (ValueError, AttributeError):
        told = None
    return str(told or error)[:300]
