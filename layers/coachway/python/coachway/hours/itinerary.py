"""Whether a trip is legal for its drivers, and where a relief driver must take over.

The check applies to a planned trip without assigned drivers, so every driver is assumed to be fully rested. Relief
drivers join where they take over, or ride along if the rules allow it (see `may_ride_along`). A relieved driver stays
on the vehicle.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from coachway.core.types.durations import format_minutes, round_up_to_minutes
from coachway.hours.model import CarrierRuleset, DutyStatus, FrozenSchema, Instant, Legality, Segment, Violation
from coachway.hours.rules import find_violations
from coachway.hours.rulesets import DEFAULT_RULESET
from coachway.hours.trip import AVERAGE_MILES_PER_HOUR, HoursTrip, Leg, build_driven_legs, build_legs

MAX_DRIVERS: Final = 4
"""The largest crew that the check considers."""

_FULL_REST: Final = timedelta(days=9)
_MAX_HANDOVERS: Final = 60


class Handover(FrozenSchema):
    """The latest time, and the place, at which another driver must take over.

    `after_stop` counts from 0; `miles_from_stop` is the distance from that stop. The coordinates are on the straight
    line between the two stops, so they are approximate.
    """

    at: Instant
    driver: int
    after_stop: int
    miles_from_stop: float
    latitude: float | None
    longitude: float | None


class ItineraryCheck(FrozenSchema):
    """Whether a trip is legal. `drivers_needed` is None if no crew of up to four drivers makes it legal.

    Driving and duty are those of `build_driven_legs`: a timetable that is too fast for the miles does not shorten them.

    `violations` are those of a single driver. `relief` is where other drivers take over; it is empty if one driver is
    enough. `may_ride_along` means that the whole crew can ride from the start, which counts as on duty. `too_fast` are
    stops (from 0) that the timetable reaches at more than 70 miles per hour on average, so their times must be wrong.
    """

    verdict: Legality
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


def check_itinerary(trip: HoursTrip, ruleset: CarrierRuleset = DEFAULT_RULESET) -> ItineraryCheck:
    """Check a trip with its number of drivers. UNKNOWN if times are missing. Raises Invalid for times out of order."""
    timetable, route = build_legs(trip), build_driven_legs(trip)
    if timetable is None or route is None:
        return _unknown_result(trip)
    needs_more_time = route != timetable
    plan = _single_driver_plan(route)
    violations = _find_violations(_build_rest(plan[0].start), plan, ruleset)
    crews = (_plan_relay(route, size, ruleset) for size in range(1, MAX_DRIVERS + 1))
    crew = next((crew for crew in crews if crew.is_legal), None) or _plan_relay(route, MAX_DRIVERS, ruleset)
    needed = crew.size if crew.is_legal else None
    is_legal = needed is not None and needed <= trip.drivers
    return ItineraryCheck(
        verdict=Legality.OK if is_legal else Legality.BLOCK,
        legal_for_one_driver=not violations,
        drivers=trip.drivers,
        drivers_needed=needed,
        may_ride_along=_may_ride_along(route, max(trip.drivers, needed or MAX_DRIVERS), ruleset),
        driving=sum((leg.driving for leg in route), timedelta()),
        on_duty=sum((segment.length for segment in plan if not segment.status.is_rest), timedelta()),
        violations=violations,
        relief=tuple(crew.handovers) if needed != 1 else (),
        too_fast=tuple(leg.from_stop + 1 for leg in timetable if leg.is_too_fast),
        explanation=_explain(needed, trip, violations, needs_more_time=needs_more_time),
    )


def _find_violations(
    history: Sequence[Segment], plan: Sequence[Segment], ruleset: CarrierRuleset
) -> tuple[Violation, ...]:
    return find_violations(history, plan, ruleset.ruleset, daily_carrier=ruleset.daily_carrier)


def _unknown_result(trip: HoursTrip) -> ItineraryCheck:
    return ItineraryCheck(
        verdict=Legality.UNKNOWN,
        legal_for_one_driver=False,
        drivers=trip.drivers,
        drivers_needed=None,
        may_ride_along=False,
        driving=timedelta(),
        on_duty=timedelta(),
        explanation="Add departure or arrival times to the stops to check the hours of service.",
    )


def _explain(needed: int | None, trip: HoursTrip, violations: Sequence[Violation], *, needs_more_time: bool) -> str:
    route = ", and at least as long as the route takes," if trip.legs else ""
    speed = (
        f" Driving counts at {AVERAGE_MILES_PER_HOUR:.0f} miles per hour{route} where the planned times are shorter."
    )
    return _explain_crew(needed, trip.drivers, violations) + (speed if needs_more_time else "")


def _explain_crew(needed: int | None, drivers: int, violations: Sequence[Violation]) -> str:
    if needed == 1:
        return "One driver can legally drive this trip."
    reasons = ", ".join(
        f"{violation.rule} limit exceeded by {_format_length(violation.exceeded)} ({violation.citation})"
        for violation in violations
    )
    if needed is None:
        return f"No crew of up to {MAX_DRIVERS} drivers can legally drive this trip with these times: {reasons}."
    available = f"{drivers} driver{'' if drivers == 1 else 's'} planned"
    return f"One driver cannot legally drive this trip: {reasons}. It needs {needed} drivers; {available}."


def _format_length(length: timedelta) -> str:
    return format_minutes(round_up_to_minutes(length))


def _build_rest(until: datetime) -> list[Segment]:
    return [Segment(start=until - _FULL_REST, end=until, status=DutyStatus.OFF)]


@dataclass(slots=True)
class _Crew:
    """A crew under way: the drivers' logs, the index of the driver who drives, and the handovers so far."""

    size: int
    logs: list[list[Segment]]
    driving_index: int = 0
    is_legal: bool = True
    handovers: list[Handover] = field(default_factory=list)

    def add_segment(self, start: datetime, end: datetime, status: DutyStatus) -> None:
        """Log `status` for the driver who drives; the others ride along, or rest if `status` is rest."""
        for index, log in enumerate(self.logs):
            if index == self.driving_index or status.is_rest:
                log.append(Segment(start=start, end=end, status=status))
            else:
                log.append(Segment(start=start, end=end, status=DutyStatus.ON, riding=True))


