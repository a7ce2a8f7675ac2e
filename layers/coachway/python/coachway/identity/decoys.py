"""Work that is done for an account that is not there, so that its answer takes as long as another's."""

from __future__ import annotations

from typing import Final

from coachway.core import clock, store
from coachway.core.caller import Caller
from coachway.core.model import AccessPattern
from coachway.core.ops import Add

DECOYS = AccessPattern(
    "how often accounts that are not there were asked for; removed by TTL",
    pk="ORG#{org}#DECOYS",
    sk="{minute}",
    used_by="identity.decoys",
)
_KEPT_SECONDS: Final = 3600


def write(caller: Caller, org_id: str) -> None:
    """One transaction, as a real request would write one."""
    now = clock.epoch()
    place = DECOYS.key(org=org_id, minute=now // 60)
    store.commit(
        Caller.system("identity", org_id, caller.correlation_id),
        Add(place, {"n": 1}, "decoy", expires_at=now + _KEPT_SECONDS),
    )
