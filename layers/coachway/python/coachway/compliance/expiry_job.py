"""Reminds of papers before they run out and marks those that did, in the organization's morning, once each."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from coachway.compliance import reminder_times, rules, service, subjects
from coachway.compliance.model import DOCUMENT, DUE, ComplianceDocument, Subject, sortable
from coachway.compliance.rules import Status
from coachway.contracts.compliance import DocumentExpired, DocumentExpiring
from coachway.core import errors, hourly_sweep, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Op, Update
from coachway.core.persistence.queries import query_page
from coachway.core.runtime.logging import logger
from coachway.core.schemas import BaseSchema, PageQuery


class Reminding(BaseSchema):
    """What one run did: reminders sent, papers that expired, papers left for the next run."""

    reminded: int = 0
    expired: int = 0
    failed: int = 0


def run() -> Reminding:
    """Look at what is due. An hour that went wrong is gone through again; twice does nothing twice."""
    this = hourly_sweep.begin("compliance-expiry")
    result = Reminding()
    for at in this.hours():
        _go_through(at, this.now, result)
    if not result.failed:
        this.finish()
    return result


def _go_through(at: datetime, now: datetime, result: Reminding) -> None:
    query: PageQuery | None = PageQuery(limit=100)
    while query is not None:
        # Only what is due: an upper bound that sorts after every key of this second.
        bucket = DUE.partition(hour=sortable(at)[:13])
        due = query_page(ComplianceDocument, DUE, [bucket], query, between=("0", f"{sortable(now)}~"))
        for document in due.items:
            try:
                _remind_or_expire(document, now, result)
            except errors.Error as failure:
                # One that goes wrong holds back nobody; the hour is gone through again.
                result.failed += 1
                reason = type(failure).__name__
                logger.warning("a document is looked at again", compliance_id=document.id, reason=reason)
        query = PageQuery(limit=100, cursor=due.next_cursor) if due.next_cursor else None


def _remind_or_expire(seen: ComplianceDocument, now: datetime, result: Reminding) -> None:
    """By the document itself: what an index says may be old."""
    before = store.find(ComplianceDocument, DOCUMENT.key(org=seen.org_id, id=seen.id))
    if before is None or before.due_at is None or before.due_at > now or before.expiration_date is None:
        return
    caller = Caller.system("compliance-expiry", before.org_id)
    subject = subjects.find(before.org_id, before.subject_type, before.subject_id)
    if subject is None:
        # Whose it was has gone.
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
        or rules.has_valid_replacement(before.paper(), subject.papers)
    ):
        store.commit(caller, Update(before, after))
        return
    after.reminders_sent = [*before.reminders_sent, days]
    after.reminder_sent, after.reminder_sent_at = True, now
    event = DocumentExpiring(
        **_event(before, before.expiration_date, subject), days_left=(before.expiration_date - today).days
    )
    store.commit(caller, Update(before, after, [event]))
    result.reminded += 1


def _expire(before: ComplianceDocument, subject: Subject, expiration_date: date) -> list[Op]:
    after = before.model_copy(update={"status": Status.EXPIRED, "due_at": None})
    event = DocumentExpired(
        **_event(before, expiration_date, subject), renewed=rules.has_valid_replacement(before.paper(), subject.papers)
    )
    return [Update(before, after, [event]), subjects.put_document_op(subject, after.paper())]


def _event(document: ComplianceDocument, expiration_date: date, subject: Subject) -> dict[str, Any]:
    return {
        **service.event_fields(document),
        "document_name": document.document_name,
        "expiration_date": expiration_date,
        "subject_name": subject.name,
        "subject_email": subject.email,
    }
