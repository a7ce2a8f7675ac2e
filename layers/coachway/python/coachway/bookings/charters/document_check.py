"""Checks the compliance documents of a trip's vendors, drivers and vehicles before departure."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from coachway.bookings.charters.model import Charter
from coachway.bookings.errors import DocumentsNotInOrder
from coachway.compliance import status, subjects
from coachway.compliance.model import Subject
from coachway.compliance.rules import SubjectType
from coachway.core import errors, store
from coachway.core.persistence.operations import Op
from coachway.core.persistence.records import Key

_MAX_CONDITIONS: Final = 90
"""A transaction has at most 100 items. Subjects beyond this number are checked only before the transaction."""


class _DocumentHolder(NamedTuple):
    """A subject whose documents are checked: the charter's field with its id, its display name, type and key."""

    field: str
    name: str
    subject_type: SubjectType
    key: Key


def require_documents_ops(charter: Charter) -> list[Op]:
    """Check all documents, and return operations that fail if one of them changes. Raises DocumentsNotInOrder.

    Documents must be valid through the trip's last day: those of vendors, assigned drivers and assigned vehicles, and
    those of the organization if a driver or vehicle is its own.
    """
    holders = list(_document_holders(charter))
    subjects_by_key = store.find_many(Subject, [holder.key for holder in holders])
    problems: list[errors.FieldError] = []
    for holder in holders:
        subject = subjects_by_key.get(holder.key)
        reasons = status.evaluate_compliance(subject, holder.subject_type, charter.last_day).reasons()
        problems += [errors.FieldError(holder.field, f"{holder.name}: {reason}") for reason in reasons]
    if problems:
        detail = "; ".join(dict.fromkeys(each.message for each in problems))
        raise DocumentsNotInOrder(detail, fields=problems)
    return [subjects.check_unchanged_op(subject) for subject in subjects_by_key.values()][:_MAX_CONDITIONS]


def _document_holders(charter: Charter) -> Iterator[_DocumentHolder]:
    def holder(field: str, name: str, kind: SubjectType, subject_id: str) -> _DocumentHolder:
        return _DocumentHolder(field, name, kind, subjects.build_subject_key(charter.org_id, kind, subject_id))

    for number, vendor_id in enumerate(charter.vendor_ids):
        yield holder(f"vendor_ids.{number}", "The vendor", SubjectType.VENDOR, vendor_id)
    if any(cover.assignment_id and cover.vendor_id is None for cover in charter.vehicles):
        yield holder("organization", "The organization", SubjectType.ORGANIZATION, charter.org_id)
    for number, cover in enumerate(charter.vehicles):
        drivers = zip(("driver_id", "second_driver_id"), cover.driver_names, strict=False)
        for field, name in drivers:
            driver_id = getattr(cover, field)
            if driver_id is not None:
                yield holder(f"vehicles.{number}.{field}", name, SubjectType.DRIVER, driver_id)
        if cover.vehicle_id is not None:
            field, name = f"vehicles.{number}.vehicle_id", cover.vehicle_name or "The vehicle"
            yield holder(field, name, SubjectType.VEHICLE, cover.vehicle_id)
