"""Work that falls due: it lies in hourly buckets of an index, and a timer goes through those not done yet.

After an outage the hours that were missed are gone through first, and nothing is scanned. An hour that went wrong is
gone through again; what is done twice must do nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from pydantic import AwareDatetime

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Update
from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.runtime import clock

_FIRST_LOOK_BACK: Final = timedelta(days=7)
_HOUR: Final = timedelta(hours=1)

TIMER = AccessPattern("up to which hour a timer has done its work", pk="TIMER#{name}", sk="UNTIL")


class Timer(Record):
    """Hours before `until` have been gone through."""

    KIND: ClassVar[str] = "timer"

    name: str
    until: AwareDatetime

    def key(self) -> Key:
        return TIMER.key(name=self.name)


@dataclass(frozen=True, slots=True)
class TimerRun:
    """One run of a timer, at `now`."""

    name: str
    now: datetime
    done: Timer | None

    def hours(self) -> Iterator[datetime]:
        """The beginning of every hour that has something due, oldest first; the last is the present one."""
        start = self.done.until if self.done is not None else self.now - _FIRST_LOOK_BACK
        at = start.replace(minute=0, second=0, microsecond=0)
        while at <= self.now:
            yield at
            at += _HOUR

    def finish(self) -> None:
        """Note that all of them were gone through. Raises LostRace when another run did so meanwhile."""
        mark = Timer(name=self.name, until=self.now.replace(minute=0, second=0, microsecond=0))
        caller = Caller.system(self.name, "")
        if self.done is None:
            store.commit(caller, Create(mark))
        elif self.done.until != mark.until:
            store.commit(caller, Update(self.done, mark))


def begin(name: str) -> TimerRun:
    """Begin a run of the timer of this name."""
    return TimerRun(name, clock.now(), store.find(Timer, TIMER.key(name=name)))
