"""Timers over records that become due. Records are indexed by hour; a run handles the hours since the last full run.

After an outage the missed hours are handled first. The table is never scanned. If a record fails, its hour is handled
again, so handling a record a second time must have no effect.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, TypeVar

from pydantic import AwareDatetime

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import AlreadyConsumed, Create, Update
from coachway.core.persistence.queries import query_page
from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.runtime import clock
from coachway.core.runtime.logging import logger
from coachway.core.schemas import PageQuery
from coachway.core.types.datetimes import sortable, sortable_day, sortable_hour

R = TypeVar("R", bound=Record)

_FIRST_LOOK_BACK: Final = timedelta(days=7)
_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)

TIMER = AccessPattern("the hour up to which a timer has handled everything", pk="TIMER#{name}", sk="UNTIL")


class Timer(Record):
    """The progress of a timer: every hour before `until` has been handled."""

    KIND: ClassVar[str] = "timer"

    name: str
    until: AwareDatetime

    def key(self) -> Key:
        return TIMER.key(name=self.name)


@dataclass(frozen=True, slots=True)
class TimerRun:
    """One run of a timer. `last_run` is the record of the last one that finished."""

    name: str
    started_at: datetime
    last_run: Timer | None

    def hours(self) -> Iterator[datetime]:
        """Yield the start of every hour to handle, oldest first, up to the current one."""
        start = self.last_run.until if self.last_run is not None else self.started_at - _FIRST_LOOK_BACK
        at = start.replace(minute=0, second=0, microsecond=0)
        while at <= self.started_at:
            yield at
            at += _HOUR

    def finish(self) -> None:
        """Record that all hours were handled, unless another run has done so since this one started."""
        mark = Timer(name=self.name, until=self.started_at.replace(minute=0, second=0, microsecond=0))
        caller = Caller.system(self.name, "")
        with suppress(errors.ConcurrentUpdate):
            if self.last_run is None:
                store.commit(caller, Create(mark, on_exists=errors.ConcurrentUpdate()))
            elif self.last_run.until != mark.until:
                store.commit(caller, Update(self.last_run, mark))


def find_earliest_due_time(now: datetime) -> datetime:
    """The earliest time for which a record can be made due.

    It is the next hour in the last minute of an hour, because the timer may have read this hour's index already.
    """
    later = now + _MINUTE
    return now if later.hour == now.hour else later


def schedule_once(caller: Caller, record: Record) -> None:
    """Store a record that becomes due, unless an earlier delivery of the same event has stored it."""
    with suppress(AlreadyConsumed):
        store.commit(caller, Create(record, on_exists=AlreadyConsumed()))


def begin_timer_run(name: str) -> TimerRun:
    """Start a run of the timer with this name."""
    return TimerRun(name, clock.now(), store.find(Timer, TIMER.key(name=name)))


Handler = Callable[[R, datetime], str | Mapping[str, int]]
"""Handles one due record. Returns an outcome (`expired`), counts by outcome, or "" if nothing was done.

It must read the record again, because an index can be stale.
"""


def sweep(name: str, model: type[R], pattern: AccessPattern, handle: Handler[R], *, limit: int = 100) -> dict[str, int]:
    """Call `handle(record, now)` for every record that is due, and count the outcomes that it returns.

    `pattern` keeps records by the `hour` (or `day`) in which they are due, with a sort key that begins with the time.
    A record whose handling raises is counted as `failed` and handled again by the next run; the others go on.
    """
    run = begin_timer_run(name)
    outcomes = handle_due_records(run, model, pattern, handle, limit=limit)
    if not outcomes["failed"]:
        run.finish()
    return outcomes


def handle_due_records(
    run: TimerRun, model: type[R], pattern: AccessPattern, handle: Handler[R], *, limit: int = 100
) -> dict[str, int]:
    """Do the same as `sweep`, within a run that the caller begins and finishes because it has other work as well."""
    outcomes = Counter(failed=0)
    partitions = list(dict.fromkeys(_partition(pattern, hour) for hour in run.hours()))
    for partition in partitions:
        for record in _due_records(model, pattern, partition, run.started_at, limit):
            try:
                outcome = handle(record, run.started_at)
            except errors.Error as failure:
                outcomes["failed"] += 1
                reason = type(failure).__name__
                logger.warning(
                    "due record failed; the next run retries it",
                    job=run.name,
                    record=record.key().pk,
                    reason=reason,
                )
            else:
                outcomes.update({outcome: 1} if isinstance(outcome, str) else outcome)
    del outcomes[""]
    return dict(outcomes)


def _partition(pattern: AccessPattern, hour: datetime) -> str:
    return pattern.partition(hour=sortable_hour(hour), day=sortable_day(hour))


def _due_records(model: type[R], pattern: AccessPattern, partition: str, now: datetime, limit: int) -> Iterator[R]:
    query: PageQuery | None = PageQuery(limit=limit)
    while query is not None:
        page = query_page(model, pattern, [partition], query, between=("0", f"{sortable(now)}~"))
        yield from page.items
        query = PageQuery(limit=limit, cursor=page.next_cursor) if page.next_cursor else None
