"""Steps of the invoicing workflow (`statemachines/invoicing.asl.yaml`), which invoices a month of an organization."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from coachway.billing.invoicing_runs import monthly_run
from coachway.billing.invoicing_runs.monthly_run import ClientResult, InvoicingMonth
from coachway.core.caller import Caller
from coachway.core.entrypoints.step_handler import Step
from coachway.core.schemas import BaseSchema

_MAX_REASON_LENGTH: Final = 300


class ClientsToInvoice(BaseSchema):
    """IDs of the clients to invoice. The state machine runs one step for each."""

    clients: list[str]


class RunSummary(BaseSchema):
    """The output of the execution."""

    month: str
    invoices: int
    failures: list[dict[str, Any]]


class EmptyResult(BaseSchema):
    """The result of a step whose output is not used."""


def find_clients(caller: Caller, month: str) -> ClientsToInvoice:
    """Find the clients with trips to invoice."""
    return ClientsToInvoice(clients=monthly_run.list_clients_to_invoice(caller, _invoicing_month(caller, month)))


def invoice_client(caller: Caller, month: str, *, client_id: str) -> ClientResult:
    """Invoice the trips of one client."""
    return monthly_run.invoice_client(caller, _invoicing_month(caller, month), client_id)


def summarize(caller: Caller, month: str, *, results: Sequence[Mapping[str, Any]]) -> RunSummary:
    """Record the results of all clients and notify the organization."""
    run = monthly_run.summarize(caller, _invoicing_month(caller, month), [_parse_result(result) for result in results])
    return RunSummary.model_validate(run.model_dump(mode="json", include={"month", "invoices", "failures"}))


def record_failure(caller: Caller, month: str, *, failure: Mapping[str, Any]) -> EmptyResult:
    """Record that the run itself failed."""
    monthly_run.record_failure(caller, _invoicing_month(caller, month), str(failure.get("Error", "unknown")))
    return EmptyResult()


def _invoicing_month(caller: Caller, month: str) -> InvoicingMonth:
    return InvoicingMonth(org_id=caller.org_id, month=month)


def _parse_result(result: Mapping[str, Any]) -> ClientResult:
    """Parse the result of a client's step, or the failure that the state machine caught."""
    if "invoice_ids" in result:
        return ClientResult.model_validate(result)
    return ClientResult(client_id=result["client_id"], failure=_failure_reason(result["failure"]))


def _failure_reason(failure: Mapping[str, Any]) -> str:
    """Return the error message of a failed step. Lambda puts it into the cause, as JSON."""
    error = str(failure.get("Error", "unknown"))
    try:
        message = json.loads(failure.get("Cause", "")).get("errorMessage")
    except (ValueError, AttributeError):
        message = None
    return str(message or error)[:_MAX_REASON_LENGTH]


STEPS: Final[Mapping[str, Step]] = {
    "find": find_clients,
    "invoice": invoice_client,
    "summarize": summarize,
    "failed": record_failure,
}
"""By step name in the state machine. Running executions send these names, so they cannot be renamed."""
