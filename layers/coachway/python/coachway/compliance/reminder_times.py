"""When the timer processes a document: at eight in the morning in the organization's time zone."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from coachway.compliance.rules import MORNING, DocumentStatus, next_day
from coachway.core.runtime import clock
from coachway.identity import organization_queries

_ZONE_SECONDS: Final = 300


def get_timezone(org_id: str) -> str:
    """Get an organization's time zone, cached for five minutes so that submitting a document needs no extra read."""
    return _load_timezone(org_id, clock.epoch() // _ZONE_SECONDS)


@lru_cache(maxsize=256)
def _load_timezone(org_id: str, _period: int) -> str:
    return organization_queries.get_organization(org_id).timezone


def clear_timezone_cache() -> None:
    """Clear the cached time zones."""
    _load_timezone.cache_clear()


def get_morning(day: date, timezone: str) -> datetime:
    """Eight in the morning of `day`, in UTC."""
    return datetime(day.year, day.month, day.day, MORNING, tzinfo=ZoneInfo(timezone)).astimezone(UTC)


def last_morning_day(now: datetime, timezone: str) -> date:
    """The last day on which eight in the morning has passed."""
    today = now.astimezone(ZoneInfo(timezone)).date()
    return today if now >= get_morning(today, timezone) else today - timedelta(days=1)


def due_at(status: DocumentStatus, expiration_date: date | None, now: datetime, timezone: str) -> datetime | None:
    """When the timer processes a document next, never in the past; None if never."""
    day = next_day(status, expiration_date, last_morning_day(now, timezone))
    return None if day is None else max(get_morning(day, timezone), now)
