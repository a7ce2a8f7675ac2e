"""What a commit is made of: the single writes that go together, all or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from coachway.core.errors import Conflict, Error
from coachway.core.persistence.domain_events import Event
from coachway.core.persistence.records import AccessPattern, Key, Record

UNIQUE = AccessPattern(
    "who has a value that is unique in the organization",
    pk="ORG#{org}#UNIQUE#{name}#{value}",
    sk="UNIQUE",
)
COUNTER = AccessPattern(
    "the last gapless number given out",
    pk="ORG#{org}#COUNTER#{name}",
    sk="COUNTER",
)
CONSUMED = AccessPattern(
    "that a consumer has had the effect of an event",
    pk="ORG#{org}#CONSUMED#{consumer}#{event}",
    sk="CONSUMED",
)


@dataclass(slots=True)
class Create:
    """Write something new; fails with `taken` if it is there already."""

    record: Record
    events: Sequence[Event] = ()
    taken: Error | None = None


@dataclass(slots=True)
class Update:
    """Write `after` over `before`, if `before` is still the current version.

    Fails with `lost`, or ConcurrentUpdate when none is named.
    """

    before: Record
    after: Record
    events: Sequence[Event] = ()
    lost: Error | None = None


@dataclass(slots=True)
class Remove:
    """Take a record away for good, if it is still at this version. Entities are deleted softly, by an Update."""

    record: Record
    lost: Error | None = None


@dataclass(slots=True)
class CheckVersion:
    """Fails with `otherwise` unless the record is still at this version."""

    record: Record
    otherwise: Error


@dataclass(slots=True)
class CheckAbsent:
    """Fails with `otherwise` unless nothing was ever written at `key`."""

    key: Key
    otherwise: Error


@dataclass(slots=True)
class IncrementCounters:
    """Add to whole numbers kept at `key`; fails with `otherwise` if one would leave its bounds.

    `at_most` and `at_least` bound the numbers **after** the addition; a number never written counts as 0.
    """

    key: Key
    numbers: Mapping[str, int]
    kind: str
    at_most: Mapping[str, int] = field(default_factory=dict)
    at_least: Mapping[str, int] = field(default_factory=dict)
    otherwise: Error | None = None
    expires_at: int | None = None


@dataclass(slots=True)
class MarkConsumed:
    """That `consumer` has had the effect of `event_id`: a second delivery fails with AlreadyConsumed."""

    consumer: str
    event_id: str


class AlreadyConsumed(Conflict):
    """This consumer has handled the event before."""


Op = Create | Update | Remove | CheckVersion | CheckAbsent | IncrementCounters | MarkConsumed
