"""What must be in order on the day that a vehicle leaves: drivers and vehicle, their papers, and of whose they are."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from coachway.compliance import status, subjects
from coachway.compliance.model import Subject
from coachway.compliance.rules import SubjectType
from coachway.core import errors, store
from coachway.core.errors import FieldError
from coachway.core.persistence.operations import Op
from coachway.core.persistence.records import Key
from coachway.core.runtime import clock
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.matching import context, eligibility
from coachway.fleet import dispatch_access, rules
from coachway.fleet.model import Driver, Vehicle


def require_departure_ops(assignment: Assignment) -> list[Op]:
    """The conditions under which a vehicle may leave now.

    Raises Conflict naming each paper that is not in order, and whatever else became of a driver or the vehicle since it
    was given the trip: on leave, without the license, out of service.
    """
    conditions, unfit, lacking = _evaluate_readiness(assignment)
    wrong = [*unfit, *lacking]
    if wrong:
        said = "; ".join(each.message for each in wrong)
        title = "driver or vehicle may not go" if unfit else "papers are not in order"
        raise errors.Conflict(said, title=title, fields=wrong)
    return conditions


def departure_blockers(assignment: Assignment) -> list[str]:
    """What is not in order now, one sentence each."""
    _, unfit, papers = _evaluate_readiness(assignment)
    return [each.message for each in (*unfit, *papers)]


def _evaluate_readiness(assignment: Assignment) -> tuple[list[Op], list[FieldError], list[FieldError]]:
    """The conditions of having judged; what is in the way of drivers and vehicle themselves, and of papers."""
    today = clock.now().astimezone(ZoneInfo(assignment.timezone)).date()
    org, subjects_of = assignment.org_id, _list_subjects(assignment)
    heads = [context.driver_keys(org, each)[0] for each in assignment.crew]
    car = context.vehicle_keys(org, assignment.vehicle_id)[0]
    found = store.batch_get([*heads, car, *(key for _, _, key in subjects_of)])
    people, vehicle = [found.get(Driver, each) for each in heads], found.get(Vehicle, car)
    conditions = [*map(dispatch_access.check_unchanged_op, people), dispatch_access.check_unchanged_op(vehicle)]
    unfit = [FieldError("vehicle_id", each.message) for each in eligibility.vehicle_status_reasons(vehicle)]
    for field, driver in zip(("driver_id", "second_driver_id"), people, strict=False):
        idle = rules.driver_status_reason(driver)
        unfit += [FieldError(field, f"{driver.name} {idle}")] if idle is not None else []
        unfit += [FieldError(field, each.message) for each in eligibility.license_reasons(driver, vehicle, today)]
    wrong: list[FieldError] = []
    for field, name, key in subjects_of:
        subject = found.find(Subject, key)
        if subject is None:
            wrong.append(FieldError(field, f"{name} has no compliance documents"))
            continue
        conditions.append(subjects.check_unchanged_op(subject))
        wrong += [FieldError(field, f"{name}: {why}") for why in status.status_of_subject(subject, today).reasons()]
    return conditions, unfit, wrong


def _list_subjects(assignment: Assignment) -> list[tuple[str, str, Key]]:
    """Whose papers count: by the field that names them, what they are called, where their papers lie."""
    org = assignment.org_id
    people = [("driver_id", assignment.driver_name, assignment.driver_id)]
    if assignment.second_driver_id is not None:
        people.append(("second_driver_id", assignment.second_driver_name or "", assignment.second_driver_id))
    found = [(field, name, subjects.key(org, SubjectType.DRIVER, each)) for field, name, each in people]
    found.append(("vehicle_id", assignment.vehicle_name, subjects.key(org, SubjectType.VEHICLE, assignment.vehicle_id)))
    if assignment.vendor_id is not None:
        found.append(("vendor_id", "The vendor", subjects.key(org, SubjectType.VENDOR, assignment.vendor_id)))
    else:
        found.append(("organization", "The organization", subjects.key(org, SubjectType.ORGANIZATION, org)))
    return found
