"""Whether a trip is legal for its drivers, and where a relief driver must take over.

A trip is planned, nobody is assigned yet: every driver is taken to come from full rest. Drivers after the first
report where they take over (or ride along for no longer than the rules allow, see `may_ride_along`); whoever has
been relieved rides on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from coachway.hours.model import Answer, Frozen, Instant, Law, Segment, Status, Violation
from coachway.hours.rules import violations
from coachway.hours.rulesets import USUAL
from coachway.hours.trip import Leg, Trip, legs

MOST_DRIVERS: Final = 4
"""More than these on one vehicle is a matter for a person, not for a rule."""

_RESTED: Final = timedelta(days=9)
_MOST_HANDOVERS: Final = 60


class Handover(Frozen):
    """The latest moment, and the place, at which another driver must take the wheel.

    `after_stop` counts from 0; `miles_from_stop` is how far beyond it the vehicle is. The coordinates lie on the
    straight line between the two stops: a place to look for a town, not an address.
    """

    at: Instant
    driver: int
    after_stop: int
    miles_from_stop: float
    latitude: float | None
    longitude: float | None


class Compliance(Frozen):
    """Whether a trip can be driven. `drivers_needed` is None when no crew of up to four makes it legal.

    `violations` are those of a single driver; `relief` is where the others take over, empty when one is enough.
    `may_ride_along`: whether the whole crew can be aboard from the start, its riding counted as duty. `too_fast`:
    stops (from 0) that the timetable reaches at more than 70 miles an hour on average, so that the driving time it
    shows cannot be believed.
    """

    verdict: Answer
    legal_for_one_driver: bool
    drivers: int
    drivers_needed: int | None
    may_ride_along: bool
    driving: timedelta
    on_duty: timedelta
    violations: tuple[Violation, ...] = ()
    relief: tuple[Handover, ...] = ()
    too_fast: tuple[int, ...] = ()
    explanation: str


def check_itinerary(trip: Trip, ruleset: Law = USUAL) -> Compliance:
    """Judge a trip with the drivers it names; UNKNOWN when its times cannot be told. Raises Invalid for disorder."""
    route = legs(trip)
    if route is None:
        return _unknown(trip)
    plan = [segment for leg in route for segment in leg.segments()]
    alone = _violations(_add_rest(plan[0].start), plan, ruleset)
    crews = (_add_relay(route, size, ruleset) for size in range(1, MOST_DRIVERS + 1))
    crew = next(filter(lambda crew: crew.legal, crews), None) or _add_relay(route, MOST_DRIVERS, ruleset)
    needed = crew.size if crew.legal else None
    legal = needed is not None and needed <= trip.drivers
    return Compliance(
        verdict=Answer.OK if legal else Answer.BLOCK,
        legal_for_one_driver=not alone,
        drivers=trip.drivers,
        drivers_needed=needed,
        may_ride_along=_aboard_is_legal(route, max(trip.drivers, needed or MOST_DRIVERS), ruleset),
        driving=sum((leg.driving for leg in route), timedelta()),
        on_duty=sum((s.length for s in plan if not s.status.is_rest), timedelta()),
        violations=alone,
        relief=tuple(crew.handovers) if needed != 1 else (),
        too_fast=tuple(leg.from_stop + 1 for leg in route if leg.is_too_fast),
        explanation=_explain(needed, trip.drivers, alone),
    )


def _violations(history: Sequence[Segment], plan: Sequence[Segment], ruleset: Law) -> tuple[Violation, ...]:
    return violations(history, plan, ruleset.ruleset, daily_carrier=ruleset.daily_carrier)


def _unknown(trip: Trip) -> Compliance:
    return Compliance(
        verdict=Answer.UNKNOWN,
        legal_for_one_driver=False,
        drivers=trip.drivers,
        drivers_needed=None,
        may_ride_along=False,
        driving=timedelta(),
        on_duty=timedelta(),
        explanation="The stops need a departure or an arrival time before the hours can be checked.",
    )


def _explain(needed: int | None, named: int, violations: Sequence[Violation]) -> str:
    if needed == 1:
        return "One driver can legally drive this trip."
    why = ", ".join(f"{v.rule} limit passed by {_spoken(v.exceeded)} ({v.citation})" for v in violations)
    if needed is None:
        return f"No crew of up to {MOST_DRIVERS} drivers can legally drive this trip as it is timed: {why}."
    enough = "are named" if named >= needed else f"are needed, {named} named"
    return f"One driver cannot legally drive this trip: {why}. {needed} drivers {enough}."


def _spoken(length: timedelta) -> str:
    minutes = -(-length // timedelta(minutes=1))
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def _add_rest(until: datetime) -> list[Segment]:
    return [Segment(start=until - _RESTED, end=until, status=Status.OFF)]


@dataclass(slots=True)
class _Crew:
    """Drivers' logs so far; the driver at the wheel; who takes over where."""

    size: int
    logs: list[list[Segment]]
    wheel: int = 0
    legal: bool = True
    handovers: list[Handover] = field(default_factory=list)

    def log(self, start: datetime, end: datetime, status: Status) -> None:
        """The driver at the wheel has `status`; the others ride, or rest when nobody works."""
        for number, log in enumerate(self.logs):
            if number == self.wheel or status.is_rest:
                log.append(Segment(start=start, end=end, status=status))
            else:
                log.append(Segment(start=start, end=end, status=Status.ON, riding=True))


