"""Weekly diaries of drivers and vehicles, and the writes that prevent double booking.

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
    """A diary changed after a duty block was evaluated against it."""

    def __init__(self) -> None:
        super().__init__("Another request is assigning the same driver or vehicle. Retry.")


@dataclass(frozen=True, slots=True)
class Diary:
    """Some weeks of a driver's or vehicle's diary; weeks in which nothing was ever written have no page."""

    org_id: str
    resource: str
    weeks: tuple[str, ...]
    pages: Mapping[str, DiaryPage]
    cleared_weeks: frozenset[str] = frozenset()
    """Weeks from which a job is taken off when another is entered."""

    @property
    def blocks(self) -> list[DutyBlock]:
        """Every job on these pages, once, soonest first."""
        blocks = {block.assignment_id: block for page in self.pages.values() for block in page.jobs}
        return _sort_blocks(blocks.values())

    def key(self, week: str) -> Key:
        """Where a page lies."""
        return DIARY.key(org=self.org_id, resource=self.resource, week=week)

    def without(self, assignment_id: str) -> Diary:
        """The same as it will be without a job; entering another one takes this one off."""
        pages, cleared = dict(self.pages), set(self.cleared_weeks)
        for week, page in self.pages.items():
            blocks = [block for block in page.jobs if block.assignment_id != assignment_id]
            if blocks != page.jobs:
                pages[week] = page.model_copy(update={"jobs": blocks})
                cleared.add(week)
        return replace(self, pages=pages, cleared_weeks=frozenset(cleared))


def weeks_around(start: datetime, end: datetime) -> tuple[str, ...]:
    """The weeks that a job from `start` to `end` is judged by."""
    return tuple(iso_weeks(start - REACH, end + REACH))


def page_keys(org_id: str, resource: str, week_names: Iterable[str]) -> list[Key]:
    """Where the pages of these weeks lie."""
    return [DIARY.key(org=org_id, resource=resource, week=week) for week in week_names]


def from_batch(batch: BatchResult, org_id: str, resource: str, week_names: Iterable[str]) -> Diary:
    """The diary, out of what was gathered."""
    week_list = tuple(week_names)
    pages = dict(
        zip(week_list, (batch.find(DiaryPage, key) for key in page_keys(org_id, resource, week_list)), strict=True)
    )
    return Diary(org_id, resource, week_list, {week: page for week, page in pages.items() if page is not None})


def add_block_ops(diary: Diary, block: DutyBlock) -> list[Op]:
    """Return the operations that add a block to this diary. They fail with DiaryChanged."""
    affected_weeks = set(iso_weeks(block.starts_at, block.ends_at))
    if not affected_weeks <= set(diary.weeks):
        raise ValueError("a job is judged by the weeks that it lies in")
    ops = [
        _add_to_week_op(diary, week, block) if week in affected_weeks else _unchanged_op(diary, week)
        for week in diary.weeks
    ]
    # One job more; as many as before when another was taken off.
    return ops if diary.cleared_weeks else [*ops, counted.increment_op(diary.org_id, diary.resource)]


def _add_to_week_op(diary: Diary, week: str, block: DutyBlock) -> Op:
    page = diary.pages.get(week)
    if page is None:
        created = DiaryPage(org_id=diary.org_id, resource=diary.resource, week=week, jobs=[block])
        return Create(created, taken=DiaryChanged())
    return Update(page, page.model_copy(update={"jobs": _sort_blocks([*page.jobs, block])}), lost=DiaryChanged())


def _unchanged_op(diary: Diary, week: str) -> Op:
    page = diary.pages.get(week)
    if page is None:
        return CheckAbsent(diary.key(week), DiaryChanged())
    if week in diary.cleared_weeks:
        return Update(page, page.model_copy(), lost=DiaryChanged())
    return CheckVersion(page, DiaryChanged())


def remove_block_ops(diary: Diary, assignment_id: str) -> list[Op]:
    """Return the operations that remove a block from this diary. They fail with DiaryChanged."""
    return _replace_block_ops(diary, assignment_id, None)


def truncate_block_ops(diary: Diary, assignment_id: str, moment: datetime) -> list[Op]:
    """Return the operations that end a started block now; the worked part stays. They fail with DiaryChanged."""
    block = next((candidate for candidate in diary.blocks if candidate.assignment_id == assignment_id), None)
    if block is None or moment >= block.ends_at:
        return complete_block_ops(diary.org_id, [diary.resource])
    ends_at = max(moment, block.starts_at + timedelta(minutes=1))
    duty = [
        segment.model_copy(update={"end": min(segment.end, ends_at)})
        for segment in block.duty
        if segment.start < ends_at
    ]
    changes = {"ends_at": ends_at, "dropoff_at": min(block.dropoff_at, ends_at), "finishes": None, "duty": duty}
    return _replace_block_ops(diary, assignment_id, block.model_copy(update=changes))


def _replace_block_ops(diary: Diary, assignment_id: str, replacement: DutyBlock | None) -> list[Op]:
    """The pages without a job, or with another one in its place where that has a part in the week."""
    ops: list[Op] = []
    replacement_weeks = set(iso_weeks(replacement.starts_at, replacement.ends_at)) if replacement is not None else set()
    for week, page in diary.pages.items():
        blocks = [block for block in page.jobs if block.assignment_id != assignment_id]
        if blocks == page.jobs:
            continue
        if replacement is not None and week in replacement_weeks:
            blocks = _sort_blocks([*blocks, replacement])
        ops.append(Update(page, page.model_copy(update={"jobs": blocks}), lost=DiaryChanged()))
    return [*ops, *complete_block_ops(diary.org_id, [diary.resource])]


def _sort_blocks(blocks: Iterable[DutyBlock]) -> list[DutyBlock]:
    return sorted(blocks, key=lambda block: (block.starts_at, block.assignment_id))


def complete_block_ops(org_id: str, resources: Iterable[str]) -> list[Op]:
    """The ops by which a job that was done is no work ahead any more; it stays in the diaries, as what was done."""
    return [counted.decrement_op(org_id, resource) for resource in resources]
