"""Timer job: end the holds that have expired."""

from datetime import datetime
from typing import Final

from coachway.core import hourly_sweep, store
from coachway.core.caller import Caller
from coachway.core.schemas import BaseSchema
from coachway.dispatch.holds import service
from coachway.dispatch.holds.model import DUE, HOLD, Hold
from coachway.dispatch.holds.rules import HoldStatus

_TIMER: Final = "hold-expiry"


class HoldExpiryResult(BaseSchema):
    """Number of holds that were ended, and of those that failed and are retried."""

    expired: int = 0
    failed: int = 0


def run() -> HoldExpiryResult:
    """End every hold that has expired. Handling a hold again has no effect."""
    return HoldExpiryResult(**hourly_sweep.sweep(_TIMER, Hold, DUE, _expire_hold))


def _expire_hold(due: Hold, now: datetime) -> str:
    hold = store.find(Hold, HOLD.key(org=due.org_id, id=due.id))
    if hold is None or hold.status is not HoldStatus.ACTIVE or hold.held_until > now:
        return ""
    service.end_hold(Caller.system(_TIMER, hold.org_id), hold, HoldStatus.EXPIRED)
    return "expired"
