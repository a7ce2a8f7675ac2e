"""Steps of the collection workflow (`statemachines/payment_collection.asl.yaml`). Each can be repeated.

An attempt is recorded with the id of its payment before the card is charged, so a repeated step finds that payment
instead of charging twice. The amount due is computed for each attempt, up to the amount that was announced. If it was
paid in between, the collection ends.
"""

from collections.abc import Mapping
from typing import Any, Final

from coachway.billing.collections import service
from coachway.billing.collections.due_amounts import find_charter, load_subject
from coachway.billing.collections.model import Collection, CollectionAttempt
from coachway.billing.collections.rules import TRANSITIONS, CollectionStatus, next_wait
from coachway.billing.errors import PaymentInProgress
from coachway.billing.payments import card_payments
from coachway.billing.payments.model import Payment, PaymentInput, PaymentStatus
from coachway.bookings import workflow_failures
from coachway.contracts.billing.collections import CollectionWorkflowFailed, PaymentCollected, PaymentCollectionFailed
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.step_handler import Step
from coachway.core.persistence.operations import Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.core.types import ids
from coachway.core.workflows import executions
from coachway.core.workflows.failure import WorkflowFailure

_NO_CONSENT: Final = "The client has not agreed to charges of a saved card"


class NextStep(BaseSchema):
    """The next state of the workflow. `seconds` is the waiting time before it."""

    go: str
    seconds: int = 1


def choose_next_step(caller: Caller, collection_id: str, *, execution: str, round_: int, redriven: bool) -> NextStep:
    """Make this execution the owner of the collection, and choose the next state."""
    if not executions.claim_execution(caller, collection_id, execution, round_=round_, redriven=redriven):
        return NextStep(go="over")
    return _find_next_step(caller, collection_id, redriven)


@retry_on_conflict
def _find_next_step(caller: Caller, collection_id: str, redriven: bool) -> NextStep:
    collection = service.get_collection(caller, collection_id)
    if redriven and collection.failure is not None:
        resumed = collection.model_copy(update={"failure": None, "status": CollectionStatus.COLLECTING})
        TRANSITIONS.require(collection.status, CollectionStatus.COLLECTING)
        store.commit(
            caller,
            Update(collection, resumed),
            *workflow_failures.clear_failure_ops(find_charter(resumed), service.WORKFLOW),
        )
        collection = resumed
    return NextStep(go="charge" if collection.status is CollectionStatus.COLLECTING else "over")


def charge_saved_card(caller: Caller, collection_id: str) -> NextStep:
    """Charge the saved card. Raises UpstreamUnavailable, so that the step is repeated, while the outcome is unknown."""
    collection = service.get_collection(caller, collection_id)
    if collection.status is not CollectionStatus.COLLECTING:
        return NextStep(go="over")
    subject = load_subject(caller, collection)
    due, currency = subject.amount_due_by(subject.local_date(clock.now())), subject.currency
    if _pending_attempt(collection) is None and due <= 0:
        return _mark_paid(caller, collection_id)
    attempt = _record_attempt(caller, collection_id, min(due, collection.announced_amount or due))
    try:
        payment = _charge_attempt(caller, collection, attempt)
    except PaymentInProgress as error:
        raise errors.UpstreamUnavailable("Another payment is in progress.") from error
    except errors.ConcurrentUpdate:
        raise
    except errors.Invalid:
        _remove_attempt(caller, collection_id)
        return _mark_failed(caller, collection_id, _NO_CONSENT, due, currency)
    except errors.Conflict as error:  # the amount due has changed: repeat the step
        _remove_attempt(caller, collection_id)
        raise errors.UpstreamUnavailable(error.detail) from error
    match payment.status:
        case PaymentStatus.SUCCEEDED:
            return _mark_paid(caller, collection_id)
        case PaymentStatus.PENDING:
            raise errors.UpstreamUnavailable("The outcome of the charge is not known yet.")
        case _:
            reason = payment.failure_message or payment.failure_code or "The card was declined"
            return _record_failed_attempt(caller, collection_id, reason, currency)


def _pending_attempt(collection: Collection) -> CollectionAttempt | None:
    """Return the attempt without an outcome, if any."""
    return next((attempt for attempt in collection.attempts if not attempt.failure), None)


