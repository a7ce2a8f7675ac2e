"""Detect arrivals and departures from positions: two inside a stop's fence are an arrival, two outside a departure.

Stops are visited in their order. Recorded arrivals and departures (by hand, or from earlier positions) are kept: the
vehicle is at least at that stop. Pure: no clock, no I/O.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, NamedTuple

from pydantic import ConfigDict

from coachway.bookings.charters.model import StopType
from coachway.core.types.geo import METERS_PER_MILE, Coordinates, miles_between
from coachway.core.types.personal import Personal
from coachway.dispatch.assignments.model import AssignmentStop
from coachway.dispatch.tracking.position_encoding import Fix
from coachway.hours.model import FrozenSchema, Instant

FENCE_METERS: Final = 200.0
REQUIRED_FIXES: Final = 2
"""The number of consecutive fixes that prove an arrival or a departure."""
AWAY_METERS: Final = 1000.0
"""The distance from which a return to the stop that the vehicle left is detected. Closer positions are GPS noise."""
DUE_EARLY: Final = timedelta(hours=1)
"""How long before its planned time a later stop can be reached, so that the stops before it count as skipped."""
SOON: Final = timedelta(minutes=15)
"""How long before its planned time a stop counts as reached by a vehicle that already waits at the same place."""
MIN_STAY: Final = timedelta(minutes=3)
"""How long a vehicle must stay at an unexpected stop; this excludes vehicles that only drive past."""
FASTEST_MPH: Final = 120.0
"""A fix that requires a higher speed is a GPS error, unless the next fix confirms it."""


class StopEventKind(StrEnum):
    """What happened at a stop."""

    ARRIVED = "arrived"
    DEPARTED = "departed"


class StopEvent(NamedTuple):
    """An arrival at a stop, or a departure from it."""

    stop: int
    kind: StopEventKind
    at: datetime


class Progress(FrozenSchema):
    """The progress of a vehicle: it is at `stop` (if `there`) or on the way to it. Stops are counted from 0.

    A `stop` beyond the last one means that the trip is over. `run` is the number of consecutive fixes, the first at
    `since`, that show the vehicle at stop `toward`, or, if `there`, away from its stop.
    """

    # Pages that an older release stored may have other fields.
    model_config = ConfigDict(extra="ignore")

    stop: int = 0
    there: bool = False
    run: int = 0
    toward: int = 0
    since: Instant | None = None
    away: bool = False
    """Whether the vehicle was more than `AWAY_METERS` from the stop that it left last."""
    latitude: Annotated[float | None, Personal("driver")] = None
    longitude: Annotated[float | None, Personal("driver")] = None
    seen_at: Instant | None = None
    """Time of the last counted fix."""
    doubt: tuple[Instant, float, float] | None = None
    """A later fix that no vehicle could have reached: time, latitude, longitude."""

    @property
    def place(self) -> Coordinates | None:
        """The last known place."""
        if self.latitude is None or self.longitude is None:
            return None
        return Coordinates(self.latitude, self.longitude)


@dataclass(frozen=True, slots=True)
class FollowResult:
    """The result of following fixes: the progress, the stop events, and the fixes that counted.

    `newest` is the newest fix that is accurate enough, even if it does not count yet.
    """

    progress: Progress
    stop_events: list[StopEvent]
    counted: list[Fix]
    newest: Fix | None


def follow_fixes(progress: Progress, fixes: Iterable[Fix], stops: Sequence[AssignmentStop]) -> FollowResult:
    """Follow a vehicle from `progress` through `fixes`, which are in time order."""
    tracker = _ProgressTracker(stops, **progress.model_dump())
    for fix in fixes:
        tracker.add_fix(fix)
    return FollowResult(tracker.progress, tracker.stop_events, tracker.counted, tracker.newest)


def known_progress(stops: Sequence[AssignmentStop], progress: Progress | None = None) -> Progress:
    """Return the progress by the recorded stop events, and by the fixes that led to `progress`."""
    tracker = _ProgressTracker(stops, **progress.model_dump()) if progress is not None else _ProgressTracker(stops)
    tracker.catch_up(None)
    return tracker.progress


def meters_between(one: Coordinates, other: Coordinates) -> float:
    """The straight distance in meters."""
    return miles_between(one, other) * METERS_PER_MILE


def planned_time(stop: AssignmentStop) -> datetime | None:
    """The planned arrival, or departure if there is none."""
    return stop.arrival or stop.departure


def are_served_together(one: AssignmentStop, other: AssignmentStop, left_at: datetime) -> bool:
    """Whether a vehicle that left one stop at `left_at` has also served the next one, which is in the same fence.

    Not when passengers ride from one stop to the other, as on a round trip, nor when the vehicle may still return.
    """
    if one.place is None or other.place is None or meters_between(one.place, other.place) > FENCE_METERS:
        return False
    if other.stop_type is StopType.DROPOFF and one.stop_type is not StopType.DROPOFF:
        return False
    planned_at = other.departure or other.arrival
    return planned_at is not None and left_at >= planned_at - SOON


def _is_reachable(one: Fix, other: Fix) -> bool:
    """Whether a vehicle could have driven from one fix to the other."""
    hours = max(1.0, (other.at - one.at).total_seconds()) / 3600
    miles = miles_between(one.place, other.place)
    return miles * METERS_PER_MILE <= FENCE_METERS or miles / hours <= FASTEST_MPH


@dataclass(slots=True)
class _ProgressTracker:
    """The state of following a vehicle; `Progress` is its stored form."""

    stops: Sequence[AssignmentStop]
    stop: int = 0
    there: bool = False
    run: int = 0
    toward: int = 0
    since: datetime | None = None
    away: bool = False
    latitude: float | None = None
    longitude: float | None = None
    seen_at: datetime | None = None
    doubt: tuple[datetime, float, float] | None = None
    stop_events: list[StopEvent] = field(default_factory=list)
    counted: list[Fix] = field(default_factory=list)
    newest: Fix | None = None

    @property
    def progress(self) -> Progress:
        return Progress(**{name: getattr(self, name) for name in Progress.model_fields})

    def add_fix(self, fix: Fix) -> None:
        self.catch_up(fix.at)
        if fix.accuracy_m is None or fix.accuracy_m <= FENCE_METERS:
            self.newest = fix
            for counted_fix in self._plausible_fixes(fix):
                self._count_fix(counted_fix)

    def _count_fix(self, fix: Fix) -> None:
        before = self._last_fix
        self.counted.append(fix)
        self.latitude, self.longitude, self.seen_at = fix.latitude, fix.longitude, fix.at
        if self.there and self.stop < len(self.stops):
            if not self._detect_departure(fix):
                return
            # The fixes that show the departure may also show the arrival at the next stop.
            if before is not None and not self.there:
                self._detect_arrival(before)
        if not self.there:
            self._detect_arrival(fix)

    @property
    def _last_fix(self) -> Fix | None:
        if self.latitude is None or self.longitude is None or self.seen_at is None:
            return None
        return Fix(self.seen_at, self.latitude, self.longitude)

    def catch_up(self, until: datetime | None) -> None:
        """Apply the recorded stop events up to `until`."""
        for number in range(self.stop, len(self.stops)):
            stop = self.stops[number]
            if stop.departed_at is not None and (until is None or stop.departed_at <= until):
                self._depart(number)
            elif stop.arrived_at is not None and (until is None or stop.arrived_at <= until):
                self._arrive(number)

    def _plausible_fixes(self, fix: Fix) -> list[Fix]:
        """Return the fix, with the doubtful one before if it confirms that; empty while the fix itself is doubtful."""
        doubt, self.doubt = self.doubt, None
        last = self._last_fix
        if last is None or _is_reachable(last, fix):
            return [fix]
        if doubt is not None and _is_reachable(before := Fix(*doubt), fix):
            return [before, fix]
        self.doubt = (fix.at, fix.latitude, fix.longitude)
        return []

    def _detect_departure(self, fix: Fix) -> bool:
        """Count a fix toward a departure; returns whether the vehicle has left its stop."""
        if self._is_inside(self.stop, fix):
            self._reset_run()
            return False
        self._extend_run(self.stop, fix)
        if self.run < REQUIRED_FIXES or self.since is None:
            return False
        left_at, stop = self.since, self.stops[self.stop]
        self._record(self.stop, StopEventKind.DEPARTED, left_at)
        self._depart(self.stop)
        self._pass_stops_nearby(stop, left_at)
        return True

    def _pass_stops_nearby(self, stop: AssignmentStop, at: datetime) -> None:
        while self.stop < len(self.stops) and are_served_together(stop, self.stops[self.stop], at):
            self._record(self.stop, StopEventKind.ARRIVED, at)
            if self.stop == len(self.stops) - 1:
                self.there = True
                return
            self._record(self.stop, StopEventKind.DEPARTED, at)
            self._depart(self.stop)

    def _detect_arrival(self, fix: Fix) -> None:
        if self.stop >= len(self.stops):
            return
        previous_place = self.stops[self.stop - 1].place if self.stop else None
        if previous_place is not None and meters_between(previous_place, fix.place) > AWAY_METERS:
            self.away = True
        is_back = previous_place is not None and meters_between(previous_place, fix.place) <= FENCE_METERS
        for number in range(self.stop, len(self.stops)):
            required_stay = (
                self._required_stay(number, fix.at, is_back=is_back) if self._is_inside(number, fix) else None
            )
            if required_stay is not None:
                break
        else:
            self._reset_run()
            return
        if number != self.toward:
            self._reset_run()
        self._extend_run(number, fix)
        if self.run >= REQUIRED_FIXES and self.since is not None and fix.at - self.since >= required_stay:
            self._record(number, StopEventKind.ARRIVED, self.since)
            self._arrive(number)

    def _required_stay(self, number: int, at: datetime, *, is_back: bool) -> timedelta | None:
        """How long a vehicle must stay in the fence of a stop to have arrived; None if it cannot be an arrival.

        An arrival at the next stop needs no stay, unless that stop is where the vehicle just left.
        """
        is_next, is_due = number == self.stop, self._is_due(number, at, DUE_EARLY)
        if is_next and (not is_back or (self.away and is_due)):
            return timedelta()
        if is_back and not self.away:
            return MIN_STAY if self._is_due(number, at, SOON) else None
        return MIN_STAY if is_next or is_due else None

    def _is_due(self, number: int, at: datetime, early: timedelta) -> bool:
        planned_at = planned_time(self.stops[number])
        return planned_at is not None and at >= planned_at - early

    def _is_inside(self, number: int, fix: Fix) -> bool:
        place = self.stops[number].place
        return place is not None and meters_between(place, fix.place) <= FENCE_METERS

    def _extend_run(self, toward: int, fix: Fix) -> None:
        if self.run == 0:
            self.since, self.toward = fix.at, toward
        self.run += 1

    def _arrive(self, number: int) -> None:
        if (self.stop, self.there) != (number, True):
            self.stop, self.there = number, True
            self._reset_run()

    def _depart(self, number: int) -> None:
        self.stop, self.there, self.away = number + 1, False, False
        self._reset_run()

    def _reset_run(self) -> None:
        self.run, self.since, self.toward = 0, None, self.stop

    def _record(self, stop: int, kind: StopEventKind, at: datetime) -> None:
        self.stop_events.append(StopEvent(stop, kind, at))
