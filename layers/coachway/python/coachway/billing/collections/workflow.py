"""The steps of `statemachines/payment_collection.asl.yaml`. Each can be done again, and charges nothing twice.

Each try is written down with the id of its payment before a card is charged: done again, it asks what became of that
payment. What is due is reckoned anew each time, so that whoever pays meanwhile ends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from coachway.billing.collections import schedule as collection_schedule
from coachway.billing.collections.model import Collection, Try
from coachway.billing.collections.rules import CollectionStatus, next_wait, require_step
from coachway.billing.invoices import payment_effects
from coachway.billing.payments import card_payments
from coachway.billing.payments.model import Payment, PaymentInput, PaymentStatus
from coachway.bookings import payment_schedule
from coachway.bookings.charters import instalments, workflow_failures
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.rules import Status
from coachway.contracts.billing.collections import CollectionFailed, PaymentCollected, PaymentUncollected
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.step_handler import Step
from coachway.core.persistence.operations import Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.core.types import ids
from coachway.core.workflows import executions
from coachway.core.workflows.failure import FlowFailure

_OPEN = frozenset({Status.BOOKED, Status.CONFIRMED, Status.IN_PROGRESS, Status.COMPLETED})


class Next(BaseSchema):
    """Where the flow goes, and how long it waits before."""

    go: str
    seconds: int = 1


def next_step(caller: Caller, collection_id: str, *, execution: str, round_: int, redriven: bool) -> Next:
    """Where a collection's flow goes from here."""
    if not executions.claim_execution(caller, collection_id, execution, round_=round_, redriven=redriven):
        return Next(go="over")
    return retry_on_conflict(lambda: _look(caller, collection_id, redriven))()


def _look(caller: Caller, collection_id: str, redriven: bool) -> Next:
    collection = collection_schedule.get(caller, collection_id)
    if redriven and collection.failure is not None:
        going = collection.model_copy(update={"failure": None, "status": CollectionStatus.COLLECTING})
        require_step(collection.status, CollectionStatus.COLLECTING)
        store.commit(
            caller,
            Update(collection, going),
            *workflow_failures.clear_failure_ops(_charter(going), collection_schedule.FLOW),
        )
        collection = going
    return Next(go="charge" if collection.status is CollectionStatus.COLLECTING else "over")


def _charter(collection: Collection) -> Charter | None:
    if collection.charter_id is None:
        return None
    return store.find(Charter, CHARTER.key(org=collection.org_id, id=collection.charter_id))


def charge(caller: Caller, collection_id: str) -> Next:
    """Charge the card used last. Raises Upstream while it is not known what became of it."""
    collection = collection_schedule.get(caller, collection_id)
    if collection.status is not CollectionStatus.COLLECTING:
        return Next(go="over")
    cents, currency = due(caller, collection)
    if _open_try(collection) is None and cents <= 0:
        return _paid(caller, collection_id)
    trying = retry_on_conflict(lambda: _tried(caller, collection_id, cents))()
    try:
        payment = _charged(caller, collection, trying)
    except card_payments.InProgress as busy:
        raise errors.UpstreamUnavailable("somebody is paying it at this moment") from busy
    except errors.ConcurrentUpdate:
        raise
    except errors.Invalid:
        retry_on_conflict(lambda: _untried(caller, collection_id))()
        return _given_up(caller, collection_id, "no card of this client is known", cents, currency)
    except errors.Conflict as refusal:  # less is due than a moment ago: it is reckoned again
        retry_on_conflict(lambda: _untried(caller, collection_id))()
        raise errors.UpstreamUnavailable(refusal.detail) from refusal
    match payment.status:
        case PaymentStatus.SUCCEEDED:
            return _paid(caller, collection_id)
        case PaymentStatus.PENDING:
            raise errors.UpstreamUnavailable("it is not known yet what became of a charge")
        case _:
            why = payment.failure_message or payment.failure_code or "the card was declined"
            return retry_on_conflict(lambda: _failed_try(caller, collection_id, why, currency))()


def due(caller: Caller, collection: Collection) -> tuple[int, str]:
    """What is due now, in cents, and its currency; 0 when it is paid, or is not owed any more."""
    if collection.invoice_id is not None:
        invoice = payment_effects.load_context(caller, collection.invoice_id).invoice
        return (int(invoice.balance_due) if invoice.status.is_open else 0), invoice.currency
    charter = _charter(collection)
    if charter is None:
        return 0, ""
    currency = charter.quote.currency
    if charter.status not in _OPEN or charter.invoice_id is not None:
        return 0, currency
    return max(
        0, instalments.amount_due_by(charter.instalments, payment_schedule.local_today(charter)) - charter.amount_paid
    ), currency


