"""Handlers of timers and of workflow steps."""

from __future__ import annotations

from typing import Any

import pytest

from coachway.core.caller import Caller
from coachway.core.entrypoints.step_handler import workflow_step_handler
from coachway.core.entrypoints.timer import timer_handler
from coachway.core.schemas import BaseSchema


class Counts(BaseSchema):
    """The result of a job."""

    expired: int


class Next(BaseSchema):
    """The result of a workflow step."""

    go: str
    seen: dict[str, Any]


def fail() -> int:
    raise ValueError("this job fails")


def test_timer_runs_every_job_and_returns_results_by_name() -> None:
    handler = timer_handler({"quotes": lambda: Counts(expired=2), "delivered": lambda: 3})
    assert handler({}, None) == {"quotes": {"expired": 2}, "delivered": 3}


def test_timer_with_a_failing_job_runs_the_others_and_raises_its_error() -> None:
    ran: list[str] = []

    def count() -> int:
        ran.append("count")
        return 1

    with pytest.raises(ValueError, match="this job fails"):
        timer_handler({"failing": fail, "count": count})({}, None)
    assert ran == ["count"]


def test_timer_runs_a_requested_job_alone() -> None:
    handler = timer_handler({"quotes": fail}, on_request={"archive": lambda: 7})
    assert handler({"archive": True}, None) == {"archive": 7}


def test_step_receives_its_parameters_and_the_fields_of_the_starting_event() -> None:
    def inspect(caller: Caller, subject_id: str, *, execution: str, round_: int, redriven: bool) -> Next:
        seen = {"org_id": caller.org_id, "id": subject_id, "execution": execution, "round": round_, "again": redriven}
        return Next(go="charge", seen=seen)

    handler = workflow_step_handler("collections", {"inspect": inspect}, started_by="due")
    start = {"org_id": "org_1", "aggregate_id": "col_1", "data": {"round": 2}, "redriven": True}
    result = handler({"step": "inspect", "due": start, "execution": "arn", "unused": 1}, None)
    seen = {"org_id": "org_1", "id": "col_1", "execution": "arn", "round": 2, "again": True}
    assert result == {"go": "charge", "seen": seen}


def test_unknown_step_raises_key_error() -> None:
    handler = workflow_step_handler("collections", {}, started_by="due")
    with pytest.raises(KeyError):
        handler({"step": "dance", "due": {"org_id": "org_1", "aggregate_id": "col_1"}}, None)
