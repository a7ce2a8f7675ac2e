"""Clashes of duty blocks."""

from __future__ import annotations

from hypothesis import given, settings

from coachway.dispatch.assignments.rules import REACH
from coachway.dispatch.diaries import conflicts
from coachway.dispatch.diaries.model import DutyBlock
from tests.unit.dispatch.diary_builders import duty_blocks


@settings(deadline=None)
@given(duty_blocks(), duty_blocks())
def test_find_clash_of_two_blocks_is_symmetric(one: DutyBlock, other: DutyBlock) -> None:
    clash, reverse_clash = conflicts.find_clash(one, other), conflicts.find_clash(other, one)
    assert (clash is None) is (reverse_clash is None)
    if clash is not None and reverse_clash is not None:
        assert (clash.kind, clash.short_by) == (reverse_clash.kind, reverse_clash.short_by)


@settings(deadline=None)
@given(duty_blocks(), duty_blocks())
def test_find_clash_returns_only_blocks_within_reach(one: DutyBlock, other: DutyBlock) -> None:
    if conflicts.find_clash(one, other) is not None:
        assert max(one.starts_at, other.starts_at) - min(one.ends_at, other.ends_at) <= REACH


@settings(deadline=None)
@given(duty_blocks())
def test_earliest_start_after_a_clash_has_no_clash(block: DutyBlock) -> None:
    other = block.model_copy(update={"assignment_id": "asg_other"})
    clash = conflicts.find_clash(block, other)
    assert clash is not None
    later = conflicts.move_block(block, conflicts.earliest_start_after(block, clash))
    assert conflicts.find_clash(later, other) is None
