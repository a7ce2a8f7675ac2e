"""Flag future assignments whose driver or vehicle became unavailable.

The concern is computed from the current records, whatever the event and the order of events, and is cleared when its
reasons are gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from coachway.compliance import status
from coachway.compliance.model import Subject
from coachway.contracts.dispatch.assignments import AssignmentEndangered
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.operations import Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.dispatch.assignments import event_payloads as assignment_event_payloads
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import iso_weeks
from coachway.dispatch.diaries import service as diaries
from coachway.dispatch.matching import context, eligibility
from coachway.dispatch.matching.eligibility_reasons import Reason
from coachway.fleet.model import Driver, Vehicle

_LOOKAHEAD: Final = timedelta(days=365)
"""How far ahead the jobs of who falls out are looked at; one read takes it in."""


def on_driver_changed(caller: Caller, delivery: Delivery) -> None:
    """A driver may not be given work any more, may again, has another license, or may be had at other times."""
    reevaluate(caller, str(delivery.data["driver_id"]))


def on_vehicle_changed(caller: Caller, delivery: Delivery) -> None:
    """A vehicle may not be given work any more, may again, or has other seats."""
    reevaluate(caller, str(delivery.data["vehicle_id"]))


def on_documents_changed(caller: Caller, delivery: Delivery) -> None:
    """A paper of a driver or vehicle ran out, or was judged."""
    if delivery.data["subject_type"] in {"driver", "vehicle"}:
        reevaluate(caller, str(delivery.data["subject_id"]))


def reevaluate(caller: Caller, resource: str) -> None:
    """Say of every job that a driver or vehicle has ahead whether it can go ahead."""
    for assignment in _list_future_assignments(caller.org_id, resource):
        _update_concern(caller, assignment.id)


def _list_future_assignments(org_id: str, resource: str) -> Iterable[Assignment]:
    now = clock.now()
    spans = iso_weeks(now, now + _LOOKAHEAD)
    pages = diaries.from_batch(store.batch_get(diaries.page_keys(org_id, resource, spans)), org_id, resource, spans)
    return repository.find_by_ids(org_id, (job.assignment_id for job in pages.blocks if job.ends_at > now)).values()


@retry_on_conflict
def _update_concern(caller: Caller, assignment_id: str) -> None:
    before = repository.get(caller, assignment_id)
    concern = _describe_concern(before)
    if not before.status.is_live or before.concern == concern:
        return
    after = before.model_copy(update={"concern": concern})
    events = (
        [AssignmentEndangered(**assignment_event_payloads.assignment_event_fields(after), reason=concern)]
        if concern
        else []
    )
    store.commit(caller, Update(before, after, events))


def _describe_concern(assignment: Assignment) -> str:
    """What is in the way of its drivers and its vehicle; empty if nothing is. Hours and clashes were its condition."""
    last_day = assignment.dropoff_at.astimezone(ZoneInfo(assignment.timezone)).date()
    crew_keys = [context.driver_keys(assignment.org_id, driver_id) for driver_id in assignment.crew]
    vehicle_keys = context.vehicle_keys(assignment.org_id, assignment.vehicle_id)
    batch = store.batch_get([key for keys in (*crew_keys, vehicle_keys) for key in keys])
    vehicle, reasons = batch.find(Vehicle, vehicle_keys[0]), list[Reason]()
    for head, subject_key in crew_keys:
        driver, subject = batch.find(Driver, head), batch.find(Subject, subject_key)
        if driver is None:
            return "The driver was removed"
        reasons += eligibility.driver_availability_reasons(driver, assignment.starts_at, assignment.ends_at)
        reasons += eligibility.license_reasons(driver, vehicle, last_day) if vehicle is not None else []
        compliance = status.status_of_subject(subject, last_day) if subject is not None else None
        reasons += eligibility.compliance_reasons(driver.name, compliance)
    if vehicle is None:
        return "The vehicle was removed"
    subject = batch.find(Subject, vehicle_keys[1])
    reasons += eligibility.vehicle_status_reasons(vehicle)
    reasons += eligibility.seat_reasons(vehicle, assignment.passengers)
    reasons += eligibility.compliance_reasons(
        vehicle.name, status.status_of_subject(subject, last_day) if subject is not None else None
    )
    return "; ".join(reason.message for reason in reasons)


CONSUMERS: Final[Mapping[str, Consumer]] = {
    "compliance.reviewed": on_documents_changed,
    "document.expired": on_documents_changed,
    "driver.availability_changed": on_driver_changed,
    "driver.updated": on_driver_changed,
    "vehicle.updated": on_vehicle_changed,
}
