"""Opaque positions in a list, good for one organization and one query only.

A cursor says only where in a partition to go on; the partition itself always comes from the verified caller. So a
cursor that was forged, or taken from another organization or another query, is refused, and could show nothing if it
were not.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import NamedTuple

from coachway.core import errors


class Position(NamedTuple):
    """After which item to go on: the number of the partition in the query, and the item's keys."""

    partition: int
    pk: str
    sk: str
    index_sk: str


def _fingerprint(query: tuple[str, ...]) -> str:
    return hashlib.blake2b("\0".join(query).encode(), digest_size=9).hexdigest()


def encode(position: Position, query: tuple[str, ...]) -> str:
    """A cursor for going on with `query` after `position`."""
    text = json.dumps([_fingerprint(query), *position], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, query: tuple[str, ...]) -> Position:
    """The position in a cursor. Raises Invalid when it was not made by `encode` for this very query."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        fingerprint, partition, pk, sk, index_sk = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        genuine = fingerprint == _fingerprint(query) and type(partition) is int and partition >= 0
        genuine = genuine and all(isinstance(part, str) for part in (pk, sk, index_sk))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        genuine = False
    if not genuine:
        raise errors.Invalid.field("cursor", "must be the next_cursor of this same list and filters")
    return Position(partition, pk, sk, index_sk)
