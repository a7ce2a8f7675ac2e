"""Compliance documents that expire."""

from __future__ import annotations

from datetime import date

from coachway.compliance import subjects
from coachway.compliance.rules import DocumentType, SubjectType
from coachway.core import store
from coachway.core.persistence.operations import Create, Update
from tests.integration.bookings.builders import ORG
from tests.integration.dispatch import builders

EXPIRED = date(2027, 3, 2)


def expire_documents(subject_type: SubjectType, subject_id: str) -> None:
    """Let all documents of a subject expire the day before the trip."""
    before = subjects.get_subject(builders.SYSTEM, subject_type, subject_id)
    documents = [item.model_copy(update={"expiration_date": EXPIRED}) for item in before.documents]
    store.commit(builders.SYSTEM, Update(before, before.model_copy(update={"documents": documents})))


def create_organization_documents(*missing: DocumentType) -> None:
    """Store the organization's approved documents, without the missing ones."""
    subject = builders.create_subject(SubjectType.ORGANIZATION, ORG, date(2029, 1, 1))
    subject.documents = [item for item in subject.documents if item.document_type not in missing]
    store.commit(builders.SYSTEM, Create(subject))
