"""The table of the rules, row by row, and what each limit means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from coachway.core import errors
from coachway.hours.model import Answer, Rule, Ruleset, Segment, Status, Verdict
from coachway.hours.rules import check
from coachway.hours.rulesets import RULESETS, US_PASSENGER, US_PROPERTY

START = datetime(2027, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAYS_OFF = "192 OFF"


def day(text: str, start: datetime = START) -> list[Segment]:
    """`5 D, 7:59:59 OFF` as segments that follow one another."""
    segments = []
    for part in text.split(","):
        length, status = part.split()
        hours, minutes, seconds = (*map(float, length.split(":")), 0.0, 0.0)[:3]
        end = start + timedelta(hours=hours, minutes=minutes, seconds=seconds)
        segments.append(Segment(start=start, end=end, status=Status(status.strip("*")), riding=status.endswith("*")))
        start = end
    return segments


def judged(text: str, ruleset: Ruleset = US_PASSENGER, before: str = DAYS_OFF, daily_carrier: bool = True) -> Verdict:
    history = day(before)
    return check(history, day(text, history[-1].end), ruleset, daily_carrier=daily_carrier)


def exceeded(verdict: Verdict) -> dict[str, timedelta]:
    return {str(violation.rule): violation.exceeded for violation in verdict.violations}


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
def test_a_day_of_a_bus_driver_who_comes_from_rest(plan: str, expected: dict[str, timedelta]) -> None:
    verdict = judged(plan)
    assert exceeded(verdict) == expected
    assert verdict.verdict is (Answer.BLOCK if expected else Answer.OK)


SIXTY_FOUR_HOURS = "24 OFF, " + "8 OFF, 8 ON, " * 8 + "8 OFF"


def test_seventy_hours_in_eight_days() -> None:
    verdict = judged("7 D", before="60 OFF, " + SIXTY_FOUR_HOURS)
    assert exceeded(verdict) == {"cycle": HOUR}
    assert verdict.violations[0].citation == "49 CFR 395.5(b)(2)"


def test_sixty_hours_in_seven_days_bind_a_carrier_that_does_not_run_daily() -> None:
    verdict = judged("7 D", before="60 OFF, " + "8 OFF, 8 ON, " * 7 + "8 OFF", daily_carrier=False)
    assert exceeded(verdict) == {"cycle": 3 * HOUR}
    assert verdict.violations[0].citation == "49 CFR 395.5(b)(1)"


def test_a_long_rest_restarts_the_cycle_for_property_only() -> None:
    before = "60 OFF, " + "8 OFF, 8 ON, " * 8 + "36 OFF"
    assert exceeded(judged("7 D", before=before)) == {"cycle": HOUR}
    assert judged("7 D", US_PROPERTY, before=before).verdict is Answer.OK


def test_the_night_clocks_go_forward_is_an_hour_short() -> None:
    new_york = ZoneInfo("America/New_York")
    evening = datetime(2027, 3, 13, 22, tzinfo=new_york)
    morning = datetime(2027, 3, 14, 6, tzinfo=new_york)
    history = day(DAYS_OFF, evening - timedelta(hours=198))
    first = Segment(start=history[-1].end, end=evening, status=Status.DRIVING)
    rest = Segment(start=evening, end=morning, status=Status.OFF)
    assert rest.length == 7 * HOUR
    verdict = check(history, [first, rest, *day("6 D", rest.end)])
    assert exceeded(verdict) == {"drive": 2 * HOUR}


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
def test_a_day_of_a_van_driver_who_comes_from_rest(plan: str, expected: dict[str, timedelta]) -> None:
    assert exceeded(judged(plan, US_PROPERTY)) == expected


def test_a_violation_says_when_how_much_and_by_which_law() -> None:
    (violation,) = judged("4 D, 8 ON, 4 D").violations
    assert violation.rule is Rule.DUTY
    assert violation.at == START + 192 * HOUR + 15 * HOUR
    assert violation.citation == "49 CFR 395.5(a)(2)"


def test_each_duty_period_has_its_own_violation() -> None:
    verdict = judged("11 D, 8 OFF, 12 D")
    assert [v.exceeded for v in verdict.violations] == [HOUR, 2 * HOUR]


def test_what_went_wrong_before_is_not_judged_again() -> None:
    assert judged("5 D", before=DAYS_OFF + ", 12 D, 8 OFF").verdict is Answer.OK


def test_riding_along_is_duty() -> None:
    assert exceeded(judged("8 ON*, 8 D")) == {"duty": HOUR}


def test_riding_along_is_rest_when_a_full_rest_follows() -> None:
    verdict = judged("8 D, 6 ON*, 8 OFF")
    assert verdict.remaining is not None
    assert verdict.remaining.cycle == 62 * HOUR
    assert judged("8 D, 6 ON*, 7 OFF, 1 D").remaining != verdict.remaining


def test_what_remains_is_counted_at_the_end() -> None:
    remaining = judged("4 D, 3 ON, 1 OFF").remaining
    assert remaining is not None
    assert (remaining.drive, remaining.duty, remaining.cycle) == (6 * HOUR, 8 * HOUR, 63 * HOUR)
    window = judged("4 D, 3 ON, 1 OFF", US_PROPERTY).remaining
    assert window is not None
    assert (window.drive, window.duty) == (7 * HOUR, 6 * HOUR)


def test_a_missing_record_is_unknown() -> None:
    assert check([], []).verdict is Answer.UNKNOWN
    assert check([], day("1 D")).verdict is Answer.UNKNOWN
    assert check(day("100 OFF"), day("1 D", START + 100 * HOUR)).verdict is Answer.UNKNOWN


def test_a_hole_in_the_record_is_unknown_unless_the_driving_is_illegal_anyhow() -> None:
    history = day(DAYS_OFF)
    late = history[-1].end + HOUR
    assert check(history, day("1 D", late)).verdict is Answer.UNKNOWN
    assert check(history, day("1 D", late)).earliest_drive_at is None
    assert check(history, day("11 D", late)).verdict is Answer.BLOCK


def test_a_record_without_a_full_rest_is_unknown() -> None:
    restless = ", ".join(["7.9 OFF, 0.1 ON"] * 25)
    assert judged("1 D", before=restless).verdict is Answer.UNKNOWN


def test_a_restart_makes_up_for_a_short_record() -> None:
    assert judged("10 ON", US_PROPERTY, before="34 OFF").verdict is Answer.OK
    assert judged("10 ON", US_PASSENGER, before="34 OFF").verdict is Answer.UNKNOWN


def test_overlaps_are_refused() -> None:
    with pytest.raises(errors.Invalid, match="overlaps"):
        check([*day("2 OFF"), *day("1 D")], [])
    with pytest.raises(errors.Invalid, match="before the history ends"):
        check(day("2 OFF"), day("1 D"))


def test_a_tired_driver_may_drive_after_a_full_rest() -> None:
    verdict = judged("2 D", before=DAYS_OFF + ", 9 D, 2 OFF")
    assert verdict.verdict is Answer.BLOCK
    assert verdict.earliest_drive_at == START + (192 + 9 + 8) * HOUR


def test_a_driver_without_a_plan_has_a_clock() -> None:
    assert check(day(DAYS_OFF + ", 10 D"), []).earliest_drive_at == START + (192 + 10 + 8) * HOUR
    assert check(day(DAYS_OFF + ", 9 D"), []).earliest_drive_at == START + (192 + 9) * HOUR


def test_a_driver_whose_days_are_used_up_waits_for_the_oldest_hours_to_drop_out() -> None:
    before = "60 OFF, " + SIXTY_FOUR_HOURS
    verdict = judged("7 D", before=before)
    assert verdict.earliest_drive_at is not None
    wait = verdict.earliest_drive_at - (START + (60 + 24 + 64 + 64 + 8) * HOUR)
    # The oldest duty began 136 hours ago; an hour of it is out of the eight days when the seventh hour is driven.
    assert timedelta() < wait <= 192 * HOUR
    again = check(
        [*day(before), *day(f"{wait / HOUR} OFF", day(before)[-1].end)], day("7 D", verdict.earliest_drive_at)
    )
    assert again.verdict is Answer.OK


def test_no_wait_makes_an_illegal_plan_legal() -> None:
    assert judged("12 D").earliest_drive_at is None


def test_days_can_be_those_of_the_home_terminal() -> None:
    home = ZoneInfo("America/New_York")
    history = day("200 OFF, " + "8 OFF, 8 ON, " * 8 + "8 OFF")
    rolling = check(history, day("7 D", history[-1].end))
    local = check(history, day("7 D", history[-1].end), home=home)
    assert exceeded(rolling) == exceeded(local) == {"cycle": HOUR}
    two_days_on = [*history, *day("52 OFF", history[-1].end)]
    assert check(two_days_on, day("7 D", two_days_on[-1].end), home=home).verdict is Answer.OK


def test_the_rulesets_go_by_name() -> None:
    assert set(RULESETS) == {"us_passenger", "us_property"}
