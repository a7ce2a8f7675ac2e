"""Rewording of the addresses of a booked trip. Pure: no clock, no I/O.

Another wording for the same place changes nothing that was promised: `Pier 11` for `Wall St`, or a gate. The place
keeps its coordinates, so that several rewordings cannot move it.
"""

from collections.abc import Sequence
from typing import Final

from coachway.bookings.charters.trip_model import Stop
from coachway.core.types.geo import METERS_PER_MILE, Coordinates, miles_between
from coachway.places.rules import AddressMatch

MAX_METERS: Final = 200
"""The distance within which two addresses are the same place. A vehicle within it has arrived."""
MAX_METERS_OF_AREAS: Final = 30_000
"""The same if only the street, the town or the area of an address is known."""


def reword_stops(before: Sequence[Stop], after: Sequence[Stop]) -> list[Stop] | None:
    """The stops with their new addresses; None if the edit also changes a place, a time or the order.

    Times that `after` does not have are unchanged.
    """
    if len(before) != len(after):
        return None
    pairs = list(zip(before, after, strict=True))
    if not all(_has_same_times(old, new) and _is_same_place(old, new) for old, new in pairs):
        return None
    return [old.model_copy(update={"address": new.address}) for old, new in pairs]


def list_unconfirmed(before: Sequence[Stop], after: Sequence[Stop]) -> list[tuple[Stop, Stop]]:
    """The stops before and after whose address changed while the coordinates, if any, stayed.

    A caller often sends a whole stop with another address, so the coordinates do not say that it is the same place.
    """
    return [
        (old, new)
        for old, new in zip(before, after, strict=False)
        if old.address != new.address and _find_place(old) == _find_place(new) is not None
    ]


def is_elsewhere(old: Stop, found_old: AddressMatch, found_new: AddressMatch) -> bool:
    """Whether the map knows the new address at another place than the stop.

    An address that it does not know is taken for another wording, such as `Gate B`.
    """
    new, same, stop = found_new.place, found_old.place, _find_place(old)
    if new is None or stop is None:
        return False
    position = Coordinates(new.latitude, new.longitude)
    if same is not None and same.is_exact and new.is_exact:
        return _meters_between(Coordinates(same.latitude, same.longitude), position) > MAX_METERS
    return _meters_between(stop, position) > MAX_METERS_OF_AREAS


def needs_coordinates(before: Sequence[Stop], after: Sequence[Stop]) -> bool:
    """Whether an address changed and the edit does not say where it is."""
    return any(old.address != new.address and _find_place(new) is None for old, new in zip(before, after, strict=False))


def _has_same_times(old: Stop, new: Stop) -> bool:
    times = [
        (old.estimated_arrival, new.estimated_arrival),
        (old.estimated_departure, new.estimated_departure),
        (old.timezone, new.timezone),
    ]
    return old.stop_type is new.stop_type and all(after is None or before == after for before, after in times)


def _is_same_place(old: Stop, new: Stop) -> bool:
    one, other = _find_place(old), _find_place(new)
    if old.address == new.address and (other is None or one == other):
        return True
    return one is not None and other is not None and _meters_between(one, other) <= MAX_METERS


def _meters_between(one: Coordinates, other: Coordinates) -> float:
    return miles_between(one, other) * METERS_PER_MILE


def _find_place(stop: Stop) -> Coordinates | None:
    if stop.latitude is None or stop.longitude is None:
        return None
    return Coordinates(stop.latitude, stop.longitude)
