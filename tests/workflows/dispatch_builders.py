"""An organization on the deployed stack with drivers, vehicles and booked trips."""

from __future__ import annotations

import json
import random
import secrets
from typing import Any

from coachway.compliance.model import Subject
from coachway.compliance.rules import REQUIRED, DocumentStatus, DocumentSummary, SubjectType
from coachway.core.persistence.transaction import to_item
from coachway.core.types import ids
from coachway.dispatch.diaries.model import DIARY
from coachway.fleet.model import DRIVER_EXAMPLE, OPEN_ASSIGNMENTS, VEHICLE_EXAMPLE
from tests import dates
from tests.stack import Stack
from tests.workflows.organization_builders import Operator

DEPARTURE_TIMES = ("09:00", "10:00", "11:00", "11:30")
"""Departure times of trips of three hours that all overlap."""


class DispatchOrganization:
    """An operator with drivers, vehicles and booked trips."""

    def __init__(self, stack: Stack) -> None:
        self.operator = Operator.create(stack)
        self.call, self.send = self.operator.call, self.operator.send
        area = secrets.choice(("201", "212", "215", "305", "312", "404", "415", "503", "617", "713", "718"))
        self.phones = (f"+1{area}555{number:04d}" for number in random.sample(range(10_000), 1000))

    def create_driver(self, **fields: Any) -> dict[str, Any]:
        body = {**DRIVER_EXAMPLE, "license_expires": f"{dates.EXPIRY_DAY}", "phone": next(self.phones), **fields}
        driver: dict[str, Any] = self.call("POST", "/drivers", body)
        self.approve_documents(SubjectType.DRIVER, driver["id"])
        return driver

    def create_vehicle(self, name: str) -> str:
        vehicle = self.call("POST", "/vehicles", {**VEHICLE_EXAMPLE, "name": name})
        self.approve_documents(SubjectType.VEHICLE, vehicle["id"])
        return str(vehicle["id"])

    def approve_documents(self, subject_type: SubjectType, subject_id: str) -> None:
        """Store the required documents of a subject as approved. Other tests cover their approval."""
        document_types = REQUIRED[subject_type]
        documents = [
            DocumentSummary(id=ids.new("cmp"), document_type=document_type, status=DocumentStatus.APPROVED)
            for document_type in document_types
        ]
        org_id, stack = self.operator.org_id, self.operator.stack
        subject = Subject(
            org_id=org_id, subject_type=subject_type, subject_id=subject_id, name="x", documents=documents, version=2
        )
        stack.client("dynamodb").put_item(TableName=stack.table, Item=to_item(subject))

    def create_booked_trip(self, departure: str = "09:00", days_later: int = 0) -> str:
        """Book a trip of three hours, a number of days after the usual day; returns the charter's id."""
        body, day = self.operator.charter_body(), dates.trip_day(days_later)
        first, last = body["stops"]
        hour, minute = departure.split(":")
        first |= {
            "estimated_departure": dates.at(departure, day),
            "latitude": 40.7074,
            "longitude": -74.0113,
        }
        last |= {
            "estimated_arrival": dates.at(f"{int(hour) + 3:02d}:{minute}", day),
            "latitude": 39.3560,
            "longitude": -74.4310,
        }
        charter_id = str(self.call("POST", "/charters", body)["id"])
        self.call("POST", f"/charters/{charter_id}/status", {"status": "booked", "accepted_by": "Dana Lee"})
        return charter_id

    def create_booked_trips(self, count: int, hours: tuple[str, ...] = DEPARTURE_TIMES) -> list[str]:
        return [self.create_booked_trip(hours[n % len(hours)]) for n in range(count)]

    def list_diary_jobs(self, resource: str) -> list[dict[str, Any]]:
        """The assignments in the diary of a driver or vehicle, read from the table."""
        stack = self.operator.stack
        response = stack.client("dynamodb").query(
            TableName=stack.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": DIARY.partition(org=self.operator.org_id, resource=resource)}},
            ConsistentRead=True,
        )
        jobs: dict[str, dict[str, Any]] = {}
        for item in response["Items"]:
            for job in json.loads(item["doc"]["S"])["jobs"]:
                jobs[job["assignment_id"]] = job
        return list(jobs.values())

    def count_upcoming_jobs(self, resource: str) -> int:
        """The stored number of upcoming assignments of a driver or vehicle."""
        stack = self.operator.stack
        pk, sk = OPEN_ASSIGNMENTS.key(org=self.operator.org_id, resource=resource)
        stored = stack.client("dynamodb").get_item(TableName=stack.table, Key={"pk": {"S": pk}, "sk": {"S": sk}})
        return int(stored["Item"]["n"]["N"]) if "Item" in stored else 0

    def list_assignments(self, **query: str) -> list[dict[str, Any]]:
        first, last = f"{dates.trip_day(-2)}", f"{dates.trip_day(28)}"
        return self.operator.list_all("/dispatch/assignments", date_from=first, date_to=last, **query)
