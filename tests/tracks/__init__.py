"""Recorded drives as GPX files; `generate.py` writes them."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from coachway.dispatch.tracking.position_encoding import GpsPosition, round_position

DIRECTORY: Final = Path(__file__).parent
_NAMES: Final = {
    "gpx": "http://www.topografix.com/GPX/1/1",
    "tp": "http://www.garmin.com/xmlschemas/TrackPointExtension/v2",
}
_MPH: Final = 2.23694


def read_track(name: str) -> list[GpsPosition]:
    """The positions of a track, as position reports send them."""
    return list(_parse_track(name))


@cache
def _parse_track(name: str) -> tuple[GpsPosition, ...]:
    positions = []
    track = ET.parse(DIRECTORY / f"{name}.gpx")  # noqa: S314 - a file of our own
    for point in track.getroot().iterfind(".//gpx:trkpt", _NAMES):
        fields = {element.tag.rpartition("}")[2]: element.text or "" for element in point.iter()}
        positions.append(
            round_position(
                datetime.fromisoformat(fields["time"]),
                float(point.attrib["lat"]),
                float(point.attrib["lon"]),
                float(fields["speed"]) * _MPH,
                float(fields["course"]),
                float(fields["hdop"]),
            )
        )
    return tuple(positions)
