"""Routes of messages."""

from __future__ import annotations

from coachway.core.caller import Caller
from coachway.core.http.routing import ApiRouter
from coachway.core.schemas import Page
from coachway.messaging import queries
from coachway.messaging.model import Notification, NotificationId, NotificationQuery

api = ApiRouter("notifications", "Mails and text messages that went out.")
app = api.app


@api.get("/notifications", permission="notifications:read")
def list_notifications(caller: Caller, query: NotificationQuery) -> Page[Notification]:
    """List sent messages, newest first.

    Filter by recipient, status or channel. Records are kept for 180 days, without the text of the message.
    """
    return queries.list_notifications(caller, query)


@api.get("/notifications/{notification_id}", permission="notifications:read")
def get_notification(caller: Caller, notification_id: NotificationId) -> Notification:
    """Get the record of a sent message."""
    return queries.get_notification(caller, notification_id)
