"""Compliance documents: submit, read, list, review."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

from coachway.compliance import reminder_times, rules, subjects
from coachway.compliance.errors import DocumentExpiredAlready, DocumentNotReviewable
from coachway.compliance.model import (
    BY_MONTH,
    BY_STATUS,
    DOCUMENT,
    OF_SUBJECT,
    QUEUE,
    ComplianceDocument,
    DocumentInput,
    DocumentQuery,
    ReviewInput,
)
from coachway.compliance.rules import REQUIRED, DocumentStatus, SubjectType
from coachway.contracts.compliance import ComplianceReviewed, ComplianceSubmitted
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Update
from coachway.core.persistence.queries import months_between, query_page
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import Page
from coachway.core.types import ids


class SubjectRef(NamedTuple):
    """A reference to a subject."""

    subject_type: SubjectType
    subject_id: str


def submit_document(caller: Caller, body: DocumentInput) -> ComplianceDocument:
    """Submit a document, which is reviewed later. Vendors and drivers can omit the subject.

    Raises NotFound if the subject does not exist or is not the caller's; Invalid for a type it cannot have.
    """
    subject = _resolve_subject(caller, body)
    if subject is None:
        raise errors.Invalid.field("vendor_id", "set one of vendor_id, driver_id, vehicle_id and organization")
    accepted = [*REQUIRED[subject.subject_type], rules.DocumentType.OTHER]
    if body.document_type not in accepted:
        message = f"must be one of {', '.join(accepted)} for a {subject.subject_type}"
        raise errors.Invalid.field("document_type", message)
    return retry_on_conflict(lambda: _submit_once(caller, body, subject))()


def _submit_once(caller: Caller, body: DocumentInput, ref: SubjectRef) -> ComplianceDocument:
    subject = subjects.get_subject(caller, *ref)
    due = reminder_times.due_at(
        DocumentStatus.PENDING, body.expiration_date, clock.now(), reminder_times.get_timezone(caller.org_id)
    )
    owner = {} if ref.subject_type is SubjectType.ORGANIZATION else {f"{ref.subject_type}_id": ref.subject_id}
    document = ComplianceDocument(
        **{**body.model_dump(), **owner},
        id=ids.new("cmp"),
        org_id=caller.org_id,
        subject_type=ref.subject_type,
        subject_id=ref.subject_id,
        submitted_by=caller.user_id,
        due_at=due,
    )
    event = ComplianceSubmitted(**event_fields(document))
    store.commit(caller, Create(document, [event]), subjects.put_document_op(subject, document.summary()))
    return document


def event_fields(document: ComplianceDocument) -> dict[str, str]:
    """The fields that every document event has."""
    return {
        "compliance_id": document.id,
        "subject_type": document.subject_type.value,
        "subject_id": document.subject_id,
        "document_type": document.document_type.value,
    }


def _resolve_subject(caller: Caller, request: DocumentInput | DocumentQuery) -> SubjectRef | None:
    """The subject in a request. Raises Invalid for more than one, NotFound for one that is not the caller's."""
    refs = [
        SubjectRef(kind, subject_id)
        for kind, subject_id in (
            (SubjectType.VENDOR, request.vendor_id),
            (SubjectType.DRIVER, request.driver_id),
            (SubjectType.VEHICLE, request.vehicle_id),
            (SubjectType.ORGANIZATION, caller.org_id if request.organization else None),
        )
        if subject_id is not None
    ]
    if len(refs) > 1:
        raise errors.Invalid.field("vendor_id", "set only one of vendor_id, driver_id, vehicle_id and organization")
    if not caller.is_external:
        return refs[0] if refs else None
    own = SubjectRef(SubjectType(caller.role), caller.party_id)
    if refs and refs != [own]:
        raise errors.NotFound(f"The {refs[0].subject_type} was not found.")
    return own


def get_document(caller: Caller, compliance_id: str, *, expected: int | None = None) -> ComplianceDocument:
    """Get a document.

    Raises NotFound, also if an external caller does not own it; PreconditionFailed if the version is not `expected`.
    """
    record = store.get(ComplianceDocument, DOCUMENT.key(org=caller.org_id, id=compliance_id), expected=expected)
    if caller.is_external and (record.subject_type.value, record.subject_id) != (caller.role, caller.party_id):
        raise errors.NotFound("The compliance document was not found.")
    return record


def list_documents(caller: Caller, query: DocumentQuery) -> Page[ComplianceDocument]:
    """List documents, newest first. The review queue (filtered by an open status) is oldest first."""
    subject = _resolve_subject(caller, query)
    where: dict[str, str | int | bool] = {}
    if query.document_type is not None:
        where["document_type"] = query.document_type.value
    if subject is not None:
        if query.status is not None:
            where["status"] = query.status.value
        partition = OF_SUBJECT.partition(
            org=caller.org_id, subject_type=subject.subject_type, subject=subject.subject_id
        )
        return query_page(ComplianceDocument, OF_SUBJECT, [partition], query, where=where, descending=True)
    if query.status is not None and query.status.is_open:
        queue = BY_STATUS.partition(org=caller.org_id, status=query.status, bucket=QUEUE)
        return query_page(ComplianceDocument, BY_STATUS, [queue], query, where=where)
    months = list(reversed(months_between(ids.get_created_at(caller.org_id), clock.now())))
    if query.status is not None:
        partitions = [BY_STATUS.partition(org=caller.org_id, status=query.status, bucket=month) for month in months]
        return query_page(ComplianceDocument, BY_STATUS, partitions, query, where=where, descending=True)
    partitions = [BY_MONTH.partition(org=caller.org_id, month=month) for month in months]
    return query_page(ComplianceDocument, BY_MONTH, partitions, query, where=where, descending=True)


def review_document(
    caller: Caller, compliance_id: str, review: ReviewInput, expected: int | None
) -> ComplianceDocument:
    """Review a document.

    Raises DocumentNotReviewable for a status change that is not allowed, DocumentExpiredAlready for approving an
    expired document.
    """
    return retry_on_conflict(lambda: _review_once(caller, compliance_id, review, expected))()


def _review_once(caller: Caller, compliance_id: str, review: ReviewInput, expected: int | None) -> ComplianceDocument:
    before = get_document(caller, compliance_id, expected=expected)
    subject = subjects.get_subject(caller, before.subject_type, before.subject_id)
    now, timezone = clock.now(), reminder_times.get_timezone(caller.org_id)
    if not rules.is_allowed_transition(before.status, review.status):
        raise DocumentNotReviewable(f"The document is {before.status.value}. Submit a new document.")
    today = now.astimezone(ZoneInfo(timezone)).date()
    if review.status is DocumentStatus.APPROVED and not before.summary().is_valid_on(today):
        raise DocumentExpiredAlready(f"The document expired on {before.expiration_date}.")
    after = before.model_copy(
        update={
            "status": DocumentStatus(review.status),
            "review_notes": review.review_notes,
            "reviewed_by": caller.user_id,
            "reviewed_at": now,
            "due_at": reminder_times.due_at(review.status, before.expiration_date, now, timezone),
        }
    )
    event = ComplianceReviewed(**event_fields(after), status=after.status.value)
    store.commit(caller, Update(before, after, [event]), subjects.put_document_op(subject, after.summary()))
    return after
