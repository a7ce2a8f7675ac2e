"""The diaries of drivers and vehicles: reading them, and the writes by which nobody is in two places.

Whoever gives somebody a job judges it by every page within `REACH` of it, and writes the pages that the job has a part
in, under the condition that none of those it judged by has changed, and that those which were not there still are not.
Two jobs that matter to each other are less than `REACH` apart, so the later one of two that are given at once stands
on, or conditions on, a page that the earlier wrote: it fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from coachway.core import errors
from coachway.core.persistence.operations import CheckAbsent, CheckVersion, Create, Op, Update
from coachway.core.persistence.records import Key
from coachway.core.store import BatchResult
from coachway.dispatch.assignments.rules import REACH, iso_weeks
from coachway.dispatch.diaries.model import DIARY, DiaryPage, DutyBlock
from coachway.fleet import job_counter as counted


class DiaryChanged(errors.ConcurrentUpdate):
    """A diary is not what it was when a job was judged by it."""

    def __init__(self) -> None:
        super().__init__("somebody else is giving work to the same driver or vehicle: look again")


@dataclass(frozen=True, slots=True)
class Diary:
    """Some weeks of a driver's or vehicle's diary; weeks in which nothing was ever written have no page."""

    org_id: str
    resource: str
    weeks: tuple[str, ...]
    pages: Mapping[str, DiaryPage]
    struck: frozenset[str] = frozenset()
    """Weeks from which a job is taken off when another is entered."""

    @property
    def jobs(self) -> list[DutyBlock]:
        """Every job on these pages, once, soonest first."""
        found = {job.assignment_id: job for page in self.pages.values() for job in page.jobs}
        return _sort_blocks(found.values())

    def key(self, week: str) -> Key:
        """Where a page lies."""
        return DIARY.key(org=self.org_id, resource=self.resource, week=week)

    def without(self, assignment_id: str) -> Diary:
        """The same as it will be without a job; entering another one takes this one off."""
        pages, struck = dict(self.pages), set(self.struck)
        for week, page in self.pages.items():
            left = [job for job in page.jobs if job.assignment_id != assignment_id]
            if left != page.jobs:
                pages[week] = page.model_copy(update={"jobs": left})
                struck.add(week)
        return replace(self, pages=pages, struck=frozenset(struck))


def weeks_around(start: datetime, end: datetime) -> tuple[str, ...]:
    """The weeks that a job from `start` to `end` is judged by."""
    return tuple(iso_weeks(start - REACH, end + REACH))


def page_keys(org_id: str, resource: str, some_weeks: Iterable[str]) -> list[Key]:
    """Where the pages of these weeks lie."""
    return [DIARY.key(org=org_id, resource=resource, week=week) for week in some_weeks]


def from_batch(found: BatchResult, org_id: str, resource: str, some_weeks: Iterable[str]) -> Diary:
    """The diary, out of what was gathered."""
    wanted = tuple(some_weeks)
    pages = dict(zip(wanted, (found.find(DiaryPage, key) for key in page_keys(org_id, resource, wanted)), strict=True))
    return Diary(org_id, resource, wanted, {week: page for week, page in pages.items() if page is not None})


def add_block_ops(diary: Diary, job: DutyBlock) -> list[Op]:
    """The ops by which a job that was judged by this diary stands in it. They fail with DiaryChanged."""
    written = set(iso_weeks(job.starts_at, job.ends_at))
    if not written <= set(diary.weeks):
        raise ValueError("a job is judged by the weeks that it lies in")
    ops = [_add_to_week_op(diary, week, job) if week in written else _unchanged_op(diary, week) for week in diary.weeks]
    # One job more; as many as before when another was taken off.
    return ops if diary.struck else [*ops, counted.increment_op(diary.org_id, diary.resource)]


def _add_to_week_op(diary: Diary, week: str, job: DutyBlock) -> Op:
    page = diary.pages.get(week)
    if page is None:
        made = DiaryPage(org_id=diary.org_id, resource=diary.resource, week=week, jobs=[job])
        return Create(made, taken=DiaryChanged())
    return Update(page, page.model_copy(update={"jobs": _sort_blocks([*page.jobs, job])}), lost=DiaryChanged())


def _unchanged_op(diary: Diary, week: str) -> Op:
    page = diary.pages.get(week)
    if page is None:
        return CheckAbsent(diary.key(week), DiaryChanged())
    if week in diary.struck:
        return Update(page, page.model_copy(), lost=DiaryChanged())
    return CheckVersion(page, DiaryChanged())


def remove_block_ops(diary: Diary, assignment_id: str) -> list[Op]:
    """The ops by which a job does not stand in this diary any more. They fail with DiaryChanged."""
    return _replace_block_ops(diary, assignment_id, None)


def truncate_block_ops(diary: Diary, assignment_id: str, at: datetime) -> list[Op]:
    """The ops by which a job that had begun ends now: what was worked stays. They fail with DiaryChanged."""
    job = next((each for each in diary.jobs if each.assignment_id == assignment_id), None)
    if job is None or at >= job.ends_at:
        return complete_block_ops(diary.org_id, [diary.resource])
    ends_at = max(at, job.starts_at + timedelta(minutes=1))
    duty = [each.model_copy(update={"end": min(each.end, ends_at)}) for each in job.duty if each.start < ends_at]
    shorter = {"ends_at": ends_at, "dropoff_at": min(job.dropoff_at, ends_at), "finishes": None, "duty": duty}
    return _replace_block_ops(diary, assignment_id, job.model_copy(update=shorter))


def _replace_block_ops(diary: Diary, assignment_id: str, instead: DutyBlock | None) -> list[Op]:
    """The pages without a job, or with another one in its place where that has a part in the week."""
    ops: list[Op] = []
    lasts = set(iso_weeks(instead.starts_at, instead.ends_at)) if instead is not None else set()
    for week, page in diary.pages.items():
        left = [job for job in page.jobs if job.assignment_id != assignment_id]
        if left == page.jobs:
            continue
        if instead is not None and week in lasts:
            left = _sort_blocks([*left, instead])
        ops.append(Update(page, page.model_copy(update={"jobs": left}), lost=DiaryChanged()))
    return [*ops, *complete_block_ops(diary.org_id, [diary.resource])]


def _sort_blocks(jobs: Iterable[DutyBlock]) -> list[DutyBlock]:
    return sorted(jobs, key=lambda job: (job.starts_at, job.assignment_id))


def complete_block_ops(org_id: str, resources: Iterable[str]) -> list[Op]:
    """The ops by which a job that was done is no work ahead any more; it stays in the diaries, as what was done."""
    return [counted.decrement_op(org_id, resource) for resource in resources]
