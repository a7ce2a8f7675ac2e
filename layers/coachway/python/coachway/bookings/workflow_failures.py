"""Failed workflows of a charter, shown on the charter until they resume, and in its history."""

from typing import Any

from coachway.bookings.charters.model import Charter
from coachway.core.persistence.operations import Op, Update
from coachway.core.workflows.failure import WorkflowFailure


def record_failure_op(charter: Charter, workflow: str, failure: WorkflowFailure) -> Op:
    """The operation that records on a charter that a workflow stopped."""
    # Imported late: only failures need the events of charters.
    from coachway.bookings.charters import event_payloads
    from coachway.contracts.bookings import CharterWorkflowFailed

    after = charter.model_copy(update={"workflow_failures": {**charter.workflow_failures, workflow: failure}})
    event = CharterWorkflowFailed(
        **event_payloads.charter_event_fields(charter), flow=workflow, state=failure.state, error=failure.error
    )
    return Update(charter, after, [event])


def clear_failure_ops(charter: Charter | None, workflow: str) -> list[Op]:
    """Operations that clear a failure when the workflow resumes or is no longer needed; none without a failure."""
    if charter is None or workflow not in charter.workflow_failures:
        return []
    from coachway.bookings.charters import event_payloads
    from coachway.contracts.bookings import CharterWorkflowResumed

    after = charter.model_copy(update=fields_without_failure(charter, workflow))
    return [
        Update(charter, after, [CharterWorkflowResumed(**event_payloads.charter_event_fields(charter), flow=workflow)])
    ]


def fields_without_failure(charter: Charter, workflow: str) -> dict[str, Any]:
    """The changed field of a charter without the failure, for transactions that also update other fields."""
    return {"workflow_failures": {name: each for name, each in charter.workflow_failures.items() if name != workflow}}
