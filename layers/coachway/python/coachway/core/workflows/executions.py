"""The workflow execution that owns a subject, such as a refund, and the task token it waits with.

An event that is delivered twice starts two executions. Only the first one, or one that replaces a failed execution,
continues.
"""

from functools import cache
from typing import Any, ClassVar, Final

import botocore.session
from botocore.exceptions import ClientError
from pydantic import Field

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Update
from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.persistence.retry import retry_on_conflict

EXECUTION = AccessPattern(
    "the workflow execution that owns a subject, and the task token it waits with",
    pk="ORG#{org}#FLOW_OF#{subject}",
    sk="FLOW",
)
_EXPIRED_TOKEN_CODES: Final = frozenset({"TaskDoesNotExist", "TaskTimedOut", "InvalidToken"})


class Execution(Record):
    """The execution that owns a subject. `token` is the task token of what it waits for, and is used once."""

    KIND: ClassVar[str] = "execution"

    org_id: str
    subject_id: str
    execution: str
    round: int = 1
    token: str = Field(default="", repr=False)
    waits_for: str = ""

    def key(self) -> Key:
        return EXECUTION.key(org=self.org_id, subject=self.subject_id)


def find(caller: Caller, subject_id: str) -> Execution | None:
    """Return the execution that owns a subject, or None."""
    return store.find(Execution, EXECUTION.key(org=caller.org_id, subject=subject_id))


def claim_execution(caller: Caller, subject_id: str, execution: str, *, round_: int = 1, redriven: bool) -> bool:
    """Make this execution the owner of the subject, unless another one owns it. Return whether it is the owner.

    `round_` is how many times the workflow of this subject was started deliberately; `redriven` is whether this
    execution replaces a failed one.
    """
    return retry_on_conflict(lambda: _try_claim(caller, subject_id, execution, round_, redriven=redriven))()


def _try_claim(caller: Caller, subject_id: str, execution: str, round_: int, *, redriven: bool) -> bool:
    existing = find(caller, subject_id)
    if existing is not None and existing.execution == execution:
        return True
    if existing is not None and not redriven and existing.round >= round_:
        return False
    claimed = Execution(org_id=caller.org_id, subject_id=subject_id, execution=execution, round=round_)
    conflict = errors.ConcurrentUpdate("Another execution claims this at the same time.")
    op = Create(claimed, on_exists=conflict) if existing is None else Update(existing, claimed, on_stale=conflict)
    store.commit(caller, op)
    return True


def save_task_token(caller: Caller, subject_id: str, token: str, waits_for: str = "") -> Execution:
    """Store the task token with which the execution waits."""

    def save() -> Execution:
        existing = find(caller, subject_id)
        if existing is None:
            raise errors.NotFound("The workflow execution was not found.")
        waiting = existing.model_copy(update={"token": token, "waits_for": waits_for})
        store.commit(caller, Update(existing, waiting))
        return waiting

    return retry_on_conflict(save)()


@cache
def _get_step_functions_client() -> Any:
    return botocore.session.get_session().create_client("stepfunctions")


def send_task_success(caller: Caller, waiting: Execution) -> None:
    """Resume the waiting execution. Does nothing if the token was used before or has timed out."""
    if not waiting.token:
        return
    try:
        _get_step_functions_client().send_task_success(taskToken=waiting.token, output="{}")
    except ClientError as failure:
        if failure.response["Error"]["Code"] not in _EXPIRED_TOKEN_CODES:
            raise
    try:
        store.commit(caller, Update(waiting, waiting.model_copy(update={"token": "", "waits_for": ""})))
    except errors.ConcurrentUpdate:
        return  # the execution waits for something else now
