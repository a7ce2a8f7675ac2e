"""Which execution of a state machine looks after something, and the token by which it waits.

An event that comes twice starts a second execution; only the first, or one that takes the thing up again, goes on.
"""

from __future__ import annotations

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
    "which execution of a flow looks after something, and the token by which it waits",
    pk="ORG#{org}#FLOW_OF#{subject}",
    sk="FLOW",
)
_OVER: Final = frozenset({"TaskDoesNotExist", "TaskTimedOut", "InvalidToken"})


class Execution(Record):
    """The execution that looks after a thing. The token answers what it waits for, once."""

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
    """The execution that looks after a thing, if there is one."""
    return store.find(Execution, EXECUTION.key(org=caller.org_id, subject=subject_id))


def claim_execution(caller: Caller, subject_id: str, execution: str, *, round_: int = 1, redriven: bool) -> bool:
    """Whether this execution is the one that goes on. `round_`: how often the thing was started on purpose."""
    return retry_on_conflict(lambda: _is_ours(caller, subject_id, execution, round_, redriven=redriven))()


def _is_ours(caller: Caller, subject_id: str, execution: str, round_: int, *, redriven: bool) -> bool:
    existing = find(caller, subject_id)
    if existing is not None and existing.execution == execution:
        return True
    if existing is not None and not redriven and existing.round >= round_:
        return False
    ours = Execution(org_id=caller.org_id, subject_id=subject_id, execution=execution, round=round_)
    at_once = errors.ConcurrentUpdate("another execution is taking this")
    store.commit(caller, Create(ours, taken=at_once) if existing is None else Update(existing, ours, lost=at_once))
    return True


def save_task_token(caller: Caller, subject_id: str, token: str, waits_for: str = "") -> Execution:
    """Keep the token of what the execution waits for."""

    def keep() -> Execution:
        existing = find(caller, subject_id)
        if existing is None:
            raise errors.NotFound("there is no such flow")
        waiting = existing.model_copy(update={"token": token, "waits_for": waits_for})
        store.commit(caller, Update(existing, waiting))
        return waiting

    return retry_on_conflict(keep)()


@cache
def _client() -> Any:
    return botocore.session.get_session().create_client("stepfunctions")


def send_task_success(caller: Caller, waiting: Execution) -> None:
    """Wake the execution. A token that was answered before, or timed out, is no failure."""
    if not waiting.token:
        return
    try:
        _client().send_task_success(taskToken=waiting.token, output="{}")
    except ClientError as failure:
        if failure.response["Error"]["Code"] not in _OVER:
            raise
    try:
        store.commit(caller, Update(waiting, waiting.model_copy(update={"token": "", "waits_for": ""})))
    except errors.ConcurrentUpdate:
        return  # it waits for something else already
