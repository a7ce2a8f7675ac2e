"""What must be in order on the day that a vehicle leaves: the papers of drivers, vehicle, and of whose they are."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from coachway.compliance import standings, subjects
from coachway.compliance.model import Subject
from coachway.compliance.rules import SubjectType
from coachway.core import clock, errors, store
from coachway.core.errors import FieldError
from coachway.core.model import Key
from coachway.core.ops import Op
from coachway.dispatch.model import Assignment


def cleared(assignment: Assignment) -> list[Op]:
    """The conditions under which a vehicle may leave now. Raises Conflict naming each paper that is not in order."""
    found, wrong = _judged(assignment)
    if wrong:
        said = "; ".join(each.message for each in wrong)
        raise errors.Conflict(said, title="papers are not in order", fields=wrong)
    return [subjects.unchanged(subject) for subject in found]


def lacking(assignment: Assignment) -> list[str]:
    """The papers that are not in order now, one sentence each."""
    return [each.message for each in _judged(assignment)[1]]


def _judged(assignment: Assignment) -> tuple[list[Subject], list[FieldError]]:
    today = clock.now().astimezone(ZoneInfo(assignment.timezone)).date()
    wanted = _subjects(assignment)
    together = store.find_many(Subject, [key for _, _, key in wanted])
    found: list[Subject] = []
    wrong: list[FieldError] = []
    for field, name, key in wanted:
        subject = together.get(key)
        if subject is None:
            wrong.append(FieldError(field, f"{name} has no compliance documents"))
            continue
        found.append(subject)
        wrong += [FieldError(field, f"{name}: {why}") for why in standings.of_subject(subject, today).reasons()]
    return found, wrong


def _subjects(assignment: Assignment) -> list[tuple[str, str, Key]]:
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
