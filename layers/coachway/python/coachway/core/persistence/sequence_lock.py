"""Takes turns at what only one can have at a time, once it has turned out that many want it at once.

A turn is a courtesy: who waits for it spares itself and the others transactions that fail. What must not go wrong is
still a condition of the transaction itself. Whoever dies while it is its turn keeps the others waiting for seconds.
"""

from __future__ import annotations

import random
import time
from typing import Final

from pynamodb.exceptions import DeleteError, PutError
from pynamodb.expressions.operand import Path

from coachway.core import errors
from coachway.core.persistence.records import AccessPattern, Key
from coachway.core.persistence.table import connection
from coachway.core.runtime import settings
from coachway.core.types import ids

TURN = AccessPattern(
    "whose turn it is to take the next number of a gapless sequence",
    pk="ORG#{org}#COUNTER#{name}",
    sk="TURN",
)

_LASTS_MS: Final = 3000
_LONGEST_WAIT: Final = 0.4
_GONE: Final = 86_400


def acquire_sequence_lease(place: Key, deadline: float) -> str:
    """Wait until it is our turn; what it returns gives it back. Raises ConcurrentUpdate at `deadline` (monotonic
    seconds)."""
    who, longest = ids.ulid(), 0.05
    while not _try_acquire(place, who):
        if time.monotonic() > deadline:
            raise errors.ConcurrentUpdate("too many new ones at once: try again")
        time.sleep(random.uniform(0.01, longest))  # noqa: S311  # nosec B311 - spreads tries
        longest = min(_LONGEST_WAIT, longest * 1.5)
    return who


def _try_acquire(place: Key, who: str) -> bool:
    # By the real clock, whatever a test's says: it is about processes, not about business.
    now = time.time_ns() // 1_000_000
    ours = {
        "kind": {"S": "turn"},
        "who": {"S": who},
        "until": {"N": str(now + _LASTS_MS)},
        "expires_at": {"N": str(now // 1000 + _GONE)},
    }
    free = Path("pk").does_not_exist() | (Path("until") < {"N": str(now)})
    try:
        connection().put_item(settings.table_name(), place.pk, place.sk, attributes=ours, condition=free)
    except PutError as failure:
        if failure.cause_response_code not in {"ConditionalCheckFailedException", "TransactionConflictException"}:
            raise
        return False
    return True


def release_sequence_lease(place: Key, who: str) -> None:
    """Let the next one have its turn, unless ours was over and somebody else took it."""
    try:
        connection().delete_item(settings.table_name(), place.pk, place.sk, condition=Path("who") == {"S": who})
    except DeleteError as failure:
        if failure.cause_response_code != "ConditionalCheckFailedException":
            raise
