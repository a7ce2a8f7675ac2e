"""Base classes of the records in the table, and their access patterns."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Final, NamedTuple

from pydantic import AliasChoices, AwareDatetime, ConfigDict, Field
from pydantic.fields import FieldInfo

from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.core.types.search_text import SearchText


class Key(NamedTuple):
    """Partition key and sort key of an item, in the table or in an index."""

    pk: str
    sk: str


SLIM_COPY: Final = "SLIM_COPY"
"""The sort key of the slim copy of a record, which is in the same partition."""


def slim_copy_key(key: Key) -> Key:
    """Return the key of the slim copy of the record at `key`."""
    return Key(key.pk, SLIM_COPY)


def escape_key_part(part: object) -> str:
    """Escape a value for use in a key, where `#` separates the parts."""
    return str(part).replace("%", "%25").replace("#", "%23")


class AccessPattern:
    """One way to find records. Builds keys, is used for queries, and is listed in `docs/data-map.md`.

    `pk` and `sk` are templates with named parts (`ORG#{org}#CLIENT#{id}`). If `index` is None, they are the keys of the
    table.
    """

    registry: ClassVar[list["AccessPattern"]] = []

    def __init__(self, about: str, *, pk: str, sk: str, index: str | None = None) -> None:
        self.about, self.index, self.pk, self.sk = about, index, pk, sk
        AccessPattern.registry.append(self)

    def partition(self, **parts: object) -> str:
        """Return the partition key with these parts."""
        return self.pk.format_map({name: escape_key_part(value) for name, value in parts.items()})

    def key(self, **parts: object) -> Key:
        """Return the key with these parts."""
        safe = {name: escape_key_part(value) for name, value in parts.items()}
        return Key(self.pk.format_map(safe), self.sk.format_map(safe))


def to_attribute(value: str | int | bool) -> dict[str, Any]:
    """Return a value in DynamoDB's form: `{"N": "5"}`."""
    if isinstance(value, bool):
        return {"BOOL": value}
    return {"N": str(value)} if isinstance(value, int) else {"S": value}


def stored_as(stored_name: str, name: str) -> FieldInfo:
    """Declare that the field `name` has another name in the table, for a field that was renamed.

    Responses and histories have the new name. Earlier releases can read the record.
    """
    choices = AliasChoices(name, stored_name)
    field: FieldInfo = Field(validation_alias=choices, serialization_alias=stored_name)
    return field


class Record(BaseSchema):
    """Base of everything that is stored as one item of the table."""

    model_config = ConfigDict(extra="ignore")

    KIND: ClassVar[str]
    """The item's `kind`, unique in the table."""
    REFRESHED_ATTRIBUTES: ClassVar[tuple[str, ...]] = ()
    """Attributes that `Refresh` changes. An update fails if one of them has changed since the record was read."""

    GRANTS_RIGHTS: ClassVar[bool] = False
    """Whether the record gives lasting rights to a user or the holder of a secret. See `persistence.rights`."""

    version: int = 0

    def key(self) -> Key:
        """Return the key of the item."""
        raise NotImplementedError(type(self).__name__)

    def indexes(self) -> Mapping[str, Key]:
        """Return the keys of the item in the indexes: `{"gsi1": Key(…)}`."""
        return {}

    def attributes(self) -> Mapping[str, str | int | bool]:
        """Return values to store as attributes of their own, for use in conditions and filters."""
        return {}

    def unique_values(self) -> Mapping[str, str]:
        """Return values that must be unique in the organization: `{"email": "…"}`."""
        return {}

    def slim_copy(self) -> "Record | None":
        """Return a short copy of the record for lists that show little of it; None if no such list shows the record.

        The store writes and deletes it together with the record. Its key is `slim_copy_key` of the record's key.
        """
        return None

    def search_text(self) -> SearchText | None:
        """Return the texts by which `GET /search` finds the record; None if it is not to be found.

        The store writes and deletes search entries together with the record. See `persistence.search_entries`.
        """
        return None

    def expires_at(self) -> int | None:
        """Return the epoch second after which DynamoDB may delete the item; None to keep it."""
        return None


class Entity(Record):
    """A record with an id that callers know. Responses never contain its `HIDDEN_FIELDS`."""

    HIDDEN_FIELDS: ClassVar[frozenset[str]] = frozenset()
    INTERNAL_FIELDS: ClassVar[frozenset[str]] = frozenset()
    """Texts and names of staff, which clients, vendors and drivers do not see: see `core.internal_fields`."""
    ETAG_IS_VERSION: ClassVar[bool] = True
    """Whether responses with the same version are identical, so that If-None-Match can return 304."""

    id: str
    org_id: str = Field(repr=False)
    created_at: AwareDatetime = Field(default_factory=clock.now)
    updated_at: AwareDatetime = Field(default_factory=clock.now)
    deleted_at: datetime | None = None

    @classmethod
    @cache
    def hidden(cls) -> frozenset[str]:
        """Return the fields that responses leave out."""
        return cls.HIDDEN_FIELDS | {"org_id", "deleted_at"}
