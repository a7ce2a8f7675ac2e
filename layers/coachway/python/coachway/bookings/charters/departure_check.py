"""What must be in order before a trip leaves: the papers of everybody who runs a part of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from coachway.bookings.charters.model import Charter
from coachway.compliance import status, subjects
from coachway.compliance.model import Subject
from coachway.compliance.rules import SubjectType
from coachway.core import errors, store
from coachway.core.persistence.operations import Op
from coachway.core.persistence.records import Key

_BATCH_SIZE: Final = 100
_MAX_CONDITIONS: Final = 90
"""A transaction takes a hundred items: of a convoy's papers, the others are looked at the moment before."""


class _DocumentHolder(NamedTuple):
    """Whose papers count: the field that names them, what they are called, where their papers lie."""

    field: str
    name: str
    key: Key


def departure_checks(charter: Charter) -> list[Op]:
    """The conditions under which a charter may leave. Raises Conflict naming each paper that is not in order.

    Papers must hold through the trip's last day: those of its vendors, and of the drivers and vehicles that are
    assigned; the organization's, when one of these is its own.
    """
    holders = list(_document_holders(charter))
    found: dict[Key, Subject] = {}
    for first in range(0, len(holders), _BATCH_SIZE):
        found |= store.find_many(Subject, {each.key: None for each in holders[first : first + _BATCH_SIZE]})
    wrong: list[errors.FieldError] = []
    for holder in holders:
        subject = found.get(holder.key)
        reasons = status.status_of_subject(subject, charter.last_day).reasons() if subject else ["has no documents"]
        wrong += [errors.FieldError(holder.field, f"{holder.name}: {reason}") for reason in reasons]
    if wrong:
        said = "; ".join(dict.fromkeys(each.message for each in wrong))
        only_vendors = all(each.field.startswith("vendor_ids") for each in wrong)
        title = "the vendor's documents are not in order" if only_vendors else "papers are not in order"
        raise errors.Conflict(said, title=title, fields=wrong)
    return [subjects.check_unchanged_op(subject) for subject in found.values()][:_MAX_CONDITIONS]


def _document_holders(charter: Charter) -> Iterator[_DocumentHolder]:
    def papers(kind: SubjectType, subject_id: str) -> Key:
        return subjects.key(charter.org_id, kind, subject_id)

    for number, vendor_id in enumerate(charter.vendor_ids):
        yield _DocumentHolder(f"vendor_ids.{number}", "The vendor", papers(SubjectType.VENDOR, vendor_id))
    if any(cover.assignment_id and cover.vendor_id is None for cover in charter.vehicles):
        yield _DocumentHolder("organization", "The organization", papers(SubjectType.ORGANIZATION, charter.org_id))
    for number, cover in enumerate(charter.vehicles):
        named = zip(("driver_id", "second_driver_id"), cover.driver_names, strict=False)
        for field, name in named:
            driver_id = getattr(cover, field)
            if driver_id is not None:
                yield _DocumentHolder(f"vehicles.{number}.{field}", name, papers(SubjectType.DRIVER, driver_id))
        if cover.vehicle_id is not None:
            at, name = f"vehicles.{number}.vehicle_id", cover.vehicle_name or "The vehicle"
            yield _DocumentHolder(at, name, papers(SubjectType.VEHICLE, cover.vehicle_id))
