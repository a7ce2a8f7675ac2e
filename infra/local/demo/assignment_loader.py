"""Assignments of a scenario's trips; those under way are advanced to their planned status, with positions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from infra.local.demo.fleet_scenario import ASSIGNMENT_STATUSES, AssignmentPlan
from infra.local.demo.positions import planned_positions
from infra.local.demo.scenario import Json, Trip
from infra.local.demo.users import UserClients

_CHECKED_IN_BEFORE: Final = timedelta(minutes=8)
_EARLIEST_CHECK_IN: Final = timedelta(hours=23)
"""A check-in may be at most a day old."""
_ARRIVED_BEFORE: Final = timedelta(minutes=5)


@dataclass
class AssignmentLoader:
    """Loads the assignments of an organization. Ids of drivers and vehicles by name."""

    clients: UserClients
    driver_ids: Mapping[str, str]
    vehicle_ids: Mapping[str, str]

    def load_assignments(self, charter: Json, trip: Trip) -> int:
        """Create and advance the assignments of a trip that is not over; returns how many were created."""
        if datetime.fromisoformat(charter["ends_at"]) <= datetime.now(UTC):
            return 0
        assignment_ids = {vehicle["vehicle"]: vehicle["assignment_id"] for vehicle in charter["vehicles"]}
        created = 0
        for number, plan in enumerate(trip.assignments, 1):
            assignment_id = assignment_ids.get(number)
            if assignment_id is None:
                assignment = self._create_assignment(charter["id"], number, plan)
                created += 1
            else:
                assignment = self.clients.client(plan.assigned_by).get(f"/dispatch/assignments/{assignment_id}")
            self._advance_assignment(assignment, plan)
        return created

    def _create_assignment(self, charter_id: str, number: int, plan: AssignmentPlan) -> Json:
        client, subject = self.clients.client(plan.assigned_by), f"{charter_id}/{number}"
        body: Json = {"charter_id": charter_id, "vehicle_number": number}
        if not plan.driver:
            automatic: Json = client.post("/dispatch/assignments/auto", body, subject)["assignment"]
            return automatic
        body |= {"driver_id": self.driver_ids[plan.driver], "vehicle_id": self.vehicle_ids[plan.vehicle]}
        assignment: Json = client.post("/dispatch/assignments", body, subject)
        return assignment

    def _advance_assignment(self, assignment: Json, plan: AssignmentPlan) -> None:
        """Advance an assignment to its planned status, unless it was released or declined."""
        if assignment["status"] not in ASSIGNMENT_STATUSES:
            return
        client, path = self.clients.client(plan.assigned_by), f"/dispatch/assignments/{assignment['id']}"
        current, target = (ASSIGNMENT_STATUSES.index(status) for status in (assignment["status"], plan.status))
        remaining = ASSIGNMENT_STATUSES[current + 1 : target + 1]
        if "checked_in" in remaining:
            check_in = {"at": _check_in_time(assignment).isoformat()}
            assignment = client.post(f"{path}/check-in", check_in, "check-in")
        elif "accepted" in remaining:
            client.post(f"{path}/accept", None, "accept")
        if remaining and assignment["checked_in_at"] is not None:
            self._send_positions(assignment, is_home=plan.status == "completed")
        if "completed" in remaining:
            client.post(f"{path}/check-out", {"at": datetime.now(UTC).isoformat()}, "check-out")
        if plan.breakdown and assignment["recovery_id"] is None:
            recovery = {"assignment_id": assignment["id"], "reason": "breakdown", "notes": plan.breakdown}
            client.post("/dispatch/recoveries", recovery, assignment["id"])

    def _send_positions(self, assignment: Json, *, is_home: bool) -> None:
        """Send the positions of the vehicle until now."""
        now, since = datetime.now(UTC), datetime.fromisoformat(assignment["checked_in_at"])
        home_by = now - _ARRIVED_BEFORE if is_home else None
        points = planned_positions(assignment["stops"], since, now, home_by=home_by)
        batch = {"assignment_id": assignment["id"], "points": points}
        self.clients.client("staff").post("/dispatch/check-ins", batch, f"{assignment['id']}/{now.isoformat()}")


def _check_in_time(assignment: Json) -> datetime:
    """When the driver checked in: at the start of the assignment, or a little before now if that is earlier."""
    now = datetime.now(UTC)
    start = datetime.fromisoformat(assignment["starts_at"])
    return max(min(start, now - _CHECKED_IN_BEFORE), now - _EARLIEST_CHECK_IN)
