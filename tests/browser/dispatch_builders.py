"""An organization on the deployed stack with drivers, vehicles, and trips that depart soon."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from coachway.compliance.model import Subject
from coachway.compliance.rules import REQUIRED, DocumentStatus, DocumentSummary, SubjectType
from coachway.core.persistence.transaction import to_item
from coachway.core.types import ids
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.fleet.model import DRIVER_EXAMPLE, VEHICLE_EXAMPLE
from tests.stack import Stack, eventually
from tests.workflows.organization_builders import Operator

Json = dict[str, Any]

WALL_ST = (40.7074, -74.0113)
CHEESEQUAKE = (40.4598, -74.2710)
BOARDWALK = (39.3560, -74.4310)
NEW_YORK = ZoneInfo("America/New_York")


@dataclass
class DispatchOrganization:
    """An organization with approved compliance documents."""

    operator: Operator

    @classmethod
    def create(cls, stack: Stack) -> DispatchOrganization:
        """Register, set the contact details and approve the organization's documents."""
        organization = cls(Operator.create(stack))
        branding = {"color": "#00695c", "email": "hello@harbor.example", "phone": "+12125550100"}
        organization.operator.call("PUT", "/organization", {"branding": branding})
        organization.approve_documents(SubjectType.ORGANIZATION, organization.operator.org_id)
        return organization

    @property
    def stack(self) -> Stack:
        return self.operator.stack

    def approve_documents(self, subject_type: SubjectType, subject_id: str, *, missing: int = 0) -> None:
        """Store the required documents of a subject as approved, except the first `missing` ones."""
        documents = [
            DocumentSummary(id=ids.new("cmp"), document_type=document_type, status=DocumentStatus.APPROVED)
            for document_type in REQUIRED[subject_type][missing:]
        ]
        subject = Subject(
            org_id=self.operator.org_id,
            subject_type=subject_type,
            subject_id=subject_id,
            name="Rosa Delgado",
            documents=documents,
            version=2,
        )
        self.stack.client("dynamodb").put_item(TableName=self.stack.table, Item=to_item(subject))

    def create_driver(self) -> Json:
        """A driver with approved documents who can log in by phone."""
        phone = f"+1212{secrets.randbelow(8_000_000) + 2_000_000}"
        driver: Json = self.operator.call("POST", "/drivers", {**DRIVER_EXAMPLE, "phone": phone})
        self.approve_documents(SubjectType.DRIVER, driver["id"])
        return driver

    def create_vehicle(self) -> Json:
        """A coach with approved documents."""
        name = f"Coach {secrets.randbelow(90) + 10}"
        vehicle: Json = self.operator.call("POST", "/vehicles", {**VEHICLE_EXAMPLE, "name": name})
        self.approve_documents(SubjectType.VEHICLE, vehicle["id"])
        return vehicle

    def create_assignments(
        self, driver: Json, departs_in: timedelta, *, vehicles: int = 1, second_driver: Json | None = None
    ) -> list[Json]:
        """Book a trip with three stops, and assign its vehicles to the drivers."""
        start = datetime.now(UTC).replace(microsecond=0) + departs_in
        places = (
            ("pickup", "11 Wall St, New York, NY", WALL_ST, None, 0),
            ("waypoint", "Cheesequake Service Area, Sayreville, NJ", CHEESEQUAKE, 60, 75),
            ("dropoff", "1901 Boardwalk, Atlantic City, NJ", BOARDWALK, 195, None),
        )
        stops = [
            {
                "stop_type": stop_type,
                "address": address,
                "latitude": place[0],
                "longitude": place[1],
                **({"estimated_arrival": _local_time(start, arrives)} if arrives is not None else {}),
                **({"estimated_departure": _local_time(start, departs)} if departs is not None else {}),
            }
            for stop_type, address, place, arrives, departs in places
        ]
        body = self.operator.charter_body(stops=stops, miles=130, vehicle_count=vehicles, passengers=40 * vehicles)
        charter = self.operator.call("POST", "/charters", body)
        self.operator.call("POST", f"/charters/{charter['id']}/status", {"status": "booked", "accepted_by": "Dana Lee"})
        drivers = [driver] if second_driver is None else [driver, second_driver]
        return [self._create_assignment(charter["id"], assigned) for assigned in drivers]

    def _create_assignment(self, charter_id: str, driver: Json) -> Json:
        vehicle = self.create_vehicle()
        body = {"charter_id": charter_id, "driver_id": driver["id"], "vehicle_id": vehicle["id"]}
        assignment: Json = self.operator.call("POST", "/dispatch/assignments", body)
        return assignment

    def get_assignment(self, assignment: Json) -> Json:
        """The current state of an assignment."""
        assignments = self.operator.list_all("/dispatch/assignments", charter_id=assignment["charter_id"])
        [current] = [candidate for candidate in assignments if candidate["id"] == assignment["id"]]
        return current

    def overwrite_assignment(self, assignment: Json, **fields: Any) -> None:
        """Overwrite fields of an assignment in the table."""
        place = repository.assignment_key(self.operator.org_id, assignment["id"])
        client = self.stack.client("dynamodb")
        key = {"pk": {"S": place.pk}, "sk": {"S": place.sk}}
        stored = client.get_item(TableName=self.stack.table, Key=key)["Item"]
        current = Assignment.model_validate_json(stored["doc"]["S"]).model_dump()
        changed = Assignment.model_validate({**current, **fields, "version": int(stored["version"]["N"])})
        client.put_item(TableName=self.stack.table, Item=to_item(changed))

    def post_action(self, assignment: Json, action: str, **body: Any) -> None:
        """Check in, depart from a stop or check out for the driver."""
        self.operator.call("POST", f"/dispatch/assignments/{assignment['id']}/{action}", body)

    def send_positions(
        self, assignment: Json, *places: tuple[float, float], seconds_ago: float = 0, interval: float = 10
    ) -> None:
        """Send the vehicle's positions: the last one of `seconds_ago`, the others each `interval` seconds earlier."""
        last = datetime.now(UTC) - timedelta(seconds=seconds_ago)
        points = [
            {
                "latitude": latitude,
                "longitude": longitude,
                "speed_mph": 50,
                "heading": 200,
                "accuracy_m": 6,
                "recorded_at": (last - timedelta(seconds=interval * steps)).isoformat(),
            }
            for steps, (latitude, longitude) in zip(range(len(places) - 1, -1, -1), places, strict=True)
        ]
        self.operator.call("POST", "/dispatch/check-ins", {"assignment_id": assignment["id"], "points": points})

    def create_tracking_link(self, assignment: Json, **body: Any) -> str:
        """The tracking link of the assignment's charter."""
        path = f"/dispatch/charters/{assignment['charter_id']}/track-link"
        return str(self.operator.call("POST", path, body)["url"])

    def wait_for_code(self, phone: str, *, after: int = 0) -> str:
        """The newest one-time code among the messages to a phone, without the first `after` messages."""

        def find_codes() -> list[str]:
            bodies = [message["body"] for message in self.stack.texts(phone)[after:]]
            return [code[1] for body in bodies if (code := re.match(r"(\d{6}) is your code", body))]

        return eventually(find_codes, 40, "no code was sent")[-1]


def _local_time(start: datetime, minutes: int) -> str:
    return (start + timedelta(minutes=minutes)).astimezone(NEW_YORK).isoformat()


def line(start: tuple[float, float], end: tuple[float, float], count: int) -> list[tuple[float, float]]:
    """Places at equal distances on a straight line, including both ends."""
    shares = [index / (count - 1) for index in range(count)]
    return [(start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share) for share in shares]
