"""VTIMEZONE components, compared with the time zones themselves."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Timezone

from coachway.dispatch.calendars.time_zone_component import build_time_zone


def list_onsets(component: Timezone) -> list[tuple[str, str, str, str]]:
    """The observances: kind, local time of the first onset, and offsets before and after."""
    return [
        (
            part.name,
            _text(part["DTSTART"].to_ical()),
            _text(part["TZOFFSETFROM"].to_ical()),
            _text(part["TZOFFSETTO"].to_ical()),
        )
        for part in component.subcomponents
    ]


def offset_at(times: list[datetime], observances: list[tuple[timedelta, timedelta, str]], at: datetime) -> timedelta:
    """The UTC offset of the last onset before a moment."""
    return observances[bisect_right(times, at.replace(tzinfo=None)) - 1][0]


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode()


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("America/New_York", ("DAYLIGHT", "20250309T020000", "-0500", "-0400")),
        ("America/New_York", ("STANDARD", "20251102T020000", "-0400", "-0500")),
        ("Europe/London", ("DAYLIGHT", "20250330T010000", "+0000", "+0100")),
        ("Europe/London", ("STANDARD", "20251026T020000", "+0100", "+0000")),
        ("Europe/Dublin", ("DAYLIGHT", "20250330T010000", "+0000", "+0100")),
        ("Europe/Dublin", ("STANDARD", "20251026T020000", "+0100", "+0000")),
        ("Australia/Sydney", ("STANDARD", "20250406T030000", "+1100", "+1000")),
        ("Australia/Sydney", ("DAYLIGHT", "20251005T020000", "+1000", "+1100")),
        ("Australia/Lord_Howe", ("DAYLIGHT", "20251005T020000", "+1030", "+1100")),
        ("America/Phoenix", ("STANDARD", "20241231T170000", "-0700", "-0700")),
        ("Asia/Kathmandu", ("STANDARD", "20250101T054500", "+0545", "+0545")),
    ],
)
def test_build_time_zone_has_local_times_before_the_change(zone: str, expected: tuple[str, str, str, str]) -> None:
    assert expected in list_onsets(build_time_zone(zone, 2025, 2025))


def test_build_time_zone_without_daylight_saving_time_has_one_observance() -> None:
    assert [part.name for part in build_time_zone("UTC", 2025, 2028).subcomponents] == ["STANDARD"]


@pytest.mark.parametrize(
    ("zone", "first_year", "changes"),
    [
        ("America/New_York", 2025, 8),
        ("Europe/London", 2025, 8),
        ("Europe/Dublin", 2025, 8),
        ("Australia/Sydney", 2025, 8),
        ("America/Santiago", 2025, 8),
        ("Africa/Casablanca", 2025, 8),  # Ramadan
        ("America/Mexico_City", 2021, 4),  # abolished in 2022
        ("Europe/Istanbul", 2015, 4),  # stayed at summer time in 2016
        ("Asia/Kolkata", 2025, 0),
    ],
)
def test_build_time_zone_as_calendar_programs_read_it_has_the_same_changes(
    zone: str, first_year: int, changes: int
) -> None:
    component = build_time_zone(zone, first_year, first_year + 3)
    parsed = Timezone.from_ical(component.to_ical())
    assert isinstance(parsed, Timezone)
    times, observances = parsed.get_transitions()
    assert len(times) == changes + 1
    for time, (offset, _, name) in zip(times, observances, strict=True):
        at = time.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
        assert (at.utcoffset(), at.tzname()) == (offset, name)
    differences = [
        at
        for at in (datetime(first_year, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(4 * 365))
        if at.astimezone(ZoneInfo(zone)).utcoffset() != offset_at(times, observances, at)
    ]
    assert differences == []
