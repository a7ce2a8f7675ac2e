"""Takes up again the executions of state machines that failed.

Each step of a flow can be done again, and goes on from what the table says; so a failed one is started anew, with the
same input, marked as redriven. Its name is made from the failed one's, so that it is taken up once.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.local.deployment import stack_deployment
from infra.local.stack_config import Home

FLOWS: Final = ("Bidding", "Invoicing", "Recovery", "Refund", "Collection")
"""Those whose ARN is among the stack's outputs."""
OVER_BADLY: Final = ("FAILED", "TIMED_OUT", "ABORTED")


def redrive(client: Callable[[Home, str], Any], home: Home) -> int:
    """Start every failed execution anew, unless that was done before; returns how many."""
    outputs, states = stack_deployment.outputs(home), client(home, "stepfunctions")
    return sum(_redriven(states, outputs[f"{flow}FlowArn"]) for flow in FLOWS)


def _redriven(states: Any, flow: str) -> int:
    count = 0
    for status in OVER_BADLY:
        for page in states.get_paginator("list_executions").paginate(stateMachineArn=flow, statusFilter=status):
            for execution in page["executions"]:
                count += _start_anew(states, flow, execution)
    return count


def _start_anew(states: Any, flow: str, execution: dict[str, Any]) -> bool:
    known = states.describe_execution(executionArn=execution["executionArn"])
    given = json.dumps({**json.loads(known["input"]), "redriven": True})
    try:
        states.start_execution(stateMachineArn=flow, name=_next_name(execution["name"]), input=given)
    except ClientError as refusal:
        if refusal.response["Error"]["Code"] != "ExecutionAlreadyExists":
            raise
        return False
    return True


def _next_name(name: str) -> str:
    """`r1-abc`, then `r2-abc`."""
    count, dash, rest = name.partition("-")
    if dash and count.startswith("r") and count[1:].isdigit():
        return f"r{int(count[1:]) + 1}-{rest}"
    return f"r1-{name}"[:80]
