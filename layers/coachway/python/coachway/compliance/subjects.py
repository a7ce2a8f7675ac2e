"""Those that must have papers. Whoever makes one opens its subject in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from coachway.compliance.model import SUBJECT, Subject
from coachway.compliance.rules import DocumentSummary, Status, SubjectType
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import CheckVersion, Create, Op, Remove, Update
from coachway.core.persistence.records import Key
from coachway.identity import organization_queries

MOST_PAPERS: Final = 300
"""How many papers of a subject count; of more, the oldest that were rejected or ran out are left out."""


def key(org_id: str, subject_type: SubjectType, subject_id: str) -> Key:
    """Where a subject lies."""
    return SUBJECT.key(org=org_id, subject_type=subject_type, subject=subject_id)


def create_op(org_id: str, subject_type: SubjectType, subject_id: str, *, name: str, email: str = "") -> Op:
    """The op by which a new vendor, driver or vehicle can have papers. `email` is who is told when one runs out."""
    subject = Subject(org_id=org_id, subject_type=subject_type, subject_id=subject_id, name=name, email=email)
    return Create(subject)


def find(org_id: str, subject_type: SubjectType, subject_id: str) -> Subject | None:
    """A subject, or None if there is none. An organization is one from the start."""
    record = store.find(Subject, key(org_id, subject_type, subject_id))
    if record is None and subject_type is SubjectType.ORGANIZATION and subject_id == org_id:
        name = organization_queries.get(org_id).name
        return Subject(org_id=org_id, subject_type=subject_type, subject_id=org_id, name=name)
    return record


def get(caller: Caller, subject_type: SubjectType, subject_id: str) -> Subject:
    """A subject of the caller's organization. Raises NotFound."""
    record = find(caller.org_id, subject_type, subject_id)
    if record is None:
        raise errors.NotFound(f"there is no such {subject_type}")
    return record


def rename_op(subject: Subject, *, name: str, email: str) -> Op:
    """The op by which a subject has another name and address."""
    return Update(subject, subject.model_copy(update={"name": name, "email": email}))


def close_op(subject: Subject) -> Op:
    """The op by which somebody who has gone can have no more papers; nobody is reminded of those there were."""
    return Remove(subject)


def check_unchanged_op(subject: Subject) -> Op:
    """The op that fails unless the subject's papers are still those that were judged."""
    changed = errors.ConcurrentUpdate(f"the papers of this {subject.subject_type} were changed meanwhile: look again")
    return CheckVersion(subject, changed)


def put_document_op(subject: Subject, paper: DocumentSummary) -> Op:
    """The op by which a subject has this paper, new or in another status. Raises Conflict when it has too many."""
    others = [each for each in subject.papers if each.id != paper.id]
    after = subject.model_copy(update={"papers": [*_require_bounded(others), paper]})
    at_once = errors.ConcurrentUpdate("another document of the organization was handed in meanwhile: look again")
    return Create(after, taken=at_once) if subject.version == 0 else Update(subject, after)


def _require_bounded(papers: Sequence[DocumentSummary]) -> list[DocumentSummary]:
    if len(papers) < MOST_PAPERS:
        return list(papers)
    over = next((each for each in papers if each.status in {Status.EXPIRED, Status.REJECTED}), None)
    if over is None:
        raise errors.Conflict(f"there are {MOST_PAPERS} documents that are not over yet: review them first")
    return [each for each in papers if each is not over]
