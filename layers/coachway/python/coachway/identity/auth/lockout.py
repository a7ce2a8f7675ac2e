"""Ten wrong tries lock an account for 15 minutes, whichever of its factors was wrong and whether or not it exists.

A try is counted before it is verified and taken back when it was right, so any number of tries at the same time get no
more than ten answers.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Op, Update
from coachway.core.runtime import clock
from coachway.identity.account_lookup import retry_on_conflict
from coachway.identity.model import permissions
from coachway.identity.model.credentials import LOCKOUTS, Lockout


def record_failed_attempt(caller: Caller, org_id: str, who: str) -> None:
    """Count a try on an account. Raises TooMany while it is locked."""
    hidden = hashlib.sha256(who.encode()).hexdigest()[:32]
    retry_on_conflict(lambda: _count(caller, org_id, hidden))


def _count(caller: Caller, org_id: str, who: str) -> None:
    now = clock.now()
    before = store.find(Lockout, LOCKOUTS.key(org=org_id, who=who))
    if before is not None and before.locked_until is not None and before.locked_until > now:
        raise locked(before.locked_until, now)
    tries = permissions.tries_after(
        before.tries if before else 0, before.last if before else None, before.locked_until if before else None, now
    )
    after = Lockout(
        org_id=org_id,
        who=who,
        tries=tries,
        last=now,
        locked_until=now + permissions.LOCKED_FOR if permissions.locks(tries) else None,
        expires=int((now + permissions.REMEMBERED_FOR).timestamp()),
    )
    store.commit(replace(caller, attempt=None), _write(before, after))


def _write(before: Lockout | None, after: Lockout) -> Op:
    return Update(before, after) if before else Create(after, taken=errors.ConcurrentUpdate())


def locked(until: datetime, now: datetime) -> errors.RateLimited:
    """The refusal of a locked account."""
    left = int((until - now).total_seconds()) + 1
    return errors.RateLimited(f"too many wrong tries: try again in {left} seconds", retry_after=left)


def clear_failed_attempts(caller: Caller, org_id: str, who: str) -> None:
    """The try was right: nothing stands against the account any more."""
    hidden = hashlib.sha256(who.encode()).hexdigest()[:32]

    def clear() -> None:
        before = store.find(Lockout, LOCKOUTS.key(org=org_id, who=hidden))
        if before is not None and before.tries:
            after = before.model_copy(update={"tries": 0, "locked_until": None})
            store.commit(replace(caller, attempt=None), Update(before, after))

    retry_on_conflict(clear)
