"""When the client is reminded of a quote that expires. Pure: no clock, no I/O."""

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

NOTICE: Final = timedelta(hours=24)
"""How long before the expiry the reminder is sent, at least."""
_MORNING: Final = time(8)
_EVENING: Final = time(18)


def find_reminder_time(sent_at: datetime, expires: datetime, timezone: str) -> datetime | None:
    """When the client is reminded: a day before the expiry, between eight and six of the organization's time zone.

    A time at night becomes six in the evening before it. None if that is less than a day after the quote was sent.
    """
    local = (expires - NOTICE).astimezone(ZoneInfo(timezone))
    if local.time() < _MORNING:
        local = datetime.combine(local.date() - timedelta(days=1), _EVENING, tzinfo=local.tzinfo)
    elif local.time() > _EVENING:
        local = datetime.combine(local.date(), _EVENING, tzinfo=local.tzinfo)
    return local if local - sent_at >= NOTICE else None
