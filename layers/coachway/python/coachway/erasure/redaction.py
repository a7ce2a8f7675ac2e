"""Redaction of records and past events: what is personal follows from the `Personal` marks of their classes.

Stored events may be older than the classes. A field that a class does not know loses its texts and fractions.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel

from coachway import contracts
from coachway.core.persistence.domain_events import Change, Envelope, Event
from coachway.core.types import ids
from coachway.core.types.personal import Person, Personal
from coachway.core.types.stored_values import STORED

M = TypeVar("M", bound=BaseModel)

_EMPTY: Final[tuple[Any, ...]] = (None, "", [], {})


@dataclass(slots=True)
class Shape:
    """The erasure rules of a type: its mark, the models that it can be, and the shape of its elements."""

    mark: Personal | None = None
    models: list[type[BaseModel]] = field(default_factory=list)
    elements: "Shape | None" = None
    blank: Any = None
    is_scalar: bool = False

    @classmethod
    def of_type(cls, *hints: Any, metadata: Iterable[Any] = ()) -> "Shape":
        """The shape of a value of one of these types. `metadata` is that of the field."""
        shape, remaining, elements = cls(), list(hints), list[Any]()
        marks, blanks = [each for each in metadata if isinstance(each, Personal)], list[Any]()
        while remaining:
            hint = remaining.pop()
            origin, arguments = get_origin(hint), get_args(hint)
            if origin is Annotated:
                marks += [each for each in hint.__metadata__ if isinstance(each, Personal)]
                remaining.append(arguments[0])
            elif origin in (Union, UnionType):
                remaining += arguments
            elif isinstance(origin, type) and issubclass(origin, Mapping):
                elements.append(arguments[1])
                blanks.append({})
            elif isinstance(origin, type) and issubclass(origin, Collection):
                elements += [each for each in arguments if each is not Ellipsis]
                blanks.append([])
            elif isinstance(hint, type) and issubclass(hint, BaseModel):
                shape.models.append(hint)
            elif hint is NoneType:
                blanks.insert(0, None)
            else:
                shape.is_scalar = shape.is_scalar or hint is not Any
        shape.mark = marks[0] if marks else None
        shape.elements = cls.of_type(*elements) if elements else None
        shape.blank = blanks[0] if blanks else shape.mark.blank if shape.mark else None
        return shape


_UNKNOWN: Final = Shape()
"""The shape of a field that no class knows."""


@cache
def list_field_shapes(model: type[BaseModel]) -> Mapping[str, Shape]:
    """The shape of each field of `model`, as it is dumped to JSON."""
    computed = {name: Shape.of_type(each.return_type) for name, each in model.model_computed_fields.items()}
    fields = model.model_fields.items()
    return computed | {name: Shape.of_type(each.annotation, metadata=each.metadata) for name, each in fields}


def find_event_class(event_type: str) -> type[Event] | None:
    """The class of events of a type, or None if the class was removed."""
    if event_type not in Event.registry:
        _load_contracts()
    return Event.registry.get(event_type)


@cache
def _load_contracts() -> None:
    for module in walk_packages(contracts.__path__, f"{contracts.__name__}."):
        import_module(module.name)


@dataclass(frozen=True, slots=True)
class Redaction:
    """The removal of the personal data of a person. Data about another client is not changed."""

    client_id: str = ""
    data_subject: Person = "client"

    def redact_record(self, record: M) -> M:
        """A copy of `record` without the personal data."""
        redacted = self._value(json.loads(record.model_dump_json()), Shape(models=[type(record)]))
        return type(record).model_validate_json(json.dumps(redacted), context=STORED)

    def redact_event(self, event: Envelope, models: Sequence[type[BaseModel]]) -> Envelope:
        """A copy of a past event without the personal data: in its data and its changes, and from where it came.

        `models` are the classes of the records in its partition, whose changes the event lists.
        """
        if self._belongs_to_another(event.data):
            return event
        event_model = find_event_class(event.type)
        changes = [self._change(each, models) for each in event.changes]
        actor = event.actor.model_copy(update={"ip": ""}) if event.actor.role == "client" else event.actor
        data = self._fields(event.data, [event_model] if event_model else [])
        return event.model_copy(update={"data": data, "changes": changes, "actor": actor})

    def _change(self, change: Change, models: Sequence[type[BaseModel]]) -> Change:
        field_shapes = _find_shapes(change.field, models)
        if any(self._is_marked(each) for each in field_shapes):
            return Change(field=change.field)
        old, new = change.old, change.new
        for each in field_shapes:
            old, new = self._value(old, each), self._value(new, each)
        return Change(field=change.field, old=old, new=new)

    def _fields(self, values: Mapping[str, Any], models: Sequence[type[BaseModel]]) -> dict[str, Any]:
        result = dict(values)
        for name in values:
            for shape in _find_shapes(name, models):
                result[name] = self._value(result[name], shape)
        return result

    def _value(self, value: Any, shape: Shape) -> Any:
        if value in _EMPTY:
            return value
        if self._is_marked(shape):
            return shape.blank
        if isinstance(value, list):
            return [self._value(each, shape.elements or _UNKNOWN) for each in value]
        if isinstance(value, dict):
            if self._belongs_to_another(value):
                return value
            if shape.models or not shape.elements:
                return self._fields(value, shape.models)
            return {name: self._value(each, shape.elements) for name, each in value.items()}
        is_impersonal = isinstance(value, int) or (isinstance(value, str) and ids.PATTERN.fullmatch(value))
        return value if shape.is_scalar or is_impersonal else None

    def _is_marked(self, shape: Shape) -> bool:
        return shape.mark is not None and shape.mark.data_subject == self.data_subject

    def _belongs_to_another(self, values: Mapping[str, Any]) -> bool:
        return values.get("client_id", self.client_id) not in (self.client_id, None)


def _find_shapes(name: str, models: Sequence[type[BaseModel]]) -> list[Shape]:
    return [list_field_shapes(model)[name] for model in models if name in list_field_shapes(model)] or [_UNKNOWN]
