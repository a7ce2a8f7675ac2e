"""What the page of a live link says: where the vehicles are, when they come, how sure that is. Pure but for Babel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from coachway.bookings.charter_text import STOP_TYPE_NAMES
from coachway.bookings.charters.rules import Status
from coachway.core.documents.formatting import Formatter
from coachway.core.types.geo import Coordinates
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.dispatch.live_page import map_svg
from coachway.dispatch.live_page.map_svg import Map, MapStop, MapVehicle
from coachway.dispatch.tracking.schemas import Position, StopTrack, VehicleTrack

LATE_MINUTES: Final = 5
"""Minutes from which a vehicle is called late: less is the traffic lights."""
STALE_AFTER: Final = timedelta(minutes=3)
"""From when on it is said that no position has come for a while."""
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Banner:
    """What stands on top. `mood` is good, late, bad or empty."""

    title: str
    text: str
    mood: str = ""


@dataclass(frozen=True, slots=True)
class VehicleText:
    """One vehicle: what it does, when it comes, and what is to be known of that. `arrives` is empty if nobody knows."""

    title: str
    doing: str
    arrives: str = ""
    soon: str = ""
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class StopText:
    """A stop in the list: as planned, and as it came or is expected."""

    kind: str
    address: str
    planned: str
    came: str
    is_done: bool


@dataclass(frozen=True, slots=True)
class LivePage:
    """All that the template needs."""

    banner: Banner | None
    vehicles: Sequence[VehicleText]
    stops: Sequence[StopText]
    map: Map | None
    picture: str
    """The map in words."""
    is_over: bool
    updated: str


def build_page(
    status: Status,
    vehicles: Sequence[VehicleTrack],
    planned: Sequence[StopTrack],
    words: Formatter,
    now: datetime,
    *,
    of_all: int = 1,
) -> LivePage:
    """The page of a charter of `of_all` vehicles, in some status.

    `planned` are its stops, for as long as no vehicle is known.
    """
    stops = vehicles[0].stops if vehicles else planned
    are_over = len(vehicles) >= of_all and all(map(_is_over, vehicles))
    is_over = status in {Status.COMPLETED, Status.CANCELLED} or are_over
    alone = len(vehicles) == 1
    shown = [] if is_over else [each for each in vehicles if each.status.is_under_way or _is_over(each)]
    moving = [each for each in shown if not _is_over(each)]
    return LivePage(
        banner=_final_banner(status) if is_over else _banner(shown, stops[0], words, now),
        vehicles=[_vehicle_text(each, words, now, alone=alone) for each in shown],
        stops=[_stop_text(stop, words, now, told=alone, is_over=is_over) for stop in stops],
        map=_build_map(stops, vehicles, moving, now),
        picture=_map_description(stops, moving),
        is_over=is_over,
        updated=_format_clock(now, words, words.timezone),
    )


def _is_over(vehicle: VehicleTrack) -> bool:
    return vehicle.status is AssignmentStatus.COMPLETED


def _final_banner(status: Status) -> Banner:
    if status is Status.CANCELLED:
        return Banner("This trip was cancelled", "Call us if you did not expect that.", "bad")
    return Banner("The trip is over", "Thank you for riding with us. Positions are not shown any more.", "good")


def _banner(shown: Sequence[VehicleTrack], pickup: StopTrack, words: Formatter, now: datetime) -> Banner | None:
    if not shown:
        return _waiting_banner(pickup, words, now)
    late, number = max((each.late_minutes or 0, each.vehicle_number) for each in shown)
    if late < LATE_MINUTES:
        return None
    so_late = f"about {late if late < 15 else 5 * round(late / 5)} minutes late"
    return Banner(
        so_late.capitalize() if len(shown) == 1 else f"Vehicle {number} is {so_late}",
        "We are sorry for the wait. The times below are the ones to go by; they follow the vehicle.",
        "late",
    )


def _waiting_banner(pickup: StopTrack, words: Formatter, now: datetime) -> Banner:
    title, later = "Not on its way yet", "The map shows the vehicle as soon as its driver is on duty."
    at = pickup.departure or pickup.arrival
    if at is None:
        return Banner(title, later)
    when = words.moment(at, pickup.timezone)
    if now > at:
        return Banner(title, f"The trip was to start on {when}. Call us if you are waiting.", "late")
    return Banner(title, f"The trip starts on {when}. {later}")


def _vehicle_text(vehicle: VehicleTrack, words: Formatter, now: datetime, *, alone: bool) -> VehicleText:
    title = "" if alone else f"{vehicle.vehicle_number} · {vehicle.vehicle_name}"
    if _is_over(vehicle):
        return VehicleText(title, "Has dropped its passengers off")
    there = _current_stop(vehicle)
    following = vehicle.stops[vehicle.next_stop] if vehicle.next_stop is not None else None
    if there is not None:
        leaves = there.departure
        until = (
            f" until {_format_moment(leaves, words, there.timezone, now)}"
            if leaves is not None and leaves > now
            else ""
        )
        doing, then = f"At {_short_address(there)}{until}", f", at {_short_address(following)}" if following else ""
    else:
        whither = "On the way to you at" if vehicle.next_stop == 0 else "On the way to"
        doing, then = f"{whither} {_short_address(following)}" if following else "On the way", ""
    notes = _notes(vehicle, words, now)
    if following is None or vehicle.eta is None:
        return VehicleText(title, doing, notes=notes)
    comes = _format_moment(vehicle.eta, words, following.timezone, now)
    return VehicleText(title, doing, comes, f"{_format_wait(vehicle.eta - now)}{then}", notes)


def _current_stop(vehicle: VehicleTrack) -> StopTrack | None:
    """The stop that it has come to and not left."""
    behind = vehicle.stops[: vehicle.next_stop]
    return behind[-1] if behind and behind[-1].arrived_at and not behind[-1].departed_at else None


def _notes(vehicle: VehicleTrack, words: Formatter, now: datetime) -> list[str]:
    if vehicle.position is None:
        return ["No position has come yet."]
    seen = vehicle.position.recorded_at
    if now - seen < STALE_AFTER:
        return []
    at = _format_clock(seen, words, vehicle.stops[0].timezone)
    minutes = (now - seen) // _MINUTE
    return [f"No signal for {minutes} minutes, last seen at {at}: most of the time it is a tunnel or a valley."]


def _format_wait(left: timedelta) -> str:
    minutes = round(left / _MINUTE)
    if minutes <= 1:
        return "any moment now"
    if minutes < 90:
        return f"in about {minutes} minutes"
    hours, rest = divmod(5 * round(minutes / 5), 60)
    return f"in about {hours} h {rest:02d} min" if rest else f"in about {hours} hours"


def _stop_text(stop: StopTrack, words: Formatter, now: datetime, *, told: bool, is_over: bool) -> StopText:
    """`told`: how the stop came is known of the one vehicle that there is."""
    times = (("Arrives", stop.arrival), ("Departs", stop.departure))
    planned = " · ".join(
        f"{label} {_format_moment(moment, words, stop.timezone, now)}" for label, moment in times if moment
    )
    came = ""
    if told and stop.departed_at is not None:
        came = f"Left at {_format_moment(stop.departed_at, words, stop.timezone, now)}"
    elif told and stop.arrived_at is not None:
        came = f"Arrived at {_format_moment(stop.arrived_at, words, stop.timezone, now)}"
    elif told and stop.eta is not None and not is_over:
        came = f"Expected at {_format_moment(stop.eta, words, stop.timezone, now)}"
    is_done = told and (stop.departed_at or stop.arrived_at) is not None
    return StopText(STOP_TYPE_NAMES[stop.stop_type], stop.address, planned, came, is_done)


def _build_map(
    stops: Sequence[StopTrack], vehicles: Sequence[VehicleTrack], moving: Sequence[VehicleTrack], now: datetime
) -> Map | None:
    """While the vehicles come to the first stop, the map is of that; from then on, of the whole trip."""
    spots = [
        MapStop(at + 1, name, place, is_done=bool(vehicles) and all(each.stops[at].arrived_at for each in vehicles))
        for at, (stop, name) in enumerate(zip(stops, _stop_names(stops), strict=True))
        if (place := _coordinates(stop)) is not None
    ]
    movers = [
        MapVehicle(
            name=str(each.vehicle_number) if len(vehicles) > 1 else "",
            place=_coordinates(each.position),
            heading=each.position.heading if each.position else None,
            trail=[Coordinates(point.latitude, point.longitude) for point in each.path],
            is_old=each.position is None or now - each.position.recorded_at >= STALE_AFTER,
        )
        for each in moving
    ]
    places = [mover.place for mover in movers if mover.place is not None]
    pickup = _coordinates(stops[0])
    are_coming = pickup is not None and all(each.next_stop == 0 for each in moving)
    focus = [pickup, *places] if are_coming and pickup is not None and places else []
    return map_svg.build_map(spots, movers, focus)


def _map_description(stops: Sequence[StopTrack], moving: Sequence[VehicleTrack]) -> str:
    """The map, for those who hear it."""
    said = f"Map of the {len(stops)} stops, joined by straight lines"
    where = [f"{each.vehicle_name}, on its way" for each in moving if each.position is not None]
    return f"{said}, and of {' and '.join(where)}" if where else said


def _coordinates(thing: StopTrack | Position | None) -> Coordinates | None:
    if thing is None or thing.latitude is None or thing.longitude is None:
        return None
    return Coordinates(thing.latitude, thing.longitude)


def _short_address(stop: StopTrack) -> str:
    """What an address begins with: `1901 Boardwalk`."""
    return stop.address.split(",")[0].strip() or stop.address


def _stop_names(stops: Sequence[StopTrack]) -> list[str]:
    """For the map: towns (`Sayreville`), or what the addresses begin with where stops are in the same town."""
    towns = [_town(stop) for stop in stops]
    homes: dict[str, set[str]] = {}
    for stop, town in zip(stops, towns, strict=True):
        homes.setdefault(town, set()).add(stop.address)
    return [town if len(homes[town]) == 1 else _short_address(stop) for stop, town in zip(stops, towns, strict=True)]


def _town(stop: StopTrack) -> str:
    parts = [part.strip() for part in stop.address.split(",") if part.strip()]
    return parts[-2] if len(parts) > 2 else parts[0] if parts else ""


def _format_moment(moment: datetime, words: Formatter, zone: str, now: datetime) -> str:
    """`9:00 AM EST`, and of another day than today `9:00 AM EST on Wed, Mar 3, 2027`."""
    said = _format_clock(moment, words, zone)
    is_today = words.local(moment, zone).date() == words.local(now, zone).date()
    return said if is_today else f"{said} on {words.short_day(moment, zone)}"


def _format_clock(moment: datetime, words: Formatter, zone: str) -> str:
    return f"{words.clock(moment, zone)} {words.zone(moment, zone)}"
