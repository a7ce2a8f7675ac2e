"""The recovery workflow on the deployed stack: the order of its offers and its outcomes."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local import aws_clients
from infra.local.deployment import stack_deployment
from infra.local.operations import workflow_redrive
from tests.stack import Stack, eventually
from tests.workflows.dispatch_builders import DispatchOrganization

pytestmark = pytest.mark.xdist_group("recovery")


class RecoveryOrganization(DispatchOrganization):
    """An operator with an assigned trip and a spare vehicle; drivers can stand by."""

    def __init__(self, stack: Stack, *, minutes: int) -> None:
        super().__init__(stack)
        self.office_email = f"office@{self.operator.slug}.example"
        branding = {"email": self.office_email, "phone": "+12125550100"}
        self.call("PUT", "/organization", {"recovery_answer_minutes": minutes, "branding": branding})
        self.first_driver, self.vehicle_id, self.spare_vehicle_id = (
            self.create_driver(),
            self.create_vehicle("Coach 12"),
            self.create_vehicle("Coach 14"),
        )
        self.charter_id = self.create_booked_trip()
        body = {"charter_id": self.charter_id, "driver_id": self.first_driver["id"], "vehicle_id": self.vehicle_id}
        self.assignment_id = str(self.call("POST", "/dispatch/assignments", body)["id"])

    def create_standby_driver(self, name: str, **fields: Any) -> dict[str, Any]:
        return self.create_driver(first_name=name, last_name="Tran", **fields)

    def start_recovery(self, reason: str = "breakdown") -> str:
        body = {"assignment_id": self.assignment_id, "reason": reason, "message_to_driver": "Engine"}
        return str(self.call("POST", "/dispatch/recoveries", body)["id"])

    def get_recovery(self, recovery_id: str) -> dict[str, Any]:
        return dict(self.call("GET", f"/dispatch/recoveries/{recovery_id}"))

    def wait_until_asked(self, recovery_id: str, driver_id: str) -> dict[str, Any]:
        """Wait until the recovery has an open offer to a driver; returns the recovery."""

        def find_asked() -> dict[str, Any] | None:
            recovery = self.get_recovery(recovery_id)
            offer = recovery["offers"][-1] if recovery["offers"] else None
            return recovery if offer and (offer["driver_id"], offer["status"]) == (driver_id, "open") else None

        return dict(eventually(find_asked, 60, "the driver was not asked") or {})

    def wait_for_status(self, recovery_id: str, status: str) -> dict[str, Any]:
        def find_recovery() -> dict[str, Any] | None:
            recovery = self.get_recovery(recovery_id)
            return recovery if recovery["status"] == status else None

        return dict(eventually(find_recovery, 90, f"the recovery was not {status}") or {})

    def wait_for_text(self, phone: str, phrase: str) -> str:
        """Wait for a text message that contains a phrase; returns its text."""
        stack = self.operator.stack

        def find_text() -> str | None:
            return next((each["body"] for each in stack.texts(phone) if phrase in each["body"]), None)

        return str(eventually(find_text, 60, f"no text message said {phrase}"))

    def wait_for_execution_status(self, recovery_id: str) -> str:
        """Wait until the execution of a recovery ends; returns its status."""
        states = self.operator.stack.client("stepfunctions")
        workflow = stack_deployment.read_outputs(self.operator.stack.config)["RecoveryFlowArn"]

        def find_status() -> str | None:
            for page in states.get_paginator("list_executions").paginate(stateMachineArn=workflow):
                for execution in page["executions"]:
                    if recovery_id in states.describe_execution(executionArn=execution["executionArn"])["input"]:
                        return str(execution["status"]) if execution["status"] != "RUNNING" else None
            return None

        return str(eventually(find_status, 60, "the workflow did not end"))


NEAR = {"home_latitude": 40.71, "home_longitude": -74.0}
FAR = {"home_latitude": 42.36, "home_longitude": -71.06}


def test_recovery_declined_asks_next_driver_and_notifies_all(stack: Stack) -> None:
    organization = RecoveryOrganization(stack, minutes=1440)
    near_driver, far_driver = (
        organization.create_standby_driver("Nia", **NEAR),
        organization.create_standby_driver("Finn", **FAR),
    )
    recovery_id = organization.start_recovery()
    organization.wait_until_asked(recovery_id, near_driver["id"])
    text = organization.wait_for_text(near_driver["phone"], "can you take over")
    assert "Coach 14" in text
    assert "/pages/driver" in text
    organization.call("POST", f"/dispatch/recoveries/{recovery_id}/decline", {"reason": "Asleep"})
    organization.wait_until_asked(recovery_id, far_driver["id"])
    organization.call("POST", f"/dispatch/recoveries/{recovery_id}/accept")
    recovery = organization.wait_for_status(recovery_id, "recovered")
    assert [each["status"] for each in recovery["offers"]] == ["declined", "accepted"]
    assert organization.wait_for_execution_status(recovery_id) == "SUCCEEDED"
    charter = organization.call("GET", f"/charters/{organization.charter_id}")
    assert (charter["status"], charter["driver_id"]) == ("confirmed", far_driver["id"])
    released = organization.call("GET", f"/dispatch/assignments/{organization.assignment_id}")
    replacement = organization.call("GET", f"/dispatch/assignments/{recovery['replacement_id']}")
    assert (released["status"], replacement["status"], replacement["vehicle_id"]) == (
        "released",
        "accepted",
        organization.spare_vehicle_id,
    )
    assert (
        "Finn Tran" in stack.wait_for_mail(organization.operator.client_email, "^New driver for your trip")["BodyText"]
    )
    stack.wait_for_mail(organization.office_email, "^Finn Tran takes over trip")
    organization.wait_for_text(organization.first_driver["phone"], "is no longer assigned to you")


def test_recovery_unanswered_is_escalated_to_office(stack: Stack) -> None:
    organization = RecoveryOrganization(stack, minutes=10)
    driver = organization.create_standby_driver("Sam", **NEAR)
    recovery_id = organization.start_recovery("no_show")
    recovery = organization.wait_for_status(recovery_id, "escalated")
    assert [(each["driver_id"], each["status"]) for each in recovery["offers"]] == [(driver["id"], "expired")]
    assert recovery["offers"][0]["vehicle_id"] == organization.vehicle_id
    assert organization.wait_for_execution_status(recovery_id) == "SUCCEEDED"
    stack.wait_for_mail(organization.office_email, "^Nobody can take over trip")
    assert organization.call("GET", f"/dispatch/assignments/{organization.assignment_id}")["status"] == "offered"


def test_recovery_failed_step_is_reported_and_resumed(stack: Stack) -> None:
    organization = RecoveryOrganization(stack, minutes=10)
    key = {
        "pk": {"S": f"ORG#{organization.operator.org_id}#ASSIGNMENT#{organization.assignment_id}"},
        "sk": {"S": "HEAD"},
    }
    dynamodb, table = stack.client("dynamodb"), stack.table
    recovery_id = organization.start_recovery()
    organization.wait_for_status(recovery_id, "escalated")
    driver = organization.create_standby_driver("Sam", **NEAR)
    recovery_id = organization.start_recovery()
    stored = dynamodb.get_item(TableName=table, Key=key)["Item"]
    dynamodb.put_item(TableName=table, Item={**stored, "doc": {"S": "{}"}})

    def get_failure() -> Any:
        return organization.get_recovery(recovery_id)["failure"]

    failure = eventually(get_failure, 90, "the failure was not stored")
    assert organization.call("GET", f"/charters/{organization.charter_id}")["workflow_failures"]["recovery"] == failure
    dynamodb.put_item(TableName=table, Item=stored)
    assert organization.wait_for_execution_status(recovery_id) == "FAILED"
    assert workflow_redrive.redrive_failed_executions(aws_clients.client, stack.config) >= 1
    recovery = organization.wait_for_status(recovery_id, "escalated")
    assert (recovery["failure"], {each["driver_id"] for each in recovery["offers"]}) == (None, {driver["id"]})
    assert organization.call("GET", f"/charters/{organization.charter_id}")["workflow_failures"] == {}
