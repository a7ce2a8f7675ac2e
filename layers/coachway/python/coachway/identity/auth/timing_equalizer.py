"""Work that is done for an account that is not there, so that its answer takes as long as another's."""

from __future__ import annotations

from typing import Final

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import IncrementCounters
from coachway.core.persistence.records import AccessPattern
from coachway.core.runtime import clock
from coachway.identity.model.credentials import CREDENTIALS, NOBODY, Credentials
from coachway.identity.model.organization import ORGANIZATIONS, Organization

DECOYS = AccessPattern(
    "how often accounts that are not there were asked for; removed by TTL",
    pk="ORG#{org}#DECOYS#{minute}",
    sk="{what}",
)
_KEPT_SECONDS: Final = 3600


def equalize_link_request(caller: Caller, org_id: str) -> None:
    """What asking for a link or a code costs: two reads, and a write of credentials and an event."""
    store.find(Organization, ORGANIZATIONS.key(org=org_id))
    _write(caller, org_id, "credentials", "event")


def equalize_code_check(caller: Caller, org_id: str) -> None:
    """What judging a code costs: a read and a write of credentials."""
    _write(caller, org_id, "credentials")


def _write(caller: Caller, org_id: str, *items: str) -> None:
    store.find(Credentials, CREDENTIALS.key(org=org_id, id=NOBODY))
    now = clock.epoch()
    places = [DECOYS.key(org=org_id, minute=now // 60, what=what) for what in items]
    store.commit(
        Caller.system("identity", org_id, caller.correlation_id),
        *(IncrementCounters(place, {"n": 1}, "decoy", expires_at=now + _KEPT_SECONDS) for place in places),
    )
