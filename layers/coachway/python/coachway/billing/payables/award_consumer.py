"""What a bid wins, we owe; and owe no more when its vendor need not come."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Final

from pydantic import ConfigDict

from coachway.billing.payables import rules, service
from coachway.billing.payables.model import PAYABLE, Payable
from coachway.billing.payables.rules import PayableStatus
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import Status
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.operations import AlreadyConsumed, CheckVersion
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.schemas import BaseSchema
from coachway.core.types import ids
from coachway.core.types.money import Amount
from coachway.identity import organization_queries

_OVER: Final = frozenset({Status.CANCELLED, Status.DECLINED, Status.EXPIRED})


class Accepted(BaseSchema):
    """What `bid.accepted` says, as far as a payable tells it."""

    model_config = ConfigDict(extra="ignore")

    bid_id: str
    vendor_id: str
    vendor_name: str
    charter_id: str
    number: str
    vehicle_count: int
    quoted_price: Amount
    currency: str
    payout_date: date


class CalledOff(BaseSchema):
    """What `bid.called_off` says, as far as a payable tells it."""

    model_config = ConfigDict(extra="ignore")

    bid_id: str
    reason: str


def payable_id(bid_id: str) -> str:
    """The id of what an awarded bid is owed: one for each bid, whatever comes twice."""
    return ids.from_bytes("pbl", ids.to_bytes(bid_id))


def create_payable_for_award(caller: Caller, delivery: Delivery) -> None:
    """A bid won: its price is owed on the day that was promised.

    The charter is a condition of it: an award that is heard of after it was called off leaves nothing behind.
    """
    # By way of JSON: only there is a number without decimals an amount in units, and not in cents.
    said = Accepted.model_validate_json(json.dumps(delivery.data))
    retry_on_conflict(lambda: _owe(caller, said))()


def _owe(caller: Caller, said: Accepted) -> None:
    charter = store.find(Charter, CHARTER.key(org=caller.org_id, id=said.charter_id))
    if charter is None or charter.status in _OVER or said.bid_id not in {cover.bid_id for cover in charter.vehicles}:
        return
    organization = organization_queries.get(caller.org_id)
    vehicles = "a vehicle" if said.vehicle_count == 1 else f"{said.vehicle_count} vehicles"
    payable = service.build_payable(
        organization,
        id=payable_id(said.bid_id),
        vendor_id=said.vendor_id,
        vendor_name=said.vendor_name,
        charter_id=said.charter_id,
        charter_number=said.number,
        bid_id=said.bid_id,
        amount=said.quoted_price,
        currency=said.currency,
        due_date=said.payout_date,
        description=f"Trip {said.number}, {vehicles}",
    )
    again = AlreadyConsumed("what this bid won is owed already")
    moved = errors.ConcurrentUpdate("the charter was changed meanwhile: look again")
    store.commit(caller, *service.create_ops(organization, payable, taken=again), CheckVersion(charter, moved))


def void_payable_for_award(caller: Caller, delivery: Delivery) -> None:
    """Who had won need not come: what it was awarded is not owed, unless it was paid already."""
    said = CalledOff.model_validate(delivery.data)
    retry_on_conflict(lambda: _void(caller, payable_id(said.bid_id), said.reason))()


def _void(caller: Caller, payable_id: str, why: str) -> None:
    payable = store.find(Payable, PAYABLE.key(org=caller.org_id, id=payable_id))
    if payable is not None and PayableStatus.VOID in rules.STEPS[payable.status]:
        service.void(caller, payable_id, why)


CONSUMERS: Final[Mapping[str, Consumer]] = {
    "bid.accepted": create_payable_for_award,
    "bid.called_off": void_payable_for_award,
}
"""By event type. The queue receives these events and no others."""
