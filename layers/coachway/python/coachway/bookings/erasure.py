"""Erasing a client's trips: the places, the names and the notes go; dates, miles and amounts stay.

Every charter that a client ever had has a quote that names both, so that deleted ones are found as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar, Final

from coachway.bookings.charters import lifecycle
from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.model import CHARTER, OF_CLIENT, Charter
from coachway.bookings.charters.rules import Status
from coachway.clients import erasure_progress as clients
from coachway.clients import privacy
from coachway.contracts.bookings import CharterErased
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.erasure import ERASED, Erasure, RedactionMap, erase_at
from coachway.core.persistence.operations import Create, Op
from coachway.core.persistence.queries import query_all, query_page
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.schemas import PageQuery
from coachway.pricing.quote_model import QUOTES_OF_CLIENT, Quote

_PERSONAL: Final[RedactionMap] = {
    "accepted_by": ERASED,
    "address": ERASED,
    "client_email": "",
    "client_name": "",
    "geocoded_address": None,
    "latitude": None,
    "longitude": None,
    "notes": "",
    "reason": "",
    "status_reason": "",
}
_UPCOMING_STATUSES: Final = frozenset({Status.BOOKED, Status.CONFIRMED, Status.IN_PROGRESS})
_PART: Final = "bookings"

ERASURE = AccessPattern(
    "that a charter's client was erased, and what was personal about the charter with it",
    pk=CHARTER.pk,
    sk="ERASED",
)


class CharterErasure(Entity):
    """That everything personal about its client was taken out of a charter. Its id is the charter's."""

    KIND: ClassVar[str] = "charter_erasure"

    client_id: str

    def key(self) -> Key:
        return ERASURE.key(org=self.org_id, id=self.id)


def erase_client(caller: Caller, client_id: str) -> Erasure:
    """Erase a client, and from then on whatever is kept of it.

    Raises Conflict while it owes something or a trip of its is still to come, Missing when it is erased already.
    """
    partition = OF_CLIENT.partition(org=caller.org_id, client=client_id)
    kept = query_all(Charter, partition, index=OF_CLIENT.index, descending=True)
    ahead = [each.number for each in kept if each.status in _UPCOMING_STATUSES]
    if ahead:
        why = f"{', '.join(ahead[:5])}: wait until they are over, or cancel them first"
        raise errors.Conflict(why, title="it has trips to come")
    return privacy.erase_client(caller, client_id)


def erase_client_charters(caller: Caller, delivery: Delivery) -> None:
    """Erase the next of a client's charters. Raises Conflict for one that was booked while the client was erased."""
    client_id = str(delivery.data["client_id"])
    cursor = clients.cursor_of(delivery, _PART)
    if cursor == "":
        return
    partition = QUOTES_OF_CLIENT.partition(org=caller.org_id, client=client_id)
    query = PageQuery(limit=clients.PAGE_SIZE, cursor=cursor)
    some = query_page(Quote, QUOTES_OF_CLIENT, [partition], query, descending=True)
    for charter_id in dict.fromkeys(each.charter_id for each in some.items if each.charter_id is not None):
        retry_on_conflict(partial(_erase_charter, caller, client_id, charter_id))()
    if some.next_cursor is not None:
        clients.schedule_next_page(caller, delivery, _PART, some.next_cursor)


def _erase_charter(caller: Caller, client_id: str, charter_id: str) -> None:
    place = CHARTER.key(org=caller.org_id, id=charter_id)
    # Deleted ones too, which `find` does not tell of.
    charter = next(iter(query_all(Charter, place.pk, prefix=place.sk)), None)
    if charter is None or store.find(CharterErasure, ERASURE.key(org=caller.org_id, id=charter_id)) is not None:
        return
    is_theirs = charter.client_id == client_id
    if is_theirs and charter.status in _UPCOMING_STATUSES:
        raise errors.Conflict(f"{charter.number} is still to come", title="it has trips to come")
    if is_theirs and charter.status is Status.QUOTE and charter.deleted_at is None:
        charter = lifecycle.expire(caller, charter_queries.get_charter(caller, charter_id))
    receipt = CharterErasure(id=charter_id, org_id=caller.org_id, client_id=client_id)
    done: list[Op] = [Create(receipt, [CharterErased(charter_id=charter_id, client_id=client_id)])] if is_theirs else []
    erase_at(caller, place.pk, [charter], _PERSONAL, client_id, *done)


CONSUMERS: Final[Mapping[str, Consumer]] = {
    "client.erased": erase_client_charters,
    "client.erasure_continued": erase_client_charters,
}
"""By event type. The queue receives these events and no others."""
