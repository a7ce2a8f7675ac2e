"""Recurrence rules, compared with python-dateutil."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from coachway.bookings.recurrence import dates as recurrence_dates
from coachway.bookings.recurrence import rrule
from coachway.core import errors

WEDNESDAY = datetime(2027, 3, 3, 9, tzinfo=UTC)


def expand(rule: str, count: int | None = None, first: datetime = WEDNESDAY) -> list[str]:
    return [day.isoformat() for day in recurrence_dates.expand_rule(rrule.parse_rule(rule, first), first.date(), count)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("daily", ["2027-03-03", "2027-03-04", "2027-03-05"]),
        ("weekly", ["2027-03-03", "2027-03-10", "2027-03-17"]),
        ("biweekly", ["2027-03-03", "2027-03-17", "2027-03-31"]),
        ("monthly", ["2027-03-03", "2027-04-03", "2027-05-03"]),
        ("RRULE:FREQ=WEEKLY;BYDAY=MO,WE", ["2027-03-03", "2027-03-08", "2027-03-10"]),
        ("FREQ=MONTHLY;BYDAY=-1FR", ["2027-03-26", "2027-04-30", "2027-05-28"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["2027-03-31", "2027-04-30", "2027-05-31"]),
        ("freq=yearly", ["2027-03-03", "2028-03-03", "2029-03-03"]),
    ],
)
def test_expand_rule_of_common_rules(rule: str, expected: list[str]) -> None:
    assert expand(rule, 3) == expected


def test_expand_rule_monthly_on_31st_uses_last_day_of_shorter_months() -> None:
    first = datetime(2027, 12, 31, 9, tzinfo=UTC)
    expected = ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]
    assert expand("monthly", 5, first) == expected
    assert expand("FREQ=MONTHLY;BYMONTHDAY=31", 5, first) == expected
    assert expand("FREQ=MONTHLY;BYMONTHDAY=30,31", 4, first)[1:] == ["2028-01-30", "2028-01-31", "2028-02-29"]


def test_expand_rule_yearly_on_leap_day_occurs_every_year() -> None:
    first = datetime(2028, 2, 29, 9, tzinfo=UTC)
    assert expand("FREQ=YEARLY", 3, first) == ["2028-02-29", "2029-02-28", "2030-02-28"]


def test_expand_rule_ends_at_count_or_until() -> None:
    assert len(expand("FREQ=DAILY;COUNT=4")) == 4
    assert len(expand("FREQ=DAILY;COUNT=4", 2)) == 2
    assert expand("FREQ=DAILY;UNTIL=20270305")[-1] == "2027-03-05"
    assert expand("FREQ=DAILY;UNTIL=20270305T085959Z")[-1] == "2027-03-04"
    assert expand("FREQ=DAILY;UNTIL=20270305T090000Z")[-1] == "2027-03-05"


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "fortnightly",
        "FREQ=SECONDLY;COUNT=5",
        "FREQ=HOURLY;COUNT=5",
        "FREQ=DAILY;BYHOUR=3",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=99999999999999999999",
        "FREQ=DAILY;COUNT=53",
        "FREQ=DAILY;COUNT=-1",
        "FREQ=DAILY;FREQ=WEEKLY",
        "FREQ=DAILY;COUNT=2;UNTIL=20270401",
        "FREQ=WEEKLY;BYDAY=2MO",
        "FREQ=WEEKLY;BYMONTHDAY=3",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=MONTHLY;BYDAY=99MO",
        "FREQ=MONTHLY;BYSETPOS=1",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=DAILY;UNTIL=20271399",
        "FREQ=DAILY;UNTIL=00000000",
        "FREQ=DAILY;UNTIL=00010101T000000",
        "INTERVAL=2",
        "FREQ=DAILY;;COUNT=2",
        "FREQ=DAILY;COUNT=\u0663",
        "FREQ=DAILY;" + "BYMONTH=" + ",".join(["1"] * 400),
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=15;BYDAY=MO;BYSETPOS=300",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        "FREQ=YEARLY;BYMONTH=2;BYDAY=5MO;INTERVAL=9",
        "FREQ=DAILY;UNTIL=20280303",
        "FREQ=DAILY;UNTIL=20270302",
        "FREQ=YEARLY",
        "\x00",
    ],
)
def test_parse_rule_rejects_invalid_and_expensive_rules_quickly(rule: str) -> None:
    started = time.perf_counter()
    with pytest.raises(errors.Invalid) as rejected:
        expand(rule, None if "UNTIL" in rule or "COUNT" in rule else 52)
    assert time.perf_counter() - started < 0.5
    assert rejected.value.fields[0].field == "recurrence_rule"


def test_expand_rule_rejects_endless_and_too_long_series() -> None:
    for count in (None, 0, 53, -1):
        with pytest.raises(errors.Invalid) as rejected:
            expand("daily", count)
        assert rejected.value.fields[0].field == "instance_count"


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=80) | st.text(alphabet="FREQ=DAILYWKMONTHBSP;0123456789,+-:T", max_size=80))
def test_parse_rule_accepts_or_rejects_any_text(text: str) -> None:
    try:
        dates = expand(text, 3)
    except errors.Invalid:
        return
    assert 1 <= len(dates) <= 52


WEEKDAY_LISTS = st.lists(
    st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), unique=True, min_size=1, max_size=4
)
# dateutil combines `MO,1MO` with AND, but RFC 5545 with OR, so the strategies do not mix them.
MONTHLY_DAYS = WEEKDAY_LISTS | st.lists(
    st.tuples(st.sampled_from(["1", "2", "-1", "-2", "4"]), st.sampled_from(["MO", "TU", "FR", "SU"])).map("".join),
    min_size=1,
    max_size=3,
)
PLAIN_RULES = st.one_of(
    st.builds("FREQ=DAILY;INTERVAL={}".format, st.integers(1, 40)),
    st.builds(
        "FREQ=WEEKLY;INTERVAL={};BYDAY={};WKST={}".format,
        st.integers(1, 5),
        WEEKDAY_LISTS.map(",".join),
        st.sampled_from(["MO", "SU", "WE"]),
    ),
    st.builds("FREQ=MONTHLY;INTERVAL={};BYDAY={}".format, st.integers(1, 4), MONTHLY_DAYS.map(",".join)),
    st.builds("FREQ=MONTHLY;BYMONTHDAY={}".format, st.integers(1, 28) | st.integers(-28, -1)),
    st.builds("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS={}".format, st.sampled_from([1, 2, -1, -3])),
    st.builds("FREQ=YEARLY;BYMONTH={};BYDAY={}".format, st.integers(1, 12), MONTHLY_DAYS.map(",".join)),
    st.builds("FREQ=YEARLY;BYDAY={}".format, st.sampled_from(["10MO", "-1FR", "52TU", "2WE"])),
    st.builds("FREQ=DAILY;BYMONTH=1,7;BYDAY={}".format, WEEKDAY_LISTS.map(",".join)),
)


@settings(max_examples=100, deadline=None)
@given(rule=PLAIN_RULES, first=st.dates(date(2026, 1, 1), date(2030, 12, 28)))
def test_expand_rule_agrees_with_dateutil(rule: str, first: date) -> None:
    start = datetime.combine(first, datetime.min.time())
    expected = [moment.date() for moment in itertools.islice(rrulestr(rule, dtstart=start), 6)]
    assert recurrence_dates.expand_rule(rrule.parse_rule(rule, start), first, 6) == expected


@pytest.mark.parametrize(
    ("zone", "first", "until", "expected"),
    [
        ("Europe/Amsterdam", "2027-10-30T02:30", "20271031T010000Z", 2),
        ("Europe/Amsterdam", "2027-10-30T02:30", "20271031T002959Z", 1),
        ("America/New_York", "2027-03-12T02:30", "20270314T070000Z", 2),
        ("America/New_York", "2027-03-12T02:30", "20270314T073000Z", 3),
        ("America/New_York", "2027-03-12T02:30", "20270314T023000", 3),
        ("America/New_York", "2027-11-06T01:30", "20271107T013000", 2),
        ("America/New_York", "2027-03-12T23:30", "20270314T033000Z", 1),
    ],
)
def test_until_in_utc_is_compared_as_a_moment(zone: str, first: str, until: str, expected: int) -> None:
    starts = datetime.fromisoformat(first).replace(tzinfo=ZoneInfo(zone))
    assert len(expand(f"FREQ=DAILY;UNTIL={until}", first=starts)) == expected


def test_until_of_series_that_begins_in_second_of_two_equal_hours() -> None:
    starts = datetime(2027, 11, 7, 1, 30, tzinfo=ZoneInfo("America/New_York"), fold=1)
    assert len(expand("FREQ=DAILY;UNTIL=20271107T063000Z", first=starts)) == 1
    with pytest.raises(errors.Invalid):
        expand("FREQ=DAILY;UNTIL=20271107T062959Z", first=starts)


@settings(max_examples=100, deadline=None)
@given(
    zone=st.sampled_from(["America/New_York", "Europe/Amsterdam", "Australia/Sydney", "UTC"]),
    change=st.sampled_from([date(2027, 3, 14), date(2027, 3, 28), date(2027, 10, 3), date(2027, 10, 31)]),
    minutes=st.integers(0, 24 * 60 - 1),
    until=st.integers(0, 4 * 24 * 60),
)
def test_until_agrees_with_dateutil(zone: str, change: date, minutes: int, until: int) -> None:
    local = datetime.combine(change, time_of_day.min) + timedelta(minutes=minutes) - timedelta(days=2)
    starts = local.replace(tzinfo=ZoneInfo(zone))
    end = starts.astimezone(UTC) + timedelta(minutes=until)
    rule = f"FREQ=DAILY;UNTIL={end:%Y%m%dT%H%M%SZ}"
    expected = [moment.date().isoformat() for moment in rrulestr(rule, dtstart=starts)]
    assert expand(rule, first=starts) == expected
