"""A lease on the next number of a gapless sequence, used when several requests compete for it.

The lease only reduces failing transactions; correctness comes from the conditions of the transaction itself. If the
holder of the lease crashes, the others wait until the lease expires after 3 seconds.
"""

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

SEQUENCE_LEASE = AccessPattern(
    "the lease on the next number of a gapless sequence",
    pk="ORG#{org}#COUNTER#{name}",
    sk="TURN",
)

_LEASE_MS: Final = 3000
_MAX_WAIT_SECONDS: Final = 0.4
_RETENTION_SECONDS: Final = 86_400


def acquire_sequence_lease(key: Key, deadline: float) -> str:
    """Wait for the lease at `key` and return its id, with which to release it.

    Raises ConcurrentUpdate after `deadline` (seconds of `time.monotonic`).
    """
    lease_id, max_wait = ids.ulid(), 0.05
    while not _try_acquire(key, lease_id):
        if time.monotonic() > deadline:
            raise errors.ConcurrentUpdate("Too many requests need a number at the same time. Retry.")
        time.sleep(random.uniform(0.01, max_wait))  # noqa: S311  # nosec B311 - spreads tries
        max_wait = min(_MAX_WAIT_SECONDS, max_wait * 1.5)
    return lease_id


def _try_acquire(key: Key, lease_id: str) -> bool:
    # The real clock, even if a test has frozen ours: leases are about processes.
    now = time.time_ns() // 1_000_000
    lease = {
        "kind": {"S": "turn"},
        "who": {"S": lease_id},
        "until": {"N": str(now + _LEASE_MS)},
        "expires_at": {"N": str(now // 1000 + _RETENTION_SECONDS)},
    }
    is_free = Path("pk").does_not_exist() | (Path("until") < {"N": str(now)})
    try:
        connection().put_item(settings.table_name(), key.pk, key.sk, attributes=lease, condition=is_free)
    except PutError as failure:
        if failure.cause_response_code not in {"ConditionalCheckFailedException", "TransactionConflictException"}:
            raise
        return False
    return True


def release_sequence_lease(key: Key, lease_id: str) -> None:
    """Release the lease, unless it has expired and another process has acquired it."""
    try:
        connection().delete_item(settings.table_name(), key.pk, key.sk, condition=Path("who") == {"S": lease_id})
    except DeleteError as failure:
        if failure.cause_response_code != "ConditionalCheckFailedException":
            raise
