"""Keep holds in step with their charters."""

from collections.abc import Mapping
from typing import Final

from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.queries import query_all
from coachway.dispatch.holds import service
from coachway.dispatch.holds.model import OF_CHARTER, Hold
from coachway.dispatch.holds.rules import HoldStatus


def on_charter_ended(caller: Caller, delivery: Delivery) -> None:
    """Release the holds of a charter that was cancelled or deleted, or whose quote was declined or has expired."""
    _end_holds(caller, delivery.aggregate_id, HoldStatus.RELEASED)


def on_charter_confirmed(caller: Caller, delivery: Delivery) -> None:
    """End the holds of a charter that has all of its vehicles."""
    _end_holds(caller, delivery.aggregate_id, HoldStatus.USED)


def on_charter_modified(caller: Caller, delivery: Delivery) -> None:
    """Release the holds of earlier revisions: the times or the vehicle class may have changed."""
    if delivery.data.get("revised"):
        revision = int(delivery.data["revision_number"])
        _end_holds(caller, delivery.aggregate_id, HoldStatus.RELEASED, before_revision=revision)


def on_charter_booked(caller: Caller, delivery: Delivery) -> None:
    """Keep the held vehicles until the departure: the client has accepted."""
    for hold in _list_active_holds(caller, delivery.aggregate_id):
        service.extend_until_departure(caller, hold.id)


def _end_holds(caller: Caller, charter_id: str, status: HoldStatus, *, before_revision: int | None = None) -> None:
    for hold in _list_active_holds(caller, charter_id):
        if before_revision is None or hold.charter_revision < before_revision:
            service.end_if_active(caller, hold.id, status)


def _list_active_holds(caller: Caller, charter_id: str) -> list[Hold]:
    partition = OF_CHARTER.partition(org=caller.org_id, charter=charter_id)
    holds = query_all(Hold, partition, index=OF_CHARTER.index)
    return [hold for hold in holds if hold.status is HoldStatus.ACTIVE]


CONSUMERS: Final[Mapping[str, Consumer]] = {
    "charter.booked": on_charter_booked,
    "charter.cancelled": on_charter_ended,
    "charter.confirmed": on_charter_confirmed,
    "charter.deleted": on_charter_ended,
    "charter.modified": on_charter_modified,
    "quote.declined": on_charter_ended,
    "quote.expired": on_charter_ended,
}
"""By event type. The queue receives these events and no others."""