def _open_try(collection: Collection) -> Try | None:
    """The try that was begun, and of which it is not written what became."""
    return next((each for each in collection.tries if not each.failure), None)


def _tried(caller: Caller, collection_id: str, cents: int) -> Try:
    before = collection_schedule.get(caller, collection_id)
    known = _open_try(before)
    if known is not None:
        return known
    new = Try(payment_id=ids.new("pay"), amount=cents, at=clock.now())
    store.commit(caller, Update(before, before.model_copy(update={"tries": [*before.tries, new]})))
    return new


def _untried(caller: Caller, collection_id: str) -> None:
    """A try came to nothing before a card was charged."""
    before = collection_schedule.get(caller, collection_id)
    tries = [each for each in before.tries if each.failure]
    store.commit(caller, Update(before, before.model_copy(update={"tries": tries})))


def _charged(caller: Caller, collection: Collection, trying: Try) -> Payment:
    wanted = PaymentInput(invoice_id=collection.invoice_id, charter_id=collection.charter_id, amount=trying.amount)
    return card_payments.charge_saved_card(caller, wanted, payment_id=trying.payment_id)


def _failed_try(caller: Caller, collection_id: str, why: str, currency: str) -> Next:
    before = collection_schedule.get(caller, collection_id)
    if before.status is not CollectionStatus.COLLECTING:
        return Next(go="over")
    tries = [each if each.failure else each.model_copy(update={"failure": why[:200]}) for each in before.tries]
    after = before.model_copy(update={"tries": tries})
    store.commit(caller, Update(before, after))
    wait = next_wait(len(tries))
    if wait is not None:
        return Next(go="wait", seconds=int(wait.total_seconds()))
    return _given_up(caller, collection_id, why, tries[-1].amount, currency)


def _paid(caller: Caller, collection_id: str) -> Next:
    def act() -> Next:
        before = collection_schedule.get(caller, collection_id)
        if before.status is CollectionStatus.COLLECTING:
            after = before.model_copy(update={"status": CollectionStatus.PAID, "failure": None})
            store.commit(caller, Update(before, after, [PaymentCollected(**collection_schedule.about(caller, after))]))
        return Next(go="over")

    return retry_on_conflict(act)()


def _given_up(caller: Caller, collection_id: str, why: str, cents: int, currency: str) -> Next:
    """Staff are told; on a charter it stands until something is paid."""

    def act() -> Next:
        before = collection_schedule.get(caller, collection_id)
        if before.status is not CollectionStatus.COLLECTING:
            return Next(go="over")
        after = before.model_copy(update={"status": CollectionStatus.FAILED, "reason": why[:200]})
        told = PaymentUncollected(
            **collection_schedule.about(caller, after),
            amount=cents,
            currency=currency,
            tries=len(after.tries),
            reason=after.reason,
        )
        store.commit(caller, Update(before, after, [told]))
        return Next(go="over")

    return retry_on_conflict(act)()


def failed(caller: Caller, collection_id: str, *, state: str, failure: Mapping[str, Any]) -> Next:
    """Keep what went wrong where staff see it: on the collection, and on the charter if it is about one."""

    def act() -> Next:
        before = collection_schedule.get(caller, collection_id)
        if before.status is not CollectionStatus.COLLECTING:
            return Next(go="over")
        kept = FlowFailure(state=state, error=str(failure.get("Error", "unknown"))[:100], at=clock.now())
        after = before.model_copy(update={"status": CollectionStatus.FAILED, "failure": kept})
        told = CollectionFailed(**collection_schedule.about(caller, after), state=state, error=kept.error)
        charter = _charter(before)
        on_charter: list[Op] = (
            [workflow_failures.record_failure_op(charter, collection_schedule.FLOW, kept)]
            if charter is not None
            else []
        )
        store.commit(caller, Update(before, after, [told]), *on_charter)
        return Next(go="over")

    return retry_on_conflict(act)()


STEPS: Final[Mapping[str, Step]] = {"look": next_step, "charge": charge, "failed": failed}
"""By the name that the state machine calls them by."""
