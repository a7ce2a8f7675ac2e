"""Compliance documents that expire."""

from __future__ import annotations

from datetime import date

from coachway.compliance import subjects
from coachway.compliance.rules import SubjectType
from coachway.core import store
from coachway.core.persistence.operations import Update
from tests.integration.dispatch import builders

EXPIRED = date(2027, 3, 2)


def expire_documents(subject_type: SubjectType, subject_id: str) -> None:
    """Let all documents of a subject expire the day before the trip."""
    before = subjects.get_subject(builders.SYSTEM, subject_type, subject_id)
    documents = [item.model_copy(update={"expiration_date": EXPIRED}) for item in before.documents]
    store.commit(builders.SYSTEM, Update(before, before.model_copy(update={"documents": documents})))
