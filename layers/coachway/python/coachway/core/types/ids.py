"""Prefixed ULIDs: `chr_01JQ…` sorts by the time it was made and says what it names."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from ulid import ULID

from coachway.core.runtime import clock

PATTERN: Final = re.compile(r"^[a-z]{3,4}_[0-7][0-9A-HJKMNP-TV-Z]{25}$")


def new(prefix: str) -> str:
    """A new id, such as `cli_01K…`."""
    return f"{prefix}_{ULID.from_datetime(clock.now())}"


def ulid() -> str:
    """A new ULID without a prefix: the sort key of an event."""
    return str(ULID.from_datetime(clock.now()))


def is_id(text: str, prefix: str) -> bool:
    """Whether `text` could be an id made with `prefix`."""
    return text.startswith(prefix + "_") and PATTERN.match(text) is not None


def created_at_of(id_: str) -> datetime:
    """When an id was made, to the millisecond, in UTC."""
    return datetime.fromtimestamp(ULID.from_str(id_.rpartition("_")[2]).timestamp, UTC)


def to_bytes(id_: str) -> bytes:
    """The 16 bytes of an id, without its prefix."""
    return ULID.from_str(id_.rpartition("_")[2]).bytes


def from_bytes(prefix: str, sixteen: bytes) -> str:
    """The id whose 16 bytes these are. Raises ValueError when they are not 16."""
    return f"{prefix}_{ULID.from_bytes(sixteen)}"


def pattern(prefix: str) -> str:
    """The regular expression of ids made with `prefix`, for models and for the API's document."""
    return rf"^{prefix}_[0-7][0-9A-HJKMNP-TV-Z]{{25}}$"
