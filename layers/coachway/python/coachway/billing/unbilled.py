"""Trips that are over and on no invoice: the invoicing run finds them without going through all that ever were."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import ClassVar, Final

from coachway.billing.invoice import INVOICE, Invoice
from coachway.billing.invoicing_due import MonthDue, month_of, month_with
from coachway.bookings.model import CHARTER, Charter
from coachway.bookings.rules import Status
from coachway.core import clock, errors, store
from coachway.core.caller import Caller
from coachway.core.consuming import Consumer, Delivery
from coachway.core.listing import everything
from coachway.core.model import AccessPattern, Key, Record
from coachway.core.ops import AlreadyConsumed, Create, Op, Remove, Update
from coachway.core.retrying import after_lost_races
from coachway.core.times import Day
from coachway.identity import organizations

_MOST: Final = 100_000

UNBILLED = AccessPattern(
    "trips that are over and were not invoiced when that was looked at last, by client",
    pk="ORG#{org}#UNBILLED",
    sk="{client}#{charter}",
    used_by="billing.unbilled, billing.invoicing",
)


class Unbilled(Record):
    """A trip that is to be invoiced. The charter itself says whether it was, meanwhile."""

    KIND: ClassVar[str] = "unbilled_charter"

    org_id: str
    client_id: str
    charter_id: str
    trip_date: Day

    def key(self) -> Key:
        return UNBILLED.key(org=self.org_id, client=self.client_id, charter=self.charter_id)


def everywhere(org_id: str) -> list[Unbilled]:
    """All of an organization's, by client."""
    return everything(Unbilled, UNBILLED.partition(org=org_id), most=_MOST)


def of_client(org_id: str, client_id: str) -> list[Unbilled]:
    """Those of a client, oldest first."""
    return everything(Unbilled, UNBILLED.partition(org=org_id), prefix=f"{client_id}#", most=_MOST)


def completed(caller: Caller, delivery: Delivery) -> None:
    """A trip is over."""
    after_lost_races(lambda: _note(caller, delivery.aggregate_id))


def let_go(caller: Caller, delivery: Delivery) -> None:
    """An invoice was voided: what was on it, and is over, is to be invoiced again."""
    invoice = store.get(Invoice, INVOICE.key(org=caller.org_id, id=delivery.aggregate_id))
    for charter_id in invoice.charter_ids:
        after_lost_races(partial(_note, caller, charter_id))


def _note(caller: Caller, charter_id: str) -> None:
    charter = store.find(Charter, CHARTER.key(org=caller.org_id, id=charter_id))
    if charter is None or charter.status is not Status.COMPLETED or charter.invoice_id is not None:
        return
    noted = Unbilled(
        org_id=caller.org_id, client_id=charter.client_id, charter_id=charter.id, trip_date=charter.trip_date
    )
    due = _run_of(charter)
    found = store.gather([noted.key(), due.key()])
    known, planned = found.find(Unbilled, noted.key()), found.find(MonthDue, due.key())
    # One that is known is written again, so that a run which is about to forget it, as it was invoiced, does not.
    ops: list[Op] = [
        Create(noted, taken=errors.LostRace("it was noted by somebody else")) if known is None else Update(known, noted)
    ]
    if planned is None:
        ops.append(Create(due, taken=errors.LostRace("the month was planned by somebody else")))
    store.commit(caller, *ops)


def _run_of(charter: Charter) -> MonthDue:
    """The run that invoices a trip: of the month that it took place in, while that is ahead; else the next one.

    Word that it is over may come after midnight, and where its first stop is it may be another month than here.
    """
    now, zone = clock.now(), organizations.get(charter.org_id).timezone
    month, due_at = month_with(charter.trip_date, zone)
    if due_at <= now:
        month, due_at = month_of(now, zone)
    return MonthDue(org_id=charter.org_id, month=month, due_at=due_at)


def look_again(caller: Caller) -> None:
    """Have the present month invoiced, whether or not a trip will be over in it: something was left of one before."""
    month, due_at = month_of(clock.now(), organizations.get(caller.org_id).timezone)
    planned = AlreadyConsumed("this month is planned already")
    with suppress(AlreadyConsumed):
        store.commit(caller, Create(MonthDue(org_id=caller.org_id, month=month, due_at=due_at), taken=planned))


def forget(caller: Caller, noted: Unbilled) -> None:
    """A trip was invoiced, or is gone."""
    try:
        store.commit(caller, Remove(noted))
    except errors.LostRace:
        return  # it was noted again meanwhile, or forgotten


CONSUMERS: Final[Mapping[str, Consumer]] = {"charter.completed": completed, "invoice.voided": let_go}
