"""Opaque cursors of lists, each valid for one organization and one query only.

A cursor contains only a position in a partition; the partition itself always comes from the verified caller. Cursors of
other organizations and other queries are refused, and even a forged cursor gives no access to other data.
"""

import base64
import binascii
import hashlib
import json
from typing import NamedTuple

from coachway.core import errors


class CursorPosition(NamedTuple):
    """The last item that was read: the number of its partition in the query, and its keys."""

    partition: int
    pk: str
    sk: str
    index_sk: str


def _fingerprint(query: tuple[str, ...]) -> str:
    return hashlib.blake2b("\0".join(query).encode(), digest_size=9).hexdigest()


def encode(position: CursorPosition, query: tuple[str, ...]) -> str:
    """Return a cursor that continues `query` after `position`."""
    text = json.dumps([_fingerprint(query), *position], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, query: tuple[str, ...]) -> CursorPosition:
    """Return the position in a cursor. Raises Invalid unless `encode` created it for this query."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        fingerprint, partition, pk, sk, index_sk = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        is_valid = fingerprint == _fingerprint(query) and type(partition) is int and partition >= 0
        is_valid = is_valid and all(isinstance(part, str) for part in (pk, sk, index_sk))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        is_valid = False
    if not is_valid:
        raise invalid_cursor()
    return CursorPosition(partition, pk, sk, index_sk)


def invalid_cursor() -> errors.Invalid:
    """Return the error for a cursor of another list or with other filters."""
    return errors.Invalid.field("cursor", "must be the next_cursor of the same list with the same filters")
