"""Trips that are over and on no invoice: the invoicing run finds them without going through all that ever were."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import ClassVar, Final

from coachway.billing.invoices.model import INVOICE, Invoice
from coachway.billing.invoicing_runs.schedule import MonthDue, month_of, month_with
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import Status
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.operations import AlreadyConsumed, Create, Op, Remove, Update
from coachway.core.persistence.queries import query_all
from coachway.core.persistence.records import AccessPattern, Key, Record
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.types.datetimes import Day
from coachway.identity import organization_queries

_MOST: Final = 100_000

UNBILLED = AccessPattern(
    "trips that are over and were not invoiced when that was looked at last, by client",
    pk="ORG#{org}#UNBILLED",
    sk="{client}#{charter}",
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
    return query_all(Unbilled, UNBILLED.partition(org=org_id), most=_MOST)


def of_client(org_id: str, client_id: str) -> list[Unbilled]:
    """Those of a client, oldest first."""
    return query_all(Unbilled, UNBILLED.partition(org=org_id), prefix=f"{client_id}#", most=_MOST)


def mark_unbilled(caller: Caller, delivery: Delivery) -> None:
    """A trip is over."""
    retry_on_conflict(lambda: _note(caller, delivery.aggregate_id))()


def remark_after_void(caller: Caller, delivery: Delivery) -> None:
    """An invoice was voided: what was on it, and is over, is to be invoiced again."""
    invoice = store.get(Invoice, INVOICE.key(org=caller.org_id, id=delivery.aggregate_id))
    for charter_id in invoice.charter_ids:
        retry_on_conflict(partial(_note, caller, charter_id))()


def _note(caller: Caller, charter_id: str) -> None:
    charter = store.find(Charter, CHARTER.key(org=caller.org_id, id=charter_id))
    if charter is None or charter.status is not Status.COMPLETED or charter.invoice_id is not None:
        return
    noted = Unbilled(
        org_id=caller.org_id, client_id=charter.client_id, charter_id=charter.id, trip_date=charter.trip_date
    )
    due = _run_of(charter)
    found = store.batch_get([noted.key(), due.key()])
    known, planned = found.find(Unbilled, noted.key()), found.find(MonthDue, due.key())
    # One that is known is written again, so that a run which is about to forget it, as it was invoiced, does not.
    ops: list[Op] = [
        Create(noted, taken=errors.ConcurrentUpdate("it was noted by somebody else"))
        if known is None
        else Update(known, noted)
    ]
    if planned is None:
        ops.append(Create(due, taken=errors.ConcurrentUpdate("the month was planned by somebody else")))
    store.commit(caller, *ops)


def _run_of(charter: Charter) -> MonthDue:
    """The run that invoices a trip: of the month that it took place in, while that is ahead; else the next one.

    Word that it is over may come after midnight, and where its first stop is it may be another month than here.
    """
    now, zone = clock.now(), organization_queries.get(charter.org_id).timezone
    month, due_at = month_with(charter.trip_date, zone)
    if due_at <= now:
        month, due_at = month_of(now, zone)
    return MonthDue(org_id=charter.org_id, month=month, due_at=due_at)


def reschedule_current_month(caller: Caller) -> None:
    """Have the present month invoiced, whether or not a trip will be over in it: something was left of one before."""
    month, due_at = month_of(clock.now(), organization_queries.get(caller.org_id).timezone)
    planned = AlreadyConsumed("this month is planned already")
    with suppress(AlreadyConsumed):
        store.commit(caller, Create(MonthDue(org_id=caller.org_id, month=month, due_at=due_at), taken=planned))


def forget(caller: Caller, noted: Unbilled) -> None:
    """A trip was invoiced, or is gone."""
    try:
        store.commit(caller, Remove(noted))
    except errors.ConcurrentUpdate:
        return  # it was noted again meanwhile, or forgotten


CONSUMERS: Final[Mapping[str, Consumer]] = {"charter.completed": mark_unbilled, "invoice.voided": remark_after_void}
