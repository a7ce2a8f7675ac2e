"""Timer: move the positions of each old trip from the table to a file."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from typing import Final

from coachway.core import errors, file_storage, hourly_sweep, store
from coachway.core.caller import Caller
from coachway.core.persistence import single_item
from coachway.core.persistence.operations import Remove, Update
from coachway.core.persistence.queries import query_page
from coachway.core.runtime.logging import logger
from coachway.core.schemas import BaseSchema, PageQuery
from coachway.core.types.datetimes import sortable
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
    """Archive the trails that are due. Failed ones are tried again by the next run."""
    work, result = hourly_sweep.begin(_TIMER), ArchiveResult()
    for day in sorted({sortable(at)[:10] for at in work.hours()}):
        _archive_day(day, work.now, result)
    if not result.failed:
        work.finish()
    return result


def _archive_day(day: str, now: datetime, result: ArchiveResult) -> None:
    query: PageQuery | None = PageQuery(limit=100)
    while query is not None:
        due = query_page(
            MonitoringSchedule, TO_ARCHIVE, [TO_ARCHIVE.partition(day=day)], query, between=("0", f"{sortable(now)}~")
        )
        for schedule in due.items:
            try:
                result.fixes += _archive_trail(schedule)
                result.trails += 1
            except errors.Error as failure:
                result.failed += 1
                reason = type(failure).__name__
                logger.warning("positions could not be archived", id=schedule.assignment_id, reason=reason)
        query = PageQuery(limit=100, cursor=due.next_cursor) if due.next_cursor else None


def _archive_trail(indexed: MonitoringSchedule) -> int:
    """Write the file, mark it as written, then delete the pages. An interrupted run continues after the last step."""
    schedule = store.find(MonitoringSchedule, indexed.key())
    if schedule is None:
        return 0
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
        single_item.delete_if_unchanged(page)
    store.commit(caller, Remove(schedule))
    return len(fixes)


def archive_key(org_id: str, assignment_id: str) -> str:
    """Return the file key of an assignment's trail."""
    return f"trails/{org_id}/{assignment_id}.json.gz"


def serialize_trail(fixes: list[Fix]) -> bytes:
    """Serialize a trail as compressed JSON lines, one for each position."""
    lines = [json.dumps({**fix._asdict(), "at": fix.at.isoformat(timespec="milliseconds")}) for fix in fixes]
    return gzip.compress("\n".join(lines).encode(), mtime=0)
