"""Erasure of a client's charters: addresses, names and notes are removed; dates, miles and amounts stay.

Charters are found by their quotes, so deleted charters and those of a previous client are found too.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from coachway.bookings.charters import lifecycle
from coachway.bookings.charters import queries as charter_queries
from coachway.bookings.charters.model import CHARTER, OF_CLIENT, Charter
from coachway.bookings.charters.rules import CharterStatus
from coachway.bookings.errors import ClientHasUpcomingTrips
from coachway.clients import erasure as client_erasure
from coachway.contracts.bookings import CharterErased
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.operations import Create, Op
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.records import AccessPattern, Entity, Key
from coachway.core.persistence.retry import retry_on_conflict
from coachway.erasure.model import Erasure
from coachway.erasure.redaction import Redaction
from coachway.erasure.service import RecordList, erase_page, erase_partition
from coachway.pricing.quote_model import QUOTES_OF_CLIENT, Quote

_UPCOMING_STATUSES: Final = frozenset({CharterStatus.BOOKED, CharterStatus.CONFIRMED, CharterStatus.IN_PROGRESS})
_PART: Final = "bookings"

ERASURE = AccessPattern(
    "the record that the personal data of a charter was erased",
    pk=CHARTER.pk,
    sk="ERASED",
)


class CharterErasure(Entity):
    """The record that the client's personal data was removed from a charter. Its id is the charter's."""

    KIND: ClassVar[str] = "charter_erasure"

    client_id: str

    def key(self) -> Key:
        return ERASURE.key(org=self.org_id, id=self.id)


def erase_client(caller: Caller, client_id: str) -> Erasure:
    """Erase a client's personal data. Other capabilities erase their part when they receive the event.

    Raises ClientHasOpenBalance, ClientHasUpcomingTrips, or NotFound if the client is already erased.
    """
    partition = OF_CLIENT.partition(org=caller.org_id, client=client_id)
    charters = query_all(Charter, partition, index=OF_CLIENT.index, descending=True)
    upcoming = [each.number for each in charters if each.status in _UPCOMING_STATUSES]
    if upcoming:
        raise ClientHasUpcomingTrips(f"Complete or cancel {', '.join(upcoming[:5])} first.")
    return client_erasure.erase_client_record(caller, client_id)


@retry_on_conflict
def _erase_charter_of_quote(caller: Caller, client_id: str, quote: Quote) -> None:
    if quote.charter_id is None:
        return
    key = CHARTER.key(org=caller.org_id, id=quote.charter_id)
    # `store.find` skips deleted charters.
    charter = next(iter(query_all(Charter, key.pk, prefix=key.sk)), None)
    if charter is None or store.find(CharterErasure, ERASURE.key(org=caller.org_id, id=charter.id)) is not None:
        return
    is_of_client = charter.client_id == client_id
    if is_of_client and charter.status in _UPCOMING_STATUSES:
        raise ClientHasUpcomingTrips(f"Complete or cancel {charter.number} first.")
    if is_of_client and charter.status is CharterStatus.QUOTE and charter.deleted_at is None:
        charter = lifecycle.expire(caller, charter_queries.get_charter(caller, charter.id))
    erasure = CharterErasure(id=charter.id, org_id=caller.org_id, client_id=client_id)
    erasure_ops: list[Op] = (
        [Create(erasure, [CharterErased(charter_id=charter.id, client_id=client_id)])] if is_of_client else []
    )
    erase_partition(caller, Redaction(client_id), key.pk, [Charter], *erasure_ops, record=charter)


LISTS_OF_CLIENT: Final = (RecordList(Quote, QUOTES_OF_CLIENT, _erase_charter_of_quote),)
"""The quotes of a client. Erasing a quote also erases its charter."""


def erase_client_charters(caller: Caller, delivery: Delivery) -> None:
    """Erase the next page of a client's charters. Raises ClientHasUpcomingTrips if one was booked after the request."""
    erase_page(caller, delivery, _PART, LISTS_OF_CLIENT)


CONSUMERS: Final[Mapping[str, Consumer]] = {
    "client.erased": erase_client_charters,
    "client.erasure_continued": erase_client_charters,
}
"""Consumers by event type; the template is generated from them."""
