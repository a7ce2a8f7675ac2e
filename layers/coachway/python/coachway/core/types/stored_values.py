"""The context in which validators accept stored values of an earlier release that would be invalid as input now."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationInfo


@dataclass(frozen=True, slots=True)
class StoredContext:
    """The context of stored values, except those of the fields in `changed`, which are input."""

    changed: AbstractSet[str] = frozenset()


STORED: Final = StoredContext()
"""The context in which stored records are validated."""


def is_stored(info: ValidationInfo, *fields: str) -> bool:
    """Return whether the value was stored before. A type that became stricter accepts it unchanged.

    A rule about several fields names them: their values were stored before if none of them is changed.
    """
    return isinstance(info.context, StoredContext) and info.context.changed.isdisjoint(fields)
