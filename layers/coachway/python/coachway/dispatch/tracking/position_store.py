"""Store the trail of an assignment's vehicle: its GPS positions, five minutes to a page.

A page is one item, smaller than 1 KB at one position in ten seconds. A report costs one write unit for each page that
it changes. The newest page has the current position. Each page stores the progress before it, so that late positions
can be merged in time order and the vehicle followed again from there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar, Final

from pydantic import AwareDatetime, Field

from coachway.core import store
from coachway.core.persistence import conditional_writes
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.records import AccessPattern, Key, Record, stored_as
from coachway.core.types.datetimes import sortable
from coachway.core.types.personal import Personal
from coachway.dispatch.assignments.model import AssignmentStop
from coachway.dispatch.tracking.geofence import (
    FollowResult,
    Progress,
    StopEvent,
    apply_recorded_events,
    follow_positions,
)
from coachway.dispatch.tracking.position_encoding import (
    GpsPosition,
    decode_positions,
    encode_positions,
    merge_in_time_order,
)
from coachway.dispatch.tracking.position_trust import UntrustedPosition, UntrustedReason

PAGE_LENGTH: Final = timedelta(minutes=5)
RETENTION: Final = timedelta(days=180)
"""When DynamoDB removes a page; the timer archives it long before."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_PAGES: Final = 10_000
MAX_POSITIONS: Final = 1000
"""The most positions on a page (several per second), so that it does not exceed the maximum item size."""
_BATCH_SIZE: Final = 30
"""Vehicles whose newest pages are read in one call."""

TRAIL = AccessPattern(
    "the positions of an assignment's vehicle, five minutes to a page, newest last",
    pk="ORG#{org}#TRAIL#{assignment}",
    sk="{starts_at}",
)


class TrailPage(Record):
    """The positions of five minutes. `initial_progress` is that of the vehicle at the start of the page."""

    KIND: ClassVar[str] = "trail"

    org_id: str
    assignment_id: str
    starts_at: Annotated[AwareDatetime, stored_as("begins", "starts_at")]
    encoded_positions: Annotated[str, Personal("driver"), stored_as("points", "encoded_positions")] = ""
    initial_progress: Annotated[Progress, stored_as("before", "initial_progress")] = Field(default_factory=Progress)

    def key(self) -> Key:
        return TRAIL.key(org=self.org_id, assignment=self.assignment_id, starts_at=sortable(self.starts_at))

    def expires_at(self) -> int:
        return int((self.starts_at + RETENTION).timestamp())

    @property
    def positions(self) -> list[GpsPosition]:
        """The positions on the page, oldest first."""
        return decode_positions(self.starts_at, self.encoded_positions)


def get_page_start(at: datetime) -> datetime:
    """Return the start of the page to which a moment belongs."""
    return _EPOCH + (at - _EPOCH) // PAGE_LENGTH * PAGE_LENGTH


def trail_partition(org_id: str, assignment_id: str) -> str:
    """Return the partition key of a trail."""
    return TRAIL.partition(org=org_id, assignment=assignment_id)


def load_newest_pages(org_id: str, assignment_id: str, limit: int = 2) -> list[TrailPage]:
    """Load the newest pages, oldest first: the last ten minutes of a vehicle under way. One read."""
    pages = query_all(TrailPage, trail_partition(org_id, assignment_id), descending=True, limit=limit)
    return pages[::-1]


def list_pages(org_id: str, assignment_id: str) -> list[TrailPage]:
    """List all pages, oldest first."""
    return query_all(TrailPage, trail_partition(org_id, assignment_id), limit=_MAX_PAGES)


def load_newest_pages_by_assignment(
    org_id: str, assignment_ids: Sequence[str], now: datetime
) -> dict[str, list[TrailPage]]:
    """Load the newest pages of many vehicles, by assignment.

    One read per 30 vehicles that sent positions recently, and one for each vehicle that did not.
    """
    latest = get_page_start(now)
    starts = [latest - PAGE_LENGTH, latest, latest + PAGE_LENGTH]  # the clocks of phones may be ahead
    result: dict[str, list[TrailPage]] = {}
    for first in range(0, len(assignment_ids), _BATCH_SIZE):
        batch = assignment_ids[first : first + _BATCH_SIZE]
        keys = {
            assignment_id: [
                TRAIL.key(org=org_id, assignment=assignment_id, starts_at=sortable(moment)) for moment in starts
            ]
            for assignment_id in batch
        }
        pages = store.find_many(TrailPage, [key for page_keys in keys.values() for key in page_keys])
        for assignment_id in batch:
            result[assignment_id] = [pages[key] for key in keys[assignment_id] if key in pages] or load_newest_pages(
                org_id, assignment_id
            )
    return result


