"""Whether those who must have papers have them. Handing in papers and judging them is the service's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Final

from coachway.compliance import rules, subjects
from coachway.compliance.model import Subject
from coachway.compliance.rules import REQUIRED, ComplianceStatus, SubjectType
from coachway.core import store
from coachway.core.caller import Caller

_TOGETHER: Final = 100


def get_status(caller: Caller, subject_type: SubjectType, subject_id: str, on_date: date) -> ComplianceStatus:
    """Whether a subject has all that it must have, through the end of `on_date`. Raises NotFound. One read."""
    return status_of_subject(subjects.get(caller, subject_type, subject_id), on_date)


def status_of_subject(subject: Subject, on_date: date) -> ComplianceStatus:
    """The same of a subject at hand; `subjects.unchanged` makes it a condition of what follows from it."""
    return rules.compliance_status(subject.papers, REQUIRED[subject.subject_type], on_date)


def batch_get_status(
    caller: Caller, subject_type: SubjectType, subject_ids: Collection[str], on_date: date
) -> Mapping[str, ComplianceStatus]:
    """The same of many, by id: one read for each hundred. Those that are not there are left out."""
    requested, result = list(dict.fromkeys(subject_ids)), dict[str, ComplianceStatus]()
    for start in range(0, len(requested), _TOGETHER):
        keys = {subjects.key(caller.org_id, subject_type, each): each for each in requested[start : start + _TOGETHER]}
        for key, subject in store.find_many(Subject, keys).items():
            result[keys[key]] = status_of_subject(subject, on_date)
    return result
