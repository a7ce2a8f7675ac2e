"""Content of the tracking page: where the vehicles are and when they arrive. Pure, except for Babel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from coachway.bookings.charter_text import STOP_TYPE_NAMES, list_distinct_times
from coachway.bookings.charters.rules import CharterStatus
from coachway.core.documents.formatting import Formatter
from coachway.core.types.geo import Coordinates
from coachway.dispatch.assignments.rules import AssignmentStatus
from coachway.dispatch.tracking.schemas import Position, StopTrack, VehicleTrack
from coachway.dispatch.tracking_page import map_svg
from coachway.dispatch.tracking_page.map_svg import Map, MapStop, MapVehicle

LATE_MINUTES: Final = 5
"""Minutes from which a vehicle is shown as late; shorter delays are normal traffic."""
STALE_AFTER: Final = timedelta(minutes=3)
"""The age from which a position is shown as old."""
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Banner:
    """The message at the top of the page. `tone` is `good`, `late`, `bad` or empty."""

    title: str
    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class VehicleText:
    """One vehicle: its activity, its arrival time and notes. `arrival` is empty when it is not known."""

    title: str
    activity: str
    arrival: str = ""
    wait: str = ""
    """Until the arrival: `in about 20 minutes`."""
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class StopText:
    """A stop in the list, with planned times and the actual or expected time."""

    kind: str
    address: str
    planned: str
    progress: str
    is_done: bool


@dataclass(frozen=True, slots=True)
class TrackingPage:
    """The content of the template."""

    banner: Banner | None
    vehicles: Sequence[VehicleText]
    stops: Sequence[StopText]
    map: Map | None
    map_description: str
    """For screen readers."""
    is_over: bool
    updated: str


def build_page(
    status: CharterStatus,
    vehicles: Sequence[VehicleTrack],
    planned: Sequence[StopTrack],
    formatter: Formatter,
    now: datetime,
    *,
    vehicle_count: int = 1,
) -> TrackingPage:
    """Build the page of a charter with `vehicle_count` vehicles.

    `planned` are the stops of the charter, which are shown until a vehicle is assigned.
    """
    vehicles = [vehicle if _is_on_the_way(vehicle, now) else _remove_estimates(vehicle) for vehicle in vehicles]
    stops = vehicles[0].stops if vehicles else planned
    is_every_vehicle_over = len(vehicles) >= vehicle_count and all(map(_is_over, vehicles))
    is_over = status in {CharterStatus.COMPLETED, CharterStatus.CANCELLED} or is_every_vehicle_over
    is_only_vehicle = len(vehicles) == 1
    visible = [] if is_over else [vehicle for vehicle in vehicles if vehicle.status.is_under_way or _is_over(vehicle)]
    moving = [vehicle for vehicle in visible if not _is_over(vehicle)]
    return TrackingPage(
        banner=_final_banner(status) if is_over else _banner(visible, stops[0], formatter, now),
        vehicles=[_vehicle_text(vehicle, formatter, now, is_only_vehicle=is_only_vehicle) for vehicle in visible],
        stops=[_stop_text(stop, formatter, now, has_progress=is_only_vehicle, is_over=is_over) for stop in stops],
        map=_build_map(stops, vehicles, moving, now),
        map_description=_map_description(stops, moving),
        is_over=is_over,
        updated=_format_clock(now, formatter, formatter.timezone),
    )


def _is_over(vehicle: VehicleTrack) -> bool:
    return vehicle.status is AssignmentStatus.COMPLETED


def _final_banner(status: CharterStatus) -> Banner:
    if status is CharterStatus.CANCELLED:
        return Banner("This trip was cancelled", "Call us if you did not expect this.", "bad")
    return Banner("The trip is over", "Thank you for riding with us. Positions are no longer shown.", "good")


def _banner(visible: Sequence[VehicleTrack], pickup: StopTrack, formatter: Formatter, now: datetime) -> Banner | None:
    if not visible:
        return _waiting_banner(pickup, formatter, now)
    late, number = max((vehicle.late_minutes or 0, vehicle.vehicle_number) for vehicle in visible)
    if late < LATE_MINUTES:
        return None
    delay_text = f"about {late if late < 15 else 5 * round(late / 5)} minutes late"
    return Banner(
        delay_text.capitalize() if len(visible) == 1 else f"Vehicle {number} is {delay_text}",
        "We are sorry for the wait. The times below are current estimates.",
        "late",
    )


def _waiting_banner(pickup: StopTrack, formatter: Formatter, now: datetime) -> Banner:
    title, hint = "Not on its way yet", "The map shows the vehicle as soon as its driver is on duty."
    start = pickup.departure or pickup.arrival
    if start is None:
        return Banner(title, hint)
    start_text = formatter.moment(start, pickup.timezone)
    if now > start:
        return Banner(title, f"The trip was due to start on {start_text}. Call us if you are waiting.", "late")
    return Banner(title, f"The trip starts on {start_text}. {hint}")


def _vehicle_text(vehicle: VehicleTrack, formatter: Formatter, now: datetime, *, is_only_vehicle: bool) -> VehicleText:
    title = "" if is_only_vehicle else f"{vehicle.vehicle_number} · {vehicle.vehicle_name}"
    if _is_over(vehicle):
        return VehicleText(title, "Passengers dropped off")
    current_stop = _current_stop(vehicle)
    next_stop = vehicle.stops[vehicle.next_stop] if vehicle.next_stop is not None else None
    if current_stop is not None:
        departure = current_stop.departure
        until_text = (
            f" until {_format_moment(departure, formatter, current_stop.timezone, now)}"
            if departure is not None and departure > now
            else ""
        )
        activity, suffix = (
            f"At {_short_address(current_stop)}{until_text}",
            f", at {_short_address(next_stop)}" if next_stop else "",
        )
    elif not _is_on_the_way(vehicle, now):
        activity, suffix = "The driver is on duty and has not left yet", ""
    else:
        prefix = "On the way to you at" if vehicle.next_stop == 0 else "On the way to"
        activity, suffix = f"{prefix} {_short_address(next_stop)}" if next_stop else "On the way", ""
    notes = _notes(vehicle, formatter, now)
    if next_stop is None or vehicle.eta is None:
        return VehicleText(title, activity, notes=notes)
    arrival = _format_moment(vehicle.eta, formatter, next_stop.timezone, now)
    return VehicleText(title, activity, arrival, f"{_format_wait(vehicle.eta - now)}{suffix}", notes)


def _is_on_the_way(vehicle: VehicleTrack, now: datetime) -> bool:
    """Whether the vehicle has moved, or should have left its first stop by now."""
    first = vehicle.stops[0]
    planned_at = first.departure or first.arrival
    return vehicle.next_stop != 0 or vehicle.has_moved or (planned_at is not None and now >= planned_at)


def _remove_estimates(vehicle: VehicleTrack) -> VehicleTrack:
    """Remove the arrival times: they are those of a vehicle that leaves now."""
    stops = [stop.model_copy(update={"eta": None}) for stop in vehicle.stops]
    return vehicle.model_copy(update={"eta": None, "stops": stops})


def _current_stop(vehicle: VehicleTrack) -> StopTrack | None:
    """The stop where the vehicle is, if any."""
    reached = vehicle.stops[: vehicle.next_stop]
    return reached[-1] if reached and reached[-1].arrived_at and not reached[-1].departed_at else None


def _notes(vehicle: VehicleTrack, formatter: Formatter, now: datetime) -> list[str]:
    if vehicle.position is None:
        return ["No position received yet."]
    recorded_at = vehicle.position.recorded_at
    if now - recorded_at < STALE_AFTER:
        return []
    clock_time = _format_clock(recorded_at, formatter, vehicle.stops[0].timezone)
    minutes = (now - recorded_at) // _MINUTE
    return [f"No signal for {minutes} minutes, for example in a tunnel or valley. Last position at {clock_time}."]


def _format_wait(time_left: timedelta) -> str:
    minutes = round(time_left / _MINUTE)
    if minutes <= 1:
        return "any moment now"
    if minutes < 90:
        return f"in about {minutes} minutes"
    hours, minutes_over = divmod(5 * round(minutes / 5), 60)
    return f"in about {hours} h {minutes_over:02d} min" if minutes_over else f"in about {hours} hours"


def _stop_text(stop: StopTrack, formatter: Formatter, now: datetime, *, has_progress: bool, is_over: bool) -> StopText:
    """Describe a stop. With `has_progress`, include the actual and expected times of the only vehicle."""
    planned = " · ".join(
        f"{label} {_format_moment(moment, formatter, stop.timezone, now)}"
        for label, moment in list_distinct_times(stop.stop_type, stop.arrival, stop.departure)
    )
    progress_text = ""
    if has_progress and stop.departed_at is not None:
        progress_text = f"Left at {_format_moment(stop.departed_at, formatter, stop.timezone, now)}"
    elif has_progress and stop.arrived_at is not None:
        progress_text = f"Arrived at {_format_moment(stop.arrived_at, formatter, stop.timezone, now)}"
    elif has_progress and stop.eta is not None and not is_over:
        progress_text = f"Expected at {_format_moment(stop.eta, formatter, stop.timezone, now)}"
    is_done = has_progress and (stop.departed_at or stop.arrived_at) is not None
    return StopText(STOP_TYPE_NAMES[stop.stop_type], stop.address, planned, progress_text, is_done)


def _build_map(
    stops: Sequence[StopTrack], vehicles: Sequence[VehicleTrack], moving: Sequence[VehicleTrack], now: datetime
) -> Map | None:
    """Draw the surroundings of the first stop until the vehicles reach it, then the whole trip."""
    map_stops = [
        MapStop(
            index + 1,
            name,
            place,
            is_done=bool(vehicles) and all(vehicle.stops[index].arrived_at for vehicle in vehicles),
        )
        for index, (stop, name) in enumerate(zip(stops, _stop_names(stops), strict=True))
        if (place := _coordinates(stop)) is not None
    ]
    map_vehicles = [
        MapVehicle(
            name=str(vehicle.vehicle_number) if len(vehicles) > 1 else "",
            place=_coordinates(vehicle.position),
            heading=vehicle.position.heading if vehicle.position else None,
            trail=[Coordinates(point.latitude, point.longitude) for point in vehicle.path],
            is_old=vehicle.position is None or now - vehicle.position.recorded_at >= STALE_AFTER,
        )
        for vehicle in moving
    ]
    places = [vehicle.place for vehicle in map_vehicles if vehicle.place is not None]
    pickup = _coordinates(stops[0])
    is_before_pickup = all(vehicle.next_stop == 0 for vehicle in moving)
    focus = [pickup, *places] if is_before_pickup and pickup is not None and places else []
    return map_svg.build_map(map_stops, map_vehicles, focus)


def _map_description(stops: Sequence[StopTrack], moving: Sequence[VehicleTrack]) -> str:
    """Describe the map for screen readers."""
    description = f"Map of the {len(stops)} stops, joined by straight lines"
    positions = [f"{vehicle.vehicle_name} on its way" for vehicle in moving if vehicle.position is not None]
    return f"{description}, with {' and '.join(positions)}" if positions else description


def _coordinates(place: StopTrack | Position | None) -> Coordinates | None:
    if place is None or place.latitude is None or place.longitude is None:
        return None
    return Coordinates(place.latitude, place.longitude)


def _short_address(stop: StopTrack) -> str:
    """The first part of an address: `1901 Boardwalk`."""
    return stop.address.split(",")[0].strip() or stop.address


def _stop_names(stops: Sequence[StopTrack]) -> list[str]:
    """Name the stops on the map: by town (`Sayreville`), or by short address where several are in the same town."""
    towns = [_town(stop) for stop in stops]
    addresses: dict[str, set[str]] = {}
    for stop, town in zip(stops, towns, strict=True):
        addresses.setdefault(town, set()).add(stop.address)
    return [
        town if len(addresses[town]) == 1 else _short_address(stop) for stop, town in zip(stops, towns, strict=True)
    ]


def _town(stop: StopTrack) -> str:
    parts = [part.strip() for part in stop.address.split(",") if part.strip()]
    return parts[-2] if len(parts) > 2 else parts[0] if parts else ""


def _format_moment(moment: datetime, formatter: Formatter, zone: str, now: datetime) -> str:
    """Format as `9:00 AM EST`, or `9:00 AM EST on Wed, Mar 3, 2027` on another day than today."""
    clock_time = _format_clock(moment, formatter, zone)
    is_today = formatter.local(moment, zone).date() == formatter.local(now, zone).date()
    return clock_time if is_today else f"{clock_time} on {formatter.short_day(moment, zone)}"


def _format_clock(moment: datetime, formatter: Formatter, zone: str) -> str:
    return f"{formatter.clock(moment, zone)} {formatter.zone(moment, zone)}"
