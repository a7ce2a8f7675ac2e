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
from coachway.dispatch.assignments.monitoring_schedule import TO_ARCHIVE, MonitoringSchedule
from coachway.dispatch.tracking import position_store
from coachway.dispatch.tracking.position_encoding import Fix

_TIMER: Final = "trail-archive"


class ArchiveResult(BaseSchema):
    """The result of a run: trails archived, their positions, and trails left for the next run."""

    trails: int = 0
    fixes: int = 0
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
    fixes = [fix for page in pages for fix in page.fixes]
    caller = Caller.system(_TIMER, schedule.org_id)
    if not schedule.is_filed:
        file_storage.put(
            archive_key(schedule.org_id, schedule.assignment_id), serialize_trail(fixes), "application/gzip"
        )
        updated = schedule.model_copy(update={"is_filed": True})
        store.commit(caller, Update(schedule, updated))
        schedule = updated
    for page in pages:
        conditional_writes.delete_if_unchanged(page)
    store.commit(caller, Remove(schedule))
    return {"trails": 1, "fixes": len(fixes)}


def archive_key(org_id: str, assignment_id: str) -> str:
    """Return the file key of an assignment's trail."""
    return f"trails/{org_id}/{assignment_id}.json.gz"


def serialize_trail(fixes: list[Fix]) -> bytes:
    """Serialize a trail as compressed JSON lines, one for each position."""
    lines = [json.dumps({**fix._asdict(), "at": fix.at.isoformat(timespec="milliseconds")}) for fix in fixes]
    return gzip.compress("\n".join(lines).encode(), mtime=0)
