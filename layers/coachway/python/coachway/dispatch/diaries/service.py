"""Weekly diaries of drivers and vehicles, and the writes that prevent double booking.

An assignment is evaluated against every page within `REACH` of it. It writes the pages of its own weeks, on condition
that none of the evaluated pages has changed and that missing pages are still missing. Two blocks that affect each other
are less than `REACH` apart; if both are added at the same time, the second one writes or checks a page that the first
one wrote, and fails.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from coachway.core import errors
from coachway.core.persistence.operations import CheckAbsent, CheckVersion, Create, Op, Update
from coachway.core.persistence.records import Key
from coachway.core.store import BatchResult
from coachway.dispatch.assignments.rules import REACH, list_iso_weeks
from coachway.dispatch.diaries.model import DIARY, DiaryPage, DowntimeBlock, DutyBlock, HoldBlock
from coachway.fleet import assignment_counter


class DiaryChanged(errors.ConcurrentUpdate):
    """A diary changed after a duty block was evaluated against it."""

    def __init__(self) -> None:
        super().__init__("Another request is assigning the same driver or vehicle. Retry.")


@dataclass(frozen=True, slots=True)
class Diary:
    """Some weeks of the diary of a driver or vehicle. Weeks without any block have no page."""

    org_id: str
    resource: str
    weeks: tuple[str, ...]
    pages: Mapping[str, DiaryPage]
    cleared_weeks: frozenset[str] = frozenset()
    """Weeks from which a block is removed when another one is added."""

    @property
    def blocks(self) -> list[DutyBlock]:
        """Every block on these pages once, soonest first."""
        blocks = {block.assignment_id: block for page in self.pages.values() for block in page.blocks}
        return _sort_blocks(blocks.values())

    @property
    def downtimes(self) -> list[DowntimeBlock]:
        """Every downtime on these pages once, soonest first."""
        downtimes = {each.downtime_id: each for page in self.pages.values() for each in page.downtimes}
        return sorted(downtimes.values(), key=lambda downtime: downtime.starts_at)

    def list_holds(self, now: datetime) -> list[HoldBlock]:
        """Every hold on these pages that has not expired, once, soonest first."""
        holds = {hold.assignment_id: hold for page in self.pages.values() for hold in page.holds}
        return sorted((hold for hold in holds.values() if hold.held_until > now), key=lambda hold: hold.starts_at)

    def key(self, week: str) -> Key:
        """Return the key of a page."""
        return DIARY.key(org=self.org_id, resource=self.resource, week=week)

    def exclude_assignment(self, assignment_id: str) -> "Diary":
        """Return the diary without the block of an assignment. Adding another block then removes this one."""
        pages, cleared = dict(self.pages), set(self.cleared_weeks)
        for week, page in self.pages.items():
            blocks = [block for block in page.blocks if block.assignment_id != assignment_id]
            if blocks != page.blocks:
                pages[week] = page.model_copy(update={"blocks": blocks})
                cleared.add(week)
        return replace(self, pages=pages, cleared_weeks=frozenset(cleared))


def list_weeks_around(start: datetime, end: datetime) -> tuple[str, ...]:
    """The weeks that a block from `start` to `end` is evaluated against."""
    return tuple(list_iso_weeks(start - REACH, end + REACH))


def page_keys(org_id: str, resource: str, week_names: Iterable[str]) -> list[Key]:
    """Return the keys of the pages of these weeks."""
    return [DIARY.key(org=org_id, resource=resource, week=week) for week in week_names]


def build_diary(batch: BatchResult, org_id: str, resource: str, week_names: Iterable[str]) -> Diary:
    """Build the diary from a batch that contains its pages."""
    week_list = tuple(week_names)
    pages = dict(
        zip(week_list, (batch.find(DiaryPage, key) for key in page_keys(org_id, resource, week_list)), strict=True)
    )
    return Diary(org_id, resource, week_list, {week: page for week, page in pages.items() if page is not None})


def add_block_ops(diary: Diary, block: DutyBlock) -> list[Op]:
    """Return the operations that add a block to this diary. They fail with DiaryChanged."""
    affected_weeks = set(list_iso_weeks(block.starts_at, block.ends_at))
    if not affected_weeks <= set(diary.weeks):
        raise ValueError("the diary must include every week of the block")
    ops = [
        _add_to_week_op(diary, week, block) if week in affected_weeks else unchanged_op(diary, week)
        for week in diary.weeks
    ]
    # The number of blocks grows by one, unless the block replaces another one.
    return ops if diary.cleared_weeks else [*ops, assignment_counter.increment_op(diary.org_id, diary.resource)]


def _add_to_week_op(diary: Diary, week: str, block: DutyBlock) -> Op:
    page = diary.pages.get(week)
    if page is None:
        created = DiaryPage(org_id=diary.org_id, resource=diary.resource, week=week, blocks=[block])
        return Create(created, on_exists=DiaryChanged())
    return Update(
        page, page.model_copy(update={"blocks": _sort_blocks([*page.blocks, block])}), on_stale=DiaryChanged()
    )


def unchanged_op(diary: Diary, week: str) -> Op:
    """Return the operation that fails with DiaryChanged if a page has changed since it was read."""
    page = diary.pages.get(week)
    if page is None:
        return CheckAbsent(diary.key(week), DiaryChanged())
    if week in diary.cleared_weeks:
        return Update(page, page.model_copy(), on_stale=DiaryChanged())
    return CheckVersion(page, DiaryChanged())


def set_downtime_ops(diary: Diary, downtime_id: str, downtime: DowntimeBlock | None) -> list[Op]:
    """Return the operations that add, move or (with None) remove a downtime. They fail with DiaryChanged.

    The diary must include every week of the downtime, before and after.
    """
    weeks = set(list_iso_weeks(downtime.starts_at, downtime.ends_at)) if downtime is not None else set()
    ops: list[Op] = []
    for week in diary.weeks:
        page = diary.pages.get(week)
        before = page.downtimes if page is not None else []
        others = [each for each in before if each.downtime_id != downtime_id]
        after = [*others, downtime] if downtime is not None and week in weeks else others
        if page is None and after:
            created = DiaryPage(org_id=diary.org_id, resource=diary.resource, week=week, downtimes=after)
            ops.append(Create(created, on_exists=DiaryChanged()))
        # The page of a week that the downtime keeps is written too: it was evaluated for trips.
        elif page is not None and (before != after or after != others):
            changed = page.model_copy(update={"downtimes": sorted(after, key=lambda each: each.starts_at)})
            ops.append(Update(page, changed, on_stale=DiaryChanged()))
    return ops


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
    changes = {"ends_at": ends_at, "dropoff_at": min(block.dropoff_at, ends_at), "dropoff_place": None, "duty": duty}
    return _replace_block_ops(diary, assignment_id, block.model_copy(update=changes))


def _replace_block_ops(diary: Diary, assignment_id: str, replacement: DutyBlock | None) -> list[Op]:
    """Remove a block from its pages, and add the replacement to the pages that it overlaps."""
    ops: list[Op] = []
    replacement_weeks = (
        set(list_iso_weeks(replacement.starts_at, replacement.ends_at)) if replacement is not None else set()
    )
    for week, page in diary.pages.items():
        blocks = [block for block in page.blocks if block.assignment_id != assignment_id]
        if blocks == page.blocks:
            continue
        if replacement is not None and week in replacement_weeks:
            blocks = _sort_blocks([*blocks, replacement])
        ops.append(Update(page, page.model_copy(update={"blocks": blocks}), on_stale=DiaryChanged()))
    return [*ops, *complete_block_ops(diary.org_id, [diary.resource])]


def _sort_blocks(blocks: Iterable[DutyBlock]) -> list[DutyBlock]:
    return sorted(blocks, key=lambda block: (block.starts_at, block.assignment_id))


def complete_block_ops(org_id: str, resources: Iterable[str]) -> list[Op]:
    """Return the operations that no longer count a block as open. It stays in the diaries as work done."""
    return [assignment_counter.decrement_op(org_id, resource) for resource in resources]
