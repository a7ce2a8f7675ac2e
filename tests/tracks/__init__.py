"""Recorded drives, as GPX."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from coachway.dispatch.tracking.position_encoding import Fix, rounded

HERE: Final = Path(__file__).parent
_NAMES: Final = {
    "gpx": "http://www.topografix.com/GPX/1/1",
    "tp": "http://www.garmin.com/xmlschemas/TrackPointExtension/v2",
}
_MPH: Final = 2.23694


def read(name: str) -> list[Fix]:
    """The fixes of a track, as check-ins tell them."""
    fixes = []
    track = ET.parse(HERE / f"{name}.gpx")  # noqa: S314 - a file of our own
    for point in track.getroot().iterfind(".//gpx:trkpt", _NAMES):
        said = {each.tag.rpartition("}")[2]: each.text or "" for each in point.iter()}
        fixes.append(
            rounded(
                datetime.fromisoformat(said["time"]),
                float(point.attrib["lat"]),
                float(point.attrib["lon"]),
                float(said["speed"]) * _MPH,
                float(said["course"]),
                float(said["hdop"]),
            )
        )
    return fixes
