"""The events of an organization, day by day: what projections are made again from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from coachway.core.persistence.domain_events import BY_DAY, Envelope
from coachway.core.persistence.queries import query_all
from coachway.core.runtime import clock
from coachway.core.types import ids

_MOST: int = 10_000_000
"""Of one day: no organization has as many, and none may be left out."""


def events_on(org_id: str, day: date) -> list[Envelope]:
    """The events of a day in UTC, oldest first."""
    partition = BY_DAY.partition(org=org_id, day=day.isoformat())
    return query_all(Envelope, partition, index=BY_DAY.index, most=_MOST)


def all_events(org_id: str) -> Iterator[Envelope]:
    """All events of an organization, oldest first."""
    day, today = ids.created_at_of(org_id).date(), clock.now().date()
    while day <= today:
        yield from events_on(org_id, day)
        day += timedelta(days=1)
