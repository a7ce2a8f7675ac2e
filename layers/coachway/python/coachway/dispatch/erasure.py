"""Erase a client's personal data from assignments and recoveries.

Drivers, times and positions stay, because they document the drivers' working hours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.erasure import ERASED, RedactionMap, erase_at
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.retry import retry_on_conflict
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import ASSIGNMENT, Assignment
from coachway.dispatch.recovery.model import OF_CHARTER, RECOVERY, Recovery

_PERSONAL: Final[RedactionMap] = {
    "address": ERASED,
    "client_email": "",
    "client_name": "",
    "contact_name": "",
    "contact_phone": None,
    "dropoff": ERASED,
    "latitude": None,
    "longitude": None,
    "notes": "",
    "pickup": ERASED,
    "status_reason": "",
    "why": "",
}
_PERSONAL_OF_ASSIGNMENT: Final[RedactionMap] = {**_PERSONAL, "reason": ""}
"""The reason of an assignment is free text; that of a recovery is one of a fixed list."""


def on_charter_erased(caller: Caller, delivery: Delivery) -> None:
    """Erase the addresses and contacts of a charter from its assignments and recoveries."""
    client_id, charter_id = str(delivery.data["client_id"]), delivery.aggregate_id
    for assignment in repository.list_by_charter(caller.org_id, charter_id):
        _erase_assignment(caller, assignment.id, client_id)
    partition = OF_CHARTER.partition(org=caller.org_id, charter=charter_id)
    for recovery in query_all(Recovery, partition, index=OF_CHARTER.index):
        _erase_recovery(caller, recovery.id, client_id)


@retry_on_conflict
def _erase_assignment(caller: Caller, assignment_id: str, client_id: str) -> None:
    key = ASSIGNMENT.key(org=caller.org_id, id=assignment_id)
    erase_at(caller, key.pk, [store.find(Assignment, key)], _PERSONAL_OF_ASSIGNMENT, client_id)


@retry_on_conflict
def _erase_recovery(caller: Caller, recovery_id: str, client_id: str) -> None:
    key = RECOVERY.key(org=caller.org_id, id=recovery_id)
    erase_at(caller, key.pk, [store.find(Recovery, key)], _PERSONAL, client_id)


CONSUMERS: Final[Mapping[str, Consumer]] = {"charter.erased": on_charter_erased}
"""By event type. The queue receives these events and no others."""
