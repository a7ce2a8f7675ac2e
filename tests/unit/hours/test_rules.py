"""The limits of the hours-of-service rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from coachway.core import errors
from coachway.hours.model import DutyStatus, HoursCheck, Legality, Rule, Ruleset, Segment
from coachway.hours.rules import check_hours
from coachway.hours.rulesets import RULESETS, US_PASSENGER, US_PROPERTY

START = datetime(2027, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAYS_OFF = "192 OFF"


def build_segments(text: str, start: datetime = START) -> list[Segment]:
    """Consecutive segments from a text such as `5 D, 7:59:59 OFF`; `ON*` is riding along."""
    segments = []
    for part in text.split(","):
        length, status = part.split()
        hours, minutes, seconds = (*map(float, length.split(":")), 0.0, 0.0)[:3]
        end = start + timedelta(hours=hours, minutes=minutes, seconds=seconds)
        segments.append(
            Segment(start=start, end=end, status=DutyStatus(status.strip("*")), riding=status.endswith("*"))
        )
        start = end
    return segments


def check_plan(
    text: str, ruleset: Ruleset = US_PASSENGER, before: str = DAYS_OFF, daily_carrier: bool = True
) -> HoursCheck:
    history = build_segments(before)
    return check_hours(history, build_segments(text, history[-1].end), ruleset, daily_carrier=daily_carrier)


def exceeded_times(result: HoursCheck) -> dict[str, timedelta]:
    return {str(violation.rule): violation.exceeded for violation in result.violations}


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ("10 D", {}),
        ("10:00:01 D", {"drive": timedelta(seconds=1)}),
        ("5 D, 7:59:59 OFF, 6 D", {"drive": HOUR}),
        ("5 D, 8 OFF, 6 D", {}),
        ("4 ON, 4 OFF, 5 ON, 5 D", {}),
        ("16 ON", {}),
        ("16 ON, 0.5 D", {"duty": HOUR / 2}),
        ("4 D, 8 ON, 4 D", {"duty": HOUR}),
        ("5 D, 4 SB, 4 OFF, 6 D", {}),
    ],
)
def test_check_hours_of_rested_passenger_driver(plan: str, expected: dict[str, timedelta]) -> None:
    result = check_plan(plan)
    assert exceeded_times(result) == expected
    assert result.verdict is (Legality.BLOCK if expected else Legality.OK)


SIXTY_FOUR_HOURS = "24 OFF, " + "8 OFF, 8 ON, " * 8 + "8 OFF"


def test_check_hours_limits_daily_carrier_to_70_hours_in_8_days() -> None:
    result = check_plan("7 D", before="60 OFF, " + SIXTY_FOUR_HOURS)
    assert exceeded_times(result) == {"cycle": HOUR}
    assert result.violations[0].citation == "49 CFR 395.5(b)(2)"


def test_check_hours_limits_other_carrier_to_60_hours_in_7_days() -> None:
    result = check_plan("7 D", before="60 OFF, " + "8 OFF, 8 ON, " * 7 + "8 OFF", daily_carrier=False)
    assert exceeded_times(result) == {"cycle": 3 * HOUR}
    assert result.violations[0].citation == "49 CFR 395.5(b)(1)"


def test_check_hours_restarts_cycle_after_long_rest_for_property_only() -> None:
    before = "60 OFF, " + "8 OFF, 8 ON, " * 8 + "36 OFF"
    assert exceeded_times(check_plan("7 D", before=before)) == {"cycle": HOUR}
    assert check_plan("7 D", US_PROPERTY, before=before).verdict is Legality.OK


def test_check_hours_counts_elapsed_time_at_dst_start() -> None:
    new_york = ZoneInfo("America/New_York")
    evening = datetime(2027, 3, 13, 22, tzinfo=new_york)
    morning = datetime(2027, 3, 14, 6, tzinfo=new_york)
    history = build_segments(DAYS_OFF, evening - timedelta(hours=198))
    first = Segment(start=history[-1].end, end=evening, status=DutyStatus.DRIVING)
    rest = Segment(start=evening, end=morning, status=DutyStatus.OFF)
    assert rest.length == 7 * HOUR
    result = check_hours(history, [first, rest, *build_segments("6 D", rest.end)])
    assert exceeded_times(result) == {"drive": 2 * HOUR}


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ("5.5 D, 0.5 OFF, 5.5 D", {}),
        ("8 D, 0.5 ON, 3 D", {}),
        ("8 D, 0:29:59 ON, 1 D", {"break": HOUR}),
        ("5 D, 0.5 ON, 7 D", {"drive": HOUR}),
        ("4 D, 9 OFF, 2 D", {"duty": HOUR}),
        ("4 D, 10 OFF, 8 D", {}),
        ("13 ON, 1 D, 1 OFF, 1 D", {"duty": HOUR}),
    ],
)
def test_check_hours_of_rested_property_driver(plan: str, expected: dict[str, timedelta]) -> None:
    assert exceeded_times(check_plan(plan, US_PROPERTY)) == expected


def test_violation_has_rule_time_and_citation() -> None:
    (violation,) = check_plan("4 D, 8 ON, 4 D").violations
    assert violation.rule is Rule.DUTY
    assert violation.at == START + 192 * HOUR + 15 * HOUR
    assert violation.citation == "49 CFR 395.5(a)(2)"


def test_check_hours_reports_one_violation_per_duty_period() -> None:
    result = check_plan("11 D, 8 OFF, 12 D")
    assert [v.exceeded for v in result.violations] == [HOUR, 2 * HOUR]


def test_check_hours_does_not_report_violations_of_history() -> None:
    assert check_plan("5 D", before=DAYS_OFF + ", 12 D, 8 OFF").verdict is Legality.OK


def test_riding_along_counts_as_on_duty() -> None:
    assert exceeded_times(check_plan("8 ON*, 8 D")) == {"duty": HOUR}


def test_riding_along_before_full_rest_counts_as_rest() -> None:
    result = check_plan("8 D, 6 ON*, 8 OFF")
    assert result.remaining is not None
    assert result.remaining.cycle == 62 * HOUR
    assert check_plan("8 D, 6 ON*, 7 OFF, 1 D").remaining != result.remaining


def test_remaining_time_is_that_at_the_end() -> None:
    remaining = check_plan("4 D, 3 ON, 1 OFF").remaining
    assert remaining is not None
    assert (remaining.drive, remaining.duty, remaining.cycle) == (6 * HOUR, 8 * HOUR, 63 * HOUR)
    property_remaining = check_plan("4 D, 3 ON, 1 OFF", US_PROPERTY).remaining
    assert property_remaining is not None
    assert (property_remaining.drive, property_remaining.duty) == (7 * HOUR, 6 * HOUR)


def test_check_hours_without_record_is_unknown() -> None:
    assert check_hours([], []).verdict is Legality.UNKNOWN
    assert check_hours([], build_segments("1 D")).verdict is Legality.UNKNOWN
    assert check_hours(build_segments("100 OFF"), build_segments("1 D", START + 100 * HOUR)).verdict is Legality.UNKNOWN


def test_check_hours_with_gap_is_unknown_unless_plan_is_illegal() -> None:
    history = build_segments(DAYS_OFF)
    after_gap = history[-1].end + HOUR
    assert check_hours(history, build_segments("1 D", after_gap)).verdict is Legality.UNKNOWN
    assert check_hours(history, build_segments("1 D", after_gap)).earliest_drive_at is None
    assert check_hours(history, build_segments("11 D", after_gap)).verdict is Legality.BLOCK


def test_check_hours_without_full_rest_is_unknown() -> None:
    short_rests = ", ".join(["7.9 OFF, 0.1 ON"] * 25)
    assert check_plan("1 D", before=short_rests).verdict is Legality.UNKNOWN


def test_check_hours_with_restart_needs_no_longer_record() -> None:
    assert check_plan("10 ON", US_PROPERTY, before="34 OFF").verdict is Legality.OK
    assert check_plan("10 ON", US_PASSENGER, before="34 OFF").verdict is Legality.UNKNOWN


def test_check_hours_rejects_overlaps() -> None:
    with pytest.raises(errors.Invalid, match="overlaps"):
        check_hours([*build_segments("2 OFF"), *build_segments("1 D")], [])
    with pytest.raises(errors.Invalid, match="before the history ends"):
        check_hours(build_segments("2 OFF"), build_segments("1 D"))


def test_earliest_drive_of_tired_driver_is_after_full_rest() -> None:
    result = check_plan("2 D", before=DAYS_OFF + ", 9 D, 2 OFF")
    assert result.verdict is Legality.BLOCK
    assert result.earliest_drive_at == START + (192 + 9 + 8) * HOUR


def test_earliest_drive_without_plan_depends_on_record() -> None:
    assert check_hours(build_segments(DAYS_OFF + ", 10 D"), []).earliest_drive_at == START + (192 + 10 + 8) * HOUR
    assert check_hours(build_segments(DAYS_OFF + ", 9 D"), []).earliest_drive_at == START + (192 + 9) * HOUR


def test_earliest_drive_after_full_cycle_waits_for_oldest_hours_to_leave() -> None:
    before = "60 OFF, " + SIXTY_FOUR_HOURS
    result = check_plan("7 D", before=before)
    assert result.earliest_drive_at is not None
    wait = result.earliest_drive_at - (START + (60 + 24 + 64 + 64 + 8) * HOUR)
    # The oldest duty started 136 hours ago; one hour of it leaves the eight days before the seventh hour is driven.
    assert timedelta() < wait <= 192 * HOUR
    history = build_segments(before)
    rest = build_segments(f"{wait / HOUR} OFF", history[-1].end)
    after_wait = check_hours([*history, *rest], build_segments("7 D", result.earliest_drive_at))
    assert after_wait.verdict is Legality.OK


def test_earliest_drive_of_illegal_plan_is_none() -> None:
    assert check_plan("12 D").earliest_drive_at is None


def test_check_hours_with_home_zone_divides_days_at_its_midnights() -> None:
    home_zone = ZoneInfo("America/New_York")
    history = build_segments("200 OFF, " + "8 OFF, 8 ON, " * 8 + "8 OFF")
    without_zone = check_hours(history, build_segments("7 D", history[-1].end))
    with_zone = check_hours(history, build_segments("7 D", history[-1].end), home_zone=home_zone)
    assert exceeded_times(without_zone) == exceeded_times(with_zone) == {"cycle": HOUR}
    two_days_later = [*history, *build_segments("52 OFF", history[-1].end)]
    assert (
        check_hours(two_days_later, build_segments("7 D", two_days_later[-1].end), home_zone=home_zone).verdict
        is Legality.OK
    )


def test_rulesets_have_names() -> None:
    assert set(RULESETS) == {"us_passenger", "us_property"}
