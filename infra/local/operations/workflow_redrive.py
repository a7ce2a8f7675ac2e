"""Restart failed executions of the state machines.

Every step of a workflow can be repeated and continues from the state in the table. So a failed execution is started
again with the same input, marked as redriven. Its new name is derived from the old one, so it is started only once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.local.deployment import stack_deployment
from infra.local.stack_config import StackConfig

Condition = Callable[[Mapping[str, Any]], bool]

FAILURE_STATUSES: Final = ("FAILED", "TIMED_OUT", "ABORTED")
INTERRUPTED: Final = "States.ServiceRestart"
"""The error of executions that were running when the emulator stopped."""


def redrive_failed_executions(client: Callable[[StackConfig, str], Any], config: StackConfig) -> int:
    """Restart every failed execution that was not restarted before; returns how many."""
    return _redrive_workflows(client, config, lambda _: True)


def restart_interrupted_executions(client: Callable[[StackConfig, str], Any], config: StackConfig) -> int:
    """Restart the executions that a restart of the emulator interrupted; returns how many."""
    return _redrive_workflows(client, config, lambda execution: execution.get("error") == INTERRUPTED)


def _redrive_workflows(client: Callable[[StackConfig, str], Any], config: StackConfig, is_selected: Condition) -> int:
    outputs, states = stack_deployment.read_outputs(config), client(config, "stepfunctions")
    arns = [arn for name, arn in outputs.items() if name.endswith("FlowArn")]
    return sum(_redrive_workflow(states, arn, is_selected) for arn in arns)


def _redrive_workflow(states: Any, machine_arn: str, is_selected: Condition) -> int:
    count = 0
    for status in FAILURE_STATUSES:
        pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine_arn, statusFilter=status)
        for page in pages:
            for execution in page["executions"]:
                count += _restart_execution(states, machine_arn, execution, is_selected)
    return count


def _restart_execution(states: Any, machine_arn: str, execution: dict[str, Any], is_selected: Condition) -> bool:
    failed = states.describe_execution(executionArn=execution["executionArn"])
    if not is_selected(failed):
        return False
    redriven = json.dumps({**json.loads(failed["input"]), "redriven": True})
    try:
        states.start_execution(stateMachineArn=machine_arn, name=_next_name(execution["name"]), input=redriven)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
            raise
        return False
    return True


def _next_name(name: str) -> str:
    """`r1-abc` for `abc`, then `r2-abc`."""
    count, dash, rest = name.partition("-")
    if dash and count.startswith("r") and count[1:].isdigit():
        return f"r{int(count[1:]) + 1}-{rest}"
    return f"r1-{name}"[:80]
