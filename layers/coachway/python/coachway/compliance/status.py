"""The compliance status of subjects."""

from datetime import date
from typing import Final

from coachway.compliance import rules, subjects
from coachway.compliance.model import Subject
from coachway.compliance.rules import REQUIRED, DocumentCompliance, SubjectType
from coachway.core.caller import Caller

_BATCH_SIZE: Final = 100


def get_compliance(caller: Caller, subject_type: SubjectType, subject_id: str, on_date: date) -> DocumentCompliance:
    """Whether a subject has all required documents through the end of `on_date`. Raises NotFound. One read."""
    return evaluate_compliance(subjects.get_subject(caller, subject_type, subject_id), on_date)


def evaluate_compliance(subject: Subject, on_date: date) -> DocumentCompliance:
    """Like `get_compliance`, for a subject that was already read.

    Add `subjects.check_unchanged_op` to a transaction that depends on the result.
    """
    return rules.compliance_status(subject.documents, REQUIRED[subject.subject_type], on_date)


def evaluate_found(subject: Subject | None, subject_type: SubjectType, on_date: date) -> DocumentCompliance:
    """Like `evaluate_compliance`, for a subject that may not exist: then every required document is missing."""
    return rules.compliance_status(subject.documents if subject else [], REQUIRED[subject_type], on_date)
