"""Builds the VTIMEZONE of a calendar: RFC 5545, 3.6.5.

`icalendar.Timezone.from_tzid` is not used: it starts daylight saving time at the local time after the change, where the
RFC wants the local time before it, and it overlooks periods shorter than two months, such as Ramadan in Morocco.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

_STEP: Final = timedelta(weeks=1)
"""Shorter than the time between two changes of any time zone; Ramadan is the shortest."""
_SECOND: Final = timedelta(seconds=1)


class _Observance(NamedTuple):
    """What the clocks of a time zone show, and by how much they differ from standard time."""

    offset: timedelta
    daylight_saving: timedelta
    name: str


def build_time_zone(name: str, first_year: int, last_year: int) -> Timezone:
    """Build the component of a time zone, with all changes from the first to the last year."""
    zone = ZoneInfo(name)
    start, end = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    first = _get_observance(zone, start)
    onsets: dict[tuple[timedelta, _Observance], list[datetime]] = defaultdict(list)
    onsets[first.offset, first].append(_to_local(start, first.offset))
    for at in _list_changes(zone, start, end):
        offset_before = _get_observance(zone, at - _SECOND).offset
        onsets[offset_before, _get_observance(zone, at)].append(_to_local(at, offset_before))
    component = Timezone()
    component.add("tzid", name)
    # Where winter time counts as negative daylight saving time (Ireland), calendar programs expect it as standard time.
    standard = min(observance.daylight_saving for _, observance in onsets)
    for (offset_before, observance), local_times in onsets.items():
        part = TimezoneDaylight() if observance.daylight_saving > standard else TimezoneStandard()
        part.add("dtstart", local_times[0])
        part.add("tzoffsetfrom", offset_before)
        part.add("tzoffsetto", observance.offset)
        part.add("tzname", observance.name)
        if local_times[1:]:
            part.add("rdate", local_times[1:])
        component.add_component(part)
    return component


def _get_observance(zone: ZoneInfo, at: datetime) -> _Observance:
    local = at.astimezone(zone)
    return _Observance(local.utcoffset() or timedelta(), local.dst() or timedelta(), local.tzname() or "")


def _list_changes(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """The first second of each new observance, in UTC, in order."""
    before, observance = start, _get_observance(zone, start)
    while before < end:
        after = min(before + _STEP, end)
        if (next_observance := _get_observance(zone, after)) != observance:
            yield _find_change(zone, before, after)
        before, observance = after, next_observance


def _find_change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The moment of the change between two moments, by bisection."""
    observance = _get_observance(zone, before)
    while after - before > _SECOND:
        middle = before + (after - before) // 2 // _SECOND * _SECOND
        before, after = (middle, after) if _get_observance(zone, middle) == observance else (before, middle)
    return after


def _to_local(at: datetime, offset: timedelta) -> datetime:
    """The local time, without an offset, of a moment on clocks with an offset."""
    return (at + offset).replace(tzinfo=None)
