"""Checks before departure: drivers, vehicle, and the compliance documents of both and of the carrier."""

from zoneinfo import ZoneInfo

from coachway.compliance import status, subjects
from coachway.compliance.model import Subject
from coachway.compliance.rules import SubjectType
from coachway.core import store
from coachway.core.errors import FieldError
from coachway.core.persistence.operations import Op
from coachway.core.persistence.records import Key
from coachway.core.runtime import clock
from coachway.dispatch.assignments.model import Assignment
from coachway.dispatch.errors import DepartureDocumentsInvalid, DepartureNotReady
from coachway.dispatch.matching import assignment_context, carrier_documents, eligibility
from coachway.fleet import resource_ops, rules
from coachway.fleet.model import Driver, Vehicle


def require_departure_ops(assignment: Assignment) -> list[Op]:
    """Return the operations that fail when drivers, vehicle or documents change before the departure is stored.

    Raises Conflict, whose `errors` list each document that is not in order, and each change of a driver or the vehicle
    that prevents the departure: on leave, license invalid, out of service.
    """
    conditions, resource_problems, document_problems = _evaluate_readiness(assignment)
    problems = [*resource_problems, *document_problems]
    if problems:
        message = "; ".join(problem.message for problem in problems)
        error = DepartureNotReady if resource_problems else DepartureDocumentsInvalid
        raise error(message, fields=problems)
    return conditions


def departure_reasons(assignment: Assignment) -> list[str]:
    """List the reasons why the trip cannot depart now."""
    _, resource_problems, document_problems = _evaluate_readiness(assignment)
    return [problem.message for problem in (*resource_problems, *document_problems)]


def _evaluate_readiness(assignment: Assignment) -> tuple[list[Op], list[FieldError], list[FieldError]]:
    """Return the condition operations, the problems of drivers and vehicle, and the problems of documents."""
    today = clock.now().astimezone(ZoneInfo(assignment.timezone)).date()
    org, resources = assignment.org_id, _list_resources(assignment)
    carrier_key = carrier_documents.carrier_key(org, assignment.vendor_id)
    driver_keys = [assignment_context.driver_keys(org, driver_id)[0] for driver_id in assignment.crew]
    vehicle_key = assignment_context.vehicle_keys(org, assignment.vehicle_id)[0]
    batch = store.batch_get([*driver_keys, vehicle_key, *(key for *_, key in resources), carrier_key])
    drivers, vehicle = [batch.get(Driver, driver_key) for driver_key in driver_keys], batch.get(Vehicle, vehicle_key)
    conditions = [*map(resource_ops.check_unchanged_op, drivers), resource_ops.check_unchanged_op(vehicle)]
    resource_problems = [
        FieldError("vehicle_id", reason.message) for reason in eligibility.vehicle_status_reasons(vehicle)
    ]
    for field, driver in zip(("driver_id", "second_driver_id"), drivers, strict=False):
        status_reason = rules.driver_status_reason(driver)
        resource_problems += [FieldError(field, f"{driver.name} {status_reason}")] if status_reason is not None else []
        resource_problems += [
            FieldError(field, reason.message) for reason in eligibility.license_reasons(driver, vehicle, today)
        ]
    document_problems: list[FieldError] = []
    for field, name, subject_type, key in resources:
        compliance = status.evaluate_compliance(batch.find(Subject, key), subject_type, today)
        document_problems += [FieldError(field, f"{name}: {reason}") for reason in compliance.reasons()]
    carrier_field = "organization" if assignment.vendor_id is None else "vendor_id"
    carrier_problems = carrier_documents.list_document_problems(
        batch.find(Subject, carrier_key), assignment.vendor_id, today
    )
    document_problems += [FieldError(carrier_field, problem) for problem in carrier_problems]
    existing_subjects = (batch.find(Subject, key) for key in (*(key for *_, key in resources), carrier_key))
    conditions += [subjects.check_unchanged_op(subject) for subject in existing_subjects if subject is not None]
    return conditions, resource_problems, document_problems


def _list_resources(assignment: Assignment) -> list[tuple[str, str, SubjectType, Key]]:
    """List the drivers and the vehicle: the field and name of each, and the type and key of its documents."""
    resources = [
        ("driver_id", assignment.driver_name, SubjectType.DRIVER, assignment.driver_id),
        ("second_driver_id", assignment.second_driver_name or "", SubjectType.DRIVER, assignment.second_driver_id),
        ("vehicle_id", assignment.vehicle_name, SubjectType.VEHICLE, assignment.vehicle_id),
    ]
    return [
        (field, name, subject_type, subjects.build_subject_key(assignment.org_id, subject_type, resource_id))
        for field, name, subject_type, resource_id in resources
        if resource_id is not None
    ]
