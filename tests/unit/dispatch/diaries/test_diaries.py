"""Diary updates prevent double booking, whatever the order of reads and writes (decision 18)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.core.persistence.operations import CheckAbsent, CheckVersion, Create, Op, Update
from coachway.core.persistence.records import Key
from coachway.dispatch.assignments.rules import REACH, list_iso_weeks
from coachway.dispatch.diaries import conflicts
from coachway.dispatch.diaries import service as diaries
from coachway.dispatch.diaries.hold_ops import add_hold_ops, replace_hold_ops
from coachway.dispatch.diaries.model import DiaryPage, DutyBlock, HoldBlock
from coachway.dispatch.diaries.service import Diary
from tests.unit.dispatch.diary_builders import duty_blocks

ORG_ID = "org_01JQZZZZZZZZZZZZZZZZZZZZZZ"
NOW = datetime(2027, 1, 1, tzinfo=UTC)
DRIVER_ID = "drv_01K3ZV8N6Y3T5G7H9J1M2P4R6S"


@settings(deadline=None)
@given(duty_blocks(), duty_blocks())
def test_list_weeks_around_a_block_include_a_week_of_every_block_within_reach(one: DutyBlock, other: DutyBlock) -> None:
    gap = max(one.starts_at, other.starts_at) - min(one.ends_at, other.ends_at)
    if gap <= REACH:
        assert set(diaries.list_weeks_around(one.starts_at, one.ends_at)) & set(
            list_iso_weeks(other.starts_at, other.ends_at)
        )
        assert set(diaries.list_weeks_around(other.starts_at, other.ends_at)) & set(
            list_iso_weeks(one.starts_at, one.ends_at)
        )


class InMemoryTable:
    """A table that checks the conditions of a transaction, as DynamoDB does: all hold, or nothing is written."""

    def __init__(self) -> None:
        self.pages: dict[Key, DiaryPage] = {}

    def read(self, block: DutyBlock) -> Diary:
        weeks = diaries.list_weeks_around(block.starts_at, block.ends_at)
        pages = {
            week: self.pages.get(key)
            for week, key in zip(weeks, diaries.page_keys(ORG_ID, DRIVER_ID, weeks), strict=True)
        }
        return Diary(
            ORG_ID, DRIVER_ID, weeks, {week: page.model_copy() for week, page in pages.items() if page is not None}
        )

    def commit(self, ops: list[Op]) -> bool:
        if not all(self._holds(op) for op in ops):
            return False
        for op in ops:
            if isinstance(op, Create) and isinstance(op.record, DiaryPage):
                self.pages[op.record.key()] = op.record.model_copy(update={"version": 1})
            if isinstance(op, Update) and isinstance(op.after, DiaryPage):
                self.pages[op.after.key()] = op.after.model_copy(update={"version": op.before.version + 1})
        return True

    def _holds(self, op: Op) -> bool:
        if isinstance(op, Create):
            return op.record.key() not in self.pages
        if isinstance(op, CheckAbsent):
            return op.key not in self.pages
        if isinstance(op, Update | CheckVersion):
            before = op.before if isinstance(op, Update) else op.record
            page = self.pages.get(before.key())
            return page is not None and page.version == before.version
        return True

    @property
    def stored_blocks(self) -> list[DutyBlock]:
        result = {block.assignment_id: block for page in self.pages.values() for block in page.blocks}
        return list(result.values())


steps = st.lists(st.tuples(duty_blocks(), st.integers(0, 3)), min_size=1, max_size=12)


@settings(deadline=None)
@given(steps, st.randoms(use_true_random=False))
def test_add_block_ops_with_interleaved_writers_never_store_conflicting_blocks(
    steps: list[tuple[DutyBlock, int]], chance: object
) -> None:
    """Each writer reads and checks, and commits some steps later, when others may have committed in between."""
    table, pending = InMemoryTable(), list[tuple[int, DutyBlock, Diary]]()
    committed = 0
    for step, (block, delay) in enumerate(steps):
        diary = table.read(block)
        if not conflicts.list_conflicts(block, diary.blocks):
            pending.append((step + delay, block, diary))
        for due in [entry for entry in pending if entry[0] <= step]:
            pending.remove(due)
            committed += table.commit(diaries.add_block_ops(due[2], due[1]))
    for _, block, diary in pending:
        committed += table.commit(diaries.add_block_ops(diary, block))
    assert len(table.stored_blocks) == committed
    assert [pair for pair in combinations(table.stored_blocks, 2) if conflicts.find_conflict(*pair)] == []


@settings(deadline=None)
@given(st.lists(st.tuples(duty_blocks(), st.integers(0, 3), st.booleans()), min_size=1, max_size=12))
def test_add_hold_ops_interleaved_with_assignments_never_store_conflicting_blocks(
    steps: list[tuple[DutyBlock, int, bool]],
) -> None:
    """Some writers hold the vehicle for a charter of their own, others assign it."""
    table, pending = InMemoryTable(), list[tuple[int, DutyBlock, Diary]]()
    committed = 0
    for step, (block, delay, is_hold) in enumerate([*steps, *[(steps[0][0], 0, False)] * 4]):
        diary = table.read(block)
        held = HoldBlock(**block.model_dump(), held_until=NOW + timedelta(days=1)) if is_hold else block
        if step < len(steps) and not conflicts.list_conflicts(block, [*diary.blocks, *diary.list_holds(NOW)]):
            pending.append((step + delay, held, diary))
        for due in [entry for entry in pending if entry[0] <= step]:
            pending.remove(due)
            add_ops = add_hold_ops if isinstance(due[1], HoldBlock) else diaries.add_block_ops
            committed += table.commit(add_ops(due[2], due[1]))  # type: ignore[arg-type]
    holds = {hold.assignment_id: hold for page in table.pages.values() for hold in page.holds}
    stored: list[DutyBlock] = [*table.stored_blocks, *holds.values()]
    assert len(stored) == committed
    assert [pair for pair in combinations(stored, 2) if conflicts.find_conflict(*pair)] == []
    for hold in holds.values():
        assert table.commit(replace_hold_ops(table.read(hold), hold.assignment_id, None))
    assert not any(page.holds for page in table.pages.values())


@settings(deadline=None)
@given(duty_blocks(), duty_blocks())
def test_remove_block_ops_restore_the_other_blocks(one: DutyBlock, other: DutyBlock) -> None:
    table = InMemoryTable()
    table.commit(diaries.add_block_ops(table.read(one), one))
    before = {key: list(page.blocks) for key, page in table.pages.items()}
    table.commit(diaries.add_block_ops(table.read(other), other))
    table.commit(diaries.remove_block_ops(table.read(other), other.assignment_id))
    assert {key: page.blocks for key, page in table.pages.items() if page.blocks} == before


@settings(deadline=None)
@given(duty_blocks(), st.integers(0, 60 * 24 * 25))
def test_truncate_block_ops_end_the_block_and_keep_it_in_its_weeks(block: DutyBlock, minutes: int) -> None:
    table = InMemoryTable()
    table.commit(diaries.add_block_ops(table.read(block), block))
    moment = block.starts_at + timedelta(minutes=minutes)
    assert table.commit(diaries.truncate_block_ops(table.read(block), block.assignment_id, moment))
    [truncated] = table.stored_blocks
    assert truncated.ends_at <= max(block.starts_at + timedelta(minutes=1), min(moment, block.ends_at))
    weeks = {page.week for page in table.pages.values() if page.blocks}
    assert weeks == set(list_iso_weeks(truncated.starts_at, truncated.ends_at))
