"""Counters computed from events. An event counts once per subject; counters can be rebuilt from all events."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final, Generic, TypeVar

from pydantic import Field

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Delivery
from coachway.core.persistence import event_log
from coachway.core.persistence.operations import CONSUMED, AlreadyConsumed, Create, MarkConsumed, Op, Update
from coachway.core.persistence.records import Record, stored_as
from coachway.core.persistence.retry import retry_on_conflict

Numbers = Mapping[str, int]

_BATCH_SIZE: Final = 90


class CounterRecord(Record):
    """The counters of one subject, such as a vendor."""

    org_id: str
    numbers: dict[str, int] = Field(default_factory=dict)
    last_event_id: Annotated[str, stored_as("through", "last_event_id")] = ""
    """The newest event that was counted."""


T = TypeVar("T", bound=CounterRecord)


def add_counters(numbers: Numbers, more: Numbers) -> dict[str, int]:
    """Return the sums of two sets of counters, by name."""
    return {name: numbers.get(name, 0) + more.get(name, 0) for name in sorted(numbers.keys() | more.keys())}


def _no_extra_ops(_caller: Caller, _before: CounterRecord | None, _after: CounterRecord) -> Sequence[Op]:
    return ()


@dataclass(frozen=True, slots=True)
class CounterProjection(Generic[T]):
    """Counters of one kind. `name` is unique: it marks which events were counted."""

    name: str
    empty: Callable[[str, str], T]
    """Builds an empty record from the ids of the organization and the subject."""
    increments: Callable[[str, str, Mapping[str, Any]], Mapping[str, Numbers]]
    """Returns what an event adds, by subject, from the id of the organization and the type and data of the event."""
    extra_ops: Callable[[Caller, T | None, T], Sequence[Op]] = _no_extra_ops
    """Returns operations to commit in the same transaction, from the record before and after."""

    def load(self, org_id: str, subject: str) -> T:
        """Load the counters of a subject. One read."""
        empty = self.empty(org_id, subject)
        return store.find(type(empty), empty.key()) or empty

    def consume(self, caller: Caller, delivery: Delivery) -> None:
        """Count an event for each of its subjects."""
        for subject, numbers in self.increments(caller.org_id, delivery.type, delivery.data).items():
            self.count(caller, delivery.event_id, subject, numbers)

    def count(self, caller: Caller, event_id: str, subject: str, numbers: Numbers) -> None:
        """Add to the counters of a subject, unless this event was counted before."""

        def add() -> None:
            existing = self.load(caller.org_id, subject)
            after = existing.model_copy(
                update={
                    "numbers": add_counters(existing.numbers, numbers),
                    "last_event_id": max(existing.last_event_id, event_id),
                }
            )
            store.commit(
                caller, *self._save_ops(caller, existing, after), MarkConsumed(self._consumer(subject), event_id)
            )

        try:
            retry_on_conflict(add)()
        except AlreadyConsumed:
            return  # counted for this subject by an earlier delivery

    def rebuild(self, org_id: str) -> int:
        """Count all events of an organization again. Return the number of subjects.

        Events that arrive during the rebuild count once, because the events counted here are marked as consumed in the
        same transaction. Raises Conflict if an event was counted that is not in the index yet.
        """
        caller = Caller.system(self.name, org_id)
        result: dict[str, dict[str, Numbers]] = {}
        for event in event_log.iterate_events(org_id):
            for subject, numbers in self.increments(org_id, event.type, event.data).items():
                result.setdefault(subject, {})[event.event_id] = numbers
        for subject, increments in result.items():
            retry_on_conflict(partial(self._recount, caller, subject, increments))()
        return len(result)

    def _recount(self, caller: Caller, subject: str, increments: Mapping[str, Numbers]) -> None:
        before, newest = self.load(caller.org_id, subject), max(increments)
        if before.last_event_id > newest:
            raise errors.Conflict("Events are still arriving. Retry in a few seconds.")
        numbers: dict[str, int] = {}
        for increment in increments.values():
            numbers = add_counters(numbers, increment)
        after = self.empty(caller.org_id, subject).model_copy(update={"numbers": numbers, "last_event_id": newest})
        marks = [
            MarkConsumed(self._consumer(subject), event_id)
            for event_id in self._list_unmarked(caller, subject, list(increments))
        ]
        try:
            while len(marks) > _BATCH_SIZE:
                store.commit(caller, *marks[:_BATCH_SIZE])
                marks = marks[_BATCH_SIZE:]
            store.commit(caller, *self._save_ops(caller, before, after), *marks)
        except AlreadyConsumed:
            raise errors.ConcurrentUpdate("An event was counted at the same time.") from None

    def _save_ops(self, caller: Caller, before: T, after: T) -> list[Op]:
        extra_ops = self.extra_ops(caller, before if before.version else None, after)
        if before.version == 0:
            return [
                Create(after, on_exists=errors.ConcurrentUpdate("Counters were created at the same time.")),
                *extra_ops,
            ]
        return [Update(before, after), *extra_ops]

    def _consumer(self, subject: str) -> str:
        return f"{self.name}-{subject}"

    def _list_unmarked(self, caller: Caller, subject: str, event_ids: Sequence[str]) -> list[str]:
        """Return the ids of the events that are not marked as consumed."""
        remaining: list[str] = []
        for start in range(0, len(event_ids), _BATCH_SIZE):
            keys = {
                event_id: CONSUMED.key(org=caller.org_id, consumer=self._consumer(subject), event=event_id)
                for event_id in event_ids[start : start + _BATCH_SIZE]
            }
            marked = store.batch_get(keys.values()).items
            remaining += [event_id for event_id, key in keys.items() if key not in marked]
        return remaining