def load_pages_since(org_id: str, assignment_id: str, first: datetime) -> list[TrailPage]:
    """Load the pages from the one of `first` on, oldest first, and the page before them."""
    oldest = get_page_start(first)
    pages = load_newest_pages(org_id, assignment_id)
    if len(pages) == 2 and pages[0].starts_at >= oldest:
        pages = query_all(TrailPage, trail_partition(org_id, assignment_id), descending=True, limit=_MAX_PAGES)[::-1]
        before = [page for page in pages if page.starts_at < oldest]
        return [*before[-1:], *(page for page in pages if page.starts_at >= oldest)]
    return pages


@dataclass(frozen=True, slots=True)
class MergedTrail:
    """A trail with merged positions: the changed pages, and what its positions show.

    It depends on the positions and on the reported stop times, not on the order in which the positions were received.
    """

    changed: list[TrailPage]
    initial_progress: Progress
    """The progress before the first of the pages."""
    stop_events: list[StopEvent]
    """All that the positions show after `initial_progress`."""
    progress: Progress
    counted: list[GpsPosition]
    """The positions that counted, as far back as the pages reach."""
    untrusted: dict[GpsPosition, UntrustedReason]
    """The positions that did not count."""
    duplicates: frozenset[datetime]
    """Moments of new positions that were stored already."""
    too_many: frozenset[datetime]
    """Moments of new positions that exceed `MAX_POSITIONS` of their page."""

    @property
    def newest(self) -> GpsPosition | None:
        """The vehicle's position: the newest one that counted."""
        return self.counted[-1] if self.counted else self.progress.last_position

    def list_untrusted(self) -> list[UntrustedPosition]:
        """The positions that did not count, each with the reason."""
        return [
            UntrustedPosition(
                recorded_at=position.at, latitude=position.latitude, longitude=position.longitude, reason=reason
            )
            for position, reason in self.untrusted.items()
        ]


def merge_positions(
    org_id: str,
    assignment_id: str,
    pages: Sequence[TrailPage],
    positions: Iterable[GpsPosition],
    stops: Sequence[AssignmentStop],
) -> MergedTrail:
    """Merge positions into the pages from `load_pages_since`, and follow the vehicle through them. Pure."""
    by_page: dict[datetime, list[GpsPosition]] = {}
    for position in positions:
        by_page.setdefault(get_page_start(position.at), []).append(position)
    pages_by_start = {page.starts_at: page for page in pages}
    progress = initial_progress = pages[0].initial_progress if pages else Progress()
    changed: list[TrailPage] = []
    stop_events: list[StopEvent] = []
    counted: list[GpsPosition] = []
    untrusted: dict[GpsPosition, UntrustedReason] = {}
    duplicates: set[datetime] = set()
    too_many: set[datetime] = set()
    for starts_at in sorted(pages_by_start.keys() | by_page.keys()):
        page = pages_by_start.get(starts_at) or TrailPage(
            org_id=org_id, assignment_id=assignment_id, starts_at=starts_at
        )
        page_positions = page.positions
        if starts_at in by_page:
            times = {position.at for position in page_positions}
            fresh = [position for position in by_page[starts_at] if position.at not in times]
            duplicates |= times.intersection(position.at for position in by_page[starts_at])
            free_slots = max(0, MAX_POSITIONS - len(page_positions))
            too_many |= {position.at for position in fresh[free_slots:]}
            repeated = [position for position in by_page[starts_at] if position.at in times]
            page_positions = merge_in_time_order(page_positions, [*repeated, *fresh[:free_slots]])
        after = page.model_copy(
            update={"encoded_positions": encode_positions(starts_at, page_positions), "initial_progress": progress}
        )
        if after != page or page.version == 0:
            changed.append(after)
        followed: FollowResult = follow_positions(progress, page_positions, stops)
        progress = followed.progress
        stop_events += followed.stop_events
        counted += followed.counted
        untrusted |= {
            position: followed.untrusted[position.at]
            for position in page_positions
            if position.at in followed.untrusted
        }
    counted_times = {position.at for position in counted}  # an unreachable one may be confirmed on the next page
    return MergedTrail(
        changed,
        initial_progress,
        stop_events,
        progress,
        counted,
        {position: reason for position, reason in untrusted.items() if position.at not in counted_times},
        frozenset(duplicates),
        frozenset(too_many),
    )


def save_page(page: TrailPage) -> None:
    """Store a page. Raises ConcurrentUpdate when it was changed since it was read."""
    conditional_writes.put_if_unchanged(page)


def load_progress(
    org_id: str, assignment_id: str, stops: Sequence[AssignmentStop]
) -> tuple[Progress, list[GpsPosition]]:
    """Load a vehicle's progress, and the counted positions of its last two pages. One read."""
    trail = merge_positions(org_id, assignment_id, load_newest_pages(org_id, assignment_id), [], stops)
    return apply_recorded_events(stops, trail.progress), trail.counted
