"""Diaries and times of assignments."""

from __future__ import annotations

from datetime import datetime

from coachway.core import store
from coachway.dispatch.diaries.model import DIARY, DiaryPage
from coachway.fleet.model import OPEN_ASSIGNMENTS
from tests.integration.bookings.builders import ORG

SIX_AM = datetime.fromisoformat("2027-03-03T06:00:00-05:00")


def local_time(clock_time: str) -> datetime:
    """A time on the day of the trip, in New York."""
    return datetime.fromisoformat(f"2027-03-03T{clock_time}:00-05:00")


def list_block_ids(resource: str, week: str) -> list[str]:
    page = store.find(DiaryPage, DIARY.key(org=ORG, resource=resource, week=week))
    return [block.assignment_id for block in page.blocks] if page else []


def count_open_blocks(resource: str) -> int:
    return store.get_counters(OPEN_ASSIGNMENTS.key(org=ORG, resource=resource)).get("n", 0)


def get_diary_page(resource: str) -> DiaryPage:
    return store.get(DiaryPage, DIARY.key(org=ORG, resource=resource, week="2027-W09"))
