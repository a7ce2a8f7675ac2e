"""Flows that failed for good: a charter tells of them until they go on, and its history for ever."""

from __future__ import annotations

from typing import Any

from coachway.bookings.charters.model import Charter
from coachway.core.persistence.operations import Op, Update
from coachway.core.workflows.failure import FlowFailure


def record_failure_op(charter: Charter, flow: str, failure: FlowFailure) -> Op:
    """The op by which a charter says that one of its flows stands still."""
    # Events of charters come with it, which those do without whose flows go well.
    from coachway.bookings.charters import event_payloads
    from coachway.contracts.bookings import CharterFlowFailed

    after = charter.model_copy(update={"flow_failures": {**charter.flow_failures, flow: failure}})
    told = CharterFlowFailed(
        **event_payloads.charter_event_fields(charter), flow=flow, state=failure.state, error=failure.error
    )
    return Update(charter, after, [told])


def clear_failure_ops(charter: Charter | None, flow: str) -> list[Op]:
    """The ops by which it says so no more, as the flow goes on or is needed no longer; none if it did not."""
    if charter is None or flow not in charter.flow_failures:
        return []
    from coachway.bookings.charters import event_payloads
    from coachway.contracts.bookings import CharterFlowResumed

    after = charter.model_copy(update=fields_without_failure(charter, flow))
    return [Update(charter, after, [CharterFlowResumed(**event_payloads.charter_event_fields(charter), flow=flow)])]


def fields_without_failure(charter: Charter, flow: str) -> dict[str, Any]:
    """The field that says so no more, for those who write the charter anyway."""
    return {"flow_failures": {name: each for name, each in charter.flow_failures.items() if name != flow}}
