"""Timer job: send reminders before documents expire, and mark expired ones, in the morning of the organization."""

from datetime import date, datetime
from typing import Any, Final

from coachway.compliance import reminder_times, rules, service, subjects
from coachway.compliance.model import DOCUMENT, DUE, ComplianceDocument, Subject
from coachway.compliance.rules import DocumentStatus
from coachway.contracts.compliance import DocumentExpired, DocumentExpiring
from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.hourly_sweep import sweep
from coachway.core.persistence.operations import Op, Update
from coachway.core.schemas import BaseSchema

_TIMER: Final = "compliance-expiry"


class ExpiryResult(BaseSchema):
    """Counts of one run: reminders sent, documents expired, documents left for the next run."""

    reminded: int = 0
    expired: int = 0
    failed: int = 0


def run() -> ExpiryResult:
    """Handle the documents that are due. Safe to repeat."""
    return ExpiryResult(**sweep(_TIMER, ComplianceDocument, DUE, _remind_or_expire))


def _remind_or_expire(indexed_document: ComplianceDocument, now: datetime) -> str:
    before = store.find(ComplianceDocument, DOCUMENT.key(org=indexed_document.org_id, id=indexed_document.id))
    if before is None or before.due_at is None or before.due_at > now or before.expiration_date is None:
        return ""
    caller = Caller.system(_TIMER, before.org_id)
    subject = subjects.find_subject(before.org_id, before.subject_type, before.subject_id)
    if subject is None:
        # The vendor, driver or vehicle was deleted.
        store.commit(caller, Update(before, before.model_copy(update={"due_at": None})))
        return ""
    timezone = reminder_times.get_timezone(before.org_id)
    today = reminder_times.last_morning_day(now, timezone)
    if today > before.expiration_date:
        store.commit(caller, *_expire(before, subject, before.expiration_date))
        return "expired"
    due = reminder_times.due_at(before.status, before.expiration_date, now, timezone)
    after = before.model_copy(update={"due_at": due})
    days = rules.reminder_due(before.expiration_date, today, before.reminders_sent)
    if (
        days is None
        or before.status is not DocumentStatus.APPROVED
        or rules.has_valid_replacement(before.summary(), subject.documents)
    ):
        store.commit(caller, Update(before, after))
        return ""
    after.reminders_sent = [*before.reminders_sent, days]
    after.reminder_sent, after.reminder_sent_at = True, now
    event = DocumentExpiring(
        **_notice_fields(before, before.expiration_date, subject), days_left=(before.expiration_date - today).days
    )
    store.commit(caller, Update(before, after, [event]))
    return "reminded"


def _expire(before: ComplianceDocument, subject: Subject, expiration_date: date) -> list[Op]:
    after = before.model_copy(update={"status": DocumentStatus.EXPIRED, "due_at": None})
    renewed = rules.has_valid_replacement(before.summary(), subject.documents)
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
