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
from tests.integration.bids.builders import (
    SYSTEM,
    close_bid_request,
    create_booked_charter,
    create_charter,
    create_organizations,
    create_submitted_bid,
    create_vendor,
    get_charter,
    open_bid_request,
    send_ok,
)
from tests.integration.bookings import builders as booking_builders
from tests.integration.bookings.builders import ORG


@pytest.fixture(autouse=True)
def organization() -> None:
    create_organizations()


def test_workflow_step_reads_current_state() -> None:
    trip, vendor_id = create_booked_charter(), create_vendor("One")
    deadline = clock.now() + timedelta(hours=24)
    body = {"deadline": deadline.isoformat(), "vendor_ids": [vendor_id]}
    request_id = send_ok("POST", f"/charters/{trip['id']}/bid-requests", body)["id"]

    def choose_next_step(
        execution: str = "first", *, round_: int = 1, redriven: bool = False, waited: str = ""
    ) -> request_workflow.Next:
        return request_workflow.next_step(
            SYSTEM, request_id, execution=execution, round_=round_, redriven=redriven, waited=waited
        )

    assert choose_next_step().go == "invite"
    assert choose_next_step("second").go == "over"
    request_workflow.invite(SYSTEM, request_id)
    waiting = choose_next_step()
    assert (waiting.go, 86000 < waiting.seconds <= 86400) == ("wait", True)
    assert choose_next_step("third", redriven=True).go == "wait"
    assert choose_next_step().go == "over"
    assert choose_next_step("third", waited="2020-01-01T00:00:00+00:00").go == "wait"
    assert choose_next_step("third", waited=waiting.deadline).go == "rank"
    assert request_workflow.decide_award(SYSTEM, request_id).go == "settle"


def test_workflow_failure_is_shown_on_charter_until_resumed() -> None:
    trip, vendor_id = create_booked_charter(), create_vendor("One")
    request_id = open_bid_request(trip["id"], vendor_id)["id"]
    request_workflow.record_failure(SYSTEM, request_id, state="RankBids", failure={"Error": "Boom", "Cause": "secret"})
    assert send_ok("GET", f"/bid-requests/{request_id}")["failure"]["error"] == "Boom"
    stored = get_charter(trip["id"])["workflow_failures"]
    assert (stored["bidding"]["state"], stored["bidding"]["error"]) == ("RankBids", "Boom")
    assert (
        request_workflow.next_step(SYSTEM, request_id, execution="r1", round_=1, redriven=True, waited="").go == "wait"
    )
    assert send_ok("GET", f"/bid-requests/{request_id}")["failure"] is None
    assert get_charter(trip["id"])["workflow_failures"] == {}
    events = store.list_history(CHARTER.key(org=ORG, id=trip["id"]))
    assert [each.type for each in events][-2:] == ["charter.flow_failed", "charter.flow_resumed"]
    assert events[-2].data["error"] == "Boom"
    assert "secret" not in json.dumps([each.model_dump(mode="json") for each in events])


@pytest.mark.parametrize("ending", ["cancel", "award"])
def test_workflow_failure_after_bidding_is_ignored(ending: str) -> None:
    trip, vendor_id = create_booked_charter(), create_vendor("One")
    request_id, bid = open_bid_request(trip["id"], vendor_id)["id"], create_submitted_bid(trip["id"], vendor_id)
    close_bid_request(request_id)
    request_workflow.record_failure(SYSTEM, request_id, state="RankBids", failure={"Error": "Boom"})
    if ending == "cancel":
        send_ok("POST", f"/bid-requests/{request_id}/cancel", {"reason": "off"})
    else:
        send_ok("POST", f"/bids/{bid['id']}/accept", {"decision": "accept"})
    assert get_charter(trip["id"])["workflow_failures"] == {}
    assert send_ok("GET", f"/bid-requests/{request_id}")["failure"] is None


def test_workflow_failure_of_deleted_charter_is_stored_on_request() -> None:
    trip, vendor_id = create_charter(), create_vendor("One")
    request_id = open_bid_request(trip["id"], vendor_id)["id"]
    assert booking_builders.send_request("DELETE", f"/charters/{trip['id']}").status == 204
    request_workflow.record_failure(SYSTEM, request_id, state="DecideNextStep", failure={})
    assert send_ok("GET", f"/bid-requests/{request_id}")["failure"]["error"] == "unknown"


def test_task_token_is_answered_once_its_reason_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    answered_tokens: list[str] = []

    class Client:
        def send_task_success(self, **parameters: str) -> None:
            answered_tokens.append(parameters["taskToken"])

    monkeypatch.setattr(executions, "_get_step_functions_client", Client)
    trip, vendor_id = create_booked_charter(), create_vendor("One")
    request_id = open_bid_request(trip["id"], vendor_id)["id"]
    deadline = request_workflow.next_step(
        SYSTEM, request_id, execution="e", round_=1, redriven=False, waited=""
    ).deadline
    request_workflow.wait_for_signal(SYSTEM, request_id, token="t1", waits_for="deadline", deadline=deadline)
    assert answered_tokens == []
    send_ok("POST", f"/bid-requests/{request_id}/close", {"reason": ""})
    event = {"event_id": "e", "type": "bidding.closed", "org_id": ORG, "aggregate_id": request_id}
    delivery = Delivery(**event, correlation_id="c", data={"bid_request_id": request_id})
    request_consumers.resume_workflow(SYSTEM, delivery)
    request_consumers.resume_workflow(SYSTEM, delivery)
    assert answered_tokens == ["t1"]
    request_workflow.wait_for_signal(SYSTEM, request_id, token="t2", waits_for="decision", deadline="")
    request_consumers.resume_workflow(SYSTEM, delivery)
    assert answered_tokens == ["t1"]
    execution = executions.find(SYSTEM, request_id)
    assert execution is not None
    assert execution.token == "t2"
    send_ok("POST", f"/bid-requests/{request_id}/cancel", {"reason": "off"})
    request_consumers.resume_workflow(SYSTEM, delivery)
    assert answered_tokens == ["t1", "t2"]
