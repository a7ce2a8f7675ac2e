"""Steps of the invoicing workflow (`statemachines/invoicing.asl.yaml`), which invoices a month of an organization."""

from __future__ import annotations

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
    """IDs of the clients to invoice, each in a step of its own."""

    clients: list[str]


class RunSummary(BaseSchema):
    """The output of the execution."""

    month: str
    invoices: int
    failures: list[dict[str, Any]]


class Empty(BaseSchema):
    """No output for the state machine."""


def find_clients(caller: Caller, month: str) -> ClientsToInvoice:
    """Find the clients with trips to invoice."""
    return ClientsToInvoice(clients=monthly_run.list_clients_to_invoice(caller, _month(caller, month)))


def invoice_client(caller: Caller, month: str, *, client_id: str) -> ClientResult:
    """Invoice the trips of one client."""
    return monthly_run.invoice_client(caller, _month(caller, month), client_id)


def summarize(caller: Caller, month: str, *, results: Sequence[Mapping[str, Any]]) -> RunSummary:
    """Record the result of each client and notify the organization."""
    run = monthly_run.summarize(caller, _month(caller, month), [_client_result(result) for result in results])
    return RunSummary.model_validate(run.model_dump(mode="json", include={"month", "invoices", "failures"}))


def record_failure(caller: Caller, month: str, *, failure: Mapping[str, Any]) -> Empty:
    """Record that the run itself failed."""
    monthly_run.record_failure(caller, _month(caller, month), str(failure.get("Error", "unknown")))
    return Empty()


def _month(caller: Caller, month: str) -> InvoicingMonth:
    return InvoicingMonth(org_id=caller.org_id, month=month)


def _client_result(result: Mapping[str, Any]) -> ClientResult:
    """The result of a client's step, or the reason why it failed."""
    if "invoice_ids" in result:
        return ClientResult.model_validate(result)
    return ClientResult(client_id=result["client_id"], failure=_failure_reason(result["failure"]))


def _failure_reason(failure: Mapping[str, Any]) -> str:
    """The error message of a failed step, which Lambda puts into the cause as JSON."""
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
"""By the names of the steps in the state machine."""
