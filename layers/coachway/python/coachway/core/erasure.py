"""Taking what is personal out of records and out of past events. Which fields are personal, each capability knows.

Erasing a client begins with `Erasure`, and each capability then erases its own when `client.erased` tells it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final, TypeVar

from pydantic import AwareDatetime, BaseModel, Field

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.client_reference import CLIENT
from coachway.core.persistence.domain_events import Change, Envelope
from coachway.core.persistence.operations import Op, Update
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.records import AccessPattern, Entity, Key, Record

M = TypeVar("M", bound=BaseModel)

RedactionMap = Mapping[str, Any]
"""Personal fields by their names, wherever they lie in a document, and what stands there instead."""

ERASED: Final = "erased"
"""In the place of a text that has to be there."""

_TOGETHER: Final = 25
_NOTHING: Final[tuple[Any, ...]] = (None, "", [])

ERASURE = AccessPattern(
    "that a client was erased",
    pk=CLIENT.pk.replace("{id}", "{client}"),
    sk="ERASED",
)


class Erasure(Entity):
    """That a client was erased. Its id is the client's; what other capabilities keep of it goes in the minutes after.

    `finished_at` is none while it was begun and interrupted.
    """

    KIND: ClassVar[str] = "erasure"
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"addresses"})

    addresses: list[str] = Field(default_factory=list, repr=False)
    """Wherever the client was written to, until the messages to it are forgotten."""
    finished_at: AwareDatetime | None = None

    def key(self) -> Key:
        return ERASURE.key(org=self.org_id, client=self.id)


def redact(event: Any, blanks: RedactionMap, client_id: str) -> Any:
    """A JSON value without what is personal in it. What says that it is another client's stays as it is."""
    if isinstance(event, list):
        return [redact(each, blanks, client_id) for each in event]
    if not isinstance(event, dict) or event.get("client_id", client_id) not in (client_id, None):
        return event
    return {
        name: blanks[name] if name in blanks and value not in _NOTHING else redact(value, blanks, client_id)
        for name, value in event.items()
    }


def redact_record(record: M, blanks: RedactionMap, client_id: str) -> M:
    """A copy of `record` without what is personal about a client in it."""
    payload = redact(json.loads(record.model_dump_json()), blanks, client_id)
    return type(record).model_validate_json(json.dumps(payload))


def redact_event(event: Envelope, blanks: RedactionMap, client_id: str) -> Envelope:
    """A past event without what is personal about a client: in what it says, in what changed, and from where."""
    if event.data.get("client_id", client_id) not in (client_id, None):
        return event
    changes = [
        Change(field=each.field)
        if each.field in blanks
        else Change(
            field=each.field,
            old=redact(each.old, blanks, client_id),
            new=redact(each.new, blanks, client_id),
        )
        for each in event.changes
    ]
    actor = event.actor.model_copy(update={"ip": ""}) if event.actor.role == "client" else event.actor
    data = redact(event.data, blanks, client_id)
    return event.model_copy(update={"data": data, "changes": changes, "actor": actor})


def erase_at(
    caller: Caller, partition: str, records: Iterable[Record | None], blanks: RedactionMap, client_id: str, *last: Op
) -> None:
    """Take what is personal about a client out of the past events of `partition`, and out of `records`.

    `last` is written with the last of it. What was erased before is left alone, so that it can be done again.
    """
    before = [
        *((each, redact_event(each, blanks, client_id)) for each in query_all(Envelope, partition, prefix="EVENT#")),
        *((each, redact_record(each, blanks, client_id)) for each in records if each is not None),
    ]
    ops: list[Op] = [*(Update(old, new) for old, new in before if new != old), *last]
    for start in range(0, len(ops), _TOGETHER):
        store.commit(caller, *ops[start : start + _TOGETHER])
