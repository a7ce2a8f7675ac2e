"""Merge positions into the pages of a trail."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coachway.dispatch.assignments.model import Assignment, AssignmentStop
from coachway.dispatch.tracking import position_encoding, position_store
from coachway.dispatch.tracking.geofence import Progress, follow_positions
from coachway.dispatch.tracking.position_encoding import GpsPosition
from coachway.dispatch.tracking.position_store import TrailPage
from coachway.dispatch.tracking.stop_event_rules import apply_detected_events
from tests.tracks import generate, read_track
from tests.unit.dispatch.builders import PLANNED_STOPS, create_assignment, planned_stops

ORG_ID, ASSIGNMENT_ID = "org_01JQZZZZZZZZZZZZZZZZZZZZZZ", "asg_01JQZZZZZZZZZZZZZZZZZZZZZZ"
FREE_WAIT = timedelta(minutes=15)
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
    return merged


def follow_batches(batches: Iterable[list[GpsPosition]], stops: list[AssignmentStop]) -> tuple[Pages, Assignment]:
    """Merge batches one after the other, and apply what they show to an assignment whose driver has checked in."""
    pages, assignment = Pages(), create_assignment("checked_in", stops=stops)
    for batch in batches:
        merged = merge_batch(pages, batch, assignment.stops)
        while (
            step := apply_detected_events(assignment, merged.initial_progress, merged.stop_events, FREE_WAIT)
        ).is_changed:
            assignment = step.after
    return {start: page.model_copy(update={"version": 1}) for start, page in sorted(pages.items())}, assignment


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


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("track_name", PLANNED_STOPS)
def test_merge_positions_in_any_order_gives_the_same_trip(track_name: str, seed: int) -> None:
    track, random_source = read_track(track_name)[::9], random.Random(seed)
    batches = [track[first : first + 24] for first in range(0, len(track), 20)]  # they overlap
    pages, in_order = follow_batches(batches, planned_stops(track_name))
    random_source.shuffle(batches)
    other_pages, assignment = follow_batches(
        (random_source.sample(batch, len(batch)) for batch in batches), planned_stops(track_name)
    )
    assert [position for starts_at in sorted(other_pages) for position in other_pages[starts_at].positions] == track
    assert other_pages == pages
    assert (assignment.stops, assignment.status) == (in_order.stops, in_order.status)


MINUTE_OF_TRIP = st.integers(0, 40)
PLACES = (generate.NEWARK, (40.7, -74.2), (40.72, -74.2), generate.WALL_STREET, (0.0, 0.0))
"""Two stops, two places on the way, and no fix."""


LATE_VISIT: Final = {
    **dict.fromkeys((0, 10, 11), generate.NEWARK),
    **dict.fromkeys((6, 9), generate.WALL_STREET),
    **dict.fromkeys((12, 13), (40.7, -74.2)),
}
"""The last stop, and then the first one, which the vehicle seems to leave until the earlier positions arrive."""


@settings(max_examples=60, deadline=None)
@example(visits=LATE_VISIT, seed=0)
@given(
    visits=st.dictionaries(MINUTE_OF_TRIP, st.sampled_from(PLACES), max_size=9),
    seed=st.integers(0, 1000),
)
def test_merge_positions_one_by_one_in_any_order_gives_the_same_trip(
    visits: dict[int, tuple[float, float]], seed: int
) -> None:
    """Also where two positions seem to be next to each other until a third one arrives."""
    start = datetime(2027, 3, 4, 13, tzinfo=UTC)
    positions = [
        position_encoding.round_position(start + timedelta(minutes=minute), *place)
        for minute, place in sorted(visits.items())
    ]
    shuffled = random.Random(seed).sample(positions, len(positions))
    pages, in_order = follow_batches([positions] if positions else [], planned_stops("tunnel"))
    other_pages, assignment = follow_batches(([position] for position in shuffled), planned_stops("tunnel"))
    assert other_pages == pages
    if assignment.status is in_order.status:  # a trip that positions have started or ended stays started or ended
        assert assignment.stops == in_order.stops


@pytest.mark.parametrize("order", list(permutations((120, 121, 122))))
def test_merge_positions_of_an_arrival_in_any_order_gives_its_first_minute(order: tuple[int, ...]) -> None:
    start = datetime(2027, 3, 3, 14, tzinfo=UTC)
    positions = {
        minute: position_encoding.round_position(start + timedelta(minutes=minute), *generate.ATLANTIC_CITY)
        for minute in order
    }
    stops = planned_stops("to-the-shore")
    stops[0].reported_departure_at = stops[0].departed_at = start
    _, assignment = follow_batches(([positions[minute]] for minute in order), stops)
    assert assignment.stops[1].arrived_at == start + timedelta(minutes=120)


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
    assert (repeated.changed, len(repeated.duplicates)) == ([], 60)


def test_get_page_start_is_every_five_minutes() -> None:
    moment = datetime(2027, 3, 3, 14, 9, 59, 999_000, tzinfo=UTC)
    assert position_store.get_page_start(moment) == datetime(2027, 3, 3, 14, 5, tzinfo=UTC)
    assert position_store.get_page_start(moment + timedelta(milliseconds=1)) == datetime(2027, 3, 3, 14, 10, tzinfo=UTC)
