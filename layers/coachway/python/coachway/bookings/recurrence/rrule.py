"""Reads recurrence rules: `weekly`, or `FREQ=MONTHLY;BYDAY=-1FR;COUNT=6` (RFC 5545, the parts that name days)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final, NoReturn

from coachway.core import errors

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
class Rule:
    """A recurrence rule. `byday` holds (ordinal, weekday): (0, 0) every Monday, (-1, 4) the last Friday.

    `until` is the last day on which a trip may begin, in the zone it was read for.
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


def parse_rule(text: str, starts: datetime) -> Rule:
    """The rule that `text` says, for a first trip that `starts` then (its offset or zone gives UNTIL its day).

    Raises Invalid naming the field and what would be accepted.
    """
    wanted = text.strip()
    if len(wanted) > MAX_RULE_LENGTH:
        _reject(f"may have at most {MAX_RULE_LENGTH} characters")
    wanted = SHORTHANDS.get(wanted.lower(), wanted.upper().removeprefix("RRULE:"))
    parts: dict[str, str] = {}
    for part in wanted.split(";"):
        name, _, value = part.partition("=")
        if name not in _PARSERS or not value:
            _reject(f"must be {', '.join(SHORTHANDS)}, or an RFC 5545 rule of {', '.join(_PARSERS)}; not {part[:40]!r}")
        if name in parts:
            _reject(f"names {name} twice")
        parts[name] = value
    if "FREQ" not in parts:
        _reject("must say FREQ=DAILY, WEEKLY, MONTHLY or YEARLY")
    fields: dict[str, Any] = {name.lower(): _PARSERS[name](value) for name, value in parts.items() if name != "UNTIL"}
    if "UNTIL" in parts:
        fields["until"] = _parse_until(parts["UNTIL"], starts)
    rule = Rule(**fields)
    _check_consistency(rule)
    return rule


def _check_consistency(rule: Rule) -> None:
    if rule.count is not None and rule.until is not None:
        _reject("may say COUNT or UNTIL, not both")
    if rule.freq == "WEEKLY" and rule.bymonthday:
        _reject("BYMONTHDAY does not go with FREQ=WEEKLY")
    if rule.freq in ("DAILY", "WEEKLY") and any(ordinal for ordinal, _ in rule.byday):
        _reject(f"BYDAY takes no number with FREQ={rule.freq}")
    if rule.bysetpos and not (rule.byday or rule.bymonthday or rule.bymonth):
        _reject("BYSETPOS needs another BY… part to choose from")


def _reject(why: str) -> NoReturn:
    raise errors.Invalid.field("recurrence_rule", why)


def _parse_freq(value: str) -> str:
    if value not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
        _reject("FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY: a trip keeps its time of day")
    return value


def _integer_parser(name: str, least: int, most: int) -> Callable[[str], int]:
    def read_whole(value: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,4}", value) or not least <= int(value) <= most or int(value) == 0:
            _reject(f"{name} must be a whole number from {least} to {most}" + (", not 0" if least < 0 else ""))
        return int(value)

    return read_whole


def _integers_parser(name: str, least: int, most: int) -> Callable[[str], tuple[int, ...]]:
    one = _integer_parser(name, least, most)
    return lambda value: tuple(sorted({one(part) for part in value.split(",")}))


def _parse_byday(value: str) -> tuple[tuple[int, int], ...]:
    found = set()
    for part in value.split(","):
        match = _BY_DAY.fullmatch(part)
        if match is None or (match[1] is not None and not 1 <= abs(int(match[1])) <= 53):
            _reject("BYDAY must be weekdays such as MO,WE or 2TU or -1FR")
        found.add((int(match[1] or 0), _WEEKDAYS.index(match[2])))
    return tuple(sorted(found))


def _parse_wkst(value: str) -> int:
    if value not in _WEEKDAYS:
        _reject(f"WKST must be one of {', '.join(_WEEKDAYS)}")
    return _WEEKDAYS.index(value)


def _parse_until(value: str, starts: datetime) -> date:
    """The last day of a trip's start: UNTIL's own, less one when the trip would start after its time of day."""
    wanted = "UNTIL must be a day (20271231) or a moment in UTC (20271231T235959Z)"
    match = _UNTIL.fullmatch(value)
    if match is None:
        _reject(wanted)
    try:
        day = date.fromisoformat(match[1])
        if match[2] is None:
            return day
        moment = datetime.combine(day, time.fromisoformat(match[2]), UTC if match[3] else starts.tzinfo)
        local = moment.astimezone(starts.tzinfo)
        late = starts.time() > local.time()
        return date.fromordinal(local.toordinal() - 1) if late else local.date()
    except (ValueError, OverflowError):
        _reject(wanted)


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
