"""A carrier with drivers, vehicles, and trips that leave soon, on the deployed stack."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from coachway.compliance.model import Subject
from coachway.compliance.rules import REQUIRED, DocumentSummary, Status, SubjectType
from coachway.core.persistence.transaction import to_item
from coachway.core.types import ids
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.fleet.model import DRIVER_EXAMPLE, VEHICLE_EXAMPLE
from tests.stack import Stack, eventually
from tests.workflows.carrier import Carrier

Json = dict[str, Any]

WALL_ST = (40.7074, -74.0113)
CHEESEQUAKE = (40.4598, -74.2710)
BOARDWALK = (39.3560, -74.4310)
NEW_YORK = ZoneInfo("America/New_York")


@dataclass
class Depot:
    """Signed up, its papers in order."""

    carrier: Carrier

    @classmethod
    def opened(cls, stack: Stack) -> Depot:
        """Sign up; say how the office is reached."""
        depot = cls(Carrier.opened(stack))
        branding = {"color": "#00695c", "email": "hello@harbor.example", "phone": "+12125550100"}
        depot.carrier.ask("PUT", "/organization", {"branding": branding})
        depot.papers(SubjectType.ORGANIZATION, depot.carrier.org_id)
        return depot

    @property
    def stack(self) -> Stack:
        return self.carrier.stack

    def papers(self, subject_type: SubjectType, subject_id: str, *, but: int = 0) -> None:
        """Everything that it must have, approved; `but` so many of them."""
        kinds = REQUIRED[subject_type][but:]
        papers = [DocumentSummary(id=ids.new("cmp"), document_type=kind, status=Status.APPROVED) for kind in kinds]
        subject = Subject(
            org_id=self.carrier.org_id,
            subject_type=subject_type,
            subject_id=subject_id,
            name="Rosa Delgado",
            papers=papers,
            version=2,
        )
        self.stack.client("dynamodb").put_item(TableName=self.stack.table, Item=to_item(subject))

    def driver(self) -> Json:
        """A driver who can log in by her phone."""
        phone = f"+1212{secrets.randbelow(8_000_000) + 2_000_000}"
        made: Json = self.carrier.ask("POST", "/drivers", {**DRIVER_EXAMPLE, "phone": phone})
        self.papers(SubjectType.DRIVER, made["id"])
        return made

    def trip(self, driver: Json, leaves: timedelta, *, vehicles: int = 1, second: Json | None = None) -> list[Json]:
        """A booked trip with a stop on the way, its first vehicle given to the driver, the next to the second one."""
        start = datetime.now(UTC).replace(microsecond=0) + leaves
        places = (
            ("pickup", "11 Wall St, New York, NY", WALL_ST, None, 0),
            ("waypoint", "Cheesequake Service Area, Sayreville, NJ", CHEESEQUAKE, 60, 75),
            ("dropoff", "1901 Boardwalk, Atlantic City, NJ", BOARDWALK, 195, None),
        )
        stops = [
            {
                "stop_type": kind,
                "address": address,
                "latitude": place[0],
                "longitude": place[1],
                **({"estimated_arrival": _local(start, arrives)} if arrives is not None else {}),
                **({"estimated_departure": _local(start, departs)} if departs is not None else {}),
            }
            for kind, address, place, arrives, departs in places
        ]
        body = self.carrier.trip(stops=stops, miles=130, vehicle_count=vehicles, passengers=40 * vehicles)
        charter = self.carrier.ask("POST", "/charters", body)
        self.carrier.ask("POST", f"/charters/{charter['id']}/status", {"status": "booked", "accepted_by": "Dana Lee"})
        return [self._assigned(charter["id"], each) for each in (driver, second) if each is not None]

    def vehicle(self) -> Json:
        """A coach with a number of its own."""
        name = f"Coach {secrets.randbelow(90) + 10}"
        made: Json = self.carrier.ask("POST", "/vehicles", {**VEHICLE_EXAMPLE, "name": name})
        self.papers(SubjectType.VEHICLE, made["id"])
        return made

    def _assigned(self, charter_id: str, driver: Json) -> Json:
        given = {"charter_id": charter_id, "driver_id": driver["id"], "vehicle_id": self.vehicle()["id"]}
        made: Json = self.carrier.ask("POST", "/dispatch/assignments", given)
        return made

    def now(self, assignment: Json) -> Json:
        """The assignment as it is now."""
        found = self.carrier.everything("/dispatch/assignments", charter_id=assignment["charter_id"])
        [known] = [each for each in found if each["id"] == assignment["id"]]
        return known

    def rewritten(self, trip: Json, **fields: Any) -> None:
        """The assignment, as if it had been made otherwise."""
        place = repository.key(self.carrier.org_id, trip["id"])
        table = self.stack.client("dynamodb")
        kept = table.get_item(TableName=self.stack.table, Key={"pk": {"S": place.pk}, "sk": {"S": place.sk}})["Item"]
        known = Assignment.model_validate_json(kept["doc"]["S"])
        version = int(kept["version"]["N"])
        told = Assignment.model_validate({**known.model_dump(), **fields, "version": version})
        table.put_item(TableName=self.stack.table, Item=to_item(told))

    def duty(self, assignment: Json, act: str, **body: Any) -> None:
        """Check in or out, or leave a stop, as the office may on the telephone."""
        self.carrier.ask("POST", f"/dispatch/assignments/{assignment['id']}/{act}", body)

    def seen(self, assignment: Json, *places: tuple[float, float], ago: float = 0, every: float = 10) -> None:
        """Tell where its vehicle was: the last place so many seconds ago, the others each so many seconds before."""
        last = datetime.now(UTC) - timedelta(seconds=ago)
        points = [
            {
                "latitude": latitude,
                "longitude": longitude,
                "speed_mph": 50,
                "heading": 200,
                "accuracy_m": 6,
                "recorded_at": (last - timedelta(seconds=every * back)).isoformat(),
            }
            for back, (latitude, longitude) in zip(range(len(places) - 1, -1, -1), places, strict=True)
        ]
        self.carrier.ask("POST", "/dispatch/check-ins", {"assignment_id": assignment["id"], "points": points})

    def link(self, assignment: Json, **body: Any) -> str:
        """The live link to the assignment's charter."""
        path = f"/dispatch/charters/{assignment['charter_id']}/track-link"
        return str(self.carrier.ask("POST", path, body)["url"])

    def code(self, phone: str, *, after: int = 0) -> str:
        """The newest one-time code that was sent to a phone, once there are more than `after`."""
        texts = eventually(lambda: (found := self.stack.texts(phone))[after:] and found, 40, "no code was sent")
        match = re.search(r"\b(\d{6})\b", texts[-1]["body"])
        assert match is not None, texts[-1]
        return match[1]


def _local(start: datetime, minutes: int) -> str:
    return (start + timedelta(minutes=minutes)).astimezone(NEW_YORK).isoformat()


def along(start: tuple[float, float], end: tuple[float, float], count: int) -> list[tuple[float, float]]:
    """Places on the straight line from one to the other, both included."""
    steps = [at / (count - 1) for at in range(count)]
    return [(start[0] + (end[0] - start[0]) * each, start[1] + (end[1] - start[1]) * each) for each in steps]
