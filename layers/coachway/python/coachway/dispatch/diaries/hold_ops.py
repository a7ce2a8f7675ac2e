"""Writes of holds to the diaries of vehicles.

A hold conflicts with assignments as another assignment would, so it has the same conditions: see `service`.
"""

from coachway.core.persistence.operations import Create, Op, Update
from coachway.dispatch.assignments.rules import list_iso_weeks
from coachway.dispatch.diaries.model import DiaryPage, HoldBlock
from coachway.dispatch.diaries.service import Diary, DiaryChanged, unchanged_op


def add_hold_ops(diary: Diary, hold: HoldBlock) -> list[Op]:
    """Return the operations that add a hold to a vehicle's diary. They fail with DiaryChanged."""
    weeks = set(list_iso_weeks(hold.starts_at, hold.ends_at))
    if not weeks <= set(diary.weeks):
        raise ValueError("the diary must include every week of the hold")
    return [_add_to_week_op(diary, week, hold) if week in weeks else unchanged_op(diary, week) for week in diary.weeks]


def _add_to_week_op(diary: Diary, week: str, hold: HoldBlock) -> Op:
    page = diary.pages.get(week)
    if page is None:
        created = DiaryPage(org_id=diary.org_id, resource=diary.resource, week=week, holds=[hold])
        return Create(created, on_exists=DiaryChanged())
    holds = sorted([*page.holds, hold], key=lambda each: (each.starts_at, each.assignment_id))
    return Update(page, page.model_copy(update={"holds": holds}), on_stale=DiaryChanged())


def replace_hold_ops(diary: Diary, hold_id: str, replacement: HoldBlock | None) -> list[Op]:
    """Return the operations that change the expiry of a hold, or (with None) remove it. They fail with DiaryChanged."""
    ops: list[Op] = []
    for page in diary.pages.values():
        holds = [replacement if hold.assignment_id == hold_id else hold for hold in page.holds]
        remaining = [hold for hold in holds if hold is not None]
        if remaining != page.holds:
            ops.append(Update(page, page.model_copy(update={"holds": remaining}), on_stale=DiaryChanged()))
    return ops
