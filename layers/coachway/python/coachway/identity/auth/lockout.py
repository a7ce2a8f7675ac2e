"""Lockout of accounts: ten failed attempts lock an account for 15 minutes, even one that does not exist.

An attempt is counted before its password or code is verified, and removed if it succeeds. Concurrent attempts can
therefore verify no more than ten passwords or codes.
"""

from collections.abc import Sequence
from datetime import datetime

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.identity.account_lookup import LoginAccount
from coachway.identity.auth import lockout_rules
from coachway.identity.model.credentials import Lockout
from coachway.identity.secrets import hashing


@retry_on_conflict(max_attempts=lockout_rules.MAX_FAILED_ATTEMPTS + 3)
def record_attempt(caller: Caller, org_id: str, lockout_id: str, limits: Sequence[Op] = ()) -> Lockout:
    """Count an attempt on an account before it is verified. Raises RateLimited while the account is locked.

    `limits` are operations that count the attempt for rate limits in the same transaction.
    """
    # Each counted attempt can make a concurrent one conflict once, until the account is locked after the tenth.
    before = store.find(Lockout, Lockout.build_key(org_id, lockout_id))
    return _record_attempt(caller, org_id, lockout_id, before, limits)


def record_login(caller: Caller, account: LoginAccount, limits: Sequence[Op]) -> Lockout:
    """Count an attempt on an account that was just read, which saves a call to the table."""
    try:
        return _record_attempt(caller, account.org_id, account.lockout_id, account.lockout, limits)
    except errors.ConcurrentUpdate:
        return record_attempt(caller, account.org_id, account.lockout_id, limits)


def _record_attempt(
    caller: Caller, org_id: str, lockout_id: str, before: Lockout | None, limits: Sequence[Op]
) -> Lockout:
    now = clock.now()
    if before is not None and before.locked_until is not None and before.locked_until > now:
        raise _locked_error(before.locked_until, now)
    attempts = 1
    if before is not None:
        attempts = lockout_rules.count_attempts(before.attempts, before.last_attempt_at, before.locked_until, now)
    after = Lockout(
        org_id=org_id,
        account_digest=hashing.short_digest(lockout_id),
        attempts=attempts,
        last_attempt_at=now,
        locked_until=now + lockout_rules.LOCKOUT_DURATION if lockout_rules.is_locking(attempts) else None,
        expires_at_epoch=int((now + lockout_rules.ATTEMPT_RETENTION).timestamp()),
    )
    write = Update(before, after) if before else Create(after, on_exists=errors.ConcurrentUpdate())
    store.commit(caller.without_idempotency(), *limits, write)
    return after


def _locked_error(until: datetime, now: datetime) -> errors.RateLimited:
    seconds = int((until - now).total_seconds()) + 1
    return errors.RateLimited(f"Too many failed attempts. Try again in {seconds} seconds.", retry_after=seconds)


@retry_on_conflict
def clear_attempts(caller: Caller, org_id: str, lockout_id: str) -> None:
    """Remove the failed attempts on an account, after one that succeeded."""
    before = store.find(Lockout, Lockout.build_key(org_id, lockout_id))
    if before is not None and before.attempts:
        store.commit(caller.without_idempotency(), clear_op(before))


def clear_op(before: Lockout) -> Op:
    """Return the operation that removes the failed attempts on an account."""
    return Update(before, before.model_copy(update={"attempts": 0, "locked_until": None}))
