"""Where time zones are: the city after which each is named, from the list of the time zone database."""

import re
from functools import cache
from importlib import resources
from typing import Final

from coachway.core.types.geo import Coordinates

_POSITION: Final = re.compile(r"([+-]\d{2})(\d{2})(?:\d{2})?([+-]\d{3})(\d{2})(?:\d{2})?")
"""ISO 6709: `+404251-0740023` or `+4043-07400`."""


@cache
def find_zone_position(zone: str) -> Coordinates | None:
    """Return the position of the city of a time zone, to a mile; None if the zone has none, such as UTC or a link."""
    lines = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text().splitlines()
    position = next((fields[1] for line in lines if (fields := line.split("\t"))[2:3] == [zone]), "")
    match = _POSITION.fullmatch(position)
    if match is None:
        return None
    degrees = (_to_degrees(match[1], match[2]), _to_degrees(match[3], match[4]))
    return Coordinates(*degrees)


def _to_degrees(degrees: str, minutes: str) -> float:
    fraction = int(minutes) / 60
    return round(int(degrees) + (-fraction if degrees.startswith("-") else fraction), 2)
