"""The steps of `statemachines/recovery.asl.yaml`. Each step can be repeated: what it does depends on stored data.

A step returns the next step as `go`. The state machine itself waits until an offer expires. An answer, or anything else
that ends the wait, resumes it by the stored task token.
"""

from collections.abc import Mapping
from datetime import timedelta
from math import ceil
from typing import Any, Final

from coachway.bookings import workflow_failures
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.contracts.dispatch.recovery import RecoveryDeclined, RecoveryEscalated, RecoveryFailed, RecoveryOffered
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.entrypoints.step_handler import Step
from coachway.core.persistence.operations import Op, Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import BaseSchema
from coachway.core.types import ids
from coachway.core.workflows import executions
from coachway.core.workflows.failure import WorkflowFailure
from coachway.dispatch.assignments import event_payloads as assignment_event_payloads
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.matching.automatic_assignment import Ranking
from coachway.dispatch.recovery import replacement, service
from coachway.dispatch.recovery.event_payloads import recovery_event_fields, recovery_offer
from coachway.dispatch.recovery.model import MAX_CONSIDERED, RECOVERY, Offer, Recovery
from coachway.dispatch.recovery.rules import OfferStatus, RecoveryReason, RecoveryStatus, not_needed_reason
from coachway.identity import organization_queries

WORKFLOW: Final = "recovery"


class NextStep(BaseSchema):
    """The next step of the workflow; for a wait, also the offer and the seconds."""

    go: str
    seconds: int = 1
    offer: str = ""


def choose_step(caller: Caller, recovery_id: str, *, execution: str, redriven: bool, waited: str) -> NextStep:
    """Choose the next step of a recovery. `waited` is the offer that has expired, if the step follows a wait."""
    if not executions.claim_execution(caller, recovery_id, execution, redriven=redriven):
        return NextStep(go="over")
    return _attempt_choose(caller, recovery_id, waited)


@retry_on_conflict
def _attempt_choose(caller: Caller, recovery_id: str, waited: str) -> NextStep:
    recovery = _get_recovery(caller, recovery_id)
    if recovery.status.is_over:
        return NextStep(go="over")
    if recovery.failure is not None:
        recovery = _clear_failure(caller, recovery)
    not_needed = not_needed_reason(recovery.reason, _get_assignment(recovery))
    if not_needed:
        service.cancel_recovery(caller, recovery_id, not_needed)
        return NextStep(go="over")
    offer = recovery.offer
    if offer is not None and offer.id == waited:
        _expire_offer(caller, recovery)
        return NextStep(go="offer")
    return _wait_step(offer) if offer is not None else NextStep(go="offer")


def _get_recovery(caller: Caller, recovery_id: str) -> Recovery:
    return store.get(Recovery, RECOVERY.key(org=caller.org_id, id=recovery_id))


def _get_assignment(recovery: Recovery) -> Assignment:
    return store.get(Assignment, repository.assignment_key(recovery.org_id, recovery.assignment_id))


def _wait_step(offer: Offer) -> NextStep:
    seconds_left = ceil((offer.expires_at - clock.now()).total_seconds())
    return NextStep(go="wait", seconds=max(1, seconds_left), offer=offer.id)


def _clear_failure(caller: Caller, before: Recovery) -> Recovery:
    after = before.model_copy(update={"failure": None})
    charter = store.find(Charter, CHARTER.key(org=caller.org_id, id=before.charter_id))
    store.commit(caller, Update(before, after), *workflow_failures.clear_failure_ops(charter, WORKFLOW))
    return after


def _expire_offer(caller: Caller, before: Recovery) -> None:
    reason = "There was no answer in time"
    after = service.close_open_offer(before, OfferStatus.EXPIRED, reason, clock.now())
    event = RecoveryDeclined(**recovery_event_fields(after), offer=recovery_offer(after.offers[-1]), why=reason)
    store.commit(caller, Update(before, after, [event]))


@retry_on_conflict
def make_offer(caller: Caller, recovery_id: str) -> NextStep:
    """Make an offer to the best driver who was not asked yet; escalate to the dispatcher if there is none."""
    before = _get_recovery(caller, recovery_id)
    if before.status.is_over or before.offer is not None:
        return NextStep(go="look")
    assignment = _get_assignment(before)
    if not_needed_reason(before.reason, assignment):
        return NextStep(go="look")
    try:
        ranking = replacement.rank_replacements(caller, before, assignment)
    except errors.Conflict as conflict:
        return _escalate(caller, before, assignment, conflict.detail or conflict.title, {})
    ranking_fields = _ranking_fields(ranking)
    crew = ranking.choose_crew(len(assignment.crew))
    if ranking.vehicle is None or len(crew) < len(assignment.crew):
        count = len(before.offers)
        asked_text = f"{count} {'driver' if count == 1 else 'drivers'} asked; " if count else ""
        missing = "vehicle is free" if ranking.vehicle is None else "driver can take over"
        reason = f"{asked_text}no {'other ' if count else ''}{missing}"
        return _escalate(caller, before, assignment, reason, ranking_fields)
    now, best_driver = clock.now(), crew[0].driver
    new_offer = Offer(
        id=ids.new("off"),
        driver_id=best_driver.id,
        driver_name=best_driver.name,
        second_driver_id=crew[1].driver.id if len(crew) > 1 else None,
        vehicle_id=ranking.vehicle.vehicle.id,
        vehicle_name=ranking.vehicle.vehicle.name,
        score=next(
            evaluated.score for candidate, evaluated in ranking.drivers if candidate.driver.id == best_driver.id
        ),
        offered_at=now,
        expires_at=now
        + timedelta(minutes=organization_queries.get_organization(caller.org_id).recovery_answer_minutes),
    )
    after = before.model_copy(update={"offers": [*before.offers, new_offer], **ranking_fields})
    event = RecoveryOffered(
        **recovery_event_fields(after),
        **assignment_event_payloads.trip_location_fields(assignment),
        offer=recovery_offer(new_offer),
        driver_phone=best_driver.phone,
    )
    store.commit(caller, Update(before, after, [event]))
    return _wait_step(new_offer)


