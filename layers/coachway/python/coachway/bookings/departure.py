"""What must be in order before a trip leaves: the papers of every vendor that runs a part of it."""

from __future__ import annotations

from coachway.bookings.model import Charter
from coachway.compliance import standings, subjects
from coachway.compliance.model import Subject
from coachway.compliance.rules import SubjectType
from coachway.core import errors, store
from coachway.core.ops import Op

_NONE = "Vendor has no documents"


def cleared(charter: Charter) -> list[Op]:
    """The conditions under which a charter may leave. Raises Conflict naming each paper that is not in order.

    Papers must hold through the trip's last day.
    """
    keys = [subjects.key(charter.org_id, SubjectType.VENDOR, vendor_id) for vendor_id in charter.vendor_ids]
    found = store.find_many(Subject, keys) if keys else {}
    wrong: list[errors.FieldError] = []
    for number, key in enumerate(keys):
        reasons = standings.of_subject(found[key], charter.last_day).reasons() if key in found else [_NONE]
        wrong += [errors.FieldError(f"vendor_ids.{number}", reason) for reason in reasons]
    if wrong:
        said = "; ".join(dict.fromkeys(each.message for each in wrong))
        raise errors.Conflict(said, title="the vendor's documents are not in order", fields=wrong)
    return [subjects.unchanged(subject) for subject in found.values()]
