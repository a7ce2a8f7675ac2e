"""The compliance status of subjects."""

from datetime import date

from coachway.compliance import rules, subjects
from coachway.compliance.model import Subject
from coachway.compliance.rules import REQUIRED, DocumentCompliance, SubjectType
from coachway.core.caller import Caller


def get_compliance(caller: Caller, subject_type: SubjectType, subject_id: str, on_date: date) -> DocumentCompliance:
    """Whether a subject has all required documents through the end of `on_date`. Raises NotFound. One read."""
    return evaluate_compliance(subjects.get_subject(caller, subject_type, subject_id), subject_type, on_date)


def evaluate_compliance(subject: Subject | None, subject_type: SubjectType, on_date: date) -> DocumentCompliance:
    """Like `get_compliance`, for a subject that was read before. Without a subject, every document is missing.

    Add `subjects.check_unchanged_op` to a transaction that depends on the result.
    """
    return rules.compliance_status(subject.documents if subject else [], REQUIRED[subject_type], on_date)