def _ranking_fields(ranking: Ranking) -> dict[str, Any]:
    return {
        "drivers": [evaluated for _, evaluated in ranking.drivers][:MAX_CONSIDERED],
        "vehicles": [evaluated for _, evaluated in ranking.vehicles][:MAX_CONSIDERED],
    }


def _escalate(
    caller: Caller, before: Recovery, assignment: Assignment, reason: str, ranking_fields: Mapping[str, Any]
) -> NextStep:
    changes = {"status": RecoveryStatus.ESCALATED, "status_reason": reason, "ended_at": clock.now(), **ranking_fields}
    after = before.model_copy(update=changes)
    event = RecoveryEscalated(
        **recovery_event_fields(after),
        **assignment_event_payloads.trip_location_fields(assignment),
        why=reason,
        asked=len(before.offers),
    )
    store.commit(caller, Update(before, after, [event]))
    return NextStep(go="over")


def save_wait(caller: Caller, recovery_id: str, *, token: str, offer: str) -> NextStep:
    """Store the task token with which the workflow waits for the answer to an offer."""
    execution = executions.save_task_token(caller, recovery_id, token, offer)
    # The offer may have been answered before the token was stored.
    _resume_if_answered(caller, _get_recovery(caller, recovery_id), execution)
    return NextStep(go="wait")


def _resume_if_answered(caller: Caller, recovery: Recovery, execution: executions.Execution) -> None:
    open_offer_id = recovery.offer.id if recovery.offer is not None else ""
    not_needed = not_needed_reason(recovery.reason, _get_assignment(recovery))
    if not_needed or open_offer_id != execution.waits_for:
        executions.send_task_success(caller, execution)


def on_offer_answered(caller: Caller, delivery: Delivery) -> None:
    """Resume the workflow after an offer was answered or the recovery ended."""
    _resume_by_id(caller, str(delivery.data["recovery_id"]))


def on_assignment_changed(caller: Caller, delivery: Delivery) -> None:
    """Resume the workflow when the crew's own assignment changed: a replacement may no longer be needed."""
    assignment = store.find(Assignment, repository.assignment_key(caller.org_id, str(delivery.data["assignment_id"])))
    if assignment is not None and assignment.recovery_id is not None:
        _resume_by_id(caller, assignment.recovery_id)


def _resume_by_id(caller: Caller, recovery_id: str) -> None:
    execution = executions.find(caller, recovery_id)
    if execution is not None:
        _resume_if_answered(caller, _get_recovery(caller, recovery_id), execution)


def on_trip_not_started(caller: Caller, delivery: Delivery) -> None:
    """Open a recovery when the driver did not check in on time."""
    service.open_automatically(caller, str(delivery.data["assignment_id"]), RecoveryReason.NO_SHOW)


def on_late_risk(caller: Caller, delivery: Delivery) -> None:
    """Open a recovery when the vehicle will be late at the first stop.

    Once passengers are on board, the crew is not replaced. For a driver who has not checked in, `trip.unstarted` opens
    a recovery that can use the same vehicle.
    """
    assignment = store.find(Assignment, repository.assignment_key(caller.org_id, str(delivery.data["assignment_id"])))
    if assignment is not None and assignment.status.is_under_way:
        service.open_automatically(caller, assignment.id, RecoveryReason.LATE_RISK)


def record_failure(caller: Caller, recovery_id: str, *, state: str, failure: Mapping[str, Any]) -> NextStep:
    """Store the failure on the recovery and on its charter, where staff see it."""

    @retry_on_conflict
    def attempt_update() -> NextStep:
        before = _get_recovery(caller, recovery_id)
        workflow_failure = WorkflowFailure(
            state=state, error=str(failure.get("Error", "unknown"))[:100], at=clock.now()
        )
        event = RecoveryFailed(**recovery_event_fields(before), state=state, error=workflow_failure.error)
        charter = store.find(Charter, CHARTER.key(org=caller.org_id, id=before.charter_id))
        charter_ops: list[Op] = (
            [workflow_failures.record_failure_op(charter, WORKFLOW, workflow_failure)] if charter is not None else []
        )
        store.commit(
            caller, Update(before, before.model_copy(update={"failure": workflow_failure}), [event]), *charter_ops
        )
        return NextStep(go="over")

    return attempt_update()


STEPS: Final[Mapping[str, Step]] = {
    "look": choose_step,
    "offer": make_offer,
    "wait": save_wait,
    "failed": record_failure,
}
"""By the name in the state machine."""

CONSUMERS: Final[Mapping[str, Consumer]] = {
    "assignment.checked_in": on_assignment_changed,
    "assignment.declined": on_assignment_changed,
    "assignment.released": on_assignment_changed,
    "recovery.cancelled": on_offer_answered,
    "recovery.declined": on_offer_answered,
    "trip.late_risk": on_late_risk,
    "trip.recovered": on_offer_answered,
    "trip.unstarted": on_trip_not_started,
}
"""By event type. The queue receives these events and no others."""
