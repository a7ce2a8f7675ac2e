"""Rules about answers of the map service. Pure: no clock, no I/O."""

import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple

from coachway.core.types.geo import Coordinates, RoadLeg, miles_between
from coachway.places.model import Place

MIN_SCORE: Final = 0.8
"""Places that match the address less well are not what was asked for."""
_EQUAL_SCORES: Final = 0.02
_SAME_PLACE_MILES: Final = 2.0
_MAX_MILES_PER_HOUR: Final = 90.0
_MAX_DETOUR: Final = 20.0
_ROAD_OFFSET_MILES: Final = 2.0
"""A position is moved to the nearest road, so a leg can be this much shorter than the straight line."""


class LookupProblem(StrEnum):
    """Why an address has no place."""

    UNAVAILABLE = "unavailable"
    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"


class AddressMatch(NamedTuple):
    """The place of an address, or why there is none."""

    place: Place | None
    problem: LookupProblem | None


def normalize_address(address: str) -> str:
    """Return the form in which two spellings of an address are equal: case, spaces and commas do not count."""
    words = unicodedata.normalize("NFKC", address).casefold().replace(",", " ").split()
    return " ".join(words)


def choose_place(candidates: Sequence[Place]) -> AddressMatch:
    """Choose the place of an address from the candidates, best first.

    There is none if all match badly, or if two match equally well but are more than two miles apart.
    """
    good = [each for each in candidates if each.score >= MIN_SCORE]
    if not good:
        return AddressMatch(None, LookupProblem.NOT_FOUND)
    best = good[0]
    for other in good[1:]:
        distance = miles_between(_position(best), _position(other))
        if best.score - other.score < _EQUAL_SCORES and distance > _SAME_PLACE_MILES:
            return AddressMatch(None, LookupProblem.AMBIGUOUS)
    return AddressMatch(best, None)


def _position(place: Place) -> Coordinates:
    return Coordinates(place.latitude, place.longitude)


def is_plausible_route(positions: Sequence[Coordinates], legs: Sequence[RoadLeg]) -> bool:
    """Whether a route can be right: as many legs as asked for, none shorter than the straight line or too fast."""
    if len(legs) != len(positions) - 1:
        return False
    for (start, end), leg in zip(pairwise(positions), legs, strict=True):
        line = miles_between(start, end)
        if not line - _ROAD_OFFSET_MILES <= leg.miles <= line * _MAX_DETOUR + 100:
            return False
        if leg.driving_minutes < leg.miles / _MAX_MILES_PER_HOUR * 60 - 1:
            return False
    return True
