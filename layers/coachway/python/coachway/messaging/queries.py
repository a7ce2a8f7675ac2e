"""Reading the records of messages."""

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.queries import months_between, query_page
from coachway.core.runtime import clock
from coachway.core.schemas import Page
from coachway.core.types import contact, ids
from coachway.messaging.model import BY_MONTH, BY_RECIPIENT, NOTIFICATION, RETENTION, Notification, NotificationQuery


def get_notification(caller: Caller, notification_id: str) -> Notification:
    """Get the record of a message. Raises NotFound, also after the record was deleted."""
    return store.get(Notification, NOTIFICATION.key(org=caller.org_id, id=notification_id))


def list_notifications(caller: Caller, query: NotificationQuery) -> Page[Notification]:
    """List the records of messages, newest first."""
    where = {name: value.value for name, value in (("status", query.status), ("channel", query.channel)) if value}
    if query.recipient is not None:
        recipient = contact.normalize_address(query.recipient)
        partition = BY_RECIPIENT.partition(org=caller.org_id, recipient=recipient)
        return query_page(Notification, BY_RECIPIENT, [partition], query, where=where, descending=True)
    now = clock.now()
    months = months_between(max(ids.get_created_at(caller.org_id), now - RETENTION), now)
    partitions = [BY_MONTH.partition(org=caller.org_id, month=month) for month in reversed(months)]
    return query_page(Notification, BY_MONTH, partitions, query, where=where, descending=True)
