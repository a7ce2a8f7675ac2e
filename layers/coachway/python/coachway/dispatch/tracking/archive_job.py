"""Timer: move the positions of each old trip from the table to a file."""

import gzip
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from coachway.core import file_storage, store
from coachway.core.caller import Caller
from coachway.core.hourly_sweep import sweep
from coachway.core.persistence import conditional_writes
from coachway.core.persistence.operations import Remove, Update
from coachway.core.schemas import BaseSchema
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.monitoring_schedule import TO_ARCHIVE, MonitoringSchedule
from coachway.dispatch.tracking import position_store
from coachway.dispatch.tracking.geofence import Progress, follow_positions
from coachway.dispatch.tracking.position_encoding import GpsPosition
from coachway.dispatch.tracking.position_trust import UntrustedReason

_TIMER: Final = "trail-archive"


class ArchiveResult(BaseSchema):
    """The result of a run: trails archived, their positions, and trails left for the next run."""

    trails: int = 0
    positions: int = 0
    failed: int = 0


def run() -> ArchiveResult:
    """Archive the positions that are due. A trip that fails is left for the next run."""
    return ArchiveResult(**sweep(_TIMER, MonitoringSchedule, TO_ARCHIVE, _archive_trail))


def _archive_trail(indexed_schedule: MonitoringSchedule, _now: datetime) -> Mapping[str, int]:
    """Write the file, record that it exists, then delete the pages: the next run continues an interrupted one."""
    schedule = store.find(MonitoringSchedule, indexed_schedule.key())
    if schedule is None:
        return {}
    pages = position_store.list_pages(schedule.org_id, schedule.assignment_id)
    positions = [position for page in pages for position in page.positions]
    caller = Caller.system(_TIMER, schedule.org_id)
    if not schedule.is_filed:
        assignment = store.find(Assignment, repository.assignment_key(schedule.org_id, schedule.assignment_id))
        stops = assignment.stops if assignment is not None else []
        untrusted = follow_positions(Progress(), positions, stops).untrusted
        file_storage.put_file(
            archive_key(schedule.org_id, schedule.assignment_id),
            serialize_trail(positions, untrusted),
            "application/gzip",
        )
        updated = schedule.model_copy(update={"is_filed": True})
        store.commit(caller, Update(schedule, updated))
        schedule = updated
    for page in pages:
        conditional_writes.delete_if_unchanged(page)
    store.commit(caller, Remove(schedule))
    return {"trails": 1, "positions": len(positions)}


def archive_key(org_id: str, assignment_id: str) -> str:
    """Return the file key of an assignment's trail."""
    return f"trails/{org_id}/{assignment_id}.json.gz"


def serialize_trail(positions: list[GpsPosition], untrusted: Mapping[datetime, UntrustedReason]) -> bytes:
    """Serialize a trail as compressed JSON lines, one for each position; untrusted ones have the reason."""
    lines = []
    for position in positions:
        line = {**position._asdict(), "at": position.at.isoformat(timespec="milliseconds")}
        if position.at in untrusted:
            line["untrusted"] = untrusted[position.at].value
        lines.append(json.dumps(line))
    return gzip.compress("\n".join(lines).encode(), mtime=0)
