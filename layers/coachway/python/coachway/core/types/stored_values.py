"""The context in which validators accept stored values of an earlier release that would be invalid as input now."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationInfo

STORED: Final[Mapping[str, Any]] = {"is_stored": True}
"""The context in which stored records are validated."""


def is_stored(info: ValidationInfo) -> bool:
    """Return whether the value was stored before. A type that became stricter accepts it unchanged."""
    return info.context is STORED
