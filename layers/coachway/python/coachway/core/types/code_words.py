"""Codes, such as vehicle classes and amenities, in words."""

import re
from collections.abc import Iterable
from typing import Final

_SPELLINGS: Final = {
    **{word: word.upper() for word in ("ada", "dot", "dvd", "pa", "suv", "tv", "usb")},
    "wifi": "Wi-Fi",
}
_SEPARATORS: Final = re.compile(r"[\s_-]+")


def humanize(code: str) -> str:
    """Turn a code into words: `wheelchair_lift` into `Wheelchair lift`, `wi-fi` into `Wi-Fi`."""
    words = _SEPARATORS.sub(" ", code).strip().lower().replace("wi fi", "wifi").split(" ")
    text = " ".join(_SPELLINGS.get(word, word) for word in words)
    return f"{text[:1].upper()}{text[1:]}"


def format_vehicles(count: int, vehicle_class: str) -> str:
    """Format a number of vehicles of a class: `Coach`, `2 × Minibus`."""
    name = humanize(vehicle_class)
    return name if count == 1 else f"{count} × {name}"


def format_vehicle_groups(groups: Iterable[tuple[int, str]]) -> str:
    """Format the numbers of vehicles of several classes: `Coach, 2 × Minibus`."""
    return ", ".join(format_vehicles(count, vehicle_class) for count, vehicle_class in groups)
