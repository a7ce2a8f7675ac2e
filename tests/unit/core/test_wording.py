"""Amounts, days and times as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from coachway.core.documents.formatting import Formatter, humanized, vehicles

MORNING = datetime(2027, 3, 3, 14, 0, tzinfo=UTC)
NEW_YORK = Formatter("America/New_York")
BERLIN = Formatter("Europe/Berlin", "EUR", "de_DE")


def test_a_moment_is_told_on_the_clock_of_its_place() -> None:
    assert NEW_YORK.moment(MORNING) == "Wednesday, March 3, 2027, 9:00\N{NO-BREAK SPACE}AM EST"
    assert NEW_YORK.moment(MORNING, "America/Los_Angeles") == "Wednesday, March 3, 2027, 6:00\N{NO-BREAK SPACE}AM PST"
    assert BERLIN.moment(MORNING) == "Mittwoch, 3. März 2027, 15:00 MEZ"


def test_the_day_may_be_another_one_there() -> None:
    evening = datetime(2027, 3, 4, 2, 0, tzinfo=UTC)
    assert NEW_YORK.short_day(evening) == "Wed, Mar 3, 2027"
    assert BERLIN.day(evening) == "Donnerstag, 4. März 2027"


def test_summer_time_has_its_name() -> None:
    assert NEW_YORK.zone(datetime(2027, 7, 1, tzinfo=UTC)) == "EDT"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("wheelchair_lift", "Wheelchair lift"),
        ("wi-fi", "Wi-Fi"),
        ("pa-system", "PA system"),
        ("SUV", "SUV"),
        ("usb_ports", "USB ports"),
        ("", ""),
    ],
)
def test_a_code_is_told_in_words(code: str, said: str) -> None:
    assert humanized(code) == said


def test_things_are_counted_in_one_and_many() -> None:
    assert [NEW_YORK.counted(count, "bid") for count in (0, 1, 1250)] == ["0 bids", "1 bid", "1,250 bids"]
    assert [vehicles(count, "mini_bus") for count in (1, 2)] == ["Mini bus", "2 × Mini bus"]


@pytest.mark.parametrize(("cents", "said"), [(111450, "$1,114.50"), (-500, "-$5.00"), (0, "$0.00"), (1, "$0.01")])
def test_amounts_have_their_sign_and_their_currency(cents: int, said: str) -> None:
    assert NEW_YORK.money(cents) == said


def test_another_currency_is_told_apart() -> None:
    assert NEW_YORK.money(100000, "CAD") == "CA$1,000.00"
    assert BERLIN.money(111450) == "1.114,50\N{NO-BREAK SPACE}€"


def test_numbers_lose_zeros_that_say_nothing() -> None:
    assert NEW_YORK.number(Decimal("1250.50")) == "1,250.5"
    assert NEW_YORK.number(Decimal("150.00")) == "150"
    assert NEW_YORK.percent(Decimal("0.25")) == "25%"
    assert NEW_YORK.percent(Decimal("0.08875")) == "8.875%"
