"""Nobody is in two places: the rule of clashes, and the argument of decision 18, for any jobs in any order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.core.persistence.operations import CheckAbsent, CheckVersion, Create, Op, Update
from coachway.core.persistence.records import Key
from coachway.core.types import ids
from coachway.core.types.geo import Coordinates
from coachway.dispatch.assignments.rules import REACH, iso_week, iso_weeks, travel_time
from coachway.dispatch.diaries import conflicts
from coachway.dispatch.diaries import service as diaries
from coachway.dispatch.diaries.model import DiaryPage, DutyBlock
from coachway.dispatch.diaries.service import Diary

ORG = "org_01JQZZZZZZZZZZZZZZZZZZZZZZ"
DRIVER = "drv_01K3ZV8N6Y3T5G7H9J1M2P4R6S"
START = datetime(2027, 3, 1, tzinfo=UTC)

places = st.none() | st.builds(Coordinates, st.floats(-89, 89), st.floats(-179, 179))


@st.composite
def jobs(draw: st.DrawFn) -> DutyBlock:
    """A job of up to 20 days in half a year, with its way from and to the garage."""
    starts_at = START + timedelta(minutes=draw(st.integers(0, 60 * 24 * 180)))
    before, trip, after = (draw(st.integers(0, most)) for most in (300, 60 * 24 * 20, 300))
    pickup_at = starts_at + timedelta(minutes=before)
    dropoff_at = pickup_at + timedelta(minutes=trip + 1)
    return DutyBlock(
        assignment_id=ids.new("asg"),
        charter_id="chr_1",
        number="CH-2027-000001",
        starts_at=starts_at,
        pickup_at=pickup_at,
        dropoff_at=dropoff_at,
        ends_at=dropoff_at + timedelta(minutes=after),
        begins=draw(places),
        finishes=draw(places),
    )


@settings(deadline=None)
@given(jobs(), jobs())
def test_of_two_jobs_either_is_in_the_way_of_the_other_or_neither_is(one: DutyBlock, other: DutyBlock) -> None:
    there, back = conflicts.find_clash(one, other), conflicts.find_clash(other, one)
    assert (there is None) is (back is None)
    if there is not None and back is not None:
        assert (there.kind, there.short_by) == (back.kind, back.short_by)


@settings(deadline=None)
@given(jobs(), jobs())
def test_jobs_that_clash_are_less_than_nine_days_apart(one: DutyBlock, other: DutyBlock) -> None:
    if conflicts.find_clash(one, other) is not None:
        assert max(one.starts_at, other.starts_at) - min(one.ends_at, other.ends_at) <= REACH


@settings(deadline=None)
@given(jobs(), jobs())
def test_whoever_judges_a_job_looks_at_a_page_that_every_job_within_reach_stands_on(
    one: DutyBlock, other: DutyBlock
) -> None:
    apart = max(one.starts_at, other.starts_at) - min(one.ends_at, other.ends_at)
    if apart <= REACH:
        assert set(diaries.weeks_around(one.starts_at, one.ends_at)) & set(iso_weeks(other.starts_at, other.ends_at))
        assert set(diaries.weeks_around(other.starts_at, other.ends_at)) & set(iso_weeks(one.starts_at, one.ends_at))


@settings(deadline=None)
@given(jobs())
def test_a_job_moved_behind_what_is_in_its_way_clashes_with_it_no_more(job: DutyBlock) -> None:
    other = job.model_copy(update={"assignment_id": "asg_other"})
    clash = conflicts.find_clash(job, other)
    assert clash is not None
    later = conflicts.move_block(job, conflicts.earliest_start_after(job, clash))
    assert conflicts.find_clash(later, other) is None


@settings(deadline=None)
@given(places, places)
def test_no_way_is_longer_than_the_reach(one: Coordinates | None, other: Coordinates | None) -> None:
    assert timedelta() <= travel_time(one, other) <= REACH


@settings(deadline=None)
@given(st.integers(-4_000_000, 8_000_000), st.integers(0, 60))
def test_weeks_are_those_of_every_moment_between(minutes: int, days: int) -> None:
    start = START + timedelta(minutes=minutes)
    found = iso_weeks(start, start + timedelta(days=days))
    assert found == list(dict.fromkeys(iso_week(start + timedelta(days=n)) for n in range(days + 1)))


class Table:
    """A table that keeps the conditions of a transaction, as DynamoDB does: all hold, or nothing is written."""

    def __init__(self) -> None:
        self.kept: dict[Key, DiaryPage] = {}

    def read(self, job: DutyBlock) -> Diary:
        spans = diaries.weeks_around(job.starts_at, job.ends_at)
        pages = {
            week: self.kept.get(key) for week, key in zip(spans, diaries.page_keys(ORG, DRIVER, spans), strict=True)
        }
        return Diary(ORG, DRIVER, spans, {week: page.model_copy() for week, page in pages.items() if page is not None})

    def commit(self, ops: list[Op]) -> bool:
        if not all(self._holds(op) for op in ops):
            return False
        for op in ops:
            if isinstance(op, Create) and isinstance(op.record, DiaryPage):
                self.kept[op.record.key()] = op.record.model_copy(update={"version": 1})
            if isinstance(op, Update) and isinstance(op.after, DiaryPage):
                self.kept[op.after.key()] = op.after.model_copy(update={"version": op.before.version + 1})
        return True

    def _holds(self, op: Op) -> bool:
        if isinstance(op, Create):
            return op.record.key() not in self.kept
        if isinstance(op, CheckAbsent):
            return op.key not in self.kept
        if isinstance(op, Update | CheckVersion):
            before = op.before if isinstance(op, Update) else op.record
            kept = self.kept.get(before.key())
            return kept is not None and kept.version == before.version
        return True

    @property
    def jobs(self) -> list[DutyBlock]:
        found = {job.assignment_id: job for page in self.kept.values() for job in page.jobs}
        return list(found.values())


steps = st.lists(st.tuples(jobs(), st.integers(0, 3)), min_size=1, max_size=12)


@settings(deadline=None)
@given(steps, st.randoms(use_true_random=False))
def test_no_two_jobs_clash_however_readers_and_writers_interleave(
    planned: list[tuple[DutyBlock, int]], chance: object
) -> None:
    """Everybody reads and judges, and commits some steps later, when others may have committed in between."""
    table, waiting = Table(), list[tuple[int, DutyBlock, Diary]]()
    given_away = 0
    for now, (job, later) in enumerate(planned):
        read = table.read(job)
        if not conflicts.list_clashes(job, read.blocks):
            waiting.append((now + later, job, read))
        for due in [each for each in waiting if each[0] <= now]:
            waiting.remove(due)
            given_away += table.commit(diaries.add_block_ops(due[2], due[1]))
    for _, job, read in waiting:
        given_away += table.commit(diaries.add_block_ops(read, job))
    assert len(table.jobs) == given_away
    assert [pair for pair in combinations(table.jobs, 2) if conflicts.find_clash(*pair)] == []


@settings(deadline=None)
@given(jobs(), jobs())
def test_a_job_that_is_struck_out_leaves_no_trace_but_the_others(one: DutyBlock, other: DutyBlock) -> None:
    table = Table()
    table.commit(diaries.add_block_ops(table.read(one), one))
    before = {key: list(page.jobs) for key, page in table.kept.items()}
    table.commit(diaries.add_block_ops(table.read(other), other))
    table.commit(diaries.remove_block_ops(table.read(other), other.assignment_id))
    assert {key: page.jobs for key, page in table.kept.items() if page.jobs} == before


@settings(deadline=None)
@given(jobs(), st.integers(0, 60 * 24 * 25))
def test_a_job_that_is_cut_off_ends_then_and_stands_where_it_has_a_part(job: DutyBlock, minutes: int) -> None:
    table = Table()
    table.commit(diaries.add_block_ops(table.read(job), job))
    at = job.starts_at + timedelta(minutes=minutes)
    assert table.commit(diaries.truncate_block_ops(table.read(job), job.assignment_id, at))
    [left] = table.jobs
    assert left.ends_at <= max(job.starts_at + timedelta(minutes=1), min(at, job.ends_at))
    stands = {page.week for page in table.kept.values() if page.jobs}
    assert stands == set(iso_weeks(left.starts_at, left.ends_at))
