"""Encode GPS positions compactly: about nine bytes each.

Time, latitude and longitude are stored as differences to the previous position, as varints (as in Protocol Buffers):
two bytes each at one position in ten seconds. Speed, heading and accuracy take one byte each. Pure: no clock, no I/O.
"""

import base64
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from coachway.core.types.geo import Coordinates

_DEGREE: Final = 100_000
"""Steps per degree: 1.1 m, finer than the accuracy of phones."""
_MILLISECOND: Final = timedelta(milliseconds=1)
_UNKNOWN: Final = 255


class GpsPosition(NamedTuple):
    """A GPS position: degrees, miles per hour, degrees from north, meters."""

    at: datetime
    latitude: float
    longitude: float
    speed_mph: int | None = None
    heading: int | None = None
    accuracy_m: int | None = None

    @property
    def place(self) -> Coordinates:
        """The coordinates."""
        return Coordinates(self.latitude, self.longitude)


def round_position(
    at: datetime,
    latitude: float,
    longitude: float,
    speed_mph: float | None = None,
    heading: float | None = None,
    accuracy_m: float | None = None,
) -> GpsPosition:
    """Round a position to the stored precision: milliseconds, 0.00001°, whole miles per hour and meters, 2° of heading.

    A position is identified by its millisecond. Speed and accuracy are limited to 254.
    """
    moment = at.astimezone(UTC)
    moment -= timedelta(microseconds=moment.microsecond % 1000)
    return GpsPosition(
        moment,
        round(latitude * _DEGREE) / _DEGREE,
        round(longitude * _DEGREE) / _DEGREE,
        None if speed_mph is None else min(254, round(speed_mph)),
        None if heading is None else round(heading / 2) * 2 % 360,
        None if accuracy_m is None else min(254, round(accuracy_m)),
    )


def encode_positions(start: datetime, positions: Iterable[GpsPosition]) -> str:
    """Encode rounded positions, in time order and none before `start`, as text without characters that JSON escapes."""
    encoded = bytearray()
    previous = (0, 0, 0)
    for position in positions:
        current = (
            (position.at - start) // _MILLISECOND,
            round(position.latitude * _DEGREE),
            round(position.longitude * _DEGREE),
        )
        encoded += _encode_varint(current[0] - previous[0])
        encoded += _encode_varint(_zigzag(current[1] - previous[1]))
        encoded += _encode_varint(_zigzag(current[2] - previous[2]))
        encoded += bytes(
            (_encode_byte(position.speed_mph), _encode_byte(position.heading, 2), _encode_byte(position.accuracy_m))
        )
        previous = current
    return base64.b85encode(encoded).decode()


def decode_positions(start: datetime, text: str) -> list[GpsPosition]:
    """Decode the text of `encode_positions`."""
    data = iter(base64.b85decode(text))
    positions: list[GpsPosition] = []
    ms = latitude = longitude = 0
    while (first := next(data, None)) is not None:
        ms += _decode_varint(first, data)
        latitude += _unzigzag(_decode_varint(next(data), data))
        longitude += _unzigzag(_decode_varint(next(data), data))
        speed, heading, accuracy = (_decode_byte(next(data)) for _ in range(3))
        positions.append(
            GpsPosition(
                start + ms * _MILLISECOND,
                latitude / _DEGREE,
                longitude / _DEGREE,
                speed,
                None if heading is None else heading * 2,
                accuracy,
            )
        )
    return positions


def merge_in_time_order(existing: Sequence[GpsPosition], new: Iterable[GpsPosition]) -> list[GpsPosition]:
    """Merge positions in time order. Of two for the same moment, the better one stays, whichever was received first."""
    by_time: dict[datetime, GpsPosition] = {}
    for position in sorted((*existing, *new), key=_quality):
        by_time.setdefault(position.at, position)
    return [by_time[moment] for moment in sorted(by_time)]


def _quality(position: GpsPosition) -> tuple[float, ...]:
    """Sort key, best first: not 0°, 0°; the more accurate; the more complete; then any fixed order."""
    values = [_UNKNOWN if value is None else value for value in position[1:]]
    return (position.place == (0.0, 0.0), values[-1], values.count(_UNKNOWN), *values)


def _encode_byte(value: int | None, unit: int = 1) -> int:
    return _UNKNOWN if value is None else value // unit


def _decode_byte(byte: int) -> int | None:
    return None if byte == _UNKNOWN else byte


def _zigzag(number: int) -> int:
    """Map signed numbers to unsigned ones, so that small numbers stay small."""
    return number * 2 if number >= 0 else -number * 2 - 1


def _unzigzag(number: int) -> int:
    return number // 2 if number % 2 == 0 else -(number // 2) - 1


def _encode_varint(number: int) -> bytes:
    """Encode seven bits per byte, the lowest first; the eighth bit marks that more bytes follow."""
    result = bytearray()
    while number >= 128:
        result.append(number % 128 + 128)
        number //= 128
    result.append(number)
    return bytes(result)


def _decode_varint(first: int, rest: Iterator[int]) -> int:
    result, shift, byte = first % 128, 7, first
    while byte >= 128:
        byte = next(rest)
        result += byte % 128 << shift
        shift += 7
    return result
