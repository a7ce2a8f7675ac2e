"""Reads and writes for accounts that do not exist, so that the response takes as long as for one that does."""

from dataclasses import replace
from typing import Final

from pydantic import BaseModel

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import IncrementCounters
from coachway.core.persistence.records import AccessPattern
from coachway.core.runtime import clock
from coachway.identity.model.credentials import CREDENTIALS, NO_USER_ID, Credentials
from coachway.identity.model.organization import ORGANIZATIONS, Organization

DECOYS = AccessPattern(
    "the number of requests for accounts that do not exist; removed by TTL",
    pk="ORG#{org}#DECOYS#{minute}",
    sk="{what}",
)
_RETENTION_SECONDS: Final = 3600


def equalize_link_request(caller: Caller, org_id: str, response: BaseModel) -> None:
    """Read and write as a request for a link or code does: two reads, and a write of credentials and an event.

    `response` is stored for an Idempotency-Key.
    """
    store.find(Organization, ORGANIZATIONS.key(org=org_id))
    _write_decoys(caller, org_id, "credentials", "event", response=response)


def equalize_code_check(caller: Caller, org_id: str) -> None:
    """Read and write as the verification of a code does: a read and a write of credentials."""
    _write_decoys(caller, org_id, "credentials")


def _write_decoys(caller: Caller, org_id: str, *items: str, response: BaseModel | None = None) -> None:
    store.find(Credentials, CREDENTIALS.key(org=org_id, id=NO_USER_ID))
    now = clock.epoch()
    keys = [DECOYS.key(org=org_id, minute=now // 60, what=what) for what in items]
    system = Caller.system("identity", org_id, caller.correlation_id)
    store.commit(
        replace(system, idempotency=caller.idempotency),
        *(IncrementCounters(key, {"n": 1}, "decoy", expires_at=now + _RETENTION_SECONDS) for key in keys),
        response=response,
    )
