"""Formatted amounts, days, times and codes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import available_timezones

import pytest
from babel.numbers import get_currency_symbol, list_currencies, parse_decimal
from hypothesis import given
from hypothesis import strategies as st

from coachway.core.documents.formatting import Formatter
from coachway.core.types.code_words import format_vehicles, humanize
from coachway.core.types.money import LARGEST_CENTS

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


@pytest.mark.parametrize(
    ("timezone", "winter", "summer"),
    [
        ("America/New_York", "EST", "EDT"),
        ("America/Indiana/Indianapolis", "EST", "EDT"),
        ("America/Chicago", "CST", "CDT"),
        ("Europe/Berlin", "CET", "CEST"),
        ("Europe/London", "GMT", "BST"),
        ("Europe/Dublin", "GMT", "IST"),
        ("America/Sao_Paulo", "GMT-03:00", "GMT-03:00"),
        ("Asia/Shanghai", "GMT+08:00", "GMT+08:00"),
        ("UTC", "UTC", "UTC"),
    ],
)
def test_zone_is_an_abbreviation_or_an_offset_that_people_read(timezone: str, winter: str, summer: str) -> None:
    formatter = Formatter(timezone)
    assert formatter.zone(datetime(2027, 1, 1, tzinfo=UTC)) == winter
    assert formatter.zone(datetime(2027, 7, 1, tzinfo=UTC)) == summer


def test_zone_of_every_place_has_no_bare_offset() -> None:
    names = {place: NEW_YORK.zone(MORNING, place) for place in available_timezones()}
    assert {place: name for place, name in names.items() if not name[:1].isalpha()} == {}


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
    assert NEW_YORK.money(-111450, "RSD") == "-RSD\N{NO-BREAK SPACE}1,114.50"
    assert BERLIN.money(111450) == "1.114,50\N{NO-BREAK SPACE}€"


LOCALES = ["en_US", "en_CA", "de_DE", "de_CH", "es_MX", "fr_CA", "sr_RS", "ja_JP"]


@pytest.mark.parametrize("locale", LOCALES)
def test_money_of_every_currency_has_no_letter_beside_a_digit(locale: str) -> None:
    formatter = Formatter(locale_name=locale)
    amounts = [formatter.money(cents, currency) for currency in list_currencies() for cents in (111450, -5)]
    beside = re.compile(r"[^\W\d_]\.?\d|\d[^\W\d_]")
    assert [amount for amount in amounts if beside.search(amount)] == []


@given(
    st.sampled_from(sorted(list_currencies())),
    st.sampled_from(LOCALES),
    st.integers(-LARGEST_CENTS, LARGEST_CENTS),
)
def test_money_read_back_is_the_same_in_every_currency(currency: str, locale: str, cents: int) -> None:
    text = Formatter(locale_name=locale).money(cents, currency)
    number = text.replace(get_currency_symbol(currency, locale), "").strip().replace("\u00a0", " ")
    sign = -1 if number.startswith(("-", "\u2212")) else 1
    number = number.strip("-\u2212 ").replace(" ", "\u00a0")
    assert sign * parse_decimal(number, locale) * 100 == cents


@pytest.mark.parametrize("currency", ["RSD", *["AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MMK", "SOS", "SYP", "YER"]])
def test_money_of_currency_without_decimals_in_cldr_keeps_its_hundredths(currency: str) -> None:
    assert [NEW_YORK.money(cents, currency)[-len(text) :] for cents, text in ((111450, "1,114.50"), (50, "0.50"))] == [
        "1,114.50",
        "0.50",
    ]


def test_numbers_have_no_trailing_zeros() -> None:
    assert NEW_YORK.number(Decimal("1250.50")) == "1,250.5"
    assert NEW_YORK.number(Decimal("150.00")) == "150"
    assert NEW_YORK.percent(Decimal("0.25")) == "25%"
    assert NEW_YORK.percent(Decimal("0.08875")) == "8.875%"
