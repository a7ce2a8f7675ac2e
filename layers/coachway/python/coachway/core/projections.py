"""Numbers counted from events, each event once for each of those it is about; and counted again from all events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Generic, TypeVar

from pydantic import Field

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence import event_log
from coachway.core.persistence.operations import CONSUMED, AlreadyConsumed, Create, MarkConsumed, Op, Update
from coachway.core.persistence.records import Record
from coachway.core.persistence.retry import retry_on_conflict

Numbers = Mapping[str, int]

_TOGETHER: Final = 90


class CounterRecord(Record):
    """What is counted of somebody."""

    org_id: str
    numbers: dict[str, int] = Field(default_factory=dict)
    through: str = ""
    """The newest event that is counted in."""


T = TypeVar("T", bound=CounterRecord)


def add_counters(numbers: Numbers, more: Numbers) -> dict[str, int]:
    """Both together."""
    return {name: numbers.get(name, 0) + more.get(name, 0) for name in sorted(numbers.keys() | more.keys())}


def _no_increments(_caller: Caller, _before: CounterRecord | None, _after: CounterRecord) -> Sequence[Op]:
    return ()


@dataclass(frozen=True, slots=True)
class CounterProjection(Generic[T]):
    """Tallies of one kind. `name` is unique: it marks which events were counted."""

    name: str
    empty: Callable[[str, str], T]
    """The tally of somebody of whom nothing was counted, by the ids of the organization and of whose it is."""
    added: Callable[[str, str, Mapping[str, Any]], Mapping[str, Numbers]]
    """What an event adds, by whose tally it is: given the organization, the event's type and what it says."""
    also: Callable[[Caller, T | None, T], Sequence[Op]] = _no_increments
    """What else changes with a tally, in the same transaction."""

    def of(self, org_id: str, subject: str) -> T:
        """Somebody's tally. One read."""
        empty = self.empty(org_id, subject)
        return store.find(type(empty), empty.key()) or empty

    def consume(self, caller: Caller, delivery: Delivery) -> None:
        """Count an event in, once for each that it is about."""
        for subject, numbers in self.added(caller.org_id, delivery.type, delivery.data).items():
            self.count(caller, delivery.event_id, subject, numbers)

    def count(self, caller: Caller, event_id: str, subject: str, numbers: Numbers) -> None:
        """Add to somebody's tally, unless this event was counted for them before."""

        def add() -> None:
            existing = self.of(caller.org_id, subject)
            after = existing.model_copy(
                update={"numbers": add_counters(existing.numbers, numbers), "through": max(existing.through, event_id)}
            )
            store.commit(
                caller, *self._written(caller, existing, after), MarkConsumed(self._consumer(subject), event_id)
            )

        try:
            retry_on_conflict(add)()
        except AlreadyConsumed:
            return  # of several that it is about, this one had it before

    def rebuild(self, org_id: str) -> int:
        """Count everything of an organization again from its events; returns of how many.

        Events that arrive meanwhile are counted once: what is counted here is marked as consumed in the same
        transaction. Raises Conflict when something newer than the events in the index is counted already.
        """
        caller = Caller.system(self.name, org_id)
        result: dict[str, dict[str, Numbers]] = {}
        for event in event_log.all_events(org_id):
            for subject, numbers in self.added(org_id, event.type, event.data).items():
                result.setdefault(subject, {})[event.event_id] = numbers
        for subject, counted in result.items():
            retry_on_conflict(partial(self._recount, caller, subject, counted))()
        return len(result)

    def _recount(self, caller: Caller, subject: str, counted: Mapping[str, Numbers]) -> None:
        before, newest = self.of(caller.org_id, subject), max(counted)
        if before.through > newest:
            raise errors.Conflict("events are still arriving: try again in a moment")
        numbers: dict[str, int] = {}
        for each in counted.values():
            numbers = add_counters(numbers, each)
        after = self.empty(caller.org_id, subject).model_copy(update={"numbers": numbers, "through": newest})
        marks = [
            MarkConsumed(self._consumer(subject), event_id)
            for event_id in self._unmarked(caller, subject, list(counted))
        ]
        try:
            while len(marks) > _TOGETHER:
                store.commit(caller, *marks[:_TOGETHER])
                marks = marks[_TOGETHER:]
            store.commit(caller, *self._written(caller, before, after), *marks)
        except AlreadyConsumed:
            raise errors.ConcurrentUpdate("an event was counted meanwhile") from None

    def _written(self, caller: Caller, before: T, after: T) -> list[Op]:
        more = self.also(caller, before if before.version else None, after)
        if before.version == 0:
            return [Create(after, taken=errors.ConcurrentUpdate("counted at once")), *more]
        return [Update(before, after), *more]

    def _consumer(self, subject: str) -> str:
        return f"{self.name}-{subject}"

    def _unmarked(self, caller: Caller, subject: str, event_ids: Sequence[str]) -> list[str]:
        """Those that the consumer has not had yet."""
        remaining: list[str] = []
        for start in range(0, len(event_ids), _TOGETHER):
            places = {
                event_id: CONSUMED.key(org=caller.org_id, consumer=self._consumer(subject), event=event_id)
                for event_id in event_ids[start : start + _TOGETHER]
            }
            had = store.batch_get(places.values()).kept
            remaining += [event_id for event_id, place in places.items() if place not in had]
        return remaining
