"""Write the tracks of this directory: `python -m tests.tracks.generate`. The result is the same every time.

The drives are invented. A phone on the dashboard records a position every ten seconds, with an error of some meters,
also while the vehicle stands still. Each track shows a problem that real tracks have.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

DIRECTORY: Final = Path(__file__).parent
INTERVAL: Final = timedelta(seconds=10)
_METERS_PER_DEGREE: Final = 111_195.0
_METERS_PER_SECOND_PER_MPH: Final = 0.44704

Coordinates = tuple[float, float]

GARAGE: Final[Coordinates] = (40.7505, -74.0860)
WALL_STREET: Final[Coordinates] = (40.7074, -74.0113)
NEWARK: Final[Coordinates] = (40.6895, -74.1745)
PRINCETON: Final[Coordinates] = (40.3487, -74.6593)
ATLANTIC_CITY: Final[Coordinates] = (39.3560, -74.4310)
LINCOLN_PARK: Final[Coordinates] = (40.7249, -74.0803)
PHILADELPHIA: Final[Coordinates] = (39.9496, -75.1503)


@dataclass
class Drive:
    """A drive that is being recorded."""

    name: str
    description: str
    at: datetime
    place: Coordinates
    seed: int
    positions: list[tuple[datetime, Coordinates, float, float, float]] = field(default_factory=list)
    """Time, place, meters per second, degrees from north, accuracy in meters."""

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def wait(self, minutes: float) -> None:
        """Stand still; the recorded positions vary."""
        until = self.at + timedelta(minutes=minutes)
        while self.at < until:
            self._record(self.place, 0.0, 0.0, self.random.uniform(4, 12))

    def drive(self, to: Coordinates, mph: float, *, jam: tuple[float, float] | None = None) -> None:
        """Drive to a place, at walking speed in the part `jam` of the way."""
        start, curviness = self.place, self.random.uniform(0.4, 1.0)
        distance = _meters(start, to)
        driven = 0.0
        while driven < distance:
            share = driven / distance
            speed = mph * _METERS_PER_SECOND_PER_MPH * self._traffic_factor(driven, distance - driven)
            if jam and jam[0] <= share <= jam[1]:
                speed = 5 * _METERS_PER_SECOND_PER_MPH
            place = _road_position(start, to, share, curviness)
            self._record(place, speed, _heading(start, to), self.random.uniform(3, 9))
            driven += speed * INTERVAL.total_seconds() / 1.12  # the road is longer than the straight line
        self.place = to

    def remove_last(self, minutes: float) -> None:
        """Remove the positions of the last minutes, as in a tunnel."""
        since = self.at - timedelta(minutes=minutes)
        self.positions = [position for position in self.positions if position[0] < since]

    def record_outlier(self, to: Coordinates) -> None:
        """Record one wrong position."""
        self._record(to, 0.0, 0.0, 25.0)

    def _traffic_factor(self, driven: float, remaining: float) -> float:
        """Slower in town, at the beginning and the end."""
        town = min(1.0, 0.3 + driven / 6000, 0.3 + remaining / 6000)
        return town * self.random.uniform(0.85, 1.05)

    def _record(self, place: Coordinates, speed: float, heading: float, accuracy: float) -> None:
        error = self.random.gauss(0, accuracy / 2), self.random.gauss(0, accuracy / 2)
        self.positions.append((self.at, _moved(place, *error), speed, heading, accuracy))
        self.at += INTERVAL


def _meters(one: Coordinates, other: Coordinates) -> float:
    north = (other[0] - one[0]) * _METERS_PER_DEGREE
    east = (other[1] - one[1]) * _METERS_PER_DEGREE * math.cos(math.radians(one[0]))
    return math.hypot(north, east)


def _moved(place: Coordinates, north: float, east: float) -> Coordinates:
    return (
        place[0] + north / _METERS_PER_DEGREE,
        place[1] + east / _METERS_PER_DEGREE / math.cos(math.radians(place[0])),
    )


def _heading(one: Coordinates, other: Coordinates) -> float:
    east = (other[1] - one[1]) * math.cos(math.radians(one[0]))
    return math.degrees(math.atan2(east, other[0] - one[0])) % 360


def _road_position(one: Coordinates, other: Coordinates, share: float, curviness: float) -> Coordinates:
    """A place beside the straight line, at most a twentieth of its length away."""
    offset = _meters(one, other) / 20 * curviness * math.sin(math.pi * share) * math.sin(2.6 * math.pi * share)
    ahead = one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share
    turn = math.radians(_heading(one, other) + 90)
    return _moved(ahead, offset * math.cos(turn), offset * math.sin(turn))


def _to_the_shore() -> Drive:
    """The usual charter, with a traffic jam and an early arrival at the pickup."""
    drive = Drive("to-the-shore", "Wall Street to Atlantic City: noise and a jam", _at("2027-03-03T13:05"), GARAGE, 1)
    drive.drive(WALL_STREET, 30)
    drive.wait(24)
    drive.drive(ATLANTIC_CITY, 62, jam=(0.40, 0.42))
    drive.wait(20)
    drive.drive(_moved(ATLANTIC_CITY, 4000, -9000), 45)
    return drive


def _tunnel() -> Drive:
    """No positions for eleven minutes, then one far away."""
    drive = Drive("tunnel", "Newark to Wall Street through the tunnel", _at("2027-03-04T12:30"), GARAGE, 2)
    drive.drive(NEWARK, 35)
    drive.wait(18)
    drive.drive(LINCOLN_PARK, 40)
    drive.remove_last(4)
    drive.at += timedelta(minutes=7)
    drive.record_outlier((41.2, -73.2))
    drive.drive(WALL_STREET, 28)
    drive.wait(9)
    return drive


def _long_stop() -> Drive:
    """Hours at one place with varying positions, and once an error of two miles."""
    drive = Drive("long-stop", "A day in Princeton: hours on the car park", _at("2027-03-05T13:00"), NEWARK, 3)
    drive.wait(15)
    drive.drive(PRINCETON, 58)
    drive.wait(75)
    drive.record_outlier(_moved(PRINCETON, 3200, 400))
    drive.wait(80)
    drive.drive(NEWARK, 58)
    drive.wait(6)
    return drive


def _offline() -> Drive:
    """The phone has no network between two towns and sends its positions later, in batches."""
    drive = Drive("offline", "Newark by Princeton to Philadelphia, no network", _at("2027-03-06T14:00"), NEWARK, 4)
    drive.wait(12)
    drive.drive(PRINCETON, 55)
    drive.wait(16)
    drive.drive(PHILADELPHIA, 55)
    drive.wait(10)
    return drive


def _round_trip() -> Drive:
    """A round trip that ends where it starts."""
    drive = Drive("round-trip", "Newark, a tour without a stop, Newark", _at("2027-03-07T15:00"), NEWARK, 5)
    drive.wait(10)
    for distance in (230, -240, 260, -210, 225):  # several times across the geofence before it departs
        drive.record_outlier(_moved(NEWARK, distance, 0))
    drive.drive(LINCOLN_PARK, 35)
    drive.drive(NEWARK, 35)
    drive.wait(8)
    return drive


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def to_gpx(drive: Drive) -> str:
    """The drive as GPX 1.1, with speed, course and accuracy as Garmin and most phones write them."""
    return "\n".join(_lines(drive)) + "\n"


def _lines(drive: Drive) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<gpx version="1.1" creator="CoachWay" xmlns="http://www.topografix.com/GPX/1/1"'
    yield '     xmlns:tp="http://www.garmin.com/xmlschemas/TrackPointExtension/v2">'
    yield f"  <trk><name>{escape(drive.name)}</name><desc>{escape(drive.description)}</desc><trkseg>"
    for at, (latitude, longitude), speed, heading, accuracy in drive.positions:
        yield (
            f'    <trkpt lat="{latitude:.6f}" lon="{longitude:.6f}"><time>{at:%Y-%m-%dT%H:%M:%SZ}</time>'
            f"<hdop>{accuracy:.1f}</hdop><extensions><tp:TrackPointExtension><tp:speed>{speed:.1f}</tp:speed>"
            f"<tp:course>{heading:.0f}</tp:course></tp:TrackPointExtension></extensions></trkpt>"
        )
    yield "  </trkseg></trk>"
    yield "</gpx>"


def build_drives() -> Sequence[Drive]:
    """All drives."""
    return [_to_the_shore(), _tunnel(), _long_stop(), _offline(), _round_trip()]


def main() -> None:
    """Write all tracks."""
    for drive in build_drives():
        (DIRECTORY / f"{drive.name}.gpx").write_text(to_gpx(drive))


if __name__ == "__main__":
    main()
