"""The flow of recovery, run for real: who is asked, in which order, and how it ends."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local import aws_clients
from infra.local.deployment import stack_deployment
from infra.local.operations import workflow_redrive
from tests.stack import Stack, eventually
from tests.workflows.yard import Yard

pytestmark = pytest.mark.xdist_group("recovery")


class Fleet(Yard):
    """A carrier whose trip has a driver and a coach, with another coach and some drivers standing by."""

    def __init__(self, stack: Stack, *, minutes: int) -> None:
        super().__init__(stack)
        self.office = f"office@{self.carrier.slug}.example"
        branding = {"email": self.office, "phone": "+12125550100"}
        self.ask("PUT", "/organization", {"recovery_answer_minutes": minutes, "branding": branding})
        self.driven, self.coach, self.spare = self.driver(), self.vehicle("Coach 12"), self.vehicle("Coach 14")
        self.charter_id = self.trip()
        body = {"charter_id": self.charter_id, "driver_id": self.driven["id"], "vehicle_id": self.coach}
        self.assignment_id = str(self.ask("POST", "/dispatch/assignments", body)["id"])

    def standing_by(self, name: str, **fields: Any) -> dict[str, Any]:
        return self.driver(first_name=name, last_name="Tran", **fields)

    def opened(self, reason: str = "breakdown") -> str:
        body = {"assignment_id": self.assignment_id, "reason": reason, "notes": "Engine"}
        return str(self.ask("POST", "/dispatch/recoveries", body)["id"])

    def recovery(self, recovery_id: str) -> dict[str, Any]:
        return dict(self.ask("GET", f"/dispatch/recoveries/{recovery_id}"))

    def asks(self, recovery_id: str, driver_id: str) -> dict[str, Any]:
        """The recovery, once this driver's answer is waited for."""

        def asked() -> dict[str, Any] | None:
            known = self.recovery(recovery_id)
            last = known["offers"][-1] if known["offers"] else None
            return known if last and (last["driver_id"], last["status"]) == (driver_id, "open") else None

        return dict(eventually(asked, 60, "the driver was not asked") or {})

    def becomes(self, recovery_id: str, status: str) -> dict[str, Any]:
        def over() -> dict[str, Any] | None:
            known = self.recovery(recovery_id)
            return known if known["status"] == status else None

        return dict(eventually(over, 90, f"the recovery was not {status}") or {})

    def text(self, phone: str, about: str) -> str:
        """The text message to a driver that says this."""
        stack = self.carrier.stack

        def found() -> str | None:
            return next((each["body"] for each in stack.texts(phone) if about in each["body"]), None)

        return str(eventually(found, 60, f"no text message said {about}"))

    def execution(self, recovery_id: str) -> str:
        """How the one execution that looked after it ended."""
        states = self.carrier.stack.client("stepfunctions")
        flow = stack_deployment.read_outputs(self.carrier.stack.config)["RecoveryFlowArn"]

        def ended() -> str | None:
            for page in states.get_paginator("list_executions").paginate(stateMachineArn=flow):
                for each in page["executions"]:
                    if recovery_id in states.describe_execution(executionArn=each["executionArn"])["input"]:
                        return str(each["status"]) if each["status"] != "RUNNING" else None
            return None

        return str(eventually(ended, 60, "the flow did not end"))


NEAR = {"home_latitude": 40.71, "home_longitude": -74.0}
FAR = {"home_latitude": 42.36, "home_longitude": -71.06}


def test_who_declines_is_followed_by_the_next_and_everybody_is_told_who_took_over(stack: Stack) -> None:
    fleet = Fleet(stack, minutes=1440)
    near, far = fleet.standing_by("Nia", **NEAR), fleet.standing_by("Finn", **FAR)
    recovery_id = fleet.opened()
    fleet.asks(recovery_id, near["id"])
    asked = fleet.text(near["phone"], "can you take over")
    assert "Coach 14" in asked
    assert "/pages/driver" in asked
    fleet.ask("POST", f"/dispatch/recoveries/{recovery_id}/decline", {"reason": "Asleep"})
    fleet.asks(recovery_id, far["id"])
    fleet.ask("POST", f"/dispatch/recoveries/{recovery_id}/accept")
    over = fleet.becomes(recovery_id, "recovered")
    assert [each["status"] for each in over["offers"]] == ["declined", "accepted"]
    assert fleet.execution(recovery_id) == "SUCCEEDED"
    charter = fleet.ask("GET", f"/charters/{fleet.charter_id}")
    assert (charter["status"], charter["driver_id"]) == ("confirmed", far["id"])
    before = fleet.ask("GET", f"/dispatch/assignments/{fleet.assignment_id}")
    after = fleet.ask("GET", f"/dispatch/assignments/{over['replacement_id']}")
    assert (before["status"], after["status"], after["vehicle_id"]) == ("released", "accepted", fleet.spare)
    assert "Finn Tran" in stack.wait_for_mail(fleet.carrier.client_email, "^Another driver for your trip")["BodyText"]
    stack.wait_for_mail(fleet.office, "^Finn Tran took over trip")
    fleet.text(fleet.driven["phone"], "is no longer yours")


def test_who_does_not_answer_in_time_is_followed_by_nobody_and_the_office_hears_of_it(stack: Stack) -> None:
    fleet = Fleet(stack, minutes=10)
    silent = fleet.standing_by("Sam", **NEAR)
    recovery_id = fleet.opened("no_show")
    over = fleet.becomes(recovery_id, "escalated")
    assert [(each["driver_id"], each["status"]) for each in over["offers"]] == [(silent["id"], "expired")]
    assert over["offers"][0]["vehicle_id"] == fleet.coach
    assert fleet.execution(recovery_id) == "SUCCEEDED"
    stack.wait_for_mail(fleet.office, "^Nobody can take over trip")
    assert fleet.ask("GET", f"/dispatch/assignments/{fleet.assignment_id}")["status"] == "offered"


def test_a_failure_is_told_on_the_charter_and_taken_up_again(stack: Stack) -> None:
    fleet = Fleet(stack, minutes=10)
    key = {"pk": {"S": f"ORG#{fleet.carrier.org_id}#ASSIGNMENT#{fleet.assignment_id}"}, "sk": {"S": "HEAD"}}
    dynamodb, table = stack.client("dynamodb"), stack.table
    recovery_id = fleet.opened()
    fleet.becomes(recovery_id, "escalated")
    silent = fleet.standing_by("Sam", **NEAR)
    recovery_id = fleet.opened()
    kept = dynamodb.get_item(TableName=table, Key=key)["Item"]
    dynamodb.put_item(TableName=table, Item={**kept, "doc": {"S": "{}"}})

    def failure() -> Any:
        return fleet.recovery(recovery_id)["failure"]

    told = eventually(failure, 90, "the failure was not kept")
    assert fleet.ask("GET", f"/charters/{fleet.charter_id}")["flow_failures"]["recovery"] == told
    dynamodb.put_item(TableName=table, Item=kept)
    assert fleet.execution(recovery_id) == "FAILED"
    assert workflow_redrive.redrive_failed_executions(aws_clients.client, stack.config) >= 1
    over = fleet.becomes(recovery_id, "escalated")
    assert (over["failure"], {each["driver_id"] for each in over["offers"]}) == (None, {silent["id"]})
    assert fleet.ask("GET", f"/charters/{fleet.charter_id}")["flow_failures"] == {}
