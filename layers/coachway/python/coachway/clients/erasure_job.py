"""Timer that repeats erasures, because what was in progress at the first run may have stored personal data after it."""

from datetime import datetime
from typing import Final

from coachway.clients.erasure import erase_client_parts
from coachway.contracts.clients import ClientErased
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.hourly_sweep import sweep
from coachway.core.persistence.operations import Update
from coachway.core.schemas import BaseSchema
from coachway.erasure.model import DUE, Erasure

_TIMER: Final = "erasure"


class ErasureResult(BaseSchema):
    """Number of erasures that were repeated, and that failed and are retried."""

    repeated: int = 0
    failed: int = 0


def run() -> ErasureResult:
    """Repeat every erasure that is due. The other capabilities repeat theirs when they receive its event."""
    return ErasureResult(**sweep(_TIMER, Erasure, DUE, _repeat))


def _repeat(indexed: Erasure, now: datetime) -> str:
    before = store.get(Erasure, indexed.key())
    if before.due_at is None or before.due_at > now:
        return ""
    caller = Caller.system(_TIMER, before.org_id)
    erase_client_parts(caller, before.id)
    after = before.model_copy(update={"repetitions": before.repetitions + 1})
    store.commit(caller, Update(before, after, [ClientErased(client_id=before.id)]))
    return "repeated"
