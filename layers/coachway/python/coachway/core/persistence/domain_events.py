"""Domain events, stored in the partition of their aggregate.

One item serves as outbox entry, audit trail and history. A subclass of `Event` is the contract: its fields are `data`,
its docstring says when it is published, and `events/schemas/` is generated from it.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

from coachway.core.caller import Caller
from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.core.types import ids
from coachway.core.types.personal import Personal
from coachway.core.types.stored_values import STORED

HISTORY = AccessPattern(
    "the events of one aggregate, oldest first",
    pk="{aggregate_pk}",
    sk="EVENT#{event}",
)
BY_DAY = AccessPattern(
    "the events of an organization on one day, oldest first: for replay and audit",
    index="gsi1",
    pk="ORG#{org}#EVENTS#{day}",
    sk="{event}",
)


class Event(BaseSchema):
    """Base of every domain event."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    TYPE: ClassVar[str]
    """`<aggregate>.<past tense>`, the detail-type in EventBridge."""
    SCHEMA_VERSION: ClassVar[int] = 1

    registry: ClassVar[dict[str, type["Event"]]] = {}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """Parse the data of a stored or delivered event. Fields that a newer version has added are ignored."""
        # Parsed as JSON, because an integer in Python mode would count as cents instead of units.
        return cls.model_validate_json(json.dumps(data), extra="ignore", context=STORED)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if "TYPE" in cls.__dict__:
            Event.registry[cls.TYPE] = cls


class Actor(BaseSchema):
    """Who caused an event, and from which IP address."""

    user_id: str
    role: str
    ip: Annotated[str, Personal("user")] = ""


class Change(BaseSchema):
    """The value of one field before and after, as in the API."""

    field: str
    old: Any = None
    new: Any = None


class Envelope(Record):
    """An event as it is stored, published and shown in a history."""

    KIND: ClassVar[str] = "event"

    event_id: str
    type: str
    org_id: str
    aggregate_id: str
    aggregate_pk: str
    occurred_at: datetime
    actor: Actor
    correlation_id: str
    schema_version: int = 1
    changes: list[Change] = Field(default_factory=list)
    data: dict[str, Any] = Field(default_factory=dict)

    def key(self) -> Key:
        return Key(self.aggregate_pk, HISTORY.sk.format(event=self.event_id))

    def indexes(self) -> dict[str, Key]:
        return {"gsi1": BY_DAY.key(org=self.org_id, day=self.occurred_at.strftime("%Y-%m-%d"), event=self.event_id)}

    def detail(self, *, with_values: bool = True) -> dict[str, Any]:
        """Return the `detail` published to EventBridge: of large changes, only the names of the fields."""
        detail = self.model_dump(mode="json", exclude={"aggregate_pk", "version", "type"})
        if not with_values:
            detail["changes"] = [{"field": change.field, "is_omitted": True} for change in self.changes]
        return detail


class HistoryEntry(BaseSchema):
    """One change of a resource: who made it, when, from which IP address, and which fields changed."""

    event_id: str
    type: str
    occurred_at: datetime
    actor: Actor
    actor_name: Annotated[
        str, Field(description="Name of the user, or what acted. Empty if the user no longer exists.")
    ] = ""
    changes: list[Change]
    data: dict[str, Any]


def build_envelope(
    caller: Caller, event: Event, *, event_id: str, aggregate_id: str, aggregate_pk: str, changes: list[Change]
) -> Envelope:
    """Return the stored form of an `event` that `caller` caused."""
    return Envelope(
        event_id=event_id,
        type=event.TYPE,
        org_id=caller.org_id,
        aggregate_id=aggregate_id,
        aggregate_pk=aggregate_pk,
        occurred_at=clock.now(),
        actor=Actor(user_id=caller.user_id or caller.role, role=caller.role, ip=caller.ip),
        correlation_id=caller.correlation_id or ids.ulid(),
        schema_version=event.SCHEMA_VERSION,
        changes=changes,
        data=event.model_dump(mode="json"),
    )


def list_changes(before: BaseModel | None, after: BaseModel, hidden_fields: frozenset[str]) -> list[Change]:
    """Return the fields that differ, without `hidden_fields`. Empty for a new record."""
    if before is None:
        return []
    hidden = set(hidden_fields) | {"version", "updated_at"}
    old = before.model_dump(mode="json", exclude=hidden)
    new = after.model_dump(mode="json", exclude=hidden)
    return [
        Change(field=name, old=old.get(name), new=new.get(name))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]
