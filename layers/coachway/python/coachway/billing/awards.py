"""What a bid wins, we owe; and owe no more when its vendor need not come."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Final

from pydantic import ConfigDict

from coachway.billing import payable_rules, payables
from coachway.billing.payable import PAYABLE, Payable
from coachway.billing.payable_rules import PayableStatus
from coachway.bookings.model import CHARTER, Charter
from coachway.bookings.rules import Status
from coachway.core import errors, ids, store
from coachway.core.caller import Caller
from coachway.core.consuming import Consumer, Delivery
from coachway.core.money import Amount
from coachway.core.ops import AlreadyConsumed, Require
from coachway.core.retrying import after_lost_races
from coachway.core.schemas import Shape
from coachway.identity import organizations

_OVER: Final = frozenset({Status.CANCELLED, Status.DECLINED, Status.EXPIRED})


class Accepted(Shape):
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


class CalledOff(Shape):
    """What `bid.called_off` says, as far as a payable tells it."""

    model_config = ConfigDict(extra="ignore")

    bid_id: str
    reason: str


def payable_id(bid_id: str) -> str:
    """The id of what an awarded bid is owed: one for each bid, whatever comes twice."""
    return ids.from_raw("pbl", ids.raw(bid_id))


def accepted(caller: Caller, delivery: Delivery) -> None:
    """A bid won: its price is owed on the day that was promised.

    The charter is a condition of it: an award that is heard of after it was called off leaves nothing behind.
    """
    # By way of JSON: only there is a number without decimals an amount in units, and not in cents.
    said = Accepted.model_validate_json(json.dumps(delivery.data))
    after_lost_races(lambda: _owe(caller, said))


def _owe(caller: Caller, said: Accepted) -> None:
    charter = store.find(Charter, CHARTER.key(org=caller.org_id, id=said.charter_id))
    if charter is None or charter.status in _OVER or said.bid_id not in {cover.bid_id for cover in charter.vehicles}:
        return
    organization = organizations.get(caller.org_id)
    vehicles = "a vehicle" if said.vehicle_count == 1 else f"{said.vehicle_count} vehicles"
    payable = payables.made(
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
    moved = errors.LostRace("the charter was changed meanwhile: look again")
    store.commit(caller, *payables.entered(organization, payable, taken=again), Require(charter, moved))


def called_off(caller: Caller, delivery: Delivery) -> None:
    """Who had won need not come: what it was awarded is not owed, unless it was paid already."""
    said = CalledOff.model_validate(delivery.data)
    after_lost_races(lambda: _void(caller, payable_id(said.bid_id), said.reason))


def _void(caller: Caller, payable_id: str, why: str) -> None:
    payable = store.find(Payable, PAYABLE.key(org=caller.org_id, id=payable_id))
    if payable is not None and PayableStatus.VOID in payable_rules.STEPS[payable.status]:
        payables.void(caller, payable_id, why)


CONSUMERS: Final[Mapping[str, Consumer]] = {"bid.accepted": accepted, "bid.called_off": called_off}
"""By the event's type; `template.yaml` lets just these reach the queue."""
