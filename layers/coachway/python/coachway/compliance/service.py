"""Papers: hand in, find, list, judge; and whether somebody has all of them."""

from __future__ import annotations

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
from coachway.compliance.rules import REQUIRED, Status, SubjectType
from coachway.contracts.compliance import ComplianceReviewed, ComplianceSubmitted
from coachway.core import errors, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Create, Update
from coachway.core.persistence.queries import months_between, query_page
from coachway.core.persistence.retry import retry_on_conflict
from coachway.core.runtime import clock
from coachway.core.schemas import Page
from coachway.core.types import ids


class Whose(NamedTuple):
    """A subject as a request names it."""

    subject_type: SubjectType
    subject_id: str


def submit_document(caller: Caller, body: DocumentInput) -> ComplianceDocument:
    """Hand in a paper; it is judged later. A vendor's own people need not say whose it is.

    Raises NotFound for a subject that is not there, or not the caller's; Invalid for a type it cannot have.
    """
    subject = _resolve_subject(caller, body)
    if subject is None:
        raise errors.Invalid.field("vendor_id", "name one of vendor_id, driver_id, vehicle_id or organization")
    accepted = [*REQUIRED[subject.subject_type], rules.DocumentType.OTHER]
    if body.document_type not in accepted:
        raise errors.Invalid.field("document_type", f"of a {subject.subject_type} must be one of {', '.join(accepted)}")
    return retry_on_conflict(lambda: _submit_once(caller, body, subject))()


def _submit_once(caller: Caller, body: DocumentInput, whose: Whose) -> ComplianceDocument:
    subject = subjects.get(caller, *whose)
    due = reminder_times.due_at(
        Status.PENDING, body.expiration_date, clock.now(), reminder_times.get_timezone(caller.org_id)
    )
    named = {f"{whose.subject_type}_id": whose.subject_id} if whose.subject_type is not SubjectType.ORGANIZATION else {}
    document = ComplianceDocument(
        **{**body.model_dump(), **named},
        id=ids.new("cmp"),
        org_id=caller.org_id,
        subject_type=whose.subject_type,
        subject_id=whose.subject_id,
        submitted_by=caller.user_id,
        due_at=due,
    )
    event = ComplianceSubmitted(**event_fields(document))
    store.commit(caller, Create(document, [event]), subjects.put_document_op(subject, document.paper()))
    return document


def event_fields(document: ComplianceDocument) -> dict[str, str]:
    """The fields that every event of a document has."""
    return {
        "compliance_id": document.id,
        "subject_type": document.subject_type.value,
        "subject_id": document.subject_id,
        "document_type": document.document_type.value,
    }


def _resolve_subject(caller: Caller, requests: DocumentInput | DocumentQuery) -> Whose | None:
    """The subject that a request names. Raises Invalid for more than one, NotFound for one that is not the caller's."""
    named = [
        Whose(kind, subject_id)
        for kind, subject_id in (
            (SubjectType.VENDOR, requests.vendor_id),
            (SubjectType.DRIVER, requests.driver_id),
            (SubjectType.VEHICLE, requests.vehicle_id),
            (SubjectType.ORGANIZATION, caller.org_id if requests.organization else None),
        )
        if subject_id is not None
    ]
    if len(named) > 1:
        raise errors.Invalid.field("vendor_id", "name only one of vendor_id, driver_id, vehicle_id and organization")
    if not caller.is_outside:
        return named[0] if named else None
    own = Whose(SubjectType(caller.role), caller.party_id)
    if named and named != [own]:
        raise errors.NotFound(f"there is no such {named[0].subject_type}")
    return own


def get(caller: Caller, compliance_id: str, *, expected: int | None = None) -> ComplianceDocument:
    """A document. Raises NotFound, also for one that is not the caller's; PreconditionFailed when `expected` is
    not its version."""
    record = store.get(ComplianceDocument, DOCUMENT.key(org=caller.org_id, id=compliance_id), expected=expected)
    if caller.is_outside and (record.subject_type.value, record.subject_id) != (caller.role, caller.party_id):
        raise errors.NotFound("there is no such compliance document")
    return record


def list_documents(caller: Caller, query: DocumentQuery) -> Page[ComplianceDocument]:
    """Documents, newest first; those that wait for a judgement oldest first, when asked for by that status."""
    subject = _resolve_subject(caller, query)
    where: dict[str, str | int | bool] = {}
    if query.type is not None:
        where["document_type"] = query.type.value
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
    since = list(reversed(months_between(ids.created_at_of(caller.org_id), clock.now())))
    if query.status is not None:
        partitions = [BY_STATUS.partition(org=caller.org_id, status=query.status, bucket=month) for month in since]
        return query_page(ComplianceDocument, BY_STATUS, partitions, query, where=where, descending=True)
    partitions = [BY_MONTH.partition(org=caller.org_id, month=month) for month in since]
    return query_page(ComplianceDocument, BY_MONTH, partitions, query, where=where, descending=True)


def review_document(
    caller: Caller, compliance_id: str, judgement: ReviewInput, expected: int | None
) -> ComplianceDocument:
    """Judge a paper. Raises Conflict for a status that cannot follow, and for approving what has run out."""
    return retry_on_conflict(lambda: _review_once(caller, compliance_id, judgement, expected))()


def _review_once(
    caller: Caller, compliance_id: str, judgement: ReviewInput, expected: int | None
) -> ComplianceDocument:
    before = get(caller, compliance_id, expected=expected)
    subject = subjects.get(caller, before.subject_type, before.subject_id)
    now, timezone = clock.now(), reminder_times.get_timezone(caller.org_id)
    if not rules.is_allowed_transition(before.status, judgement.status):
        raise DocumentNotReviewable(f"The document is {before.status.value}. Submit a new document.")
    today = now.astimezone(ZoneInfo(timezone)).date()
    if judgement.status is Status.APPROVED and not before.paper().holds_on(today):
        raise DocumentExpiredAlready(f"The document expired on {before.expiration_date}.")
    after = before.model_copy(
        update={
            "status": Status(judgement.status),
            "review_notes": judgement.review_notes,
            "reviewed_by": caller.user_id,
            "reviewed_at": now,
            "due_at": reminder_times.due_at(judgement.status, before.expiration_date, now, timezone),
        }
    )
    event = ComplianceReviewed(**event_fields(after), status=after.status.value)
    store.commit(caller, Update(before, after, [event]), subjects.put_document_op(subject, after.paper()))
    return after
