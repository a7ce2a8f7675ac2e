"""Entities, and how they lie in the one table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import ClassVar, NamedTuple

from pydantic import AwareDatetime, ConfigDict, Field

from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema


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

    def __init__(self, about: str, *, pk: str, sk: str, index: str | None = None) -> None:
        self.about, self.index, self.pk, self.sk = about, index, pk, sk
        AccessPattern.registry.append(self)

    def partition(self, **parts: object) -> str:
        """The partition key of these parts."""
        return self.pk.format_map({name: escaped(value) for name, value in parts.items()})

    def key(self, **parts: object) -> Key:
        """The whole key of these parts."""
        safe = {name: escaped(value) for name, value in parts.items()}
        return Key(self.pk.format_map(safe), self.sk.format_map(safe))


class Record(BaseSchema):
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
