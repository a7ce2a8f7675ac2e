"""Format amounts, days and times by locale (Babel), in the time zone of a stop or an organization.

For pages, PDFs and mails. Babel is in the layer `documents`.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_gmt, get_timezone_name
from babel.numbers import format_currency, format_decimal, format_percent

DEFAULT_LOCALE: Final = "en_US"


@cache
def _locale(name: str) -> Locale:
    return Locale.parse(name)


_AMBIGUOUS_ZONES: Final = frozenset({"CST", "CDT", "PST"})
"""Abbreviations of the time zone database that also mean times in China, Cuba or the Philippines."""
_LETTER_BESIDE_DIGIT: Final = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=[^\W\d_]\.)(?=\d)|(?<=\d)(?=[^\W\d_])")
"""Where a currency is written in letters beside its amount: after `RSD` or `Cg.`."""


def format_phone(number: str) -> str:
    """Format a phone number: `+1 212-555-0123`. Other text is returned unchanged."""
    from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, parse

    try:
        return str(format_number(parse(number), PhoneNumberFormat.INTERNATIONAL))
    except NumberParseException:
        return number


@dataclass(frozen=True, slots=True)
class Formatter:
    """Formats values for one organization. `timezone` is an IANA name."""

    timezone: str = "UTC"
    currency: str = "USD"
    locale_name: str = DEFAULT_LOCALE

    @property
    def locale(self) -> Locale:
        return _locale(self.locale_name)

    @property
    def language(self) -> str:
        """The language tag for HTML: `en-US`."""
        return self.locale_name.replace("_", "-")

    def money(self, cents: int, currency: str = "") -> str:
        """Format an amount with two decimals, as it is stored: `$1,114.50`, and `RSD 1,114.50` with a no-break space.

        CLDR shows some currencies, such as RSD, without decimals. Their amounts have hundredths here too. Babel does
        not apply CLDR's rule that separates letters from digits.
        """
        amount = Decimal(cents).scaleb(-2)
        text = str(format_currency(amount, currency or self.currency, locale=self.locale, currency_digits=False))
        return _LETTER_BESIDE_DIGIT.sub("\N{NO-BREAK SPACE}", text)

    def number(self, value: Decimal | int) -> str:
        """Format a number, without trailing zeros: `1,250.5`."""
        return str(format_decimal(value, locale=self.locale))

    def format_count(self, number: int, noun: str) -> str:
        """Format a number of things: `1 bid`, `1,250 bids`."""
        return f"{self.number(number)} {noun if number == 1 else f'{noun}s'}"

    def percent(self, share: Decimal) -> str:
        """Format a share: `25%` for 0.25."""
        return str(format_percent(share, locale=self.locale, decimal_quantization=False))

    def local(self, moment: datetime, timezone: str = "") -> datetime:
        """Convert a moment to a time zone, by default that of the organization."""
        return moment.astimezone(ZoneInfo(timezone or self.timezone))

    def day(self, when: date | datetime, timezone: str = "") -> str:
        """Format a day: `Wednesday, March 3, 2027`."""
        return str(format_date(self._date(when, timezone), "full", locale=self.locale))

    def short_day(self, when: date | datetime, timezone: str = "") -> str:
        """Format a day in short: `Wed, Mar 3, 2027`."""
        return str(
            format_date(self._date(when, timezone), "E, MMM d, y" if self._is_english else "medium", self.locale)
        )

    def clock(self, moment: datetime, timezone: str = "") -> str:
        """Format a time of day, `9:00 AM`, with a no-break space that every font has."""
        local = self.local(moment, timezone)
        return str(format_time(local.time(), "short", locale=self.locale)).replace("\u202f", "\N{NO-BREAK SPACE}")

    def zone(self, moment: datetime, timezone: str = "") -> str:
        """Return the name of the time zone at a moment: `EST`, `CET`, or `GMT-03:00` if it has no abbreviation.

        In English, the abbreviation is that of the time zone database: CLDR's `en_US` has those of North America only.
        """
        local = self.local(moment, timezone)
        translated = str(get_timezone_name(local, width="short", locale=self.locale))
        abbreviation = local.tzname() or ""
        if abbreviation in _AMBIGUOUS_ZONES or not self._is_english:
            abbreviation = translated
        if abbreviation.isalpha():
            return abbreviation
        return str(get_timezone_gmt(local, width="long", locale=self.locale))

    def moment(self, moment: datetime, timezone: str = "") -> str:
        """Format a moment: `Wednesday, March 3, 2027, 9:00 AM EST`."""
        return f"{self.day(moment, timezone)}, {self.clock(moment, timezone)} {self.zone(moment, timezone)}"

    def _date(self, when: date | datetime, timezone: str) -> date:
        return self.local(when, timezone).date() if isinstance(when, datetime) else when

    @property
    def _is_english(self) -> bool:
        return bool(self.locale.language == "en")
