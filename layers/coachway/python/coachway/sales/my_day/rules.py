"""Which quotes an agent should follow up. Pure: no clock, no I/O."""

from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from coachway.bookings.charters.charter_summary import SentQuoteSummary

EXPIRES_SOON: Final = timedelta(hours=48)
TIME_TO_ANSWER: Final = timedelta(hours=24)
"""How long a client who has opened a quote is left alone with it."""


def find_end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of the next local day; a day with a change of clocks has 23 or 25 hours."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)


def is_expiring(quote: SentQuoteSummary, now: datetime) -> bool:
    """Whether an open quote expires within 48 hours."""
    return _is_open(quote, now) and quote.expires_at is not None and quote.expires_at - now <= EXPIRES_SOON


def is_unanswered(quote: SentQuoteSummary, now: datetime) -> bool:
    """Whether the client opened an open quote, and has not answered for 24 hours.

    If the quote was sent again, the time counts from then.
    """
    if not _is_open(quote, now) or quote.opened_at is None:
        return False
    since = max(quote.opened_at, quote.sent_at) if quote.sent_at is not None else quote.opened_at
    return now - since >= TIME_TO_ANSWER


def is_accepted_on(quote: SentQuoteSummary, day: date, zone: ZoneInfo) -> bool:
    """Whether a quote was accepted on a local day."""
    return quote.accepted_at is not None and quote.accepted_at.astimezone(zone).date() == day


def _is_open(quote: SentQuoteSummary, now: datetime) -> bool:
    return quote.accepted_at is None and quote.expires_at is not None and quote.expires_at > now
