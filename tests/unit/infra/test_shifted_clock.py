"""The moments that `make test-clock` takes, and the clock that processes get."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.shifted_clock import clock_variables, parse_moment

NOW = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027-03-14T00:30:00Z", "2027-03-14T00:30:00+00:00"),
        ("2027-12-31T23:50:00-05:00", "2027-12-31T23:50:00-05:00"),
        ("00:30Z", "2026-11-30T00:30:00+00:00"),
        ("23:50@America/New_York", "2026-11-29T23:50:00-05:00"),
        ("+365d", "2027-11-30T01:00:00+00:00"),
    ],
)
def test_parse_moment_takes_times_times_of_day_and_days_ahead(text: str, moment: str) -> None:
    assert parse_moment(text, NOW) == datetime.fromisoformat(moment)


@pytest.mark.parametrize("text", ["", "tomorrow", "2027-03-14T00:30:00", "2027-13-01T00:00:00Z", "24:30Z"])
def test_parse_moment_without_a_moment_raises(text: str) -> None:
    with pytest.raises(ValueError, match="is not a moment"):
        parse_moment(text, NOW)


@pytest.mark.parametrize(("hours", "shift"), [(36, "+129600s"), (-2, "-7200s")])
def test_clock_variables_shift_the_clock_by_whole_seconds(hours: int, shift: str) -> None:
    assert clock_variables(Path("libfaketime.so"), timedelta(hours=hours))["FAKETIME"] == shift
