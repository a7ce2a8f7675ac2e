"""Makes the tracks of this directory: `python -m tests.tracks.generate`. The same every time.

They are drives that never were, along roads that wind about the straight line, as a telephone on a coach's dashboard
would record them: a fix every ten seconds, off by some metres, wandering while the coach stands. Each shows what goes
wrong on the road.
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

HERE: Final = Path(__file__).parent
TICK: Final = timedelta(seconds=10)
_METERS_A_DEGREE: Final = 111_195.0
_MPH: Final = 0.44704

Spot = tuple[float, float]

GARAGE: Final[Spot] = (40.7505, -74.0860)
WALL_STREET: Final[Spot] = (40.7074, -74.0113)
NEWARK: Final[Spot] = (40.6895, -74.1745)
PRINCETON: Final[Spot] = (40.3487, -74.6593)
ATLANTIC_CITY: Final[Spot] = (39.3560, -74.4310)
LINCOLN_PARK: Final[Spot] = (40.7249, -74.0803)
PHILADELPHIA: Final[Spot] = (39.9496, -75.1503)


@dataclass
class Drive:
    """A drive being recorded."""

    name: str
    about: str
    at: datetime
    place: Spot
    seed: int
    fixes: list[tuple[datetime, Spot, float, float, float]] = field(default_factory=list)
    """When, where, metres a second, degrees from north, accuracy in metres."""

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def stand(self, minutes: float) -> None:
        """Wait; the receiver wanders about the place."""
        until = self.at + timedelta(minutes=minutes)
        while self.at < until:
            self._fix(self.place, 0.0, 0.0, self.random.uniform(4, 12))

    def drive(self, to: Spot, mph: float, *, jam: tuple[float, float] | None = None) -> None:
        """Go on to a place, at this speed on the open road; in the share `jam` of the way at walking pace."""
        came, wiggle = self.place, self.random.uniform(0.4, 1.0)
        straight = _meters(came, to)
        gone = 0.0
        while gone < straight:
            share = gone / straight
            speed = mph * _MPH * self._traffic(gone, straight - gone)
            if jam and jam[0] <= share <= jam[1]:
                speed = 5 * _MPH
            place = _on_the_road(came, to, share, wiggle)
            self._fix(place, speed, _heading(came, to), self.random.uniform(3, 9))
            gone += speed * TICK.total_seconds() / 1.12  # a road winds
        self.place = to

    def lose(self, minutes: float, *, sky: float = 0.0) -> None:
        """Take away the last minutes, as a tunnel does; the first fix after it is `sky` metres off."""
        since = self.at - timedelta(minutes=minutes)
        self.fixes = [fix for fix in self.fixes if fix[0] < since]
        if sky:
            self._fix(_moved(self.place, sky, sky), 12.0, 0.0, 180.0)

    def jump(self, to: Spot) -> None:
        """One fix from a receiver that believes to be somewhere else."""
        self._fix(to, 0.0, 0.0, 25.0)

    def _traffic(self, gone: float, left: float) -> float:
        """Slow in town, at the beginning and the end."""
        town = min(1.0, 0.3 + gone / 6000, 0.3 + left / 6000)
        return town * self.random.uniform(0.85, 1.05)

    def _fix(self, place: Spot, speed: float, heading: float, accuracy: float) -> None:
        off = self.random.gauss(0, accuracy / 2), self.random.gauss(0, accuracy / 2)
        self.fixes.append((self.at, _moved(place, *off), speed, heading, accuracy))
        self.at += TICK


def _meters(one: Spot, other: Spot) -> float:
    north = (other[0] - one[0]) * _METERS_A_DEGREE
    east = (other[1] - one[1]) * _METERS_A_DEGREE * math.cos(math.radians(one[0]))
    return math.hypot(north, east)


def _moved(place: Spot, north: float, east: float) -> Spot:
    return (
        place[0] + north / _METERS_A_DEGREE,
        place[1] + east / _METERS_A_DEGREE / math.cos(math.radians(place[0])),
    )


def _heading(one: Spot, other: Spot) -> float:
    east = (other[1] - one[1]) * math.cos(math.radians(one[0]))
    return math.degrees(math.atan2(east, other[0] - one[0])) % 360


def _on_the_road(one: Spot, other: Spot, share: float, wiggle: float) -> Spot:
    """Beside the straight line, by up to a twentieth of its length, but at its ends."""
    straight = _meters(one, other)
    aside = straight / 20 * wiggle * math.sin(math.pi * share) * math.sin(2.6 * math.pi * share)
    ahead = one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share
    turn = math.radians(_heading(one, other) + 90)
    return _moved(ahead, aside * math.cos(turn), aside * math.sin(turn))


def _to_the_shore() -> Drive:
    """The canonical charter, with a jam on the way and a coach that came early."""
    drive = Drive("to-the-shore", "Wall Street to Atlantic City: noise and a jam", _at("2027-03-03T13:05"), GARAGE, 1)
    drive.drive(WALL_STREET, 30)
    drive.stand(24)
    drive.drive(ATLANTIC_CITY, 62, jam=(0.40, 0.42))
    drive.stand(20)
    drive.drive(_moved(ATLANTIC_CITY, 4000, -9000), 45)
    return drive


def _tunnel() -> Drive:
    """Nothing is heard for eleven minutes, and what comes first afterwards is far off."""
    drive = Drive("tunnel", "Newark to Wall Street through the tunnel", _at("2027-03-04T12:30"), GARAGE, 2)
    drive.drive(NEWARK, 35)
    drive.stand(18)
    drive.drive(LINCOLN_PARK, 40)
    drive.lose(4)
    drive.at += timedelta(minutes=7)
    drive.jump((41.2, -73.2))
    drive.drive(WALL_STREET, 28)
    drive.stand(9)
    return drive


def _long_stop() -> Drive:
    """Hours at one place, the receiver wandering, and once an error of two miles."""
    drive = Drive("long-stop", "A day in Princeton: hours on the car park", _at("2027-03-05T13:00"), NEWARK, 3)
    drive.stand(15)
    drive.drive(PRINCETON, 58)
    drive.stand(75)
    drive.jump(_moved(PRINCETON, 3200, 400))
    drive.stand(80)
    drive.drive(NEWARK, 58)
    drive.stand(6)
    return drive


def _offline() -> Drive:
    """The telephone had no network between two towns; it sends what it recorded in batches, later."""
    drive = Drive("offline", "Newark by Princeton to Philadelphia, no network", _at("2027-03-06T14:00"), NEWARK, 4)
    drive.stand(12)
    drive.drive(PRINCETON, 55)
    drive.stand(16)
    drive.drive(PHILADELPHIA, 55)
    drive.stand(10)
    return drive


def _round_trip() -> Drive:
    """There and back: it ends where it began."""
    drive = Drive("round-trip", "Newark, a tour without a stop, Newark", _at("2027-03-07T15:00"), NEWARK, 5)
    drive.stand(10)
    for away in (230, -240, 260, -210, 225):  # a departure that hesitates at the fence
        drive.jump(_moved(NEWARK, away, 0))
    drive.drive(LINCOLN_PARK, 35)
    drive.drive(NEWARK, 35)
    drive.stand(8)
    return drive


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def gpx(drive: Drive) -> str:
    """The drive as GPX 1.1; speed, course and accuracy as Garmin and most telephones write them."""
    return "\n".join(_lines(drive)) + "\n"


def _lines(drive: Drive) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<gpx version="1.1" creator="CoachWay" xmlns="http://www.topografix.com/GPX/1/1"'
    yield '     xmlns:tp="http://www.garmin.com/xmlschemas/TrackPointExtension/v2">'
    yield f"  <trk><name>{escape(drive.name)}</name><desc>{escape(drive.about)}</desc><trkseg>"
    for at, (latitude, longitude), speed, heading, accuracy in drive.fixes:
        yield (
            f'    <trkpt lat="{latitude:.6f}" lon="{longitude:.6f}"><time>{at:%Y-%m-%dT%H:%M:%SZ}</time>'
            f"<hdop>{accuracy:.1f}</hdop><extensions><tp:TrackPointExtension><tp:speed>{speed:.1f}</tp:speed>"
            f"<tp:course>{heading:.0f}</tp:course></tp:TrackPointExtension></extensions></trkpt>"
        )
    yield "  </trkseg></trk>"
    yield "</gpx>"


def drives() -> Sequence[Drive]:
    """All of them."""
    return [_to_the_shore(), _tunnel(), _long_stop(), _offline(), _round_trip()]


def main() -> None:
    """Write them."""
    for drive in drives():
        (HERE / f"{drive.name}.gpx").write_text(gpx(drive))


if __name__ == "__main__":
    main()
