"""Amounts, days and times as people read them: by locale (Babel), in a stop's or an organization's time zone.

For pages, papers and mails; Babel is in the layer `documents`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_name
from babel.numbers import format_currency, format_decimal, format_percent

USUAL_LOCALE: Final = "en_US"


@cache
def _locale(name: str) -> Locale:
    return Locale.parse(name)


_SPELLED: Final = {
    **{word: word.upper() for word in ("ada", "dot", "dvd", "pa", "suv", "tv", "usb")},
    "wifi": "Wi-Fi",
}
_BLANKS: Final = re.compile(r"[\s_-]+")


def humanized(code: str) -> str:
    """`wheelchair_lift` as `Wheelchair lift`, `wi-fi` as `Wi-Fi`, `pa-system` as `PA system`."""
    words = _BLANKS.sub(" ", code).strip().lower().replace("wi fi", "wifi").split(" ")
    payload = " ".join(_SPELLED.get(word, word) for word in words)
    return f"{payload[:1].upper()}{payload[1:]}"


def vehicles(count: int, vehicle_class: str) -> str:
    """`Coach`, or `2 × Minibus`."""
    name = humanized(vehicle_class)
    return name if count == 1 else f"{count} × {name}"


def telephone(number: str) -> str:
    """`+1 212-555-0123`; what is no number stays as it is."""
    from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, parse

    try:
        return str(format_number(parse(number), PhoneNumberFormat.INTERNATIONAL))
    except NumberParseException:
        return number


@dataclass(frozen=True, slots=True)
class Formatter:
    """How one organization's papers put things. `timezone` is an IANA name."""

    timezone: str = "UTC"
    currency: str = "USD"
    locale_name: str = USUAL_LOCALE

    @property
    def locale(self) -> Locale:
        return _locale(self.locale_name)

    @property
    def language(self) -> str:
        """As HTML wants it: `en-US`."""
        return self.locale_name.replace("_", "-")

    def money(self, cents: int, currency: str = "") -> str:
        """`$1,114.50`."""
        amount = Decimal(cents).scaleb(-2)
        return str(format_currency(amount, currency or self.currency, locale=self.locale))

    def number(self, value: Decimal | int) -> str:
        """`1,250.5`, without zeros that say nothing."""
        return str(format_decimal(value, locale=self.locale))

    def counted(self, number: int, thing: str) -> str:
        """`1 bid`, `1,250 bids`."""
        return f"{self.number(number)} {thing if number == 1 else f'{thing}s'}"

    def percent(self, share: Decimal) -> str:
        """`25%` of a share of 0.25."""
        return str(format_percent(share, locale=self.locale, decimal_quantization=False))

    def local(self, moment: datetime, timezone: str = "") -> datetime:
        """The moment on the clock of a zone, the organization's own if none is named."""
        return moment.astimezone(ZoneInfo(timezone or self.timezone))

    def day(self, when: date | datetime, timezone: str = "") -> str:
        """`Wednesday, March 3, 2027`."""
        return str(format_date(self._date(when, timezone), "full", locale=self.locale))

    def short_day(self, when: date | datetime, timezone: str = "") -> str:
        """`Wed, Mar 3, 2027`."""
        return str(
            format_date(self._date(when, timezone), "E, MMM d, y" if self._is_english else "medium", self.locale)
        )

    def clock(self, moment: datetime, timezone: str = "") -> str:
        """`9:00 AM`, with an ordinary blank, which every font has."""
        local = self.local(moment, timezone)
        return str(format_time(local.time(), "short", locale=self.locale)).replace("\u202f", "\N{NO-BREAK SPACE}")

    def zone(self, moment: datetime, timezone: str = "") -> str:
        """`EST`: what a zone is called at that moment."""
        return str(get_timezone_name(self.local(moment, timezone), width="short", locale=self.locale))

    def moment(self, moment: datetime, timezone: str = "") -> str:
        """`Wednesday, March 3, 2027, 9:00 AM EST`."""
        return f"{self.day(moment, timezone)}, {self.clock(moment, timezone)} {self.zone(moment, timezone)}"

    def _date(self, when: date | datetime, timezone: str) -> date:
        return self.local(when, timezone).date() if isinstance(when, datetime) else when

    @property
    def _is_english(self) -> bool:
        return bool(self.locale.language == "en")
