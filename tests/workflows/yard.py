"""A carrier with drivers, vehicles and booked trips, on the deployed stack."""

from __future__ import annotations

import json
import random
import secrets
from typing import Any

from coachway.compliance.model import Subject
from coachway.compliance.rules import REQUIRED, DocumentSummary, Status, SubjectType
from coachway.core.persistence.transaction import to_item
from coachway.core.types import ids
from coachway.dispatch.diaries.model import DIARY
from coachway.fleet.model import DRIVER_EXAMPLE, JOBS, VEHICLE_EXAMPLE
from tests import dates
from tests.stack import Stack
from tests.workflows.carrier import Carrier, at_once

HOURS = ("09:00", "10:00", "11:00", "11:30")
"""When trips of three hours leave that all overlap."""


class Yard:
    """A carrier with drivers, vehicles, and booked trips."""

    def __init__(self, stack: Stack) -> None:
        self.carrier = Carrier.opened(stack)
        self.ask, self.send = self.carrier.ask, self.carrier.send
        area = secrets.choice(("201", "212", "215", "305", "312", "404", "415", "503", "617", "713", "718"))
        self.phones = (f"+1{area}555{number:04d}" for number in random.sample(range(10_000), 1000))

    def driver(self, **fields: Any) -> dict[str, Any]:
        body = {**DRIVER_EXAMPLE, "license_expires": f"{dates.EXPIRY_DAY}", "phone": next(self.phones), **fields}
        made: dict[str, Any] = self.ask("POST", "/drivers", body)
        self._papers(SubjectType.DRIVER, made["id"])
        return made

    def vehicle(self, name: str) -> str:
        made = self.ask("POST", "/vehicles", {**VEHICLE_EXAMPLE, "name": name})
        self._papers(SubjectType.VEHICLE, made["id"])
        return str(made["id"])

    def _papers(self, subject_type: SubjectType, subject_id: str) -> None:
        """Everything that it must have, approved: to hand it in and judge it is the test of others."""
        kinds = REQUIRED[subject_type]
        papers = [DocumentSummary(id=ids.new("cmp"), document_type=kind, status=Status.APPROVED) for kind in kinds]
        org_id, stack = self.carrier.org_id, self.carrier.stack
        subject = Subject(
            org_id=org_id, subject_type=subject_type, subject_id=subject_id, name="x", papers=papers, version=2
        )
        stack.client("dynamodb").put_item(TableName=stack.table, Item=to_item(subject))

    def trip(self, leaves: str = "09:00", later: int = 0) -> str:
        """A booked trip of three hours, so many days after the usual day; its id."""
        body, day = self.carrier.trip(), dates.trip_day(later)
        first, last = body["stops"]
        hour, minute = leaves.split(":")
        first |= {
            "estimated_departure": dates.at(leaves, day),
            "latitude": 40.7074,
            "longitude": -74.0113,
        }
        last |= {
            "estimated_arrival": dates.at(f"{int(hour) + 3:02d}:{minute}", day),
            "latitude": 39.3560,
            "longitude": -74.4310,
        }
        charter_id = str(self.ask("POST", "/charters", body)["id"])
        self.ask("POST", f"/charters/{charter_id}/status", {"status": "booked", "accepted_by": "Dana Lee"})
        return charter_id

    def trips(self, count: int, hours: tuple[str, ...] = HOURS) -> list[str]:
        return at_once(count, lambda n: self.trip(hours[n % len(hours)]))

    def diary(self, resource: str) -> list[dict[str, Any]]:
        """The jobs in the pages of a driver or vehicle, from the table itself."""
        stack = self.carrier.stack
        answer = stack.client("dynamodb").query(
            TableName=stack.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": DIARY.partition(org=self.carrier.org_id, resource=resource)}},
            ConsistentRead=True,
        )
        found: dict[str, dict[str, Any]] = {}
        for each in answer["Items"]:
            for job in json.loads(each["doc"]["S"])["jobs"]:
                found[job["assignment_id"]] = job
        return list(found.values())

    def ahead(self, resource: str) -> int:
        """How many jobs the fleet counts for a driver or vehicle."""
        stack = self.carrier.stack
        pk, sk = JOBS.key(org=self.carrier.org_id, resource=resource)
        kept = stack.client("dynamodb").get_item(TableName=stack.table, Key={"pk": {"S": pk}, "sk": {"S": sk}})
        return int(kept["Item"]["n"]["N"]) if "Item" in kept else 0

    def assignments(self, **query: str) -> list[dict[str, Any]]:
        first, last = f"{dates.trip_day(-2)}", f"{dates.trip_day(28)}"
        return self.carrier.everything("/dispatch/assignments", date_from=first, date_to=last, **query)
