"""The record of messages, for the people who want to know what went out."""

from __future__ import annotations

from coachway.core import store
from coachway.core.caller import Caller
from coachway.core.persistence.queries import months_between, query_page
from coachway.core.runtime import clock
from coachway.core.schemas import Page
from coachway.core.types import contact, ids
from coachway.messaging.model import (
    BY_MONTH,
    BY_RECIPIENT,
    KEPT,
    NOTIFICATION,
    Notification,
    NotificationQuery,
)


def get_notification(caller: Caller, notification_id: str) -> Notification:
    """The record of one message. Raises NotFound, also once it is no longer kept."""
    return store.get(Notification, NOTIFICATION.key(org=caller.org_id, id=notification_id))


def list_notifications(caller: Caller, query: NotificationQuery) -> Page[Notification]:
    """Messages, newest first."""
    where = {name: value.value for name, value in (("status", query.status), ("channel", query.channel)) if value}
    if query.recipient is not None:
        recipient = contact.normalize_email(query.recipient)
        to_one = BY_RECIPIENT.partition(org=caller.org_id, recipient=recipient)
        return query_page(Notification, BY_RECIPIENT, [to_one], query, where=where, descending=True)
    now = clock.now()
    since = months_between(max(ids.created_at_of(caller.org_id), now - KEPT), now)
    partitions = [BY_MONTH.partition(org=caller.org_id, month=month) for month in reversed(since)]
    return query_page(Notification, BY_MONTH, partitions, query, where=where, descending=True)
