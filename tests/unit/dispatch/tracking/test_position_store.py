"""Merge positions into the pages of a trail."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.dispatch.assignments.model import AssignmentStop
from coachway.dispatch.tracking import position_encoding, position_store
from coachway.dispatch.tracking.geofence import Progress, follow_positions
from coachway.dispatch.tracking.position_encoding import GpsPosition
from coachway.dispatch.tracking.position_store import TrailPage
from tests.tracks import read_track
from tests.unit.dispatch.builders import PLANNED_STOPS, planned_stops

ORG_ID, ASSIGNMENT_ID = "org_01JQZZZZZZZZZZZZZZZZZZZZZZ", "asg_01JQZZZZZZZZZZZZZZZZZZZZZZ"
Pages = dict[datetime, TrailPage]


def merge_batch(pages: Pages, batch: list[GpsPosition], stops: list[AssignmentStop]) -> position_store.MergedTrail:
    """Merge a batch as the API does: into the pages from its first position on, and the page before."""
    oldest = position_store.get_page_start(min(position.at for position in batch))
    starts = sorted(pages)
    previous = [start for start in starts if start < oldest][-1:]
    merged = position_store.merge_positions(
        ORG_ID, ASSIGNMENT_ID, [pages[start] for start in starts if start in previous or start >= oldest], batch, stops
    )
    for page in merged.changed:
        pages[page.starts_at] = page.model_copy(update={"version": page.version + 1})
    for stop_event in merged.stop_events:
        field = f"{stop_event.kind}_at"
        recorded_at = getattr(stops[stop_event.stop], field)
        setattr(stops[stop_event.stop], field, min(recorded_at or stop_event.at, stop_event.at))
    return merged


def test_trail_page_keeps_its_stored_names_and_reads_those_of_older_releases() -> None:
    starts_at = position_store.get_page_start(datetime(2027, 3, 3, 14, 2, tzinfo=UTC))
    progress = Progress(
        stop=1,
        is_at_stop=True,
        consecutive_positions=1,
        candidate_stop=2,
        first_position_at=starts_at,
        was_far_away=True,
        unconfirmed_position=(starts_at, 40.5, -74.5),
    )
    page = TrailPage(
        org_id=ORG_ID,
        assignment_id=ASSIGNMENT_ID,
        starts_at=starts_at,
        encoded_positions=position_encoding.encode_positions(starts_at, [GpsPosition(starts_at, 40.5, -74.5)]),
        initial_progress=progress,
    )
    stored = page.model_dump(mode="json", by_alias=True)
    assert {"begins", "points", "before"} < stored.keys()
    assert {"there", "run", "toward", "since", "away", "doubt"} < stored["before"].keys()
    assert TrailPage.model_validate({**stored, "before": {**stored["before"], "strays": 2}}) == page


@pytest.mark.parametrize("track_name", PLANNED_STOPS)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_merge_positions_in_any_order_gives_the_same_trail(track_name: str, seed: int) -> None:
    track, random_source = read_track(track_name)[::5], random.Random(seed)
    batches = [track[first : first + 24] for first in range(0, len(track), 20)]
    random_source.shuffle(batches)
    pages: Pages = {}
    stops, in_order = planned_stops(track_name), planned_stops(track_name)
    for stop_event in follow_positions(Progress(), track, in_order).stop_events:
        setattr(in_order[stop_event.stop], f"{stop_event.kind}_at", stop_event.at)
    duplicate_count = sum(
        len(merge_batch(pages, random_source.sample(batch, len(batch)), stops).duplicates) for batch in batches
    )
    assert [position for starts_at in sorted(pages) for position in pages[starts_at].positions] == track
    assert duplicate_count == sum(len(batch) for batch in batches) - len(track)
    assert stops == in_order


@pytest.mark.parametrize("track_name", PLANNED_STOPS)
def test_merge_positions_stores_the_progress_before_each_page(track_name: str) -> None:
    track, stops, pages = read_track(track_name), planned_stops(track_name), Pages()
    for first in range(0, len(track), 50):
        merge_batch(pages, track[first : first + 50], stops)
    for starts_at, page in pages.items():
        complete = follow_positions(
            Progress(), [position for position in track if position.at < starts_at + position_store.PAGE_LENGTH], stops
        )
        assert follow_positions(page.initial_progress, page.positions, stops).progress == complete.progress


def test_merge_positions_of_the_same_batch_changes_nothing() -> None:
    track, stops, pages = read_track("tunnel"), planned_stops("tunnel"), Pages()
    for first in range(0, len(track), 60):
        merge_batch(pages, track[first : first + 60], stops)
    repeated = merge_batch(pages, track[60:120], stops)
    assert (repeated.changed, repeated.stop_events, len(repeated.duplicates)) == ([], [], 60)


def test_get_page_start_is_every_five_minutes() -> None:
    moment = datetime(2027, 3, 3, 14, 9, 59, 999_000, tzinfo=UTC)
    assert position_store.get_page_start(moment) == datetime(2027, 3, 3, 14, 5, tzinfo=UTC)
    assert position_store.get_page_start(moment + timedelta(milliseconds=1)) == datetime(2027, 3, 3, 14, 10, tzinfo=UTC)
