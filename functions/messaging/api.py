"""Routes of messages."""

from coachway.core.caller import Caller
from coachway.core.http.routing import ApiRouter
from coachway.core.schemas import Page
from coachway.messaging import queries
from coachway.messaging.model import Notification, NotificationId, NotificationQuery

api = ApiRouter("notifications", "Sent emails and text messages.")
app = api.app


@api.get("/notifications", permission="notifications:read")
def list_notifications(caller: Caller, query: NotificationQuery) -> Page[Notification]:
    """List messages.

    Returns the newest messages first. Records are deleted after 180 days. They do not contain the text of the message.
    """
    return queries.list_notifications(caller, query)


@api.get("/notifications/{notification_id}", permission="notifications:read")
def get_notification(caller: Caller, notification_id: NotificationId) -> Notification:
    """Get the record of a message."""
    return queries.get_notification(caller, notification_id)
