"""Detect arrivals and departures from positions: two inside a stop's fence are an arrival, two outside a departure.

Stops are visited in their order. Arrivals and departures that a person reported are kept: the vehicle is at least at
that stop. The result depends only on the set of positions, not on the order in which they were received. Pure: no
clock, no I/O.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, NamedTuple

from pydantic import ConfigDict

from coachway.bookings.charters.trip_model import StopType
from coachway.core.persistence.records import stored_as
from coachway.core.types.geo import METERS_PER_MILE, Coordinates, miles_between
from coachway.core.types.personal import Personal
from coachway.dispatch.assignments.model import AssignmentStop
from coachway.dispatch.tracking import position_trust
from coachway.dispatch.tracking.position_encoding import GpsPosition
from coachway.dispatch.tracking.position_trust import FENCE_METERS, MOVING_MPH, UntrustedReason
from coachway.hours.model import FrozenSchema, Instant

REQUIRED_POSITIONS: Final = 2
"""The number of consecutive positions that prove an arrival or a departure."""
FAR_AWAY_METERS: Final = 1000.0
"""The distance from which a return to the stop that the vehicle left is detected. Closer positions are GPS noise."""
DUE_EARLY: Final = timedelta(hours=1)
"""How long before its planned time a later stop can be reached, so that the stops before it count as skipped."""
SOON: Final = timedelta(minutes=15)
"""How long before its planned time a stop counts as reached by a vehicle that already waits at the same place."""
MIN_STAY: Final = timedelta(minutes=3)
"""How long a vehicle must stay at an unexpected stop; this excludes vehicles that only drive past."""


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
    """The progress of a vehicle: it is at `stop` (if `is_at_stop`) or on the way to it. Stops are counted from 0.

    A `stop` beyond the last one means that the trip is over. `consecutive_positions`, the first one recorded at
    `first_position_at`, show the vehicle at `candidate_stop`; or, if `is_at_stop`, outside the fence of its stop.
    """

    # Pages that an older release stored may have other fields.
    model_config = ConfigDict(extra="ignore")

    stop: int = 0
    is_at_stop: Annotated[bool, stored_as("there", "is_at_stop")] = False
    consecutive_positions: Annotated[int, stored_as("run", "consecutive_positions")] = 0
    candidate_stop: Annotated[int, stored_as("toward", "candidate_stop")] = 0
    first_position_at: Annotated[Instant | None, stored_as("since", "first_position_at")] = None
    was_far_away: Annotated[bool, stored_as("away", "was_far_away")] = False
    """Whether the vehicle was more than `FAR_AWAY_METERS` from the stop that it left last."""
    latitude: Annotated[float | None, Personal("driver")] = None
    longitude: Annotated[float | None, Personal("driver")] = None
    seen_at: Instant | None = None
    """Time of the last trusted position."""
    unchanged_since: Instant | None = None
    """When the vehicle was first seen at the coordinates of the last trusted position."""
    start_place: Annotated[tuple[float, float] | None, Personal("driver")] = None
    """Where the vehicle was first seen; None once it has moved."""
    has_moved: bool = False
    unconfirmed_position: Annotated[tuple[Instant, float, float] | None, stored_as("doubt", "unconfirmed_position")] = (
        None
    )
    """A later position that no vehicle could have reached: time, latitude, longitude."""

    @property
    def place(self) -> Coordinates | None:
        """The last known place."""
        return self.last_position.place if self.last_position is not None else None

    def move_to(self, position: GpsPosition) -> "Progress":
        """Return the same progress, seen at another position."""
        changes = {"latitude": position.latitude, "longitude": position.longitude, "seen_at": position.at}
        return self.model_copy(update=changes)

    def includes(self, stop: int, kind: StopEventKind) -> bool:
        """Whether an arrival or departure is part of this progress, or was skipped."""
        return stop < self.stop or (stop == self.stop and self.is_at_stop and kind is StopEventKind.ARRIVED)

    @property
    def last_position(self) -> GpsPosition | None:
        """The last trusted position."""
        if self.latitude is None or self.longitude is None or self.seen_at is None:
            return None
        return GpsPosition(self.seen_at, self.latitude, self.longitude)


@dataclass(frozen=True, slots=True)
class FollowResult:
    """The result of following positions: the progress, the stop events, the positions that counted, and the others."""

    progress: Progress
    stop_events: list[StopEvent]
    counted: list[GpsPosition]
    untrusted: dict[datetime, UntrustedReason]
    """By the time of the position. A later position may confirm an unreachable one, which then counts."""


def follow_positions(
    progress: Progress, positions: Iterable[GpsPosition], stops: Sequence[AssignmentStop]
) -> FollowResult:
    """Follow a vehicle from `progress` through `positions`, which are in time order."""
    tracker = _ProgressTracker(stops, **progress.model_dump())
    for position in positions:
        tracker.add_position(position)
    return FollowResult(tracker.progress, tracker.stop_events, tracker.counted, tracker.untrusted)


def apply_recorded_events(stops: Sequence[AssignmentStop], progress: Progress | None = None) -> Progress:
    """Return the progress by all recorded stop events, and by the positions that led to `progress`."""
    tracker = _ProgressTracker(stops, **progress.model_dump()) if progress is not None else _ProgressTracker(stops)
    tracker.apply_stop_times([(stop.arrived_at, stop.departed_at) for stop in stops])
    return tracker.progress


def meters_between(one: Coordinates, other: Coordinates) -> float:
    """The straight distance in meters."""
    return miles_between(one, other) * METERS_PER_MILE


def get_planned_time(stop: AssignmentStop) -> datetime | None:
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


@dataclass(slots=True)
class _ProgressTracker:
    """The state of following a vehicle; `Progress` is its stored form."""

    stops: Sequence[AssignmentStop]
    stop: int = 0
    is_at_stop: bool = False
    consecutive_positions: int = 0
    candidate_stop: int = 0
    first_position_at: datetime | None = None
    was_far_away: bool = False
    latitude: float | None = None
    longitude: float | None = None
    seen_at: datetime | None = None
    unchanged_since: datetime | None = None
    start_place: tuple[float, float] | None = None
    has_moved: bool = False
    unconfirmed_position: tuple[datetime, float, float] | None = None
    stop_events: list[StopEvent] = field(default_factory=list)
    counted: list[GpsPosition] = field(default_factory=list)
    untrusted: dict[datetime, UntrustedReason] = field(default_factory=dict)
    places: list[Coordinates] = field(init=False)
    reported_times: list[tuple[datetime | None, datetime | None]] = field(init=False)

    def __post_init__(self) -> None:
        self.places = [stop.place for stop in self.stops if stop.place is not None]
        self.reported_times = [(stop.reported_arrival_at, stop.reported_departure_at) for stop in self.stops]

    @property
    def progress(self) -> Progress:
        return Progress(**{name: getattr(self, name) for name in Progress.model_fields})

    def add_position(self, position: GpsPosition) -> None:
        self.apply_stop_times(self.reported_times, position.at)
        reason = position_trust.untrusted_reason(position, self._last_position, self.unchanged_since, self.places)
        if reason is None:
            self.unconfirmed_position = None
            self._count_position(position)
        elif reason is UntrustedReason.UNREACHABLE and (confirmed := self._confirmed_position(position)) is not None:
            self.untrusted.pop(confirmed.at, None)
            self.unconfirmed_position = None
            self._count_position(confirmed)
            self._count_position(position)
        else:
            self.untrusted[position.at] = reason
            if reason is UntrustedReason.UNREACHABLE:
                self.unconfirmed_position = (position.at, position.latitude, position.longitude)

    def _confirmed_position(self, position: GpsPosition) -> GpsPosition | None:
        """Return the unconfirmed position, if this one confirms it."""
        if self.unconfirmed_position is None:
            return None
        unconfirmed = GpsPosition(*self.unconfirmed_position)
        return unconfirmed if position_trust.is_reachable(unconfirmed, position) else None

    def _count_position(self, position: GpsPosition) -> None:
        before = self._last_position
        self.counted.append(position)
        if before is None or before.place != position.place:
            self.unchanged_since = position.at
        self._detect_movement(position)
        self.latitude, self.longitude, self.seen_at = position.latitude, position.longitude, position.at
        if self.is_at_stop and self.stop < len(self.stops):
            if not self._detect_departure(position):
                return
            # The positions that show the departure may also show the arrival at the next stop.
            if before is not None and not self.is_at_stop:
                self._detect_arrival(before)
        if not self.is_at_stop:
            self._detect_arrival(position)

    def _detect_movement(self, position: GpsPosition) -> None:
        """Whether the vehicle has left the place where it was first seen: by its speed, or by more than a fence."""
        if self.has_moved:
            return
        self.start_place = self.start_place or position.place
        distance = meters_between(Coordinates(*self.start_place), position.place)
        self.has_moved = (position.speed_mph or 0) >= MOVING_MPH or distance > FENCE_METERS
        if self.has_moved:
            self.start_place = None

    @property
    def _last_position(self) -> GpsPosition | None:
        if self.latitude is None or self.longitude is None or self.seen_at is None:
            return None
        return GpsPosition(self.seen_at, self.latitude, self.longitude)

    def apply_stop_times(
        self, times: Sequence[tuple[datetime | None, datetime | None]], until: datetime | None = None
    ) -> None:
        """Apply arrivals and departures, by stop, up to `until`."""
        for number in range(self.stop, len(self.stops)):
            arrived_at, departed_at = times[number]
            if departed_at is not None and (until is None or departed_at <= until):
                self._depart(number)
            elif arrived_at is not None and (until is None or arrived_at <= until):
                self._arrive(number)

    def _detect_departure(self, position: GpsPosition) -> bool:
        """Count a position for a departure; returns whether the vehicle has left its stop."""
        if self._is_inside(self.stop, position):
            self._reset_consecutive()
            return False
        self._add_consecutive(self.stop, position)
        if self.consecutive_positions < REQUIRED_POSITIONS or self.first_position_at is None:
            return False
        left_at, stop = self.first_position_at, self.stops[self.stop]
        self._record(self.stop, StopEventKind.DEPARTED, left_at)
        self._depart(self.stop)
        self._pass_stops_nearby(stop, left_at)
        return True

    def _pass_stops_nearby(self, stop: AssignmentStop, at: datetime) -> None:
        while self.stop < len(self.stops) and are_served_together(stop, self.stops[self.stop], at):
            self._record(self.stop, StopEventKind.ARRIVED, at)
            if self.stop == len(self.stops) - 1:
                self.is_at_stop = True
                return
            self._record(self.stop, StopEventKind.DEPARTED, at)
            self._depart(self.stop)

    def _detect_arrival(self, position: GpsPosition) -> None:
        if self.stop >= len(self.stops):
            return
        previous_place = self.stops[self.stop - 1].place if self.stop else None
        if previous_place is not None and meters_between(previous_place, position.place) > FAR_AWAY_METERS:
            self.was_far_away = True
        is_back = previous_place is not None and meters_between(previous_place, position.place) <= FENCE_METERS
        for number in range(self.stop, len(self.stops)):
            required_stay = (
                self._required_stay(number, position.at, is_back=is_back) if self._is_inside(number, position) else None
            )
            if required_stay is not None:
                break
        else:
            self._reset_consecutive()
            return
        if number != self.candidate_stop:
            self._reset_consecutive()
        self._add_consecutive(number, position)
        if (
            self.consecutive_positions >= REQUIRED_POSITIONS
            and self.first_position_at is not None
            and position.at - self.first_position_at >= required_stay
        ):
            self._record(number, StopEventKind.ARRIVED, self.first_position_at)
            self._arrive(number)

    def _required_stay(self, number: int, at: datetime, *, is_back: bool) -> timedelta | None:
        """How long a vehicle must stay in the fence of a stop to have arrived; None if it cannot be an arrival.

        An arrival at the next stop needs no stay, unless that stop is where the vehicle just left.
        """
        is_next, is_due = number == self.stop, self._is_due(number, at, DUE_EARLY)
        if is_next and (not is_back or (self.was_far_away and is_due)):
            return timedelta()
        if is_back and not self.was_far_away:
            return MIN_STAY if self._is_due(number, at, SOON) else None
        return MIN_STAY if is_next or is_due else None

    def _is_due(self, number: int, at: datetime, early: timedelta) -> bool:
        planned_at = get_planned_time(self.stops[number])
        return planned_at is not None and at >= planned_at - early

    def _is_inside(self, number: int, position: GpsPosition) -> bool:
        place = self.stops[number].place
        return place is not None and meters_between(place, position.place) <= FENCE_METERS

    def _add_consecutive(self, stop: int, position: GpsPosition) -> None:
        if self.consecutive_positions == 0:
            self.first_position_at, self.candidate_stop = position.at, stop
        self.consecutive_positions += 1

    def _arrive(self, number: int) -> None:
        if (self.stop, self.is_at_stop) != (number, True):
            self.stop, self.is_at_stop = number, True
            self._reset_consecutive()

    def _depart(self, number: int) -> None:
        self.stop, self.is_at_stop, self.was_far_away = number + 1, False, False
        self._reset_consecutive()

    def _reset_consecutive(self) -> None:
        self.consecutive_positions, self.first_position_at, self.candidate_stop = 0, None, self.stop

    def _record(self, stop: int, kind: StopEventKind, at: datetime) -> None:
        self.stop_events.append(StopEvent(stop, kind, at))
