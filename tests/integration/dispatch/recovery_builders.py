"""A trip that needs a replacement, and steps of the recovery workflow."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from coachway.core import store
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.workflows import executions
from coachway.dispatch.assignments.rules import AssignmentStatus, iso_week
from coachway.dispatch.diaries.model import DIARY, DiaryPage
from coachway.dispatch.recovery import workflow as recovery_workflow
from coachway.dispatch.recovery.model import RECOVERY, Recovery
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch.builders import (
    NEAR_BOSTON,
    NEAR_NYC,
    SYSTEM,
    create_assignment,
    create_delivery,
    create_driver,
    create_trip,
    create_vehicle,
    send_ok,
    send_request,
    update_assignment,
)

DEPARTURE = datetime(2027, 3, 3, 14, tzinfo=UTC)


class FakeStepFunctions:
    """Records the task tokens that are sent to Step Functions."""

    def __init__(self) -> None:
        self.tokens: list[str] = []

    def send_task_success(self, **arguments: str) -> None:
        self.tokens.append(arguments["taskToken"])


class RecoverySetup:
    """A trip of Rosa in Coach 12, with two more drivers and a spare coach."""

    def __init__(self) -> None:
        self.rosa, self.nia, self.finn = (
            create_driver(),
            create_driver("Nia Near", **NEAR_NYC),
            create_driver("Finn Far", **NEAR_BOSTON),
        )
        self.coach, self.spare = create_vehicle("Coach 12"), create_vehicle("Coach 14")
        self.charter_id = create_trip()
        self.assignment = create_assignment(self.charter_id, self.rosa, self.coach, notes="Gate code 4711")
        send_ok("POST", f"/dispatch/assignments/{self.assignment['id']}/accept")

    def open(self, reason: str = "breakdown") -> str:
        texts = {"notes": "Internal notes", "message_to_driver": "At the rest area"}
        body = {"assignment_id": self.assignment["id"], "reason": reason, **texts}
        reply = send_request("POST", "/dispatch/recoveries", body)
        assert reply.status == 202, reply.text
        return str(reply.json()["id"])

    def list_block_ids(self, resource: str) -> list[str]:
        page = store.find(DiaryPage, DIARY.key(org=ORG, resource=resource, week=iso_week(DEPARTURE)))
        return [block.assignment_id for block in page.blocks] if page else []


def choose_step(
    recovery_id: str, *, waited: str = "", execution: str = "one", redriven: bool = False
) -> recovery_workflow.NextStep:
    return recovery_workflow.choose_step(SYSTEM, recovery_id, execution=execution, redriven=redriven, waited=waited)


def get_recovery(recovery_id: str) -> Recovery:
    return store.get(Recovery, RECOVERY.key(org=ORG, id=recovery_id))


def late_risk_delivery(setup: RecoverySetup, minutes: int) -> Delivery:
    return create_delivery("trip.late_risk", assignment_id=setup.assignment["id"], minutes=minutes, stop=0)


def check_in(setup: RecoverySetup) -> None:
    """Check the driver in."""
    update_assignment(setup.assignment["id"], status=AssignmentStatus.CHECKED_IN, checked_in_at=DEPARTURE)


def install_fake_step_functions(monkeypatch: pytest.MonkeyPatch) -> FakeStepFunctions:
    """Replace the Step Functions client by a fake."""
    fake = FakeStepFunctions()
    monkeypatch.setattr(executions, "_get_step_functions_client", lambda: fake)
    return fake
