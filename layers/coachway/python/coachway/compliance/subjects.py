"""Compliance subjects. A vendor, driver or vehicle is created with its subject in the same transaction."""

from collections.abc import Sequence
from typing import Final

from coachway.compliance.model import SUBJECT, Subject
from coachway.compliance.rules import DocumentStatus, DocumentSummary, SubjectType
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import CheckVersion, Create, Op, Remove, Update
from coachway.core.persistence.records import Key
from coachway.identity import organization_queries

MAX_DOCUMENTS: Final = 300
"""The most documents in a subject's summary. Beyond it, the oldest rejected or expired document is dropped."""


def build_subject_key(org_id: str, subject_type: SubjectType, subject_id: str) -> Key:
    """The key of a subject."""
    return SUBJECT.key(org=org_id, subject_type=subject_type, subject=subject_id)


def create_subject_op(org_id: str, subject_type: SubjectType, subject_id: str, *, name: str, email: str = "") -> Op:
    """The operation that creates a subject. `email` receives the reminders before its documents expire."""
    subject = Subject(org_id=org_id, subject_type=subject_type, subject_id=subject_id, name=name, email=email)
    return Create(subject)


def find_subject(org_id: str, subject_type: SubjectType, subject_id: str) -> Subject | None:
    """Find a subject, or None. An organization has one without creating it."""
    record = store.find(Subject, build_subject_key(org_id, subject_type, subject_id))
    if record is None and subject_type is SubjectType.ORGANIZATION and subject_id == org_id:
        name = organization_queries.get_organization(org_id).name
        return Subject(org_id=org_id, subject_type=subject_type, subject_id=org_id, name=name)
    return record


def get_subject(caller: Caller, subject_type: SubjectType, subject_id: str) -> Subject:
    """Get a subject of the caller's organization. Raises NotFound."""
    record = find_subject(caller.org_id, subject_type, subject_id)
    if record is None:
        raise errors.NotFound(f"The {subject_type} was not found.")
    return record


def rename_subject_op(subject: Subject, *, name: str, email: str) -> Op:
    """The operation that changes a subject's name and email."""
    return Update(subject, subject.model_copy(update={"name": name, "email": email}))


def close_subject_op(subject: Subject) -> Op:
    """The operation that removes a subject: no more documents can be submitted, and no reminders are sent."""
    return Remove(subject)


def check_unchanged_op(subject: Subject) -> Op:
    """The operation that fails if the subject's documents changed after they were read."""
    message = (
        f"The documents of this {subject.subject_type} were changed by another request. Read them again, then retry."
    )
    return CheckVersion(subject, errors.ConcurrentUpdate(message))


def put_document_op(subject: Subject, document: DocumentSummary) -> Op:
    """The operation that adds or updates a document in a subject's summary. Raises Conflict if there are too many."""
    others = [each for each in subject.documents if each.id != document.id]
    after = subject.model_copy(update={"documents": [*_drop_excess(others), document]})
    conflict = errors.ConcurrentUpdate("Another document of the organization was submitted at the same time. Retry.")
    return Create(after, on_exists=conflict) if subject.version == 0 else Update(subject, after)


def _drop_excess(documents: Sequence[DocumentSummary]) -> list[DocumentSummary]:
    if len(documents) < MAX_DOCUMENTS:
        return list(documents)
    closed = next(
        (each for each in documents if each.status in {DocumentStatus.EXPIRED, DocumentStatus.REJECTED}), None
    )
    if closed is None:
        raise errors.Conflict(f"There are already {MAX_DOCUMENTS} open or approved documents. Review open ones first.")
    return [each for each in documents if each is not closed]
