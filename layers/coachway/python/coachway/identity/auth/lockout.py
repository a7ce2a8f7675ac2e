"""Ten wrong tries lock an account for 15 minutes, whichever of its factors was wrong and whether or not it exists.

A try is counted before it is verified and taken back when it was right, so any number of tries at the same time get no
more than ten answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.runtime import clock
from coachway.identity.account_lookup import Account, retry_on_conflict
from coachway.identity.model import permissions
from coachway.identity.model.credentials import Lockout
from coachway.identity.secrets import hashing


def record_failed_attempt(caller: Caller, org_id: str, lockout_id: str) -> Lockout:
    """Count an attempt on an account before it is verified. Raises RateLimited while the account is locked."""
    return retry_on_conflict(lambda: _read_and_record(caller, org_id, lockout_id))


def record_failed_log_in(caller: Caller, account: Account, limits: Sequence[Op]) -> Lockout:
    """The same for an account that was just read, together with rate limits, in one transaction."""
    try:
        return _record(caller, account.org_id, account.lockout_id, account.lockout, limits)
    except errors.ConcurrentUpdate:
        return retry_on_conflict(lambda: _read_and_record(caller, account.org_id, account.lockout_id, limits))


def _read_and_record(caller: Caller, org_id: str, lockout_id: str, limits: Sequence[Op] = ()) -> Lockout:
    before = store.find(Lockout, Lockout.key_of(org_id, lockout_id))
    return _record(caller, org_id, lockout_id, before, limits)


def _record(caller: Caller, org_id: str, lockout_id: str, before: Lockout | None, limits: Sequence[Op]) -> Lockout:
    now = clock.now()
    if before is not None and before.locked_until is not None and before.locked_until > now:
        raise locked_error(before.locked_until, now)
    tries = permissions.tries_after(
        before.tries if before else 0, before.last if before else None, before.locked_until if before else None, now
    )
    after = Lockout(
        org_id=org_id,
        who=hashing.short_digest(lockout_id),
        tries=tries,
        last=now,
        locked_until=now + permissions.LOCKED_FOR if permissions.locks(tries) else None,
        expires=int((now + permissions.REMEMBERED_FOR).timestamp()),
    )
    store.commit(replace(caller, idempotency=None), *limits, _write(before, after))
    return after


def _write(before: Lockout | None, after: Lockout) -> Op:
    return Update(before, after) if before else Create(after, on_exists=errors.ConcurrentUpdate())


def locked_error(until: datetime, now: datetime) -> errors.RateLimited:
    """The refusal of a locked account."""
    remaining = int((until - now).total_seconds()) + 1
    return errors.RateLimited(f"too many wrong tries: try again in {remaining} seconds", retry_after=remaining)


def clear_failed_attempts(caller: Caller, org_id: str, lockout_id: str) -> None:
    """The attempt was right: forget the failed ones before it."""

    def clear() -> None:
        before = store.find(Lockout, Lockout.key_of(org_id, lockout_id))
        if before is not None and before.tries:
            store.commit(replace(caller, idempotency=None), clear_op(before))

    retry_on_conflict(clear)


def clear_op(before: Lockout) -> Op:
    """The operation that forgets the failed attempts."""
    return Update(before, before.model_copy(update={"tries": 0, "locked_until": None}))
