"""Reevaluate future assignments: flag those whose driver or vehicle became unavailable.

The reason is computed from the current records, independent of the event and of the order of events. It is cleared
when its reasons are gone.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from coachway.compliance import status
from coachway.compliance.model import Subject
from coachway.compliance.rules import SubjectType
from coachway.contracts.dispatch.assignments import AssignmentAtRisk
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.entrypoints.event_consumer import Consumer, Delivery
from coachway.core.persistence.operations import Update
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.dispatch.assignments import event_payloads as assignment_event_payloads
from coachway.dispatch.assignments import repository
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.assignments.rules import list_iso_weeks
from coachway.dispatch.diaries import service as diaries
from coachway.dispatch.matching import assignment_context, eligibility
from coachway.dispatch.matching.eligibility_reasons import Reason
from coachway.fleet.model import Driver, Vehicle

_LOOKAHEAD: Final = timedelta(days=365)
"""How far ahead assignments are checked; one read covers the diary pages of this time."""


def on_driver_changed(caller: Caller, delivery: Delivery) -> None:
    """Reevaluate after a change of a driver's status, license or availability."""
    reevaluate_assignments(caller, str(delivery.data["driver_id"]))


def on_vehicle_changed(caller: Caller, delivery: Delivery) -> None:
    """Reevaluate after a change of a vehicle's status or seats."""
    reevaluate_assignments(caller, str(delivery.data["vehicle_id"]))


def on_documents_changed(caller: Caller, delivery: Delivery) -> None:
    """Reevaluate after a compliance document of a driver or vehicle was reviewed or expired."""
    if delivery.data["subject_type"] in {"driver", "vehicle"}:
        reevaluate_assignments(caller, str(delivery.data["subject_id"]))


def reevaluate_assignments(caller: Caller, resource: str) -> None:
    """Update the risk reason of every future assignment of a driver or vehicle."""
    for assignment in _list_future_assignments(caller.org_id, resource):
        _update_risk_reason(caller, assignment.id)


def _list_future_assignments(org_id: str, resource: str) -> Iterable[Assignment]:
    now = clock.now()
    weeks = list_iso_weeks(now, now + _LOOKAHEAD)
    diary = diaries.build_diary(store.batch_get(diaries.page_keys(org_id, resource, weeks)), org_id, resource, weeks)
    ids = [block.assignment_id for block in diary.blocks if block.ends_at > now]
    return repository.find_by_ids(org_id, ids).values()


@retry_on_conflict
def _update_risk_reason(caller: Caller, assignment_id: str) -> None:
    before = repository.get_assignment(caller, assignment_id)
    risk_reason = _describe_risk(before)
    if not before.status.is_live or before.risk_reason == risk_reason:
        return
    after = before.model_copy(update={"risk_reason": risk_reason})
    events = (
        [AssignmentAtRisk(**assignment_event_payloads.assignment_event_fields(after), reason=risk_reason)]
        if risk_reason
        else []
    )
    store.commit(caller, Update(before, after, events))


def _describe_risk(assignment: Assignment) -> str:
    """Describe why the drivers and the vehicle can no longer run the trip; empty if they can.

    Hours of service and schedule conflicts need no check: the assignment was created on condition that they allow it.
    """
    last_day = assignment.dropoff_at.astimezone(ZoneInfo(assignment.timezone)).date()
    crew_keys = [assignment_context.driver_keys(assignment.org_id, driver_id) for driver_id in assignment.crew]
    vehicle_keys = assignment_context.vehicle_keys(assignment.org_id, assignment.vehicle_id)
    batch = store.batch_get([key for keys in (*crew_keys, vehicle_keys) for key in keys])
    vehicle, reasons = batch.find(Vehicle, vehicle_keys[0]), list[Reason]()
    for head, subject_key in crew_keys:
        driver, subject = batch.find(Driver, head), batch.find(Subject, subject_key)
        if driver is None:
            return "The driver was removed"
        reasons += eligibility.driver_availability_reasons(driver, assignment.starts_at, assignment.ends_at)
        reasons += eligibility.license_reasons(driver, vehicle, last_day) if vehicle is not None else []
        compliance = status.evaluate_compliance(subject, SubjectType.DRIVER, last_day)
        reasons += eligibility.compliance_reasons(driver.name, compliance)
    if vehicle is None:
        return "The vehicle was removed"
    subject = batch.find(Subject, vehicle_keys[1])
    reasons += eligibility.vehicle_status_reasons(vehicle)
    reasons += eligibility.seat_reasons(vehicle, assignment.passengers)
    reasons += eligibility.compliance_reasons(
        vehicle.name, status.evaluate_compliance(subject, SubjectType.VEHICLE, last_day)
    )
    return "; ".join(reason.message for reason in reasons)


CONSUMERS: Final[Mapping[str, Consumer]] = {
    "compliance.reviewed": on_documents_changed,
    "document.expired": on_documents_changed,
    "driver.availability_changed": on_driver_changed,
    "driver.updated": on_driver_changed,
    "vehicle.updated": on_vehicle_changed,
}
