"""A trail's pages, without a table."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.dispatch.assignments.model import AssignmentStop
from coachway.dispatch.tracking import position_store
from coachway.dispatch.tracking.geofence import Progress, follow_fixes
from coachway.dispatch.tracking.position_encoding import Fix
from coachway.dispatch.tracking.position_store import TrailPage
from tests.tracks import read_track
from tests.unit.dispatch.builders import TRIPS, trip

ORG, RUN = "org_01JQZZZZZZZZZZZZZZZZZZZZZZ", "asg_01JQZZZZZZZZZZZZZZZZZZZZZZ"
Pages = dict[datetime, TrailPage]


def sent(pages: Pages, batch: list[Fix], stops: list[AssignmentStop]) -> position_store.MergedTrail:
    """Lay a batch as a check-in does: on the pages from its first fix on, and the one before."""
    oldest = position_store.page_start(min(fix.at for fix in batch))
    there = sorted(pages)
    before = [each for each in there if each < oldest][-1:]
    laid = position_store.merge_positions(
        ORG, RUN, [pages[each] for each in (*before, *(e for e in there if e >= oldest))], batch, stops
    )
    for page in laid.changed:
        pages[page.begins] = page.model_copy(update={"version": page.version + 1})
    for stop_event in laid.stop_events:
        name = f"{stop_event.kind}_at"
        told = getattr(stops[stop_event.stop], name)
        setattr(stops[stop_event.stop], name, min(told or stop_event.at, stop_event.at))
    return laid


def test_a_page_of_an_older_release_is_read() -> None:
    written = TrailPage(
        org_id=ORG, assignment_id=RUN, begins=position_store.page_start(datetime(2027, 3, 3, 14, 2, tzinfo=UTC))
    )
    old = written.model_dump_json().replace('"before":{', '"before":{"strays":2,')
    assert TrailPage.model_validate_json(old) == written


@pytest.mark.parametrize("name", TRIPS)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_in_whatever_order_batches_come_the_trail_is_the_same(name: str, seed: int) -> None:
    track, chance = read_track(name)[::5], random.Random(seed)
    batches = [track[first : first + 24] for first in range(0, len(track), 20)]
    chance.shuffle(batches)
    pages: Pages = {}
    stops, in_order = trip(name), trip(name)
    for stop_event in follow_fixes(Progress(), track, in_order).stop_events:
        setattr(in_order[stop_event.stop], f"{stop_event.kind}_at", stop_event.at)
    known = sum(len(sent(pages, chance.sample(batch, len(batch)), stops).duplicates) for batch in batches)
    assert [fix for begins in sorted(pages) for fix in pages[begins].fixes] == track
    assert known == sum(len(batch) for batch in batches) - len(track)
    assert stops == in_order


@pytest.mark.parametrize("name", TRIPS)
def test_each_page_leads_to_where_all_before_it_and_it_lead(name: str) -> None:
    track, stops, pages = read_track(name), trip(name), Pages()
    for first in range(0, len(track), 50):
        sent(pages, track[first : first + 50], stops)
    for begins, page in pages.items():
        whole = follow_fixes(Progress(), [fix for fix in track if fix.at < begins + position_store.PAGE_LENGTH], stops)
        assert follow_fixes(page.before, page.fixes, stops).progress == whole.progress


def test_a_batch_that_is_sent_again_changes_nothing() -> None:
    track, stops, pages = read_track("tunnel"), trip("tunnel"), Pages()
    for first in range(0, len(track), 60):
        sent(pages, track[first : first + 60], stops)
    again = sent(pages, track[60:120], stops)
    assert (again.changed, again.stop_events, len(again.duplicates)) == ([], [], 60)


def test_a_page_begins_every_five_minutes() -> None:
    at = datetime(2027, 3, 3, 14, 9, 59, 999_000, tzinfo=UTC)
    assert position_store.page_start(at) == datetime(2027, 3, 3, 14, 5, tzinfo=UTC)
    assert position_store.page_start(at + timedelta(milliseconds=1)) == datetime(2027, 3, 3, 14, 10, tzinfo=UTC)
