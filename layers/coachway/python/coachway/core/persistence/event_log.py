"""All events of an organization, by day: the source for rebuilding counters."""

from collections.abc import Iterator
from datetime import date, timedelta

from coachway.core.persistence.domain_events import BY_DAY, Envelope
from coachway.core.persistence.queries import query_all
from coachway.core.runtime import clock
from coachway.core.types import ids

_MAX_EVENTS_PER_DAY: int = 10_000_000
"""More than any organization has, because no event may be left out."""


def list_events_of_day(org_id: str, day: date) -> list[Envelope]:
    """Return the events of a day in UTC, oldest first."""
    partition = BY_DAY.partition(org=org_id, day=day.isoformat())
    return query_all(Envelope, partition, index=BY_DAY.index, limit=_MAX_EVENTS_PER_DAY)


def iterate_events(org_id: str) -> Iterator[Envelope]:
    """Yield all events of an organization, oldest first."""
    day, today = ids.get_created_at(org_id).date(), clock.now().date()
    while day <= today:
        yield from list_events_of_day(org_id, day)
        day += timedelta(days=1)
