"""Parses recurrence rules: `weekly`, or an RFC 5545 rule such as `FREQ=MONTHLY;BYDAY=-1FR;COUNT=6`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, NoReturn

from coachway.core import errors
from coachway.core.types.time_zones import at_same_local_time, resolve_local_time

SHORTHANDS: Final = {
    "daily": "FREQ=DAILY",
    "weekly": "FREQ=WEEKLY",
    "biweekly": "FREQ=WEEKLY;INTERVAL=2",
    "monthly": "FREQ=MONTHLY",
}
MAX_RULE_LENGTH: Final = 500

_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BY_DAY: Final = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL: Final = re.compile(r"([0-9]{8})(?:T([0-9]{6})(Z?))?")


@dataclass(frozen=True, slots=True)
class RecurrenceRule:
    """A recurrence rule. `byday` holds (ordinal, weekday): (0, 0) is every Monday, (-1, 4) the last Friday.

    `until` is the last local day on which a trip may start.
    """

    freq: str
    interval: int = 1
    count: int | None = None
    until: date | None = None
    byday: tuple[tuple[int, int], ...] = ()
    bymonthday: tuple[int, ...] = ()
    bymonth: tuple[int, ...] = ()
    bysetpos: tuple[int, ...] = ()
    wkst: int = 0


def parse_rule(text: str, starts: datetime) -> RecurrenceRule:
    """Parse a rule. `starts` is the first departure, in the time zone of the first stop.

    Raises Invalid with the allowed values.
    """
    rule_text = text.strip()
    if len(rule_text) > MAX_RULE_LENGTH:
        _reject(f"must have at most {MAX_RULE_LENGTH} characters")
    rule_text = SHORTHANDS.get(rule_text.lower(), rule_text.upper().removeprefix("RRULE:"))
    parts: dict[str, str] = {}
    for part in rule_text.split(";"):
        name, _, value = part.partition("=")
        if name not in _PARSERS or not value:
            _reject(f"must be {', '.join(SHORTHANDS)}, or an RFC 5545 rule of {', '.join(_PARSERS)}; not {part[:40]!r}")
        if name in parts:
            _reject(f"contains {name} twice")
        parts[name] = value
    if "FREQ" not in parts:
        _reject("must contain FREQ=DAILY, WEEKLY, MONTHLY or YEARLY")
    fields: dict[str, Any] = {name.lower(): _PARSERS[name](value) for name, value in parts.items() if name != "UNTIL"}
    if "UNTIL" in parts:
        fields["until"] = _parse_until(parts["UNTIL"], starts)
    rule = RecurrenceRule(**fields)
    _check_consistency(rule)
    return rule


def _check_consistency(rule: RecurrenceRule) -> None:
    if rule.count is not None and rule.until is not None:
        _reject("must not contain both COUNT and UNTIL")
    if rule.freq == "WEEKLY" and rule.bymonthday:
        _reject("BYMONTHDAY is not allowed with FREQ=WEEKLY")
    if rule.freq in ("DAILY", "WEEKLY") and any(ordinal for ordinal, _ in rule.byday):
        _reject(f"BYDAY must not have numbers with FREQ={rule.freq}")
    if rule.bysetpos and not (rule.byday or rule.bymonthday or rule.bymonth):
        _reject("BYSETPOS requires another BY… part")


def _reject(reason: str) -> NoReturn:
    raise errors.Invalid.field("recurrence_rule", reason)


def _parse_freq(value: str) -> str:
    if value not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
        _reject("FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY")
    return value


def _integer_parser(name: str, minimum: int, maximum: int) -> Callable[[str], int]:
    def parse_integer(value: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,4}", value) or not minimum <= int(value) <= maximum or int(value) == 0:
            _reject(f"{name} must be a whole number from {minimum} to {maximum}" + (", not 0" if minimum < 0 else ""))
        return int(value)

    return parse_integer


def _integers_parser(name: str, minimum: int, maximum: int) -> Callable[[str], tuple[int, ...]]:
    parse_integer = _integer_parser(name, minimum, maximum)
    return lambda value: tuple(sorted({parse_integer(part) for part in value.split(",")}))


def _parse_byday(value: str) -> tuple[tuple[int, int], ...]:
    weekdays = set()
    for part in value.split(","):
        match = _BY_DAY.fullmatch(part)
        if match is None or (match[1] is not None and not 1 <= abs(int(match[1])) <= 53):
            _reject("BYDAY must be weekdays, such as MO,WE or 2TU or -1FR")
        weekdays.add((int(match[1] or 0), _WEEKDAYS.index(match[2])))
    return tuple(sorted(weekdays))


def _parse_wkst(value: str) -> int:
    if value not in _WEEKDAYS:
        _reject(f"WKST must be one of {', '.join(_WEEKDAYS)}")
    return _WEEKDAYS.index(value)


def _parse_until(value: str, starts: datetime) -> date:
    """The last date on which a trip can start: the day before UNTIL's if the trip departs after that moment."""
    expected = "UNTIL must be a date (20271231) or a UTC time (20271231T235959Z)"
    match = _UNTIL.fullmatch(value)
    if match is None:
        _reject(expected)
    try:
        day = date.fromisoformat(match[1])
        if match[2] is None:
            return day
        local = datetime.combine(day, time.fromisoformat(match[2]))
        zone = starts.tzinfo or UTC
        # Without Z, the time is local to the first stop. Of two equal local times, the second includes both.
        until = local.replace(tzinfo=UTC) if match[3] else resolve_local_time(local.replace(fold=1), zone)
        last = until.astimezone(zone).date()
        return last - timedelta(days=1) if at_same_local_time(starts, last, zone) > until else last
    except (ValueError, OverflowError):
        _reject(expected)


_PARSERS: Final[dict[str, Callable[[str], object]]] = {
    "FREQ": _parse_freq,
    "INTERVAL": _integer_parser("INTERVAL", 1, 366),
    "COUNT": _integer_parser("COUNT", 1, 52),
    "UNTIL": str,
    "BYDAY": _parse_byday,
    "BYMONTHDAY": _integers_parser("BYMONTHDAY", -31, 31),
    "BYMONTH": _integers_parser("BYMONTH", 1, 12),
    "BYSETPOS": _integers_parser("BYSETPOS", -366, 366),
    "WKST": _parse_wkst,
}
