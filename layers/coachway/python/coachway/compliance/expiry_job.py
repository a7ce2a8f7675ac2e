"""Send reminders before documents expire and mark expired documents, in the morning of each organization."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from coachway.compliance import reminder_times, rules, service, subjects
from coachway.compliance.model import DOCUMENT, DUE, ComplianceDocument, Subject
from coachway.compliance.rules import Status
from coachway.contracts.compliance import DocumentExpired, DocumentExpiring
from coachway.core import errors, hourly_sweep, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Op, Update
from coachway.core.persistence.queries import query_page
from coachway.core.runtime.logging import logger
from coachway.core.schemas import BaseSchema, PageQuery
from coachway.core.types.datetimes import sortable


class ExpiryResult(BaseSchema):
    """The result of one run: reminders sent, documents that expired, documents left for the next run."""

    reminded: int = 0
    expired: int = 0
    failed: int = 0


def run() -> ExpiryResult:
    """Process the documents that are due. An hour with failures is processed again; processing is idempotent."""
    sweep = hourly_sweep.begin("compliance-expiry")
    result = ExpiryResult()
    for hour in sweep.hours():
        _process_hour(hour, sweep.now, result)
    if not result.failed:
        sweep.finish()
    return result


def _process_hour(hour: datetime, now: datetime, result: ExpiryResult) -> None:
    query: PageQuery | None = PageQuery(limit=100)
    while query is not None:
        # The upper bound sorts after every key of the current second.
        bucket = DUE.partition(hour=sortable(hour)[:13])
        due = query_page(ComplianceDocument, DUE, [bucket], query, between=("0", f"{sortable(now)}~"))
        for document in due.items:
            try:
                _remind_or_expire(document, now, result)
            except errors.Error as failure:
                # One failure does not stop the others; the hour is processed again in the next run.
                result.failed += 1
                reason = type(failure).__name__
                logger.warning("compliance document failed, will retry", compliance_id=document.id, reason=reason)
        query = PageQuery(limit=100, cursor=due.next_cursor) if due.next_cursor else None


def _remind_or_expire(indexed: ComplianceDocument, now: datetime, result: ExpiryResult) -> None:
    """Send a reminder or mark the document as expired. Reads the document again: the index may be behind."""
    before = store.find(ComplianceDocument, DOCUMENT.key(org=indexed.org_id, id=indexed.id))
    if before is None or before.due_at is None or before.due_at > now or before.expiration_date is None:
        return
    caller = Caller.system("compliance-expiry", before.org_id)
    subject = subjects.find(before.org_id, before.subject_type, before.subject_id)
    if subject is None:
        # The subject was deleted.
        store.commit(caller, Update(before, before.model_copy(update={"due_at": None})))
        return
    timezone = reminder_times.get_timezone(before.org_id)
    today = reminder_times.last_morning_day(now, timezone)
    if today > before.expiration_date:
        store.commit(caller, *_expire(before, subject, before.expiration_date))
        result.expired += 1
        return
    due = reminder_times.due_at(before.status, before.expiration_date, now, timezone)
    after = before.model_copy(update={"due_at": due})
    days = rules.reminder_due(before.expiration_date, today, before.reminders_sent)
    if (
        days is None
        or before.status is not Status.APPROVED
        or rules.has_valid_replacement(before.summary(), subject.papers)
    ):
        store.commit(caller, Update(before, after))
        return
    after.reminders_sent = [*before.reminders_sent, days]
    after.reminder_sent, after.reminder_sent_at = True, now
    event = DocumentExpiring(
        **_notice_fields(before, before.expiration_date, subject), days_left=(before.expiration_date - today).days
    )
    store.commit(caller, Update(before, after, [event]))
    result.reminded += 1


def _expire(before: ComplianceDocument, subject: Subject, expiration_date: date) -> list[Op]:
    after = before.model_copy(update={"status": Status.EXPIRED, "due_at": None})
    renewed = rules.has_valid_replacement(before.summary(), subject.papers)
    event = DocumentExpired(**_notice_fields(before, expiration_date, subject), renewed=renewed)
    return [Update(before, after, [event]), subjects.put_document_op(subject, after.summary())]


def _notice_fields(document: ComplianceDocument, expiration_date: date, subject: Subject) -> dict[str, Any]:
    return {
        **service.event_fields(document),
        "document_name": document.document_name,
        "expiration_date": expiration_date,
        "subject_name": subject.name,
        "subject_email": subject.email,
    }
