"""Limits of AWS for a commit, so that every accepted change can be stored and published."""

import json
from typing import Final

from coachway.core import errors
from coachway.core.persistence.domain_events import Envelope

MAX_DOCUMENT_BYTES: Final = 390_000
"""DynamoDB stores at most 409,600 bytes per item, with its keys and other attributes."""
MAX_DETAIL_BYTES: Final = 255 * 1024
"""EventBridge and SQS take 256 KB per event, and per PutEvents call, with the fields that they add."""


def format_detail(event: Envelope, *, with_values: bool) -> str:
    """Return the detail of an event as JSON. Not as ASCII, in which a character of four bytes needs twelve."""
    return json.dumps(event.detail(with_values=with_values), separators=(",", ":"), ensure_ascii=False)


def require_storable(document: str) -> None:
    """Require that an item can store a document. Raises TooLarge."""
    _require_size("This change", document, MAX_DOCUMENT_BYTES)


def require_publishable(event: Envelope) -> None:
    """Require that an event can be published, if need be without the values of its changes. Raises TooLarge."""
    _require_size("The event of this change", format_detail(event, with_values=False), MAX_DETAIL_BYTES)


def _require_size(subject: str, text: str, limit: int) -> None:
    # A character has at most four bytes, so most texts need not be encoded.
    if len(text) > limit // 4 and (size := len(text.encode())) > limit:
        raise errors.TooLarge(
            f"{subject} has {size:,} bytes, and at most {limit:,} are possible. Use shorter texts or fewer entries, or "
            "change fewer fields per request."
        )