def _add_relay(route: Sequence[Leg], size: int, ruleset: Law) -> _Crew:
    """Each driver drives as long as the law allows, then the one who can drive longest takes over."""
    crew = _Crew(size, [_add_rest(route[0].departs)])
    for leg in route:
        for segment in leg.segments():
            if segment.status is not Status.DRIVING:
                crew.log(segment.start, segment.end, segment.status)
            elif not _add_driving(crew, leg, segment, ruleset):
                crew.legal = False
                return crew
    return crew


def _add_driving(crew: _Crew, leg: Leg, segment: Segment, ruleset: Law) -> bool:
    """Drive one leg with as many hands as it takes; False when nobody may drive on."""
    at = segment.start
    while at < segment.end:
        until = _may_drive_until(crew.logs[crew.wheel], at, segment.end, ruleset)
        if until > at:
            crew.log(at, until, Status.DRIVING)
            at = until
            continue
        candidates = {
            number: _may_drive_until(log, at, segment.end, ruleset)
            for number, log in enumerate(crew.logs)
            if number != crew.wheel
        }
        best = max(candidates, key=lambda number: (candidates[number], -number), default=None)
        if (best is None or candidates[best] < segment.end) and len(crew.logs) < crew.size:
            best = len(crew.logs)
            crew.logs.append(_add_rest(at))
        elif best is None or candidates[best] <= at or len(crew.handovers) >= _MOST_HANDOVERS:
            return False
        crew.wheel = best
        crew.handovers.append(_handover(at, best + 1, leg))
    return True


def _may_drive_until(log: list[Segment], start: datetime, end: datetime, ruleset: Law) -> datetime:
    """How far towards `end` a driver with this log may legally drive."""
    result = _violations(log, [Segment(start=start, end=end, status=Status.DRIVING)], ruleset)
    return min((violation.at for violation in result), default=end)


def _handover(at: datetime, driver: int, leg: Leg) -> Handover:
    share = (at - leg.departs) / leg.driving
    place = leg.place(share)
    return Handover(
        at=at,
        driver=driver,
        after_stop=max(leg.from_stop, 0),
        miles_from_stop=round(leg.miles * share, 1),
        latitude=place[0] if place else None,
        longitude=place[1] if place else None,
    )


def _aboard_is_legal(route: Sequence[Leg], size: int, ruleset: Law) -> bool:
    return _aboard(route, size, ruleset).legal


def _aboard(route: Sequence[Leg], size: int, ruleset: Law) -> _Crew:
    """The whole crew rides from the first mile on, which is time on duty for all of them."""
    crew = _Crew(size, [_add_rest(route[0].departs) for _ in range(size)])
    for leg in route:
        for segment in leg.segments():
            if segment.status is not Status.DRIVING:
                crew.log(segment.start, segment.end, segment.status)
            elif not _add_driving(crew, leg, segment, ruleset):
                crew.legal = False
                return crew
    return crew


def duties(trip: Trip, ruleset: Law = USUAL) -> list[list[Segment]] | None:
    """What each of the trip's drivers is planned to do, in order, without gaps; None when its times cannot be told.

    A crew rides together if that is legal for drivers who come rested, else the others join where they take over. One
    that is too small for the trip is planned with one driver at the wheel throughout: `rules.check` says what that
    breaks. Raises Invalid for times out of order.
    """
    route = legs(trip)
    if route is None:
        return None
    alone = [segment for leg in route for segment in leg.segments()]
    if trip.drivers == 1:
        return [alone]
    crews = (shape(route, trip.drivers, ruleset) for shape in (_aboard, _add_relay))
    crew = next((crew for crew in crews if crew.legal), None)
    if crew is None:
        return [alone, *([_riding(segment) for segment in alone] for _ in range(trip.drivers - 1))]
    planned = [log[1:] for log in crew.logs]
    return [*planned, *([_riding(segment) for segment in alone] for _ in range(trip.drivers - len(planned)))]


def _riding(segment: Segment) -> Segment:
    if segment.status.is_rest:
        return segment
    return Segment(start=segment.start, end=segment.end, status=Status.ON, riding=True)
