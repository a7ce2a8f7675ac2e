"""Timer that reminds clients of quotes that expire soon and have no answer. Each link of a quote has one reminder."""

from datetime import datetime
from typing import Final

from coachway.bookings.charters import booking_contact, event_payloads
from coachway.bookings.charters.model import CHARTER, Charter
from coachway.bookings.charters.quote_link import REMINDER_DUE, QuoteLink
from coachway.bookings.charters.rules import CharterStatus
from coachway.clients.model import PREFERENCES, EmailPreferences
from coachway.contracts.bookings import QuoteReminderSent
from coachway.core import hourly_sweep, store
from coachway.core.caller import Caller
from coachway.core.persistence.operations import Update
from coachway.core.schemas import BaseSchema
from coachway.identity.model.organization import ORGANIZATIONS, Organization

_TIMER: Final = "quote-reminders"


class ReminderResult(BaseSchema):
    """Number of reminders sent, of quotes that need none, and of those that failed and are retried."""

    sent: int = 0
    skipped: int = 0
    failed: int = 0


def run() -> ReminderResult:
    """Send the reminders that are due. Handling a link again sends none twice."""
    return ReminderResult(**hourly_sweep.sweep(_TIMER, QuoteLink, REMINDER_DUE, _remind))


def _remind(indexed: QuoteLink, now: datetime) -> str:
    caller = Caller.system(_TIMER, indexed.org_id)
    charter_key = CHARTER.key(org=indexed.org_id, id=indexed.charter_id)
    organization_key = ORGANIZATIONS.key(org=indexed.org_id)
    records = store.batch_get([indexed.key(), charter_key, organization_key])
    link, charter = records.find(QuoteLink, indexed.key()), records.find(Charter, charter_key)
    if link is None or link.reminder_due is None or link.reminder_due > now:
        return ""
    event = None
    if charter is not None and _is_unanswered(charter, link, now):
        is_wanted = records.get(Organization, organization_key).quote_reminders
        event = _build_event(charter, link) if is_wanted else None
    store.commit(caller, Update(link, link.model_copy(update={"reminder_due": None}), [event] if event else []))
    return "sent" if event else "skipped"


def _is_unanswered(charter: Charter, link: QuoteLink, now: datetime) -> bool:
    """Whether the client can still answer the quote with this link."""
    return (
        link.open
        and link.expires > now
        and charter.deleted_at is None
        and charter.status is CharterStatus.QUOTE
        and charter.revision_number == link.revision_number
        and not charter.is_accepted
    )


def _build_event(charter: Charter, link: QuoteLink) -> QuoteReminderSent | None:
    """The reminder to the person who received the quote; None if they want none, or their email has changed."""
    preferences_key = PREFERENCES.key(org=charter.org_id, client=charter.client_id)
    records = store.batch_get([*booking_contact.people_keys(charter), preferences_key])
    client, contact = booking_contact.find_client(charter, records), booking_contact.find_contact(charter, records)
    preferences = records.find(EmailPreferences, preferences_key)
    wants_reminders = preferences is None or (preferences.reminders and not preferences.opted_out)
    if client is None or not wants_reminders or not link.is_sent_to(booking_contact.get_address(client, contact)):
        return None
    return QuoteReminderSent(
        **event_payloads.client_event_fields(charter, client, contact),
        quote_id=link.quote_id,
        link_nonce=link.nonce,
        expires_at=link.expires,
    )
