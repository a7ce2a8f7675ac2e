"""Formatted amounts, days, times and codes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from coachway.core.documents.formatting import Formatter, format_vehicles, humanize

MORNING = datetime(2027, 3, 3, 14, 0, tzinfo=UTC)
NEW_YORK = Formatter("America/New_York")
BERLIN = Formatter("Europe/Berlin", "EUR", "de_DE")


def test_moment_is_in_the_given_time_zone() -> None:
    assert NEW_YORK.moment(MORNING) == "Wednesday, March 3, 2027, 9:00\N{NO-BREAK SPACE}AM EST"
    assert NEW_YORK.moment(MORNING, "America/Los_Angeles") == "Wednesday, March 3, 2027, 6:00\N{NO-BREAK SPACE}AM PST"
    assert BERLIN.moment(MORNING) == "Mittwoch, 3. März 2027, 15:00 MEZ"


def test_day_is_that_of_the_time_zone() -> None:
    evening = datetime(2027, 3, 4, 2, 0, tzinfo=UTC)
    assert NEW_YORK.short_day(evening) == "Wed, Mar 3, 2027"
    assert BERLIN.day(evening) == "Donnerstag, 4. März 2027"


def test_zone_in_summer_is_daylight_time() -> None:
    assert NEW_YORK.zone(datetime(2027, 7, 1, tzinfo=UTC)) == "EDT"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("wheelchair_lift", "Wheelchair lift"),
        ("wi-fi", "Wi-Fi"),
        ("pa-system", "PA system"),
        ("SUV", "SUV"),
        ("usb_ports", "USB ports"),
        ("", ""),
    ],
)
def test_humanized_code_is_words(code: str, expected: str) -> None:
    assert humanize(code) == expected


def test_counted_uses_singular_and_plural() -> None:
    assert [NEW_YORK.format_count(count, "bid") for count in (0, 1, 1250)] == ["0 bids", "1 bid", "1,250 bids"]
    assert [format_vehicles(count, "mini_bus") for count in (1, 2)] == ["Mini bus", "2 × Mini bus"]


@pytest.mark.parametrize(("cents", "expected"), [(111450, "$1,114.50"), (-500, "-$5.00"), (0, "$0.00"), (1, "$0.01")])
def test_money_has_sign_and_currency_symbol(cents: int, expected: str) -> None:
    assert NEW_YORK.money(cents) == expected


def test_money_of_other_currency_has_its_own_symbol() -> None:
    assert NEW_YORK.money(100000, "CAD") == "CA$1,000.00"
    assert BERLIN.money(111450) == "1.114,50\N{NO-BREAK SPACE}€"


def test_numbers_have_no_trailing_zeros() -> None:
    assert NEW_YORK.number(Decimal("1250.50")) == "1,250.5"
    assert NEW_YORK.number(Decimal("150.00")) == "150"
    assert NEW_YORK.percent(Decimal("0.25")) == "25%"
    assert NEW_YORK.percent(Decimal("0.08875")) == "8.875%"