def _plan_relay(route: Sequence[Leg], size: int, ruleset: CarrierRuleset) -> _Crew:
    """Plan a crew whose drivers join when they take over."""
    return _drive_route(_Crew(size, [_build_rest(route[0].departs)]), route, ruleset)


def _plan_riding_crew(route: Sequence[Leg], size: int, ruleset: CarrierRuleset) -> _Crew:
    """Plan a crew that rides together from the start; riding counts as on duty."""
    return _drive_route(_Crew(size, [_build_rest(route[0].departs) for _ in range(size)]), route, ruleset)


def _may_ride_along(route: Sequence[Leg], size: int, ruleset: CarrierRuleset) -> bool:
    return _plan_riding_crew(route, size, ruleset).is_legal


def _drive_route(crew: _Crew, route: Sequence[Leg], ruleset: CarrierRuleset) -> _Crew:
    """Log the route for a crew, up to the first segment that no driver may drive."""
    for leg in route:
        for segment in leg.segments():
            if segment.status is not DutyStatus.DRIVING:
                crew.add_segment(segment.start, segment.end, segment.status)
            elif not _drive_leg(crew, leg, segment, ruleset):
                crew.is_legal = False
                return crew
    return crew


def _drive_leg(crew: _Crew, leg: Leg, segment: Segment, ruleset: CarrierRuleset) -> bool:
    """Log the driving of one leg; return False if no driver may continue.

    Each driver drives as long as it is legal. Then the driver who may drive the longest takes over.
    """
    at = segment.start
    while at < segment.end:
        until = _latest_legal_time(crew.logs[crew.driving_index], at, segment.end, ruleset)
        if until > at:
            crew.add_segment(at, until, DutyStatus.DRIVING)
            at = until
            continue
        latest_times = {
            index: _latest_legal_time(log, at, segment.end, ruleset)
            for index, log in enumerate(crew.logs)
            if index != crew.driving_index
        }
        best = max(latest_times, key=lambda index: (latest_times[index], -index), default=None)
        if (best is None or latest_times[best] < segment.end) and len(crew.logs) < crew.size:
            best = len(crew.logs)
            crew.logs.append(_build_rest(at))
        elif best is None or latest_times[best] <= at or len(crew.handovers) >= _MAX_HANDOVERS:
            return False
        crew.driving_index = best
        crew.handovers.append(_build_handover(at, best + 1, leg))
    return True


def _latest_legal_time(log: list[Segment], start: datetime, end: datetime, ruleset: CarrierRuleset) -> datetime:
    """The time until which a driver with this log may legally drive, at most `end`."""
    violations = _find_violations(log, [Segment(start=start, end=end, status=DutyStatus.DRIVING)], ruleset)
    return min((violation.at for violation in violations), default=end)


def _build_handover(at: datetime, driver: int, leg: Leg) -> Handover:
    share = (at - leg.departs) / leg.driving
    coordinates = leg.position_at(share)
    return Handover(
        at=at,
        driver=driver,
        after_stop=max(leg.from_stop, 0),
        miles_from_stop=round(leg.miles * share, 1),
        latitude=coordinates[0] if coordinates else None,
        longitude=coordinates[1] if coordinates else None,
    )


def plan_duties(trip: HoursTrip, ruleset: CarrierRuleset = DEFAULT_RULESET) -> list[list[Segment]] | None:
    """The planned duty of each driver of a trip, in order and without gaps; None if times are missing.

    A crew rides together if that is legal for rested drivers; otherwise drivers join where they take over. If the crew
    is too small for the trip, one driver drives all of it; `rules.check_hours` returns what that violates. Raises
    Invalid for times out of order.
    """
    route = build_driven_legs(trip)
    if route is None:
        return None
    single_plan = _single_driver_plan(route)
    if trip.drivers == 1:
        return [single_plan]
    riding_plan = [_as_riding(segment) for segment in single_plan]
    crews = (plan_crew(route, trip.drivers, ruleset) for plan_crew in (_plan_riding_crew, _plan_relay))
    crew = next((crew for crew in crews if crew.is_legal), None)
    if crew is None:
        return [single_plan, *([*riding_plan] for _ in range(trip.drivers - 1))]
    plans = [log[1:] for log in crew.logs]
    return [*plans, *([*riding_plan] for _ in range(trip.drivers - len(plans)))]


def _single_driver_plan(route: Sequence[Leg]) -> list[Segment]:
    return [segment for leg in route for segment in leg.segments()]


def _as_riding(segment: Segment) -> Segment:
    if segment.status.is_rest:
        return segment
    return Segment(start=segment.start, end=segment.end, status=DutyStatus.ON, riding=True)
