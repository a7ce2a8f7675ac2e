"""When the trips of a series take place.

A rule is one of four words or an RFC 5545 RRULE of days (FREQ=DAILY, WEEKLY, MONTHLY or YEARLY). Days are counted on
the calendar of the first stop's zone, where the trip keeps its time of day through DST. A day of the month that a
shorter month lacks falls on its last day (RFC 7529, SKIP=BACKWARD).

The rule is expanded day by day within a bounded span rather than by a library whose loops only end when a day
matches: a rule that never does is refused in milliseconds.
"""

from __future__ import annotations

import itertools
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from coachway.bookings.recurrence.rrule import Rule
from coachway.core import errors

MAX_OCCURRENCES: Final = 52
MAX_YEARS: Final = 10
"""A series reaches no further than this."""


def expand_rule(rule: Rule, first: date, count: int | None = None) -> list[date]:
    """The days of a series that begins on `first` or the first day after it that the rule names.

    `count` is how many are wanted; the rule's own COUNT or UNTIL may end it sooner. Exceptions are not yet taken out.
    Raises Invalid when nothing ends it, it has more than 52, or it yields none or too few within ten years.
    """
    wanted = min((limit for limit in (count, rule.count) if limit is not None), default=None)
    if wanted is None and rule.until is None:
        raise errors.Invalid.field("instance_count", f"say how many: 1 to {MAX_OCCURRENCES}")
    if wanted is not None and not 1 <= wanted <= MAX_OCCURRENCES:
        raise errors.Invalid.field("instance_count", f"a series has 1 to {MAX_OCCURRENCES} occurrences")
    found = list(itertools.islice(_generate_days(rule, first), wanted or MAX_OCCURRENCES + 1))
    if len(found) > MAX_OCCURRENCES:
        raise errors.Invalid.field("recurrence_rule", f"has more than {MAX_OCCURRENCES} occurrences until {rule.until}")
    if not found:
        raise errors.Invalid.field("recurrence_rule", f"names no day within {MAX_YEARS} years")
    if wanted is not None and len(found) < wanted and rule.until is None:
        raise errors.Invalid.field(
            "recurrence_rule", f"yields only {len(found)} of {wanted} occurrences within {MAX_YEARS} years"
        )
    return found


def _generate_days(rule: Rule, first: date) -> Iterator[date]:
    last = date.fromordinal(min(first.toordinal() + 366 * MAX_YEARS, date.max.toordinal()))
    if rule.until is not None:
        last = min(last, rule.until)
    expand = _EXPANSIONS[rule.freq](rule, first)
    for period in expand:
        if period.start > last:
            return
        days = sorted(set(period.days))
        for day in _pick_positions(days, rule.bysetpos):
            if first <= day <= last:
                yield day


@dataclass(frozen=True, slots=True)
class _Period:
    """One day, week, month or year of the rule, and its days that match."""

    start: date
    days: list[date]


def _pick_positions(days: list[date], positions: tuple[int, ...]) -> list[date]:
    if not positions:
        return days
    chosen = {p - 1 if p > 0 else len(days) + p for p in positions}
    return [day for index, day in enumerate(days) if index in chosen]


def _daily(rule: Rule, first: date) -> Iterator[_Period]:
    day = first
    while True:
        fits = _in_month(rule, day) and _on_weekday(rule, day) and _on_month_day(rule, day)
        yield _Period(day, [day] if fits else [])
        if (date.max - day).days < rule.interval:
            return
        day += timedelta(days=rule.interval)


def _weekly(rule: Rule, first: date) -> Iterator[_Period]:
    weekdays = {day for _, day in rule.byday} or {first.weekday()}
    monday = first - timedelta(days=(first.weekday() - rule.wkst) % 7)
    while True:
        week = [monday + timedelta(days=n) for n in range(7)]
        yield _Period(monday, [day for day in week if day.weekday() in weekdays and _in_month(rule, day)])
        if (date.max - monday).days < 7 * rule.interval + 6:
            return
        monday += timedelta(weeks=rule.interval)


def _monthly(rule: Rule, first: date) -> Iterator[_Period]:
    month = first.year * 12 + first.month - 1
    while month // 12 <= date.max.year:
        start = date(month // 12, month % 12 + 1, 1)
        yield _Period(start, _days_of_month(rule, start, first.day) if _in_month(rule, start) else [])
        month += rule.interval


def _yearly(rule: Rule, first: date) -> Iterator[_Period]:
    for year in range(first.year, date.max.year + 1, rule.interval):
        months = rule.bymonth or (tuple(range(1, 13)) if rule.bymonthday else (first.month,))
        if rule.byday and not rule.bymonth and not rule.bymonthday:
            whole = [date(year, 1, 1) + timedelta(days=n) for n in range(date(year, 12, 31).timetuple().tm_yday)]
            yield _Period(whole[0], _days_by_weekday(whole, rule))
            continue
        starts = [date(year, month, 1) for month in months]
        yield _Period(date(year, 1, 1), [day for start in starts for day in _days_of_month(rule, start, first.day)])


def _days_of_month(rule: Rule, start: date, usual_day: int) -> list[date]:
    """The days of one month that the rule names."""
    length = monthrange(start.year, start.month)[1]
    whole = [start.replace(day=n) for n in range(1, length + 1)]
    named = _days_by_weekday(whole, rule) if rule.byday else whole
    if rule.byday and not rule.bymonthday:
        return named
    wanted = rule.bymonthday or (usual_day,)
    on = {min(day, length) if day > 0 else length + 1 + day for day in wanted}
    return [day for day in named if day.day in on]


def _days_by_weekday(whole: list[date], rule: Rule) -> list[date]:
    """The days of a month or year that BYDAY names: every Monday, or the second, or the last."""
    found: list[date] = []
    for ordinal, weekday in rule.byday:
        those = [day for day in whole if day.weekday() == weekday]
        if ordinal == 0:
            found += those
        elif abs(ordinal) <= len(those):
            found.append(those[ordinal - 1 if ordinal > 0 else ordinal])
    return sorted(set(found))


def _in_month(rule: Rule, day: date) -> bool:
    return not rule.bymonth or day.month in rule.bymonth


def _on_weekday(rule: Rule, day: date) -> bool:
    return not rule.byday or day.weekday() in {weekday for _, weekday in rule.byday}


def _on_month_day(rule: Rule, day: date) -> bool:
    from_end = day.day - monthrange(day.year, day.month)[1] - 1
    return not rule.bymonthday or day.day in rule.bymonthday or from_end in rule.bymonthday


_EXPANSIONS: Final[dict[str, Callable[[Rule, date], Iterable[_Period]]]] = {
    "DAILY": _daily,
    "WEEKLY": _weekly,
    "MONTHLY": _monthly,
    "YEARLY": _yearly,
}
