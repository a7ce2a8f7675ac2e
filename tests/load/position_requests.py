"""What it takes to be told where a vehicle is, in process: rows of the bench."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final

from coachway.bookings.charters.model import CHARTER, Charter, Cover
from coachway.core import store
from coachway.core.auth import authentication
from coachway.core.persistence.records import Record
from coachway.core.persistence.table import connection
from coachway.core.persistence.transaction import to_item
from coachway.core.runtime import settings
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.tracking import position_store
from tests.load import moving_assignments
from tests.load.dynamodb_meter import Meter, size
from tests.load.request_steps import Day, Step

if TYPE_CHECKING:
    from tests.load.in_process import House

ENTRY: Final = "dispatch/tracking_api"
BATCHES: Final = {"tell a position": 1, "tell six positions": 6, "tell a hundred positions": 100}
FOLLOW: Final = "follow a charter"
PAGE: Final = int(position_store.LENGTH / moving_assignments.EVERY)
"""Fixes on a page at one in ten seconds."""


class Road:
    """Vehicles of the bench's organization, on their way."""

    def __init__(self, day: Day, house: House) -> None:
        self.day, self.house = day, house
        self.org = authentication.verify_token(day.known["access"])["org"]

    def rows(self, rounds: int) -> list[dict[str, Any]]:
        """One for each size of batch, and one for following a vehicle."""
        found = [self._telling(name, count, rounds) for name, count in BATCHES.items()]
        look = Step(FOLLOW, ENTRY, "GET", f"/dispatch/charters/{self._followed()}/track", goal=3)
        return [*found, self._row(look, [look] * rounds, [look] * 3)]

    def _telling(self, name: str, count: int, rounds: int) -> dict[str, Any]:
        """Batch after batch of one vehicle; a page's worth of them is metered."""
        fixes = (rounds + PAGE) * count
        assignment = moving_assignments.under_way(self.org, 1, fixes * moving_assignments.EVERY)
        _put(assignment)
        batches = self._batches(name, assignment, count, fixes)
        row = self._row_of(batches, rounds, max(4, PAGE // count))
        pages = position_store.whole(self.org, assignment.id)
        return {**row, "grown": round(max(size(to_item(page)) for page in pages) / PAGE * count)}

    def _batches(self, name: str, assignment: Assignment, count: int, many: int) -> Iterator[Step]:
        fixes = moving_assignments.drive(1, datetime.now(UTC) - many * moving_assignments.EVERY)
        step = Step(name, ENTRY, "POST", "/dispatch/check-ins", goal=3 if count == 1 else None)
        while True:
            points = [next(fixes) for _ in range(count)]
            yield replace(step, body={"assignment_id": assignment.id, "points": points})

    def _row_of(self, batches: Iterator[Step], timed: int, metered: int) -> dict[str, Any]:
        return self._row(next(batches), [next(batches) for _ in range(timed)], [next(batches) for _ in range(metered)])

    def _row(self, first: Step, timed: list[Step], metered: list[Step]) -> dict[str, Any]:
        self._ask(first)
        samples = [self._ask(step) for step in timed]
        meters = []
        for step in metered:
            with Meter().running() as meter:
                self._ask(step)
            meters.append(meter)
        return {
            "name": first.name,
            "method": first.method,
            "path": "/dispatch/charters/{charter_id}/track" if first.method == "GET" else first.path,
            "capability": "dispatch",
            "goal": first.goal,
            "samples": samples,
            "trips": round(fmean(meter.trips for meter in meters), 1),
            "read_units": round(fmean(meter.read_units for meter in meters), 1),
            "write_units": round(fmean(meter.write_units for meter in meters), 1),
            "written": meters[-1].written,
            "grown": 0,
        }

    def _ask(self, step: Step) -> dict[str, float]:
        ready = self.day.ready(step)
        ready[3].pop("Idempotency-Key", None)  # a moment is taken once in any case
        self.day.ask(*ready)
        return self.house.last

    def _followed(self) -> str:
        """A charter whose vehicle has just told where it is."""
        charter = store.get(Charter, CHARTER.key(org=self.org, id=self.day.known["charter_id"]))
        assignment = moving_assignments.under_way(self.org, 2).model_copy(update={"charter_id": charter.id})
        _put(assignment)
        _put(charter.model_copy(update={"vehicles": [Cover(vehicle=1, assignment_id=assignment.id)]}))
        for step, _ in zip(self._batches("", assignment, PAGE, PAGE * 2), range(2), strict=False):
            self._ask(step)
        return charter.id


def _put(record: Record) -> None:
    place = record.key()
    connection().put_item(settings.table_name(), place.pk, place.sk, attributes=to_item(record))
