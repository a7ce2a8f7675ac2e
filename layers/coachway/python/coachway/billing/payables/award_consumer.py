"""Event consumers: create a payable for an awarded bid, and void it when the award is cancelled."""

from collections.abc import Mapping
from typing import Final

from coachway.billing.payables import rules, service
from coachway.billing.payables.model import PAYABLE, Payable
from coachway.billing.payables.rules import PayableStatus
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import CharterStatus
from coachway.contracts.bids import AwardReleased, BidAccepted
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.operations import AlreadyConsumed, CheckVersion
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.types import ids
from coachway.identity import organization_queries

_ENDED_STATUSES: Final = frozenset({CharterStatus.CANCELLED, CharterStatus.DECLINED, CharterStatus.EXPIRED})


def derive_payable_id(bid_id: str) -> str:
    """Return the id of a bid's payable. It depends only on the bid, so a repeated event creates no second payable."""
    return ids.from_bytes("pbl", ids.to_bytes(bid_id))


def create_payable_of_award(caller: Caller, delivery: Delivery) -> None:
    """Create the payable of an awarded bid, due on its payout date.

    Do nothing if the award was cancelled before this event arrived.
    """
    _create_payable(caller, delivery.parse(BidAccepted))


@retry_on_conflict
def _create_payable(caller: Caller, event: BidAccepted) -> None:
    charter = store.find(Charter, CHARTER.key(org=caller.org_id, id=event.charter_id))
    if (
        charter is None
        or charter.status in _ENDED_STATUSES
        or event.bid_id not in {vehicle.bid_id for vehicle in charter.vehicles}
    ):
        return
    organization = organization_queries.get_organization(caller.org_id)
    vehicles = "1 vehicle" if event.vehicle_count == 1 else f"{event.vehicle_count} vehicles"
    payable = service.build_payable(
        organization,
        id=derive_payable_id(event.bid_id),
        vendor_id=event.vendor_id,
        vendor_name=event.vendor_name,
        charter_id=event.charter_id,
        charter_number=event.number,
        bid_id=event.bid_id,
        amount=event.quoted_price,
        currency=event.currency,
        due_date=event.payout_date,
        description=f"Trip {event.number}, {vehicles}",
    )
    already_created = AlreadyConsumed("This bid has a payable already.")
    charter_changed = errors.ConcurrentUpdate("The charter was changed by another request. Read it again, then retry.")
    store.commit(
        caller,
        *service.create_payable_ops(organization, payable, on_exists=already_created),
        CheckVersion(charter, charter_changed),
    )


def void_payable_of_award(caller: Caller, delivery: Delivery) -> None:
    """Void the payable of a cancelled award, unless it is paid."""
    event = delivery.parse(AwardReleased)
    _void_payable(caller, derive_payable_id(event.bid_id), event.reason)


@retry_on_conflict
def _void_payable(caller: Caller, payable_id: str, reason: str) -> None:
    payable = store.find(Payable, PAYABLE.key(org=caller.org_id, id=payable_id))
    if payable is not None and rules.TRANSITIONS.allows(payable.status, PayableStatus.VOID):
        service.void_payable(caller, payable_id, reason)


CONSUMERS: Final[Mapping[str, Consumer]] = {
    BidAccepted.TYPE: create_payable_of_award,
    AwardReleased.TYPE: void_payable_of_award,
}
"""By event type. The queue receives these events and no others."""
