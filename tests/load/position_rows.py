"""Measure position reports and the live track, in process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final

from coachway.bookings.charters.model import CHARTER, Charter, VehicleCoverage
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
from tests.load.request_steps import RequestStep, Session, get, post

if TYPE_CHECKING:
    from tests.load.in_process_worker import LoadedFunctions

Row = dict[str, Any]
ENTRY: Final = "dispatch/tracking_api"
SEND_ONE: Final = "send a position"
SEND_SIX: Final = "send 6 positions"
BATCH_SIZES: Final = {SEND_ONE: 1, SEND_SIX: 6, "send 100 positions": 100}
LIVE_TRACK: Final = "get a charter's live track"
POSITIONS_PER_PAGE: Final = int(position_store.PAGE_LENGTH / moving_assignments.INTERVAL)


class PositionBench:
    """Vehicles of the bench's organization that are under way."""

    def __init__(self, session: Session, functions: LoadedFunctions) -> None:
        functions.load(ENTRY)
        self.session, self.functions = session, functions
        self.org_id = authentication.verify_token(session.variables["access"])["org"]

    def measure(self, rounds: int) -> list[Row]:
        """Measure each batch size, and the live track of a vehicle."""
        rows = [self._measure_batches(name, count, rounds) for name, count in BATCH_SIZES.items()]
        track = get(LIVE_TRACK, ENTRY, f"/dispatch/charters/{self._create_tracked_charter()}/track", max_calls=3)
        return [*rows, self._measure_row(track, [track] * rounds, [track] * 3)]

    def _measure_batches(self, name: str, count: int, rounds: int) -> Row:
        """Measure batch after batch of one vehicle; DynamoDB's usage is the average over a page of positions."""
        positions = (rounds + POSITIONS_PER_PAGE) * count
        assignment = moving_assignments.build_assignment(self.org_id, 1, positions * moving_assignments.INTERVAL)
        _put_record(assignment)
        batches = self._iterate_batches(name, assignment, count, positions)
        metered = max(4, POSITIONS_PER_PAGE // count)
        first, timed = next(batches), [next(batches) for _ in range(rounds)]
        row = self._measure_row(first, timed, [next(batches) for _ in range(metered)])
        pages = position_store.list_pages(self.org_id, assignment.id)
        bytes_per_position = max(size(to_item(page)) for page in pages) / POSITIONS_PER_PAGE
        return {**row, "grown": round(bytes_per_position * count)}

    def _iterate_batches(self, name: str, assignment: Assignment, count: int, positions: int) -> Iterator[RequestStep]:
        start = datetime.now(UTC) - positions * moving_assignments.INTERVAL
        iterator = moving_assignments.iterate_positions(1, start)
        step = post(name, ENTRY, "/dispatch/check-ins", None, max_calls=3 if count == 1 else None)
        while True:
            points = [next(iterator) for _ in range(count)]
            yield replace(step, body={"assignment_id": assignment.id, "points": points})

    def _measure_row(self, first: RequestStep, timed: list[RequestStep], metered: list[RequestStep]) -> Row:
        self._send(first)
        samples = [self._send(step) for step in timed]
        meters = []
        for step in metered:
            with Meter().running() as meter:
                self._send(step)
            meters.append(meter)
        return {
            "name": first.name,
            "method": first.method,
            "path": "/dispatch/charters/{charter_id}/track" if first.method == "GET" else first.path,
            "capability": "dispatch",
            "max_calls": first.max_calls,
            "samples": samples,
            "calls": round(fmean(meter.calls for meter in meters), 1),
            "read_units": round(fmean(meter.read_units for meter in meters), 1),
            "write_units": round(fmean(meter.write_units for meter in meters), 1),
            "written": meters[-1].written,
            "grown": 0,
        }

    def _send(self, step: RequestStep) -> dict[str, float]:
        request = self.session.prepare(step)
        request.headers.pop("Idempotency-Key", None)  # positions are idempotent by their time
        self.session.send(request)
        return self.functions.last_sample

    def _create_tracked_charter(self) -> str:
        """A charter whose vehicle has just sent its position."""
        charter = store.get(Charter, CHARTER.key(org=self.org_id, id=self.session.variables["charter_id"]))
        assignment = moving_assignments.build_assignment(self.org_id, 2).model_copy(update={"charter_id": charter.id})
        _put_record(assignment)
        _put_record(charter.model_copy(update={"vehicles": [VehicleCoverage(vehicle=1, assignment_id=assignment.id)]}))
        batches = self._iterate_batches("", assignment, POSITIONS_PER_PAGE, POSITIONS_PER_PAGE * 2)
        for step, _ in zip(batches, range(2), strict=False):
            self._send(step)
        return charter.id


def _put_record(record: Record) -> None:
    place = record.key()
    connection().put_item(settings.table_name(), place.pk, place.sk, attributes=to_item(record))
