"""The operations of a commit. All of them are written in one transaction, or none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from coachway.core.errors import Conflict, Error
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.persistence.responses.idempotency import ResponseWithCookies

UNIQUE = AccessPattern(
    "the entity that has a unique value in the organization",
    pk="ORG#{org}#UNIQUE#{name}#{value}",
    sk="UNIQUE",
)
COUNTER = AccessPattern(
    "the last number of a gapless sequence",
    pk="ORG#{org}#COUNTER#{name}",
    sk="COUNTER",
)
CONSUMED = AccessPattern(
    "the mark that a consumer has handled an event",
    pk="ORG#{org}#CONSUMED#{consumer}#{event}",
    sk="CONSUMED",
)


@dataclass(slots=True)
class Create:
    """Write a new record. Fails with `on_exists` if one exists at its key.

    With `defers_search`, its search entries are written later, by WriteSearchEntries.
    """

    record: Record
    events: Sequence[Event] = ()
    on_exists: Error | None = None
    defers_search: bool = False


@dataclass(slots=True)
class Update:
    """Replace `before` with `after`, if `before` is still the current version.

    Fails with `on_stale`, by default ConcurrentUpdate, if another request changed the record.
    """

    before: Record
    after: Record
    events: Sequence[Event] = ()
    on_stale: Error | None = None


@dataclass(slots=True)
class Refresh:
    """Replace `before` with `after` at the same version, to change what it copies from other records.

    Fails with ConcurrentUpdate if another request changed the record. If `after` has other REFRESHED_ATTRIBUTES, an
    update of `before` fails too. With `rewrites_search`, all its search entries are written again.
    """

    before: Record
    after: Record
    rewrites_search: bool = False


@dataclass(slots=True)
class Remove:
    """Delete a record permanently, if it still has this version. Entities are soft-deleted by an Update instead."""

    record: Record
    on_stale: Error | None = None


@dataclass(slots=True)
class WriteSearchEntries:
    """Write the search entries of a record. Fails with `on_stale` if another request changed the record."""

    record: Record
    on_stale: Error


@dataclass(slots=True)
class CheckVersion:
    """Fail with `on_failure` unless the record still has this version."""

    record: Record
    on_failure: Error


@dataclass(slots=True)
class CheckAbsent:
    """Fail with `on_failure` if an item exists at `key`."""

    key: Key
    on_failure: Error


@dataclass(slots=True)
class IncrementCounters:
    """Add to the counters at `key`. Fails with `on_failure` if a counter would leave its bounds.

    `at_most` and `at_least` limit the counters **after** the addition; a missing counter is 0.
    """

    key: Key
    numbers: Mapping[str, int]
    kind: str
    at_most: Mapping[str, int] = field(default_factory=dict)
    at_least: Mapping[str, int] = field(default_factory=dict)
    on_failure: Error | None = None
    expires_at: int | None = None


@dataclass(slots=True)
class MarkConsumed:
    """Mark that `consumer` has handled `event_id`. A second delivery fails with AlreadyConsumed."""

    consumer: str
    event_id: str


class AlreadyConsumed(Conflict):
    """This consumer has handled the event before."""


_RecordOp = Create | Update | Refresh | Remove | WriteSearchEntries
Op = _RecordOp | CheckVersion | CheckAbsent | IncrementCounters | MarkConsumed

ResponseToStore = BaseModel | ResponseWithCookies[Any] | Callable[[], BaseModel] | None
"""The response for an Idempotency-Key, or a function that builds it from the records with their new versions."""
