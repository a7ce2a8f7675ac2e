"""Expands recurrence rules to the dates of a series.

A rule is one of four shorthands or an RFC 5545 RRULE of days (FREQ=DAILY, WEEKLY, MONTHLY or YEARLY). Dates are local
to the first stop, so trips keep their time of day across DST changes. A day that does not exist in a shorter month
becomes the last day of that month (RFC 7529, SKIP=BACKWARD).

Rules are expanded day by day within a limited span. Libraries search until a day matches, which takes too long for a
rule that never matches.
"""

import itertools
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from coachway.bookings.recurrence.rrule import RecurrenceRule
from coachway.core import errors

MAX_OCCURRENCES: Final = 52
MAX_YEARS: Final = 10
"""The longest span of a series."""


def expand_rule(rule: RecurrenceRule, first: date, count: int | None = None) -> list[date]:
    """The dates of a series that starts on or after `first`.

    `count` limits their number; the rule's COUNT or UNTIL may end the series earlier. Raises Invalid if the series has
    no end, more than 52 dates, or fewer dates than required within ten years.
    """
    target = min((limit for limit in (count, rule.count) if limit is not None), default=None)
    if target is None and rule.until is None:
        raise errors.Invalid.field("instance_count", f"is required: 1 to {MAX_OCCURRENCES}", "required")
    if target is not None and not 1 <= target <= MAX_OCCURRENCES:
        raise errors.Invalid.field("instance_count", f"must be 1 to {MAX_OCCURRENCES}")
    days = list(itertools.islice(_generate_days(rule, first), target or MAX_OCCURRENCES + 1))
    if len(days) > MAX_OCCURRENCES:
        raise errors.Invalid.field("recurrence_rule", f"has more than {MAX_OCCURRENCES} occurrences until {rule.until}")
    if not days:
        raise errors.Invalid.field("recurrence_rule", f"has no occurrence within {MAX_YEARS} years")
    if target is not None and len(days) < target and rule.until is None:
        raise errors.Invalid.field(
            "recurrence_rule", f"has only {len(days)} of {target} occurrences within {MAX_YEARS} years"
        )
    return days


def _generate_days(rule: RecurrenceRule, first: date) -> Iterator[date]:
    last = date.fromordinal(min(first.toordinal() + 366 * MAX_YEARS, date.max.toordinal()))
    if rule.until is not None:
        last = min(last, rule.until)
    periods = _EXPANSIONS[rule.freq](rule, first)
    for period in periods:
        if period.start > last:
            return
        days = sorted(set(period.days))
        for day in _pick_positions(days, rule.bysetpos):
            if first <= day <= last:
                yield day


@dataclass(frozen=True, slots=True)
class _Period:
    """One day, week, month or year of the rule, and its matching days."""

    start: date
    days: list[date]


def _pick_positions(days: list[date], positions: tuple[int, ...]) -> list[date]:
    if not positions:
        return days
    indexes = {position - 1 if position > 0 else len(days) + position for position in positions}
    return [day for index, day in enumerate(days) if index in indexes]


def _expand_daily(rule: RecurrenceRule, first: date) -> Iterator[_Period]:
    day = first
    while True:
        is_match = _matches_month(rule, day) and _matches_weekday(rule, day) and _matches_month_day(rule, day)
        yield _Period(day, [day] if is_match else [])
        if (date.max - day).days < rule.interval:
            return
        day += timedelta(days=rule.interval)


def _expand_weekly(rule: RecurrenceRule, first: date) -> Iterator[_Period]:
    weekdays = {day for _, day in rule.byday} or {first.weekday()}
    week_start = first - timedelta(days=(first.weekday() - rule.wkst) % 7)
    while True:
        week = [week_start + timedelta(days=n) for n in range(7)]
        yield _Period(week_start, [day for day in week if day.weekday() in weekdays and _matches_month(rule, day)])
        if (date.max - week_start).days < 7 * rule.interval + 6:
            return
        week_start += timedelta(weeks=rule.interval)


def _expand_monthly(rule: RecurrenceRule, first: date) -> Iterator[_Period]:
    month = first.year * 12 + first.month - 1
    while month // 12 <= date.max.year:
        start = date(month // 12, month % 12 + 1, 1)
        yield _Period(start, _list_month_days(rule, start, first.day) if _matches_month(rule, start) else [])
        month += rule.interval


def _expand_yearly(rule: RecurrenceRule, first: date) -> Iterator[_Period]:
    for year in range(first.year, date.max.year + 1, rule.interval):
        months = rule.bymonth or (tuple(range(1, 13)) if rule.bymonthday else (first.month,))
        if rule.byday and not rule.bymonth and not rule.bymonthday:
            days = [date(year, 1, 1) + timedelta(days=n) for n in range(date(year, 12, 31).timetuple().tm_yday)]
            yield _Period(days[0], _days_by_weekday(days, rule))
            continue
        starts = [date(year, month, 1) for month in months]
        yield _Period(date(year, 1, 1), [day for start in starts for day in _list_month_days(rule, start, first.day)])


def _list_month_days(rule: RecurrenceRule, start: date, default_day: int) -> list[date]:
    """The matching days of one month."""
    length = monthrange(start.year, start.month)[1]
    month = [start.replace(day=n) for n in range(1, length + 1)]
    candidates = _days_by_weekday(month, rule) if rule.byday else month
    if rule.byday and not rule.bymonthday:
        return candidates
    month_days = rule.bymonthday or (default_day,)
    numbers = {min(day, length) if day > 0 else length + 1 + day for day in month_days}
    return [day for day in candidates if day.day in numbers]


def _days_by_weekday(period: list[date], rule: RecurrenceRule) -> list[date]:
    """The days of a month or year that match BYDAY: every Monday, the second Monday, or the last one."""
    matches: list[date] = []
    for ordinal, weekday in rule.byday:
        weekdays = [day for day in period if day.weekday() == weekday]
        if ordinal == 0:
            matches += weekdays
        elif abs(ordinal) <= len(weekdays):
            matches.append(weekdays[ordinal - 1 if ordinal > 0 else ordinal])
    return sorted(set(matches))


def _matches_month(rule: RecurrenceRule, day: date) -> bool:
    return not rule.bymonth or day.month in rule.bymonth


def _matches_weekday(rule: RecurrenceRule, day: date) -> bool:
    return not rule.byday or day.weekday() in {weekday for _, weekday in rule.byday}


def _matches_month_day(rule: RecurrenceRule, day: date) -> bool:
    from_end = day.day - monthrange(day.year, day.month)[1] - 1
    return not rule.bymonthday or day.day in rule.bymonthday or from_end in rule.bymonthday


_EXPANSIONS: Final[dict[str, Callable[[RecurrenceRule, date], Iterable[_Period]]]] = {
    "DAILY": _expand_daily,
    "WEEKLY": _expand_weekly,
    "MONTHLY": _expand_monthly,
    "YEARLY": _expand_yearly,
}
