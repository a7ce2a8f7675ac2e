"""The workflow of a request for bids: its steps, failures and task tokens, on the in-memory table."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from coachway.bids.requests import consumers as request_consumers
from coachway.bids.requests import workflow as request_workflow
from coachway.bookings.charters.model import CHARTER
from coachway.core import store
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.runtime import clock
from coachway.core.workflows import executions
from tests.integration.bids.office import (
    SYSTEM,
    bid,
    booked,
    charter,
    closed,
    done,
    found,
    now_of,
    opened,
    vendor,
)
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG


@pytest.fixture(autouse=True)
def organization() -> None:
    found()


def test_workflow_step_reads_current_state() -> None:
    trip, one = booked(), vendor("One")
    deadline = clock.now() + timedelta(hours=24)
    body = {"deadline": deadline.isoformat(), "vendor_ids": [one]}
    request_id = done("POST", f"/charters/{trip['id']}/bid-requests", body)["id"]

    def look(
        execution: str = "first", *, round_: int = 1, redriven: bool = False, waited: str = ""
    ) -> request_workflow.Next:
        return request_workflow.next_step(
            SYSTEM, request_id, execution=execution, round_=round_, redriven=redriven, waited=waited
        )

    assert look().go == "invite"
    assert look("second").go == "over"
    request_workflow.invite(SYSTEM, request_id)
    waiting = look()
    assert (waiting.go, 86000 < waiting.seconds <= 86400) == ("wait", True)
    assert look("third", redriven=True).go == "wait"
    assert look().go == "over"
    assert look("third", waited="2020-01-01T00:00:00+00:00").go == "wait"
    assert look("third", waited=waiting.deadline).go == "rank"
    assert request_workflow.decide_award(SYSTEM, request_id).go == "settle"


def test_workflow_failure_is_shown_on_charter_until_resumed() -> None:
    trip, one = booked(), vendor("One")
    request_id = opened(trip["id"], one)["id"]
    request_workflow.record_failure(SYSTEM, request_id, state="Rank", failure={"Error": "Boom", "Cause": "secret"})
    assert done("GET", f"/bid-requests/{request_id}")["failure"]["error"] == "Boom"
    known = now_of(trip["id"])["flow_failures"]
    assert (known["bidding"]["state"], known["bidding"]["error"]) == ("Rank", "Boom")
    assert (
        request_workflow.next_step(SYSTEM, request_id, execution="r1", round_=1, redriven=True, waited="").go == "wait"
    )
    assert done("GET", f"/bid-requests/{request_id}")["failure"] is None
    assert now_of(trip["id"])["flow_failures"] == {}
    events = store.history(CHARTER.key(org=ORG, id=trip["id"]))
    assert [each.type for each in events][-2:] == ["charter.flow_failed", "charter.flow_resumed"]
    assert events[-2].data["error"] == "Boom"
    assert "secret" not in json.dumps([each.model_dump(mode="json") for each in events])


@pytest.mark.parametrize("ending", ["cancel", "award"])
def test_workflow_failure_after_bidding_is_ignored(ending: str) -> None:
    trip, one = booked(), vendor("One")
    request_id, made = opened(trip["id"], one)["id"], bid(trip["id"], one)
    closed(request_id)
    request_workflow.record_failure(SYSTEM, request_id, state="Rank", failure={"Error": "Boom"})
    if ending == "cancel":
        done("POST", f"/bid-requests/{request_id}/cancel", {"reason": "off"})
    else:
        done("POST", f"/bids/{made['id']}/accept", {"decision": "accept"})
    assert now_of(trip["id"])["flow_failures"] == {}
    assert done("GET", f"/bid-requests/{request_id}")["failure"] is None


def test_workflow_failure_of_deleted_charter_is_stored_on_request() -> None:
    trip, one = charter(), vendor("One")
    request_id = opened(trip["id"], one)["id"]
    assert booking_builders.ask("DELETE", f"/charters/{trip['id']}").status == 204
    request_workflow.record_failure(SYSTEM, request_id, state="Look", failure={})
    assert done("GET", f"/bid-requests/{request_id}")["failure"]["error"] == "unknown"


def test_task_token_is_answered_once_its_reason_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    answered: list[str] = []

    class Client:
        def send_task_success(self, **given: str) -> None:
            answered.append(given["taskToken"])

    monkeypatch.setattr(executions, "_client", Client)
    trip, one = booked(), vendor("One")
    request_id = opened(trip["id"], one)["id"]
    deadline = request_workflow.next_step(
        SYSTEM, request_id, execution="e", round_=1, redriven=False, waited=""
    ).deadline
    request_workflow.wait_for_signal(SYSTEM, request_id, token="t1", waits_for="deadline", deadline=deadline)
    assert answered == []
    done("POST", f"/bid-requests/{request_id}/close", {"reason": ""})
    event = {"event_id": "e", "type": "bidding.closed", "org_id": ORG, "aggregate_id": request_id}
    delivery = Delivery(**event, correlation_id="c", data={"bid_request_id": request_id})
    request_consumers.resume_workflow(SYSTEM, delivery)
    request_consumers.resume_workflow(SYSTEM, delivery)
    assert answered == ["t1"]
    request_workflow.wait_for_signal(SYSTEM, request_id, token="t2", waits_for="decision", deadline="")
    request_consumers.resume_workflow(SYSTEM, delivery)
    assert answered == ["t1"]
    kept = executions.find(SYSTEM, request_id)
    assert kept is not None
    assert kept.token == "t2"
    done("POST", f"/bid-requests/{request_id}/cancel", {"reason": "off"})
    request_consumers.resume_workflow(SYSTEM, delivery)
    assert answered == ["t1", "t2"]
