"""Conflicts of duty blocks."""

from __future__ import annotations

from hypothesis import given, settings

from coachway.dispatch.assignments.rules import REACH
from coachway.dispatch.diaries import conflicts
from coachway.dispatch.diaries.model import DutyBlock
from tests.unit.dispatch.diary_builders import duty_blocks


@settings(deadline=None)
@given(duty_blocks(), duty_blocks())
def test_find_conflict_of_two_blocks_is_symmetric(one: DutyBlock, other: DutyBlock) -> None:
    conflict, reverse_conflict = conflicts.find_conflict(one, other), conflicts.find_conflict(other, one)
    assert (conflict is None) is (reverse_conflict is None)
    if conflict is not None and reverse_conflict is not None:
        assert (conflict.kind, conflict.short_by) == (reverse_conflict.kind, reverse_conflict.short_by)


@settings(deadline=None)
@given(duty_blocks(), duty_blocks())
def test_find_conflict_returns_only_blocks_within_reach(one: DutyBlock, other: DutyBlock) -> None:
    if conflicts.find_conflict(one, other) is not None:
        assert max(one.starts_at, other.starts_at) - min(one.ends_at, other.ends_at) <= REACH


@settings(deadline=None)
@given(duty_blocks())
def test_find_earliest_start_after_a_conflict_has_no_conflict(block: DutyBlock) -> None:
    other = block.model_copy(update={"assignment_id": "asg_other"})
    conflict = conflicts.find_conflict(block, other)
    assert conflict is not None
    later = conflicts.move_block(block, conflicts.find_earliest_start_after(block, conflict))
    assert conflicts.find_conflict(later, other) is None
