"""Prefixed ULIDs such as `chr_01JQ…`. They sort by creation time, and the prefix tells the type of the resource."""

import re
from datetime import UTC, datetime
from typing import Final

from ulid import ULID

from coachway.core.runtime import clock

PATTERN: Final = re.compile(r"^[a-z]{3,4}_[0-7][0-9A-HJKMNP-TV-Z]{25}$")


def new(prefix: str) -> str:
    """Return a new id, such as `cli_01K…`."""
    return f"{prefix}_{ULID.from_datetime(clock.now())}"


def ulid() -> str:
    """Return a new ULID without a prefix, such as the sort key of an event."""
    return str(ULID.from_datetime(clock.now()))


def is_id(text: str, prefix: str) -> bool:
    """Return whether `text` has the format of an id with `prefix`."""
    return text.startswith(prefix + "_") and PATTERN.fullmatch(text) is not None


def get_created_at(id_: str) -> datetime:
    """Return the time at which an id was created, to the millisecond, in UTC."""
    return datetime.fromtimestamp(ULID.from_str(id_.rpartition("_")[2]).timestamp, UTC)


def to_bytes(id_: str) -> bytes:
    """Return the 16 bytes of an id, without the prefix."""
    return ULID.from_str(id_.rpartition("_")[2]).bytes


def from_bytes(prefix: str, sixteen: bytes) -> str:
    """Return the id with these 16 bytes. Raises ValueError if there are not 16."""
    return f"{prefix}_{ULID.from_bytes(sixteen)}"


def pattern(prefix: str) -> str:
    """Return the regular expression of ids with `prefix`, for models and OpenAPI."""
    return rf"^{prefix}_[0-7][0-9A-HJKMNP-TV-Z]{{25}}$"