@retry_on_conflict
def _record_attempt(caller: Caller, collection_id: str, cents: int) -> CollectionAttempt:
    before = service.get_collection(caller, collection_id)
    existing = _pending_attempt(before)
    if existing is not None:
        return existing
    attempt = CollectionAttempt(payment_id=ids.new("pay"), amount=cents, at=clock.now())
    store.commit(caller, Update(before, before.model_copy(update={"attempts": [*before.attempts, attempt]})))
    return attempt


@retry_on_conflict
def _remove_attempt(caller: Caller, collection_id: str) -> None:
    """Remove the attempt that ended before its card was charged."""
    before = service.get_collection(caller, collection_id)
    attempts = [attempt for attempt in before.attempts if attempt.failure]
    store.commit(caller, Update(before, before.model_copy(update={"attempts": attempts})))


def _charge_attempt(caller: Caller, collection: Collection, attempt: CollectionAttempt) -> Payment:
    request = PaymentInput(invoice_id=collection.invoice_id, charter_id=collection.charter_id, amount=attempt.amount)
    return card_payments.charge_saved_card(
        caller, request, payment_id=attempt.payment_id, announced_cents=collection.announced_amount
    )


@retry_on_conflict
def _record_failed_attempt(caller: Caller, collection_id: str, reason: str, currency: str) -> NextStep:
    before = service.get_collection(caller, collection_id)
    if before.status is not CollectionStatus.COLLECTING:
        return NextStep(go="over")
    attempts = [
        attempt if attempt.failure else attempt.model_copy(update={"failure": reason[:200]})
        for attempt in before.attempts
    ]
    after = before.model_copy(update={"attempts": attempts})
    store.commit(caller, Update(before, after))
    wait = next_wait(len(attempts))
    if wait is not None:
        return NextStep(go="wait", seconds=int(wait.total_seconds()))
    return _mark_failed(caller, collection_id, reason, attempts[-1].amount, currency)


@retry_on_conflict
def _mark_paid(caller: Caller, collection_id: str) -> NextStep:
    before = service.get_collection(caller, collection_id)
    if before.status is CollectionStatus.COLLECTING:
        after = before.model_copy(update={"status": CollectionStatus.PAID, "failure": None})
        store.commit(caller, Update(before, after, [PaymentCollected(**service.event_fields(caller, after))]))
    return NextStep(go="over")


@retry_on_conflict
def _mark_failed(caller: Caller, collection_id: str, reason: str, cents: int, currency: str) -> NextStep:
    """Mark the collection as failed and notify staff."""
    before = service.get_collection(caller, collection_id)
    if before.status is not CollectionStatus.COLLECTING:
        return NextStep(go="over")
    after = before.model_copy(update={"status": CollectionStatus.FAILED, "reason": reason[:200]})
    event = PaymentCollectionFailed(
        **service.event_fields(caller, after),
        amount=cents,
        currency=currency,
        tries=len(after.attempts),
        reason=after.reason,
    )
    store.commit(caller, Update(before, after, [event]))
    return NextStep(go="over")


@retry_on_conflict
def record_failure(caller: Caller, collection_id: str, *, state: str, failure: Mapping[str, Any]) -> NextStep:
    """Record a failure of the workflow on the collection and on its charter."""
    before = service.get_collection(caller, collection_id)
    if before.status is not CollectionStatus.COLLECTING:
        return NextStep(go="over")
    workflow_failure = WorkflowFailure(state=state, error=str(failure.get("Error", "unknown"))[:100], at=clock.now())
    after = before.model_copy(update={"status": CollectionStatus.FAILED, "failure": workflow_failure})
    event = CollectionWorkflowFailed(**service.event_fields(caller, after), state=state, error=workflow_failure.error)
    charter = find_charter(before)
    charter_ops: list[Op] = (
        [workflow_failures.record_failure_op(charter, service.WORKFLOW, workflow_failure)]
        if charter is not None
        else []
    )
    store.commit(caller, Update(before, after, [event]), *charter_ops)
    return NextStep(go="over")


STEPS: Final[Mapping[str, Step]] = {"look": choose_next_step, "charge": charge_saved_card, "failed": record_failure}
"""By step name in the state machine. Running executions send these names, so they cannot be renamed."""
