"""Entities, and how they lie in the one table."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Generic, NamedTuple, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, create_model

from coachway.core import clock, problems

Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")
]
"""A line of text: 1 to 200 characters, no control characters."""
Note = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]
"""A paragraph: up to 4,000 characters."""


class Key(NamedTuple):
    """Where an item lies: partition and sort key of the table, or of one of its indexes."""

    pk: str
    sk: str


def escaped(part: object) -> str:
    """A value inside a key: `#` separates the parts of keys, so none may stand inside one."""
    return str(part).replace("%", "%25").replace("#", "%23")


class AccessPattern:
    """One way of finding things: the same declaration builds keys, runs queries and is listed in `docs/data-map.md`.

    `pk` and `sk` are templates over named parts (`ORG#{org}#CLIENT#{id}`). Where `index` is None the table is meant.
    """

    registry: ClassVar[list[AccessPattern]] = []

    def __init__(self, about: str, *, pk: str, sk: str, index: str | None = None, used_by: str = "") -> None:
        self.about, self.index, self.pk, self.sk, self.used_by = about, index, pk, sk, used_by
        AccessPattern.registry.append(self)

    def partition(self, **parts: object) -> str:
        """The partition key of these parts."""
        return self.pk.format_map({name: escaped(value) for name, value in parts.items()})

    def key(self, **parts: object) -> Key:
        """The whole key of these parts."""
        safe = {name: escaped(value) for name, value in parts.items()}
        return Key(self.pk.format_map(safe), self.sk.format_map(safe))


class Shape(BaseModel):
    """Base of every model: what validates and writes it is built when it is first used, not when a function starts.

    What does not fit is not repeated in the error, which may be logged with its trace.
    """

    model_config = ConfigDict(defer_build=True, hide_input_in_errors=True)


class Record(Shape):
    """Anything kept in the table as one item."""

    model_config = ConfigDict(extra="ignore")

    KIND: ClassVar[str]
    """The item's `kind`, unique in the table."""

    version: int = 0

    def key(self) -> Key:
        """Where it lies."""
        raise NotImplementedError(type(self).__name__)

    def indexes(self) -> Mapping[str, Key]:
        """Under which index keys it can be found: `{"gsi1": Key(…)}`."""
        return {}

    def attributes(self) -> Mapping[str, str | int | bool]:
        """Values kept beside the document because a condition or a filter names them."""
        return {}

    def uniques(self) -> Mapping[str, str]:
        """Values nobody else in the organization may have: `{"email": "…"}`."""
        return {}

    def expires_at(self) -> int | None:
        """Epoch seconds after which DynamoDB may remove it; None to keep it."""
        return None


class Entity(Record):
    """A record with an identity that callers know. `PRIVATE` fields never leave the store by an answer."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset()
    TOLD_BY_VERSION: ClassVar[bool] = True
    """Whether an answer with the same version is the same answer, so that If-None-Match may spare it."""

    id: str
    org_id: str = Field(repr=False)
    created_at: AwareDatetime = Field(default_factory=clock.now)
    updated_at: AwareDatetime = Field(default_factory=clock.now)
    deleted_at: datetime | None = None

    @classmethod
    @cache
    def hidden(cls) -> frozenset[str]:
        """Fields that an answer leaves out."""
        return cls.PRIVATE | {"org_id", "deleted_at"}


class Input(Shape):
    """What a caller sends: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


T = TypeVar("T")
E = TypeVar("E", bound=BaseModel)


class Page(Shape, Generic[T]):
    """A page of a list. `next_cursor` is null on the last one; a page may be shorter than its limit."""

    items: list[T]
    next_cursor: str | None = None


class PageQuery(Input):
    """How much of a list, and from where."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[str, Field(max_length=1024)] | None = None


@dataclass(frozen=True, slots=True)
class Changes(Generic[E]):
    """The body of a PUT: fields of an input, validated one by one; what is left out stays as it is."""

    fields: Mapping[str, Any]

    def __contains__(self, name: str) -> bool:
        return name in self.fields


@cache
def partial(model: type[BaseModel]) -> type[BaseModel]:
    """The same fields as `model`, none of them required."""
    fields: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        optional = copy(info)
        optional.default, optional.default_factory = None, None
        fields[name] = (info.annotation, optional)
    made: type[BaseModel] = create_model(f"{model.__name__}Changes", __base__=Input, **fields)
    return made


def changed(entity: E, changes: Changes[Any]) -> E:
    """A validated copy of `entity` with the fields that `changes` sets.

    Raises Invalid when they do not go together.
    """
    try:
        return type(entity).model_validate({**entity.model_dump(), **changes.fields})
    except ValidationError as failure:
        raise problems.refusal_of(failure, of_body=False) from None
