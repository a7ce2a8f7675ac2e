"""Timer: move the positions of old trips from the table into one file each."""

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
from coachway.dispatch.assignments.watch import TO_ARCHIVE, MonitoringSchedule
from coachway.dispatch.tracking import position_store
from coachway.dispatch.tracking.position_encoding import Fix

_TIMER: Final = "trail-archive"


class ArchiveResult(BaseSchema):
    """What one run did: trails moved, the fixes in them, trails left for the next run."""

    trails: int = 0
    fixes: int = 0
    failed: int = 0


def run() -> ArchiveResult:
    """Move what is due. What went wrong is gone through again by the next run."""
    work, result = hourly_sweep.begin(_TIMER), ArchiveResult()
    for day in sorted({sortable(at)[:10] for at in work.hours()}):
        _go_through(day, work.now, result)
    if not result.failed:
        work.finish()
    return result


def _go_through(day: str, now: datetime, result: ArchiveResult) -> None:
    query: PageQuery | None = PageQuery(limit=100)
    while query is not None:
        due = query_page(
            MonitoringSchedule, TO_ARCHIVE, [TO_ARCHIVE.partition(day=day)], query, between=("0", f"{sortable(now)}~")
        )
        for watch in due.items:
            try:
                result.fixes += _archive_trail(watch)
                result.trails += 1
            except errors.Error as failure:
                result.failed += 1
                logger.warning("positions could not be archived", id=watch.assignment_id, reason=type(failure).__name__)
        query = PageQuery(limit=100, cursor=due.next_cursor) if due.next_cursor else None


def _archive_trail(watch: MonitoringSchedule) -> int:
    """Write the file, note that it is there, take the pages away: a run that is interrupted goes on from there."""
    schedule = store.find(MonitoringSchedule, watch.key())
    if schedule is None:
        return 0
    pages = position_store.list_pages(watch.org_id, watch.assignment_id)
    fixes = [fix for page in pages for fix in page.fixes]
    caller = Caller.system(_TIMER, watch.org_id)
    if not schedule.is_filed:
        file_storage.put(archive_key(watch.org_id, watch.assignment_id), serialize_trail(fixes), "application/gzip")
        updated = schedule.model_copy(update={"is_filed": True})
        store.commit(caller, Update(schedule, updated))
        schedule = updated
    for page in pages:
        single_item.delete_if_unchanged(page)
    store.commit(caller, Remove(schedule))
    return len(fixes)


def archive_key(org_id: str, assignment_id: str) -> str:
    """Where the trail of an assignment lies."""
    return f"trails/{org_id}/{assignment_id}.json.gz"


def serialize_trail(fixes: list[Fix]) -> bytes:
    """A trail as a file tells it: JSON, a line for each fix, compressed."""
    lines = [json.dumps({**fix._asdict(), "at": fix.at.isoformat(timespec="milliseconds")}) for fix in fixes]
    return gzip.compress("\n".join(lines).encode(), mtime=0)
